package fakeaws

import (
	"compress/flate"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// The bounds of session policies (IAM User Guide,
// reference_iam-quotas, "IAM and AWS STS character limits").
const (
	maxSessionPolicy = 2048 // characters, inline and ARNs together
	maxSessionARNs   = 10
)

// sessionPolicies reads the inline session policy and the managed ones, which
// the role's account must have. account is nil if there is none of that id.
func (c *call) sessionPolicies(account *account, id string) ([]policy.Policy, error) {
	text, arns := c.params.Get("Policy"), c.policyARNs()
	if len(text) > maxSessionPolicy {
		return nil, errorf("ValidationError", "1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048")
	}
	if len(arns) > maxSessionARNs {
		return nil, errorf("ValidationError", "1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to 10")
	}
	var policies []policy.Policy
	if text != "" {
		document, err := parseSessionPolicy(text)
		if err != nil {
			return nil, err
		}
		policies = append(policies, policy.Policy{Kind: policy.SessionPolicy, Account: id, Name: "session policy", Document: document})
	}
	for _, arn := range arns {
		document := account.managedPolicy(arn)
		if document == nil {
			return nil, errorf("ValidationError", "Policy %s does not exist or is not attachable.", arn)
		}
		policies = append(policies, policy.Policy{Kind: policy.SessionPolicy, Account: id, Name: arn, Document: document})
	}
	return policies, nil
}

func (c *call) policyARNs() []string {
	var arns []string
	for i := 1; c.params.Has("PolicyArns.member." + strconv.Itoa(i) + ".arn"); i++ {
		arns = append(arns, c.params.Get("PolicyArns.member."+strconv.Itoa(i)+".arn"))
	}
	return arns
}

func parseSessionPolicy(text string) (*policy.Document, error) {
	document, err := policy.Parse([]byte(text))
	if err != nil {
		return nil, errorf("MalformedPolicyDocument", "Syntax errors in policy.")
	}
	for _, s := range document.Statements {
		if s.Principal.Any || s.Principal.Entries != nil || s.NotPrincipal.Any || s.NotPrincipal.Entries != nil {
			return nil, errorf("MalformedPolicyDocument", "Policy document should not specify a principal.")
		}
	}
	return document, nil
}

// managedPolicy returns the managed policy of that ARN, wherever the account's
// description has it, or nil.
func (a *account) managedPolicy(arn string) *policy.Document {
	if a == nil {
		return nil
	}
	known := slices.Clone(a.ManagedPolicies)
	for _, r := range a.Roles {
		known = append(known, r.Policies...)
	}
	for _, u := range a.Users {
		known = append(known, u.Policies...)
	}
	if i := slices.IndexFunc(known, func(p NamedPolicy) bool { return p.Name == arn }); i >= 0 {
		return known[i].Document
	}
	return nil
}

// packedLimit is how many bytes session policies and tags may take when packed.
// AWS documents neither how it packs them nor the limit: this is DEFLATE and a
// number that lets through about what AWS lets through.
const packedLimit = 1024

// packed returns which part of the limit, in percent, the call's session
// policies and tags take, or the error that it is too much; 0 if it has none.
func (c *call) packed(tags sessionData) (int, error) {
	var text strings.Builder
	text.WriteString(c.params.Get("Policy"))
	for _, arn := range c.policyARNs() {
		text.WriteString(arn)
	}
	policies := text.Len()
	for key, value := range c.tags() {
		text.WriteString(key + value)
	}
	for key, value := range tags.inherited {
		text.WriteString(key + value)
	}
	if text.Len() == 0 {
		return 0, nil
	}
	percent := (100*deflated(text.String()) + packedLimit - 1) / packedLimit
	switch {
	case percent <= 100:
		return percent, nil
	case policies == 0:
		return percent, errorf("PackedPolicyTooLarge", "Packed size of session tags consumes %d%% of allotted space.", percent)
	default:
		return percent, errorf("PackedPolicyTooLarge", "Packed policy consumes %d%% of allotted space, please use smaller policy.", percent)
	}
}

// deflated is the length of text when packed.
func deflated(text string) int {
	var n counter
	w, err := flate.NewWriter(&n, flate.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	_, _ = io.WriteString(w, text) // a counter takes all
	_ = w.Close()
	return int(n)
}

// counter is a writer that counts.
type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
