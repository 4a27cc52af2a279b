package policy

import (
	"encoding"
	"fmt"
	"slices"
	"strings"
)

// Agreement says whether documents at hand explain a refusal.
type Agreement uint8

// The outcomes of a cross-check.
const (
	// NotDecidable: what decides was not supplied, or the refusal is about
	// another call.
	NotDecidable Agreement = iota
	// Confirmed: by the documents the call is refused, and for the reason that
	// AWS gives.
	Confirmed
	// Contradicted: by the documents the call is allowed, or refused for
	// another reason. Then they are not those that are in force.
	Contradicted
)

var agreementNames = [...]string{"not-decidable", "confirmed", "contradicted"}

var _ encoding.TextMarshaler = NotDecidable

// String returns "not-decidable", "confirmed" or "contradicted".
func (a Agreement) String() string { return nameOf(agreementNames[:], uint8(a)) }

// MarshalText returns the same text as [Agreement.String]. It never fails.
func (a Agreement) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// CrossCheck is a refusal held against documents.
type CrossCheck struct {
	Agreement Agreement `json:"agreement"`
	// Why is the reason, in a sentence.
	Why string `json:"why"`
	// Result is what the documents say.
	Result Result `json:"result"`
}

// Request is the call that was refused, as far as the sentence tells.
func (d Denial) Request() Request {
	return Request{Principal: d.Principal, Action: d.Action, Resource: d.Resource}
}

// Check holds the refusal against documents. The principal, action and resource
// of req that are empty are those of the refusal; what the sentence does not
// tell, such as condition keys, is for req to add.
//
// A kind of policy that the refusal names and the set lacks is thought to be
// not at hand, rather than not attached, so that then nothing is decided.
func (d Denial) Check(req Request, set Set) CrossCheck {
	for _, f := range []struct {
		name  string
		req   *string
		said  string
		alike func(a, b string) bool
	}{
		{"principal", &req.Principal, d.Principal, same},
		{"action", &req.Action, d.Action, strings.EqualFold},
		{"resource", &req.Resource, d.Resource, d.sameResource},
	} {
		switch {
		case *f.req == "":
			*f.req = f.said
		case f.said != "" && !f.alike(*f.req, f.said):
			return CrossCheck{Why: fmt.Sprintf("The refusal is about the %s %s, and the request has %s.", f.name, f.said, *f.req)}
		}
	}
	if req.Principal == "" || req.Action == "" {
		return CrossCheck{Why: "The refusal does not say who asked for what, and neither does the request."}
	}
	if req.Resource == "" {
		req.Resource = "*"
	}
	return d.compare(Evaluate(req, set), set)
}

func same(a, b string) bool { return a == b }

// sameResource lets a name stand for any resource: what it was to mean, the
// sentence does not tell.
func (d Denial) sameResource(asked, said string) bool {
	return d.hasName() || asked == said || appendGlob(nil, said).match(asked, false)
}

// compare says whether the result agrees with the refusal.
func (d Denial) compare(r Result, set Set) CrossCheck {
	c := CrossCheck{Result: r}
	switch {
	case r.Decision == Unknown:
		c.Why = "What was not supplied decides: " + strings.Join(r.Unsettled, ", ") + "."
	case r.Decision == Allowed && d.Kind != NoKind && !set.has(d.Kind):
		c.Why = "AWS names " + withArticle(d.Kind) + ", and none is at hand."
	case r.Decision == Allowed:
		c.Agreement, c.Why = Contradicted, "By these documents the call is allowed."
	default:
		c.Agreement, c.Why = d.agree(r, set)
	}
	return c
}

// agree compares two refusals.
func (d Denial) agree(r Result, set Set) (Agreement, string) {
	state := NotGranted
	if d.Explicit {
		state = Denied
	}
	at := slices.IndexFunc(r.Checks, func(c Check) bool { return d.names(c, state) })
	switch {
	case d.Kind == NoKind && d.Explicit && r.Decision != ExplicitlyDenied:
		return Contradicted, "AWS says that a statement denies, and in these documents none does."
	case d.Kind == NoKind:
		return Confirmed, "By these documents the call is refused too; AWS does not say by what."
	case at >= 0 && !d.namedPolicy(r):
		return Contradicted, "AWS says that " + d.PolicyARN + " denies, and here another policy does."
	case at >= 0:
		return Confirmed, "By these documents the " + r.Checks[at].Kind.String() + " refuses the call too."
	case !set.has(d.Kind):
		return NotDecidable, "AWS names " + withArticle(d.Kind) + ", and none is at hand."
	case d.Explicit:
		return Contradicted, "AWS says that a statement of " + withArticle(d.Kind) + " denies, and here none does."
	case r.Decision == ExplicitlyDenied:
		return Contradicted, "AWS says that an Allow is missing, and here a statement denies."
	}
	return Contradicted, "AWS says that the " + d.Kind.String() + " does not allow it, and here that is not so."
}

// withArticle is a kind with its article.
func withArticle(k Kind) string {
	if k == IdentityPolicy {
		return "an " + k.String()
	}
	return "a " + k.String()
}

// names reports whether the refusal may name this check. KMS speaks of the key
// policy also where it is an identity-based policy that does not allow, and a
// missing Allow of an SCP may be told as a Deny (IAM User Guide,
// troubleshoot_access-denied).
func (d Denial) names(c Check, state CheckState) bool {
	switch {
	case c.Kind == d.Kind && c.State == state:
		return true
	case c.State != NotGranted:
		return false
	case d.Kind == KeyPolicy && !d.Explicit:
		return c.Kind == IdentityPolicy
	case d.Kind == ServiceControlPolicy:
		return c.Kind == ServiceControlPolicy
	}
	return false
}

// namedPolicy reports whether the policy whose ARN AWS tells is one that
// denies here. Documents that do not have an ARN as name may be it.
func (d Denial) namedPolicy(r Result) bool {
	if d.PolicyARN == "" {
		return true
	}
	others := false
	for _, reason := range r.Reasons {
		if reason.Effect != Deny || reason.Kind != d.Kind {
			continue
		}
		if reason.Policy == d.PolicyARN || !strings.HasPrefix(reason.Policy, "arn:") {
			return true
		}
		others = true
	}
	return !others
}

// has reports whether the set has a document of the kind, by its place.
func (s Set) has(kind Kind) bool {
	switch kind {
	case IdentityPolicy:
		return len(s.Identity) > 0
	case PermissionsBoundary:
		return len(s.Boundaries) > 0
	case SessionPolicy:
		return len(s.Session) > 0
	case ServiceControlPolicy:
		return len(s.SCPs) > 0
	case ResourceControlPolicy:
		return len(s.RCPs) > 0
	case EndpointPolicy:
		return len(s.Endpoint) > 0
	case ResourcePolicy, KeyPolicy, TrustPolicy:
		return s.Resource != nil
	}
	return false
}
