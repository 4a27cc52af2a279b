package main

import (
	"encoding/json"
	"strings"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
)

// names puts addresses of a plan in the place of what stands in for names that
// AWS makes up. The zero value changes nothing.
type names struct {
	prose, list, quoted *strings.Replacer
}

func namesOf(standIns []tfplan.StandIn) names {
	var prose, list, quoted []string
	for _, s := range standIns {
		meant := s.Address // where sentences have an id or a name, they mean the thing
		if s.Attribute == "arn" {
			meant = "the ARN of " + s.Address + ", known after apply"
		}
		prose = append(prose, s.Text, meant)
		list = append(list, s.Text, s.Address)
		quoted = append(quoted, s.Text, inJSON("${"+s.Address+"."+s.Attribute+"}"))
	}
	return names{strings.NewReplacer(prose...), strings.NewReplacer(list...), strings.NewReplacer(quoted...)}
}

// inJSON is a text as it stands within a JSON string.
func inJSON(text string) string {
	quoted, _ := json.Marshal(text) // a string can always be
	return string(quoted[1 : len(quoted)-1])
}

// inProse is for sentences.
func (n names) inProse(text string) string { return replace(n.prose, text) }

// inList is for what stands by itself, or in a list.
func (n names) inList(text string) string { return replace(n.list, text) }

// inJSON is for JSON: references as Terraform writes them within strings.
func (n names) inJSON(text string) string { return replace(n.quoted, text) }

func replace(r *strings.Replacer, text string) string {
	if r == nil {
		return text
	}
	return r.Replace(text)
}
