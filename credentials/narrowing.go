package credentials

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/irsakit/irsa/policy"
)

// What STS takes of session policies (STS API Reference, AssumeRole, Policy and
// PolicyArns). The characters count for both together.
const (
	maxNarrowing  = 2048
	maxPolicyARNs = 10
)

// narrowing are session policies in the form in which they are sent.
type narrowing struct {
	document *string // compact JSON; nil: none
	arns     []types.PolicyDescriptorType
}

// narrow checks session policies for a role. field is where they are set:
// "Config", or a hop.
func narrow(field string, doc *policy.Document, arns []string, role policy.ARN) (narrowing, error) {
	var n narrowing
	if doc != nil {
		text, err := sessionPolicy(field+".SessionPolicy", doc)
		if err != nil {
			return n, err
		}
		n.document = &text
	}
	if len(arns) > maxPolicyARNs {
		return n, &ConfigError{
			Field:   field + ".PolicyARNs",
			Problem: fmt.Sprintf("%d managed policies", len(arns)),
			Remedy:  fmt.Sprintf("STS takes up to %d; join them in one", maxPolicyARNs),
		}
	}
	for i, arn := range arns {
		if err := checkPolicyARN(fmt.Sprintf("%s.PolicyARNs[%d]", field, i), arn, role); err != nil {
			return n, err
		}
		n.arns = append(n.arns, types.PolicyDescriptorType{Arn: &arn})
	}
	return n, checkNarrowing(field, n)
}

// sessionPolicy is the document as compact JSON. STS takes it in the
// characters from U+0020 to U+00FF.
func sessionPolicy(field string, doc *policy.Document) (string, error) {
	for i, s := range doc.Statements {
		if s.Principal.Any || s.Principal.Entries != nil || s.NotPrincipal.Any || s.NotPrincipal.Entries != nil {
			return "", &ConfigError{
				Field:   field,
				Problem: fmt.Sprintf("statement %d has a Principal", i),
				Remedy:  "leave it out: a session policy is about the session alone",
			}
		}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return "", &ConfigError{Field: field, Problem: "it cannot be written as JSON", err: err}
	}
	if i := strings.IndexFunc(string(text), func(r rune) bool { return r > '\u00ff' }); i >= 0 {
		r, _ := utf8.DecodeRuneInString(string(text[i:]))
		return "", &ConfigError{
			Field:   field,
			Problem: fmt.Sprintf("it has the character %q, which STS does not take", r),
			Remedy:  "keep to the characters up to U+00FF",
		}
	}
	return string(text), nil
}

// checkPolicyARN takes managed policies of the role's account and of AWS.
func checkPolicyARN(field, text string, role policy.ARN) error {
	problem := ""
	arn, err := policy.ParseARN(text)
	switch {
	case err != nil, arn.Service != "iam", !strings.HasPrefix(arn.Resource, "policy/"):
		problem = fmt.Sprintf("%q is not a managed policy's ARN", text)
	case arn.Account != role.Account && arn.Account != "aws":
		problem = fmt.Sprintf("%q is not of account %s, the role's", text, role.Account)
	default:
		return nil
	}
	return &ConfigError{
		Field:   field,
		Problem: problem,
		Remedy:  "write arn:aws:iam::<the role's account>:policy/<name>, or arn:aws:iam::aws:policy/<name>",
		err:     err,
	}
}

func checkNarrowing(field string, n narrowing) error {
	size := 0
	if n.document != nil {
		size = utf8.RuneCountInString(*n.document)
	}
	for _, p := range n.arns {
		size += len(*p.Arn)
	}
	if size <= maxNarrowing {
		return nil
	}
	return &ConfigError{
		Field:   field + ".SessionPolicy",
		Problem: fmt.Sprintf("session policies of %d characters", size),
		Remedy:  fmt.Sprintf("STS takes up to %d, white space not counted and PolicyARNs included", maxNarrowing),
	}
}
