package policy

import (
	"html"
	"regexp"
	"strings"
)

// Denial is AWS's sentence of refusal, taken apart. The zero Denial says
// nothing.
type Denial struct {
	// Principal is the caller's ARN; "" where the sentence names none, as for
	// sts:AssumeRoleWithWebIdentity.
	Principal string `json:"principal,omitempty"`
	Action    string `json:"action,omitempty"`
	// Resource is an ARN, a pattern or a bare name; "" when the sentence names
	// none. A bare name means that it did not resolve in the caller's account
	// and Region.
	Resource string `json:"resource,omitempty"`
	// Kind is the kind of policy that refused; NoKind when the sentence does
	// not say. AWS calls key policies and some trust policies "resource-based
	// policy"; the action tells them apart. For a web identity no kind is ever
	// named, and it is TrustPolicy.
	Kind Kind `json:"kind,omitempty"`
	// Explicit reports a Deny statement, as opposed to a missing Allow.
	Explicit  bool   `json:"explicit,omitempty"`
	PolicyARN string `json:"policyArn,omitempty"` // the policy that denies, where AWS tells
	// KMS reports that Secrets Manager may not use the secret's key on the
	// caller's behalf: either the key policy does not let the caller in, or no
	// identity-based policy of the caller allows kms:Decrypt. The sentence does
	// not say which, nor anything else.
	KMS bool `json:"kms,omitempty"`
	// DefaultKey reports that a secret of another account is encrypted under
	// that account's aws/secretsmanager key, which no other account can use.
	DefaultKey bool `json:"defaultKey,omitempty"`
}

// The sentences of Secrets Manager that name neither caller nor action.
const (
	kmsSentence        = "Access to KMS is not allowed"
	defaultKeySentence = "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."
	// staleKeySentence follows kmsSentence, or stands alone, when an older
	// version is still encrypted under the secret's previous key.
	staleKeySentence = "This version of secret is not encrypted with the current KMS key"
)

// phrase is how AWS names a kind of policy in its denials (IAM User Guide,
// troubleshoot_access-denied).
type phrase struct {
	kind    Kind
	words   string
	article string // after "with an explicit deny in"
}

// phrases lists every kind that a sentence can name. KeyPolicy comes after
// ResourcePolicy, whose words it shares. For an implicit denial by a resource
// control policy AWS documents no sentence; ours follows the others.
var phrases = []phrase{
	{IdentityPolicy, "identity-based policy", "an"},
	{ResourcePolicy, "resource-based policy", "a"},
	{KeyPolicy, "resource-based policy", "a"},
	{TrustPolicy, "role trust policy", "the"},
	{PermissionsBoundary, "permissions boundary", "a"},
	{SessionPolicy, "session policy", "a"},
	{ServiceControlPolicy, "service control policy", "a"},
	{ResourceControlPolicy, "resource control policy", "a"},
	{EndpointPolicy, "VPC endpoint policy", "a"},
}

// String returns AWS's sentence, without a full stop, as AWS leaves it out.
func (d Denial) String() string {
	switch {
	case d.KMS:
		return kmsSentence
	case d.DefaultKey:
		return defaultKeySentence
	case d.Action == "":
		return ""
	}
	var b strings.Builder
	if d.Principal == "" {
		b.WriteString("Not authorized to perform ")
	} else {
		b.WriteString("User: " + d.Principal + " is not authorized to perform: ")
	}
	b.WriteString(d.Action)
	if d.Resource != "" {
		b.WriteString(" on resource: " + d.Resource)
	}
	b.WriteString(d.reason())
	return b.String()
}

// reason returns the part that names the kind of policy, with a space before.
func (d Denial) reason() string {
	if d.isWebIdentity() && d.Kind == TrustPolicy {
		return "" // STS never says more
	}
	for _, p := range phrases {
		switch {
		case p.kind != d.Kind:
		case !d.Explicit:
			return " because no " + p.words + " allows the " + d.Action + " action"
		case d.PolicyARN != "":
			return " with an explicit deny in " + p.article + " " + p.words + ": " + d.PolicyARN
		default:
			return " with an explicit deny in " + p.article + " " + p.words
		}
	}
	if d.Explicit {
		return " with an explicit deny"
	}
	return ""
}

// isWebIdentity reports the call that is refused without naming a caller.
func (d Denial) isWebIdentity() bool {
	return d.Principal == "" && strings.EqualFold(d.Action, actionWebIdentity)
}

// actionWebIdentity is the action that a role's trust policy must allow to a
// token.
const actionWebIdentity = "sts:AssumeRoleWithWebIdentity"

// The grammar of the sentence after white space is reduced to single spaces. A
// word ends at white space, and at what wrappers put behind it: quotes,
// mark-up, escapes.
var (
	denialHead = regexp.MustCompile(`(?i)(?:User: ?"?([^\s"<>\\]+)"? is )?not authorized to perform:? ?"?([a-z0-9-]+:[a-z0-9*]+)"?`)
	// denialResource's first form is quoted (Amazon S3) and may hold spaces.
	denialResource = regexp.MustCompile(`(?i)^ on resource: ?(?:"([^"<>\\]*[^"<>\\ ])"|([^\s"<>\\]+))`)
	// denialReason leaves the repeated action alone: AWS misspells it at times.
	denialReason = regexp.MustCompile(`(?i)^[.,]? (?:because no ([a-z -]+?) allows the\b|(with an explicit deny)(?: in (?:an?|the) ([a-z -]+ policy|[a-z]+ boundary))?(?:(?:,? with policy ARN)?: (arn:[^\s"<>\\]+))?)`)
)

// ParseDenial finds AWS's sentence in a message, however the SDK wrapped it:
// the error text of any AWS SDK or the CLI, or the XML or JSON body of the
// response. It reports false if there is none. A message with several takes
// the first.
func ParseDenial(message string) (Denial, bool) {
	text := flatten(message)
	head := denialHead.FindStringSubmatchIndex(text)
	if head == nil {
		return parseKMSDenial(text)
	}
	d := Denial{Principal: group(text, head, 1), Action: group(text, head, 2)}
	rest := text[head[1]:]
	if m := denialResource.FindStringSubmatchIndex(rest); m != nil {
		d.Resource = group(rest, m, 1)
		if d.Resource == "" {
			d.Resource = strings.TrimRight(group(rest, m, 2), ".,;'")
		}
		rest = rest[m[1]:]
	}
	if m := denialReason.FindStringSubmatchIndex(rest); m != nil {
		d.Explicit = group(rest, m, 2) != ""
		d.Kind = kindOf(group(rest, m, 1)+group(rest, m, 3), d.Action)
		if d.Kind != NoKind {
			d.PolicyARN = strings.TrimRight(group(rest, m, 4), ".,;'")
		}
	}
	if d.isWebIdentity() && d.Kind == NoKind {
		d.Kind = TrustPolicy
	}
	return d, true
}

// parseKMSDenial recognises the refusals of Secrets Manager that have no
// grammar.
func parseKMSDenial(text string) (Denial, bool) {
	d := Denial{
		KMS:        containsFold(text, kmsSentence) || containsFold(text, staleKeySentence),
		DefaultKey: containsFold(text, strings.TrimSuffix(defaultKeySentence, ".")),
	}
	if d.DefaultKey {
		d.KMS = false // the more particular of the two
	}
	return d, d.KMS || d.DefaultKey
}

// flatten reduces white space to single spaces, and undoes the escapes of JSON
// and XML bodies and the typographic apostrophe.
func flatten(message string) string {
	if strings.Contains(message, "</") {
		message = html.UnescapeString(message)
	}
	message = strings.NewReplacer(`\"`, `"`, `\n`, " ", `\t`, " ", "’", "'").Replace(message)
	return strings.Join(strings.Fields(message), " ")
}

// group returns the n-th group of a match in text, "" if it took no part.
func group(text string, match []int, n int) string {
	if match[2*n] < 0 {
		return ""
	}
	return text[match[2*n]:match[2*n+1]]
}

// kindOf returns the kind that the words name. What AWS calls a resource-based
// policy is a key policy if the action is one of KMS, and a trust policy if a
// role is assumed: keys and roles have no other.
func kindOf(words, action string) Kind {
	words = strings.ToLower(words)
	words = strings.Replace(words, "sessions policy", "session policy", 1) // AWS writes both
	for _, p := range phrases {
		// A prefix: an endpoint policy may deny "transitively through a
		// service control policy", and the endpoint policy is the one to edit.
		if !strings.HasPrefix(words, strings.ToLower(p.words)) {
			continue
		}
		action = strings.ToLower(action)
		switch {
		case p.kind == ResourcePolicy && strings.HasPrefix(action, "kms:"):
			return KeyPolicy
		case p.kind == ResourcePolicy && strings.HasPrefix(action, "sts:assumerole"):
			return TrustPolicy
		}
		return p.kind
	}
	return NoKind
}

// containsFold reports whether text contains sub, letter case aside.
func containsFold(text, sub string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(sub))
}
