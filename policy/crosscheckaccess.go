package policy

import (
	"strings"
	"time"
)

// AccessCheck is a refusal held against the documents of a [SecretAccess].
type AccessCheck struct {
	CrossCheck
	// Link is the one that the refusal is about.
	Link Link `json:"link"`
	// Faults say what to change for that link.
	Faults []Fault `json:"faults,omitempty"`
}

// CheckAccess holds the refusal against the documents of the whole way from the
// token to the secret.
func (d Denial) CheckAccess(a SecretAccess) AccessCheck {
	if a.Time.IsZero() {
		a.Time = time.Now()
	}
	link, ok := d.link()
	if !ok {
		return AccessCheck{CrossCheck: CrossCheck{Why: "The refusal is about no step on the way to a secret."}}
	}
	report := a.Evaluate()
	var c AccessCheck
	switch {
	case d.Stage != NoStage:
		c.CrossCheck = d.compareStage(a, report.Trust)
	case link == TrustLink:
		link, c.CrossCheck = d.compareRoles(a)
	case link == SecretLink:
		c.CrossCheck = d.compareSecret(a)
	default:
		c.CrossCheck = d.compareKey(a)
	}
	c.Link = link
	for _, f := range report.Faults {
		if f.Link == link {
			c.Faults = append(c.Faults, f)
		}
	}
	return c
}

// link says which link the refusal is about.
func (d Denial) link() (Link, bool) {
	switch service, _, _ := strings.Cut(asciiLower(d.Action), ":"); {
	case d.KMS, d.DefaultKey, service == "kms":
		return KeyLink, true
	case d.Stage != NoStage, service == "sts":
		return TrustLink, true
	case service == "secretsmanager":
		return SecretLink, true
	}
	return TrustLink, false
}

// compareStage compares the stages of a web identity.
func (d Denial) compareStage(a SecretAccess, r WebIdentityResult) CrossCheck {
	c := CrossCheck{Result: r.Trust}
	switch {
	case a.Pod != nil:
		c.Why = "The refusal is about a token, and the pod has its role by EKS Pod Identity."
	case r.Decision == Unknown:
		c.Why = "What was not supplied decides: " + strings.Join(r.Trust.Unsettled, ", ") + "."
	case r.Decision == Allowed && d.Stage == TokenStage:
		c.Why = "The claims are in order; whether the token was, and its signature, they do not show."
	case r.Decision == Allowed:
		c.Agreement, c.Why = Contradicted, "By these documents the token becomes the role."
	case r.Stage == d.Stage:
		c.Agreement, c.Why = Confirmed, "By these documents it fails at the same stage: "+d.Stage.String()+"."
	default:
		c.Agreement = Contradicted
		c.Why = "AWS refuses at the stage " + d.Stage.String() + ", and by these documents it fails at " + r.Stage.String() + "."
	}
	return c
}

// compareRoles finds the assumption of a role that the refusal is about, by the
// role and the action.
func (d Denial) compareRoles(a SecretAccess) (Link, CrossCheck) {
	for _, step := range a.chain().steps {
		if d.Resource != "" && step.question.Role.ARN != d.Resource {
			continue
		}
		for _, action := range step.question.actions() {
			if strings.EqualFold(action, d.Action) {
				req := step.question.request(action)
				req.Principal = d.ofSameRole(req.Principal)
				return step.link, d.Check(req, step.question.set())
			}
		}
	}
	return TrustLink, CrossCheck{Why: "The refusal is about a role that is not on the way."}
}

// compareSecret compares what is said about reading the secret.
func (d Denial) compareSecret(a SecretAccess) CrossCheck {
	chain := a.chain()
	a = chain.reader(a)
	if !strings.EqualFold(d.Action, a.secretRequest().Action) {
		return CrossCheck{Why: "The refusal is about " + d.Action + ", which is not asked here."}
	}
	req := a.secretRequest()
	req.Principal = d.ofSameRole(req.Principal)
	set := a.secretSet()
	fault := a.referenceFault()
	switch {
	case fault == nil:
	case d.ResourceIsName:
		return CrossCheck{
			Agreement: Confirmed, Result: Evaluate(req, set),
			Why: "AWS did not find the secret by that name, and by these documents the reference is wrong.",
		}
	case d.Resource != "" && a.Request == d.Resource:
		return CrossCheck{
			Agreement: Confirmed, Result: Evaluate(req, set),
			Why: "AWS refuses what the application asks for, and that is not the secret.",
		}
	}
	return d.Check(req, set)
}

// compareKey compares what is said about decrypting. Secrets Manager does not
// say which policy it was.
func (d Denial) compareKey(a SecretAccess) CrossCheck {
	chain := a.chain()
	a = chain.reader(a)
	key, _ := a.evaluateKey()
	switch {
	case d.DefaultKey && a.Secret.KeyARN != "":
		return CrossCheck{Agreement: Contradicted, Why: "The secret has a key of its own here.", Result: key}
	case d.DefaultKey || d.KMS || a.Secret.KeyARN == "":
		return Denial{}.compare(key, a.keySet())
	}
	req := a.keyRequest()
	req.Principal = d.ofSameRole(req.Principal)
	return d.Check(req, a.keySet())
}

// ofSameRole takes the refusal's session for the request's if both are of one
// role: what a session is called, the documents at hand seldom know.
func (d Denial) ofSameRole(principal string) string {
	account, role, session := namesOf(principal)
	if d.Account == account && d.Role == role && d.Session != "" && session != "" {
		return d.Principal
	}
	return principal
}
