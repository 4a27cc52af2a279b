package fakeaws

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// parameter is a parameter as Parameter Store keeps it: its one version. It is
// immutable.
type parameter struct {
	Parameter // without the Value of a SecureString
	arn       string
	sealed    []byte // the value of a SecureString
}

// secureString is the type of parameters that are encrypted.
const secureString = "SecureString"

// parameterName are the characters of names and paths.
var parameterName = regexp.MustCompile(`^[\w./-]+$`)

// storedParameter is the parameter as it is kept from now on.
func (a *AWS) storedParameter(owner *Account, p *Parameter) *parameter {
	stored := &parameter{Parameter: *p, arn: parameterARN(owner.Partition, p.Region, owner.ID, p.Name)}
	if p.Type == secureString {
		key := a.ids.backingKey(a.atRest(owner, p.Region, p.KeyID, "ssm"))
		stored.sealed = key.encrypt([]byte(p.Value), stored.context())
		stored.Value = ""
	}
	return stored
}

// context is the encryption context of a SecureString (Systems Manager User
// Guide, "Parameter Store encryption context").
func (p *parameter) context() map[string]string { return map[string]string{"PARAMETER_ARN": p.arn} }

// parametersOf are the account's parameters in a Region, sorted by name.
func (a *AWS) parametersOf(accountID, region string) []*parameter {
	account := a.account(accountID)
	if account == nil {
		return nil
	}
	var parameters []*parameter
	for _, p := range account.parameters {
		if p.Region == region {
			parameters = append(parameters, p)
		}
	}
	return parameters
}

// parameterARN is the ARN of a parameter or of a path of parameters, in which
// a name has one slash before it whether it begins with one or not.
func parameterARN(partition, region, account, name string) string {
	return "arn:" + partition + ":ssm:" + region + ":" + account + ":parameter/" + strings.TrimPrefix(name, "/")
}

// selected reports whether a selector, a version's number or a label, means
// the version that there is. An empty one means the newest.
func (p *parameter) selected(selector string) bool {
	return selector == "" || selector == strconv.FormatInt(p.Version, 10) || slices.Contains(p.Labels, selector)
}

// below reports whether the parameter lies under a path; directly under it
// unless recursive. One whose name has no slash lies under the root.
func (p *parameter) below(path string, recursive bool) bool {
	rest, ok := strings.CutPrefix("/"+strings.TrimPrefix(p.Name, "/"), strings.TrimSuffix(path, "/")+"/")
	return ok && rest != "" && (recursive || !strings.Contains(rest, "/"))
}

// parameterRef is what a request names: a parameter and, behind a colon, which
// of its versions.
type parameterRef struct {
	name     string // as sent, without the selector
	arn      string
	account  string
	selector string
}

// parameterRef reads a name or, for a parameter that another account shares,
// an ARN, each with an optional selector.
func (c *call) parameterRef(id string) (parameterRef, error) {
	if strings.HasPrefix(id, "arn:") {
		arn, err := policy.ParseARN(id)
		resource, selector, _ := strings.Cut(arn.Resource, ":")
		name, ok := strings.CutPrefix(resource, "parameter/")
		if err != nil || arn.Service != "ssm" || !ok || !parameterName.MatchString(name) {
			return parameterRef{}, invalidParameterName()
		}
		arn.Resource = resource
		return parameterRef{name: arn.String(), arn: arn.String(), account: arn.Account, selector: selector}, nil
	}
	name, selector, _ := strings.Cut(id, ":")
	first, _, nested := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	if !parameterName.MatchString(name) || nested && !strings.HasPrefix(name, "/") ||
		strings.HasPrefix(strings.ToLower(first), "ssm") {
		return parameterRef{}, invalidParameterName()
	}
	return parameterRef{
		name:     name,
		arn:      parameterARN(c.partition(), c.region, c.caller.account, name),
		account:  c.caller.account,
		selector: selector,
	}, nil
}

func invalidParameterName() error {
	return errorf("ValidationException", `Parameter name: can't be prefixed with "ssm" (case-insensitive). `+
		"If formed as a path, it can consist of sub-paths divided by slash symbol; "+
		"each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_")
}

// findParameter returns the parameter that the reference means, sought in the
// Region of the request alone.
func (c *call) findParameter(ref parameterRef) (*parameter, error) {
	for _, p := range c.aws.parametersOf(ref.account, c.region) {
		switch {
		case p.arn != ref.arn:
		case p.selected(ref.selector):
			return p, nil
		default:
			return nil, errorf("ParameterVersionNotFound",
				"Systems Manager could not find version %s of %s. Verify the version and try again.", ref.selector, ref.name)
		}
	}
	return nil, &apiError{Code: "ParameterNotFound"} // AWS sends no message
}
