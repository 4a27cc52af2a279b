package fakeaws

import "github.com/irsakit/irsa/policy"

// maxBatch is the most secrets that one BatchGetSecretValue returns.
const maxBatch = 20

type batchInput struct {
	SecretIDList []string `json:"SecretIdList"`
	Filters      []filter
	MaxResults   *int
	NextToken    *string
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
		if ids, out.NextToken, err = c.listed(in); err != nil {
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
	bad.filters(in.Filters)
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

// listed returns the ARNs of one page of the secrets that the filters select,
// and the token of the next.
func (c *call) listed(in batchInput) (arns []string, next string, err error) {
	if err := c.authorize("secretsmanager:ListSecrets", "*", nil, nil); err != nil {
		return nil, "", err
	}
	page, next, err := c.secretPage(&listSecretsInput{Filters: in.Filters, MaxResults: in.MaxResults, NextToken: in.NextToken}, maxBatch)
	for _, s := range page {
		arns = append(arns, s.arn)
	}
	return arns, next, err
}
