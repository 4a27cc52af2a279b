package fakeaws

import (
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

type byPathInput struct {
	Path             *string
	Recursive        bool
	WithDecryption   bool
	MaxResults       *int
	NextToken        *string
	ParameterFilters []parameterFilter
}

// parameterFilter selects parameters by the value of an attribute.
type parameterFilter struct {
	Key    string
	Option string
	Values []string
}

type byPathOutput struct {
	Parameters []*parameterValue
	NextToken  string `json:",omitempty"`
}

// getParametersByPath asks for permission on the path alone: who may read a
// path reads what lies below it, also what is denied by its own name (Systems
// Manager User Guide, "Restricting access to parameters").
func getParametersByPath(c *call) (any, error) {
	var in byPathInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	path := parameterARN(c.partition(), c.region, c.caller.account, strings.TrimSuffix(*in.Path, "/"))
	recursive := policy.Context{"ssm:Recursive": {strconv.FormatBool(in.Recursive)}}
	if err := c.authorize("ssm:GetParametersByPath", path, nil, recursive); err != nil {
		return nil, err
	}
	size := maxParameters
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	found := c.aws.parametersOf(c.caller.account, c.region)
	found = slices.DeleteFunc(found, func(p *parameter) bool { return !in.selects(p) })
	page, next, ok := pageOf(found, in.NextToken, size)
	if !ok {
		return nil, errorf("InvalidNextToken", "The specified token isn't valid.")
	}
	out := byPathOutput{Parameters: []*parameterValue{}, NextToken: next}
	for _, p := range page {
		value, err := c.parameterValue(p, "", in.WithDecryption)
		if err != nil {
			return nil, err
		}
		out.Parameters = append(out.Parameters, value)
	}
	return out, nil
}

func (in *byPathInput) validate() error {
	var bad violations
	bad.text("path", in.Path, 1, maxParameterName)
	bad.number("maxResults", in.MaxResults, 1, maxParameters)
	if err := bad.err(); err != nil {
		return err
	}
	if !strings.HasPrefix(*in.Path, "/") || !parameterName.MatchString(*in.Path) {
		return errorf("ValidationException", "The parameter doesn't meet the parameter name requirements. "+
			`The parameter name must begin with a forward slash "/". It can't be prefixed with "aws" or "ssm" (case-insensitive). `+
			"It must use only letters, numbers, or the following symbols: . (period), - (hyphen), _ (underscore). "+
			`Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". `+
			"Valid example: /get/parameters2-/by1./path0_.")
	}
	for _, f := range in.ParameterFilters {
		if !slices.Contains([]string{"Type", "KeyId", "Label"}, f.Key) {
			return &apiError{Code: "InvalidFilterKey"} // has no message
		}
		if f.Option != "" && f.Option != "Equals" {
			return errorf("InvalidFilterOption", "The following filter option is not valid: %s. Valid options include: [Equals].", f.Option)
		}
	}
	return nil
}

// selects reports whether the parameter lies under the path and passes every
// filter.
func (in *byPathInput) selects(p *parameter) bool {
	if !p.below(*in.Path, in.Recursive) {
		return false
	}
	for _, f := range in.ParameterFilters {
		attributes := map[string][]string{"Type": {p.Type}, "KeyId": {p.KeyID}, "Label": p.Labels}[f.Key]
		if !slices.ContainsFunc(attributes, func(a string) bool { return slices.Contains(f.Values, a) }) {
			return false
		}
	}
	return true
}
