package fakeaws

import (
	"cmp"
	"slices"
	"strings"
)

var _ = registerJSON(map[string]operation{"AmazonSSM.DescribeParameters": describeParameters})

// maxDescribed is the most parameters of one page of DescribeParameters.
const maxDescribed = 50

type describeParametersInput struct {
	ParameterFilters []parameterFilter
	MaxResults       *int
	NextToken        *string
	Shared           bool
}

type describeParametersOutput struct {
	Parameters []*parameterMetadata
	NextToken  string `json:",omitempty"`
}

// parameterMetadata is a parameter without its value.
type parameterMetadata struct {
	ARN      string
	Name     string
	Type     string
	KeyID    string `json:"KeyId,omitempty"`
	Version  int64
	Tier     string
	DataType string

	LastModifiedDate *float64
}

// describeParameters serves DescribeParameters, which takes no resource; AWS
// words a refusal as if it were all of Systems Manager in the account. A page is
// cut before it is filtered, so that one may be empty and not the last.
func describeParameters(c *call) (any, error) {
	var in describeParametersInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	everything := "arn:" + c.partition() + ":ssm:" + c.region + ":" + c.caller.account + ":*"
	if err := c.authorize("ssm:DescribeParameters", everything, nil, nil); err != nil {
		return nil, err
	}
	all := c.aws.parametersOf(c.caller.account, c.region)
	if in.Shared { // the fake's accounts share none
		all = nil
	}
	size := maxParameters
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	page, next, ok := pageOf(all, in.NextToken, size)
	if !ok {
		return nil, errorf("InvalidNextToken", "The specified token isn't valid.")
	}
	out := describeParametersOutput{Parameters: []*parameterMetadata{}, NextToken: next}
	for _, p := range page {
		if !slices.ContainsFunc(in.ParameterFilters, func(f parameterFilter) bool { return !p.passes(f) }) {
			out.Parameters = append(out.Parameters, p.metadata())
		}
	}
	return out, nil
}

// filterOptions are the comparisons of a filter, by its key, the default first
// (Systems Manager API reference, ParameterStringFilter).
var filterOptions = map[string][]string{
	"Name":     {"Equals", "BeginsWith", "Contains"},
	"Path":     {"OneLevel", "Recursive"},
	"Type":     {"Equals", "BeginsWith"},
	"KeyId":    {"Equals", "BeginsWith"},
	"Tier":     {"Equals", "BeginsWith"},
	"DataType": {"Equals", "BeginsWith"},
	"tag:":     {"Equals", "BeginsWith"},
}

// kind is the filter's key as filterOptions has it.
func (f parameterFilter) kind() string {
	if strings.HasPrefix(f.Key, "tag:") && f.Key != "tag:" {
		return "tag:"
	}
	return f.Key
}

func (in *describeParametersInput) validate() error {
	var bad violations
	bad.number("maxResults", in.MaxResults, 1, maxDescribed)
	if err := bad.err(); err != nil {
		return err
	}
	for i, f := range in.ParameterFilters {
		options, ok := filterOptions[f.kind()]
		again := slices.ContainsFunc(in.ParameterFilters[:i], func(before parameterFilter) bool { return before.Key == f.Key })
		switch {
		case !ok || f.Key == "tag:" || again:
			return &apiError{Code: "InvalidFilterKey"} // has no message
		case f.Option != "" && !slices.Contains(options, f.Option):
			return errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [%s].",
				f.Option, strings.Join(options, ", "))
		case len(f.Values) == 0 && f.kind() != "tag:", slices.Contains(f.Values, ""):
			return errorf("InvalidFilterValue", "The following filter value is not valid: %s.", f.Values)
		}
	}
	return nil
}

// passes reports whether the filter selects the parameter. That of a tag without
// values selects all that have the tag.
func (p *parameter) passes(f parameterFilter) bool {
	attribute, there := map[string]string{
		"Name": p.Name, "Type": p.Type, "KeyId": p.keyID(), "Tier": tier, "DataType": dataType,
	}[f.Key], true
	if key, ok := strings.CutPrefix(f.Key, "tag:"); ok {
		if attribute, there = p.Tags[key]; len(f.Values) == 0 {
			return there
		}
	}
	compare := map[string]func(value string) bool{
		"Equals":     func(value string) bool { return attribute == value },
		"BeginsWith": func(value string) bool { return strings.HasPrefix(attribute, value) },
		"Contains":   func(value string) bool { return strings.Contains(attribute, value) },
		"OneLevel":   func(value string) bool { return p.below(value, false) },
		"Recursive":  func(value string) bool { return p.below(value, true) },
	}[cmp.Or(f.Option, filterOptions[f.kind()][0])]
	return there && slices.ContainsFunc(f.Values, compare)
}

// What every parameter of the fake is.
const (
	tier     = "Standard"
	dataType = "text"
)

// keyID is the key as it is shown: that of a SecureString.
func (p *parameter) keyID() string {
	if p.Type != secureString {
		return ""
	}
	return cmp.Or(p.KeyID, "alias/aws/ssm")
}

func (p *parameter) metadata() *parameterMetadata {
	return &parameterMetadata{
		ARN: p.arn, Name: p.Name, Type: p.Type, KeyID: p.keyID(), Version: p.Version,
		Tier: tier, DataType: dataType, LastModifiedDate: epoch(p.Modified),
	}
}
