package policy

import (
	"encoding"
	"strings"
)

// Denial is AWS's refusal, taken apart. The zero Denial says nothing. Fields
// that the text does not tell are zero; Account, Role, Session and what is
// said about the document to edit follow from the others.
type Denial struct {
	// Principal is the caller's ARN; "" where the sentence names none, as for
	// sts:AssumeRoleWithWebIdentity.
	Principal string `json:"principal,omitempty"`
	Account   string `json:"account,omitempty"` // of the principal
	// Role and Session are the names in the ARN of a role's session, which does
	// not have the role's path.
	Role    string `json:"role,omitempty"`
	Session string `json:"session,omitempty"`
	Action  string `json:"action,omitempty"`
	// Resource is an ARN, a pattern or a bare name; "" when the sentence names
	// none.
	Resource string `json:"resource,omitempty"`
	// ResourceIsName reports a bare name. It means that the name did not
	// resolve in the caller's account and Region, rather than that a policy has
	// a misprint. It is not set for IAM, which names all that it has so.
	ResourceIsName bool `json:"resourceIsName,omitempty"`
	// Kind is the kind of policy that refused; NoKind when the sentence does
	// not say. AWS calls key policies and some trust policies "resource-based
	// policy"; the action tells them apart. For a web identity no kind is ever
	// named, and it is that of the document which the stage is about.
	Kind Kind `json:"kind,omitempty"`
	// Explicit reports a Deny statement, as opposed to a missing Allow.
	Explicit bool `json:"explicit,omitempty"`
	// ThroughSCP reports that a VPC endpoint policy denies on behalf of a
	// service control policy.
	ThroughSCP bool   `json:"throughSCP,omitempty"`
	PolicyARN  string `json:"policyArn,omitempty"` // the policy that denies, where AWS tells
	// AuthorizationID asks GetRequestAuthorizationDetails of IAM for more,
	// which takes iam:GetRequestAuthorizationDetails, in the Region of the
	// AuthorizationURL, within about a day.
	AuthorizationID  string `json:"authorizationId,omitempty"`
	AuthorizationURL string `json:"authorizationUrl,omitempty"`
	// Encoded is what sts:DecodeAuthorizationMessage decodes; see
	// [ParseAuthorization].
	Encoded string `json:"encoded,omitempty"`
	// Stage is where AssumeRoleWithWebIdentity stopped.
	Stage Stage `json:"stage,omitempty"`
	// KMS reports that Secrets Manager may not use the secret's key on the
	// caller's behalf: either the key policy does not let the caller in, or no
	// identity-based policy of the caller allows kms:Decrypt. The sentence does
	// not say which, nor anything else.
	KMS bool `json:"kms,omitempty"`
	// DefaultKey reports that a secret of another account is encrypted under
	// that account's aws/secretsmanager key, which no other account can use.
	DefaultKey bool `json:"defaultKey,omitempty"`
	// Message is AWS's sentence where it is one without grammar, which the
	// other fields cannot tell in full.
	Message string `json:"message,omitempty"`
	// Code and RequestID come from what the SDK, or the response, puts around
	// the sentence.
	Code      string `json:"code,omitempty"`
	RequestID string `json:"requestId,omitempty"`
	// EditAccount and EditDocument say where the change is to be made, as far
	// as the refusal tells: the policy that denies; the role, user, resource or
	// provider whose document it is; the name that did not resolve. Of a role
	// known by its session the ARN lacks the path.
	EditAccount  string `json:"editAccount,omitempty"`
	EditDocument string `json:"editDocument,omitempty"`
	// Confidence is how sure Kind is, and with it the document to edit.
	Confidence Confidence `json:"confidence,omitempty"`
}

// Confidence says how far a refusal can be taken at its word.
type Confidence uint8

// The degrees of confidence.
const (
	// NotSaid: AWS does not say what refused.
	NotSaid Confidence = iota
	// Likely: AWS names a kind of policy, but is known to name it for others
	// too, or names one where several lack a grant.
	Likely
	// Certain: a statement of that kind of policy denies.
	Certain
)

var confidenceNames = [...]string{"", "likely", "certain"}

var _ encoding.TextMarshaler = NotSaid

// String returns "", "likely" or "certain".
func (c Confidence) String() string { return nameOf(confidenceNames[:], uint8(c)) }

// MarshalText returns the same text as [Confidence.String]. It never fails.
func (c Confidence) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

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

const throughSCP = " transitively through a service control policy"

// String returns AWS's sentence, without a full stop, as AWS leaves it out.
func (d Denial) String() string {
	switch {
	case d.Message != "":
		return d.Message
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
		b.WriteString(" on resource: " + quoteSpaces(d.Resource))
	}
	b.WriteString(d.reason())
	if d.AuthorizationID != "" && d.AuthorizationURL != "" {
		b.WriteString(". Go to " + d.AuthorizationURL + " for complete details, or call the GetRequestAuthorizationDetails API " +
			"with the following authorization id: " + d.AuthorizationID)
	}
	if d.Encoded != "" {
		b.WriteString(". " + encodedSentence + d.Encoded)
	}
	return b.String()
}

// quoteSpaces quotes a resource with a space, as Amazon S3 quotes all.
func quoteSpaces(resource string) string {
	if strings.Contains(resource, " ") {
		return `"` + resource + `"`
	}
	return resource
}

// reason returns the part that names the kind of policy, with a space before.
func (d Denial) reason() string {
	if d.isWebIdentity() && d.Kind == TrustPolicy {
		return "" // STS never says more
	}
	for _, p := range phrases {
		if p.kind != d.Kind {
			continue
		}
		if !d.Explicit {
			return " because no " + p.words + " allows the " + d.Action + " action"
		}
		text := " with an explicit deny in " + p.article + " " + p.words
		if d.ThroughSCP {
			text += throughSCP
		}
		if d.PolicyARN != "" {
			text += ": " + d.PolicyARN
		}
		return text
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

// The actions by which a session comes about.
const (
	actionWebIdentity       = "sts:AssumeRoleWithWebIdentity"
	actionAssumeRole        = "sts:AssumeRole"
	actionTagSession        = "sts:TagSession"
	actionSetSourceIdentity = "sts:SetSourceIdentity"
)

// DenialOf returns the refusal that AWS would send for a request that the
// evaluation denies: it names one kind of policy, although several may refuse,
// and for an explicit deny the policy, where that has an ARN and belongs to a
// kind whose ARN AWS tells (IAM User Guide, troubleshoot_access-denied). For a
// request that is not denied it is the zero Denial.
func DenialOf(req Request, result Result) Denial {
	wanted := NotGranted
	switch result.Decision {
	case ExplicitlyDenied:
		wanted = Denied
	case Allowed, Unknown:
		return Denial{}
	}
	d := Denial{Principal: req.Principal, Action: req.Action, Explicit: wanted == Denied}
	if req.Resource != "*" { // AWS names no resource where the action takes none
		d.Resource = req.Resource
	}
	if strings.EqualFold(req.Action, actionWebIdentity) {
		d = Denial{Action: req.Action, Kind: TrustPolicy, Stage: TrustStage}
		return d.completed()
	}
	for _, check := range result.Checks {
		if check.State != wanted {
			continue
		}
		d.Kind = check.Kind
		if d.Explicit && tellsARN(check.Kind) && strings.HasPrefix(check.Policy, "arn:") {
			d.PolicyARN = check.Policy
		}
		break
	}
	return d.completed()
}

// tellsARN reports the kinds of policy whose ARN a refusal may tell.
func tellsARN(k Kind) bool {
	switch k {
	case IdentityPolicy, PermissionsBoundary, SessionPolicy, ServiceControlPolicy, ResourceControlPolicy:
		return true
	}
	return false
}

// completed fills in what follows from the rest.
func (d Denial) completed() Denial {
	for _, text := range []*string{&d.Principal, &d.Action, &d.Resource, &d.Message} {
		*text = oneLine(*text) // what a record holds may be anything
	}
	d.Account, d.Role, d.Session = namesOf(d.Principal)
	d.ResourceIsName = d.hasName() && !isService(d.Action, "iam")
	d.EditAccount, d.EditDocument = d.edit()
	d.Confidence = d.confidence()
	return d
}

// hasName reports a resource that is told by its name.
func (d Denial) hasName() bool {
	return d.Resource != "" && d.Resource != "*" && !strings.HasPrefix(d.Resource, "arn:")
}

// namesOf returns what the ARN of a principal tells about it.
func namesOf(principal string) (account, role, session string) {
	arn, err := ParseARN(principal)
	if err != nil {
		return "", "", ""
	}
	class, rest, _ := strings.Cut(arn.Resource, "/")
	switch arn.Service + ":" + class {
	case "sts:assumed-role":
		role, session, _ = strings.Cut(rest, "/")
	case "iam:role":
		role = lastElement(rest)
	}
	return arn.Account, role, session
}

// entity is the ARN of who has identity policies and a boundary: the role of a
// session, or else the principal itself.
func (d Denial) entity() string {
	arn, err := ParseARN(d.Principal)
	if err != nil || d.Session == "" {
		return d.Principal
	}
	return ARN{Partition: arn.Partition, Service: "iam", Account: arn.Account, Resource: "role/" + d.Role}.String()
}

// edit says where to make the change.
func (d Denial) edit() (account, document string) {
	switch {
	case d.PolicyARN != "":
		if account := accountOf(d.PolicyARN); isAccount(account) {
			return account, d.PolicyARN
		}
		return d.Account, d.PolicyARN // AWS's own: it can only be detached
	case d.ResourceIsName && d.Kind != NoKind && !d.Explicit:
		return d.Account, d.Resource
	}
	switch d.Kind {
	case IdentityPolicy, PermissionsBoundary:
		return d.Account, d.entity()
	case SessionPolicy:
		return d.Account, d.Principal
	case ResourcePolicy, KeyPolicy, TrustPolicy:
		return accountOf(d.Resource), d.Resource
	case IdentityProvider:
		if _, issuer, ok := strings.Cut(d.Message, MessageNoProvider("")); ok {
			return "", strings.TrimRight(issuer, ".")
		}
	}
	// Who attaches an organization's policies, and who owns a VPC endpoint, the
	// sentence does not tell.
	return "", ""
}

func (d Denial) confidence() Confidence {
	switch {
	case d.Kind == NoKind:
		return NotSaid
	case d.PolicyARN != "":
		return Certain
	case !d.Explicit || d.ThroughSCP:
		return Likely
	case d.Kind == ServiceControlPolicy:
		return Likely // a missing Allow may be told in the same words
	}
	return Certain
}
