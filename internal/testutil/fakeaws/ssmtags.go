package fakeaws

import (
	"maps"
	"slices"

	"github.com/irsakit/irsa/policy"
)

var _ = registerJSON(map[string]operation{"AmazonSSM.ListTagsForResource": listTagsForResource})

// listTagsForResource serves ListTagsForResource, of parameters alone.
func listTagsForResource(c *call) (any, error) {
	var in struct {
		ResourceType string
		ResourceID   *string `json:"ResourceId"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.required("resourceType", in.ResourceType != "")
	bad.oneOf("resourceType", in.ResourceType, "Document", "ManagedInstance", "MaintenanceWindow", "Parameter",
		"PatchBaseline", "OpsItem", "OpsMetadata", "Automation", "Association")
	bad.required("resourceId", in.ResourceID != nil)
	if err := bad.err(); err != nil {
		return nil, err
	}
	ref := parameterRef{
		name:    *in.ResourceID,
		arn:     parameterARN(c.partition(), c.region, c.caller.account, *in.ResourceID),
		account: c.caller.account,
	}
	if err := c.authorize("ssm:ListTagsForResource", ref.arn, nil, c.parameterKeys(ref)); err != nil {
		return nil, err
	}
	p, err := c.findParameter(ref)
	if err != nil || in.ResourceType != "Parameter" || p.Name != *in.ResourceID {
		return nil, errorf("InvalidResourceId",
			"The resource ID is not valid. Verify that you entered the correct ID and try again.")
	}
	return map[string][]tag{"TagList": tagList(p.Tags)}, nil
}

// tagList are tags in a response.
func tagList(tags map[string]string) []tag {
	list := []tag{}
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, tag{Key: name, Value: tags[name]})
	}
	return list
}

// parameterKeys are the condition keys that a parameter's tags give to a
// request, none if there is no such parameter.
func (c *call) parameterKeys(ref parameterRef) policy.Context {
	keys := policy.Context{}
	for _, p := range c.aws.parametersOf(ref.account, c.region) {
		if p.arn != ref.arn {
			continue
		}
		for name, value := range p.Tags {
			keys["aws:ResourceTag/"+name] = []string{value}
			keys["ssm:resourceTag/"+name] = []string{value}
		}
	}
	return keys
}
