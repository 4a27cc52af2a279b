package fakeaws

import (
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// maxBatch is the most secrets that one BatchGetSecretValue returns.
const maxBatch = 20

type batchInput struct {
	SecretIDList []string `json:"SecretIdList"`
	Filters      []filter
	MaxResults   *int
	NextToken    *string
}

// filter selects secrets by prefixes of an attribute; "!" before a value
// negates it.
type filter struct {
	Key    string
	Values []string
}

type batchOutput struct {
	SecretValues []*secretValue
	Errors       []batchError
	NextToken    string `json:",omitempty"`
}

// batchError is the refusal of one secret in a response with HTTP status 200.
type batchError struct {
	SecretID  string `json:"SecretId"`
	ErrorCode string
	Message   string
}

func batchGetSecretValue(c *call) (any, error) {
	var in batchInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	if err := c.authorize("secretsmanager:BatchGetSecretValue", "*", nil, nil); err != nil {
		return nil, err
	}
	out := batchOutput{SecretValues: []*secretValue{}, Errors: []batchError{}}
	ids := in.SecretIDList
	if len(in.Filters) > 0 {
		var err error
		if ids, out.NextToken, err = c.listSecrets(in); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		value, err := c.batchedValue(id)
		if err != nil {
			e := asAPIError(err)
			out.Errors = append(out.Errors, batchError{SecretID: id, ErrorCode: e.Code, Message: e.Message})
			continue
		}
		out.SecretValues = append(out.SecretValues, value)
	}
	return out, nil
}

func (in *batchInput) validate() error {
	var bad violations
	bad.list("secretIdList", in.SecretIDList, 0, maxBatch)
	bad.length("", "filters", len(in.Filters), 0, 10)
	for _, f := range in.Filters {
		bad.oneOf("filters.member.key", f.Key, "name", "tag-key", "tag-value")
	}
	bad.number("maxResults", in.MaxResults, 1, maxBatch)
	if err := bad.err(); err != nil {
		return err
	}
	if (len(in.SecretIDList) > 0) == (len(in.Filters) > 0) {
		return errorf("InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.")
	}
	if in.MaxResults != nil && len(in.Filters) == 0 {
		return errorf("InvalidParameterException",
			"'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.")
	}
	return nil
}

// batchedValue reads the current value of one secret of a batch. AWS does not
// list the operation among those that reach into other accounts (Secrets
// Manager User Guide, "Access from a different account"), so the fake reads
// none there, lest anyone rely on it.
func (c *call) batchedValue(id string) (*secretValue, error) {
	if arn, err := policy.ParseARN(id); err == nil && arn.Account != c.caller.account {
		return nil, errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	return c.secretValue(getSecretValueInput{SecretID: &id})
}

// listSecrets returns the ARNs of one page of the secrets that the filters
// select, and the token of the next. Secrets that are marked for deletion are
// not listed.
func (c *call) listSecrets(in batchInput) (arns []string, nextToken string, err error) {
	if err := c.authorize("secretsmanager:ListSecrets", "*", nil, nil); err != nil {
		return nil, "", err
	}
	for _, s := range c.aws.secretsOf(c.caller.account, c.region) {
		if s.DeletedDate == nil && s.matches(in.Filters) {
			arns = append(arns, s.arn)
		}
	}
	size := maxBatch
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	page, next, ok := pageOf(arns, in.NextToken, size)
	if !ok {
		return nil, "", errorf("InvalidNextTokenException", "Invalid NextToken.")
	}
	return page, next, nil
}

// matches reports whether every filter selects the secret.
func (s *secret) matches(filters []filter) bool {
	for _, f := range filters {
		if !slices.ContainsFunc(f.Values, func(value string) bool { return s.matchesValue(f.Key, value) }) {
			return false
		}
	}
	return true
}

func (s *secret) matchesValue(key, value string) bool {
	prefix, negated := strings.CutPrefix(value, "!")
	attributes := []string{s.Name}
	if key != "name" {
		attributes = nil
		for name, tag := range s.Tags {
			attributes = append(attributes, map[string]string{"tag-key": name, "tag-value": tag}[key])
		}
	}
	return negated != slices.ContainsFunc(attributes, func(a string) bool { return strings.HasPrefix(a, prefix) })
}
