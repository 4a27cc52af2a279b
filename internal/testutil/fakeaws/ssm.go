package fakeaws

import (
	"encoding/base64"
	"slices"
	"strings"
)

var _ = registerJSON(map[string]operation{
	"AmazonSSM.GetParameter":        getParameter,
	"AmazonSSM.GetParameters":       getParameters,
	"AmazonSSM.GetParametersByPath": getParametersByPath,
})

// Limits of the Parameter Store API.
const (
	maxParameterName = 2048
	maxParameters    = 10 // of one call and of one page
)

// parameterValue is a parameter in a response.
type parameterValue struct {
	ARN      string
	Name     string
	Type     string
	Value    string
	Version  int64
	Selector string `json:",omitempty"`
	DataType string

	LastModifiedDate *float64
}

func getParameter(c *call) (any, error) {
	var in struct {
		Name           *string
		WithDecryption bool
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.text("name", in.Name, 1, maxParameterName)
	if err := bad.err(); err != nil {
		return nil, err
	}
	ref, err := c.parameterRef(*in.Name)
	if err != nil {
		return nil, err
	}
	if err := c.authorize("ssm:GetParameter", ref.arn, nil, c.parameterKeys(ref)); err != nil {
		return nil, err
	}
	p, err := c.findParameter(ref)
	if err != nil {
		return nil, err
	}
	value, err := c.parameterValue(p, ref.selector, in.WithDecryption)
	if err != nil {
		return nil, err
	}
	return map[string]*parameterValue{"Parameter": value}, nil
}

// parameterValue is the parameter as it is returned. The value of a
// SecureString is its ciphertext unless it is to be decrypted, which KMS does
// as the caller.
func (c *call) parameterValue(p *parameter, selector string, decrypt bool) (*parameterValue, error) {
	out := &parameterValue{
		ARN: p.arn, Name: p.Name, Type: p.Type, Value: p.Value, Version: p.Version, DataType: dataType,
		LastModifiedDate: epoch(p.Modified),
	}
	if selector != "" {
		out.Selector = ":" + selector
	}
	if p.Type != secureString {
		return out, nil
	}
	if !decrypt {
		out.Value = base64.StdEncoding.EncodeToString(p.sealed)
		return out, nil
	}
	decrypted, err := c.forwardDecrypt(decryptInput{CiphertextBlob: p.sealed, EncryptionContext: p.context()})
	if err != nil {
		return nil, c.keyError(err)
	}
	out.Value = string(decrypted.Plaintext)
	return out, nil
}

// keyError hands on KMS's refusal in the form that Systems Manager gives it.
func (c *call) keyError(e *apiError) error {
	code := "InvalidKeyId"
	if e.Code == "AccessDeniedException" {
		code = e.Code
	}
	return errorf(code, "%s (Service: AWSKMS; Status Code: %d; Error Code: %s; Request ID: %s; Proxy: null)",
		e.Message, e.status(), e.Code, c.requestID)
}

func getParameters(c *call) (any, error) {
	var in struct {
		Names          []string
		WithDecryption bool
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.required("names", in.Names != nil)
	bad.list("names", in.Names, 1, maxParameters)
	if err := bad.err(); err != nil {
		return nil, err
	}
	refs, err := c.authorizeParameters(in.Names)
	if err != nil {
		return nil, err
	}
	parameters, invalid := []*parameterValue{}, []string{}
	for i, ref := range refs {
		p, err := c.findParameter(ref)
		if err != nil {
			invalid = append(invalid, in.Names[i])
			continue
		}
		value, err := c.parameterValue(p, ref.selector, in.WithDecryption)
		if err != nil {
			return nil, err
		}
		parameters = append(parameters, value)
	}
	// The response is sorted, not in the order of the request.
	slices.SortStableFunc(parameters, func(p, q *parameterValue) int { return strings.Compare(p.Name, q.Name) })
	return map[string]any{"Parameters": parameters, "InvalidParameters": invalid}, nil
}

// authorizeParameters reads the names of a GetParameters. One that is denied
// fails the whole call.
func (c *call) authorizeParameters(names []string) ([]parameterRef, error) {
	var refs []parameterRef
	for _, name := range names {
		ref, err := c.parameterRef(name)
		if err != nil {
			return nil, err
		}
		if err := c.authorize("ssm:GetParameters", ref.arn, nil, c.parameterKeys(ref)); err != nil {
			return nil, err
		}
		refs = append(refs, ref)
	}
	return refs, nil
}
