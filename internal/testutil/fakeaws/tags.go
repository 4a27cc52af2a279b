package fakeaws

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// sessionData is what a request for a session attaches to it, together with
// what the caller's own session passes on: the source identity, which lasts
// through a chain of roles, and transitive tags (IAM User Guide,
// id_session-tags and id_credentials_temp_control-access_monitor).
type sessionData struct {
	sourceIdentity string
	requested      map[string]string // tags in the request
	inherited      map[string]string // transitive tags of the caller's session
	transitive     []string          // keys that pass on to the next role
}

const principalTag = "aws:PrincipalTag/"

// sessionData reads the request.
func (c *call) sessionData() (sessionData, error) {
	d := sessionData{
		sourceIdentity: c.params.Get("SourceIdentity"),
		requested:      map[string]string{},
		inherited:      map[string]string{},
		transitive:     slices.Clone(c.caller.transitive),
	}
	for _, key := range c.caller.transitive {
		d.inherited[key] = c.caller.context[principalTag+key][0]
	}
	if set := c.caller.context["aws:SourceIdentity"]; set != nil {
		if d.sourceIdentity != "" && d.sourceIdentity != set[0] {
			return d, errorf("ValidationError", "The source identity of a session cannot be changed.")
		}
		d.sourceIdentity = set[0]
	}
	for key, value := range c.tags() {
		if err := checkTag(key, value, len(d.requested)); err != nil {
			return d, err
		}
		switch {
		case hasKey(d.inherited, key):
			return d, errorf("InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.")
		case hasKey(d.requested, key):
			return d, errorf("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		d.requested[key] = value
	}
	for i := 1; c.params.Has("TransitiveTagKeys.member." + strconv.Itoa(i)); i++ {
		key := c.params.Get("TransitiveTagKeys.member." + strconv.Itoa(i))
		if _, ok := d.requested[key]; !ok {
			return d, errorf("InvalidParameterValue", "The specified transitive tag key must be included in the requested tags.")
		}
		d.transitive = append(d.transitive, key)
	}
	return d, nil
}

// The bounds of session tags (STS API Reference, Tag).
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// checkTag checks a tag behind n others.
func checkTag(key, value string, n int) error {
	switch {
	case n >= maxTags:
		return errorf("ValidationError", "1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must have length less than or equal to %d", maxTags)
	case key == "":
		return errorf("ValidationError", "1 validation error detected: Value '' at 'tags.%d.member.key' failed to satisfy constraint: Member must have length greater than or equal to 1", n+1)
	case len(key) > maxTagKey:
		return errorf("ValidationError", "1 validation error detected: Value '%s' at 'tags.%d.member.key' failed to satisfy constraint: Member must have length less than or equal to %d", key, n+1, maxTagKey)
	case len(value) > maxTagValue:
		return errorf("ValidationError", "1 validation error detected: Value '%s' at 'tags.%d.member.value' failed to satisfy constraint: Member must have length less than or equal to %d", value, n+1, maxTagValue)
	}
	return nil
}

// hasKey looks for a tag: keys compare without regard to case.
func hasKey(tags map[string]string, key string) bool {
	for known := range tags {
		if strings.EqualFold(known, key) {
			return true
		}
	}
	return false
}

// tags yields the session tags of the request.
func (c *call) tags() iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		for i := 1; ; i++ {
			prefix := "Tags.member." + strconv.Itoa(i)
			if !c.params.Has(prefix+".Key") || !yield(c.params.Get(prefix+".Key"), c.params.Get(prefix+".Value")) {
				return
			}
		}
	}
}

// actions are the permissions that the data takes beside sts:AssumeRole.
func (d sessionData) actions() []string {
	var actions []string
	if len(d.requested) > 0 || len(d.inherited) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	if d.sourceIdentity != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	return actions
}

// requestKeys are the condition keys that the data gives to the request.
func (d sessionData) requestKeys() policy.Context {
	keys := policy.Context{}
	if d.sourceIdentity != "" {
		keys["sts:SourceIdentity"] = []string{d.sourceIdentity}
	}
	if len(d.requested) > 0 {
		keys["aws:TagKeys"] = slices.Sorted(maps.Keys(d.requested))
	}
	if len(d.transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = d.transitive
	}
	for key, value := range d.requested {
		keys["aws:RequestTag/"+key] = []string{value}
	}
	return keys
}

// sessionKeys are the condition keys that the data gives to the session.
func (d sessionData) sessionKeys() policy.Context {
	keys := policy.Context{}
	if d.sourceIdentity != "" {
		keys["aws:SourceIdentity"] = []string{d.sourceIdentity}
	}
	for _, tags := range []map[string]string{d.inherited, d.requested} {
		for key, value := range tags {
			keys[principalTag+key] = []string{value}
		}
	}
	return keys
}
