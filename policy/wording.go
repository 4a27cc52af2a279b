package policy

import (
	"fmt"
	"slices"
	"strings"
)

// The sentences of faults. They name things as people call them, in short: the
// fault's Document has the ARN.

// fault begins a fault about a document that does not grant.
func (q query) fault(kind Kind, account, document string) Fault {
	problem := capital(documentName(kind, document)) + " does not allow " + q.asked(account, document) + "."
	if q.set.find(kind, account, document) == nil {
		owner := ownerName(kind, document)
		asked := q.asked(account, document)
		if rest, ok := strings.CutPrefix(asked, owner+" to"); ok {
			asked = "it to" + rest
		}
		problem = capital(owner) + " has no " + familiarName(kind) + " that would allow " + asked + "."
	}
	return Fault{
		Link: q.link, Kind: kind, Account: account, Document: document,
		Problem: problem + " " + why(q.link, kind),
	}
}

// asked says what the request is, to someone who has just read about the
// document of an account.
func (q query) asked(account, document string) string {
	who := strings.TrimSuffix(q.who, " of account "+account)
	before, noun, after := "read", "the secret", ""
	switch q.link {
	case TrustLink, HopLink:
		before, noun = "assume", "the role"
		switch {
		case strings.EqualFold(q.req.Action, actionTagSession):
			before = "tag sessions of"
		case strings.EqualFold(q.req.Action, actionSetSourceIdentity):
			before = "set the source identity of sessions of"
		}
	case KeyLink:
		before, noun, after = "decrypt with", "the key", " through Secrets Manager"
	}
	if document != q.req.Resource {
		noun += " " + shortName(q.req.Resource)
	}
	return fmt.Sprintf("%s to %s %s%s (%s)", who, before, noun, after, q.req.Action)
}

// why says what a document has to do with a link.
func why(link Link, kind Kind) string {
	switch kind {
	case TrustPolicy:
		return "Only those whom a role's trust policy names can assume it."
	case IdentityPolicy:
		if link == KeyLink {
			return "Secrets Manager decrypts with the rights of the role, so the role itself needs kms:Decrypt."
		}
		return "The caller's own policies must allow it, wherever the resource is."
	case ResourcePolicy:
		return "A secret of another account must let the role in by a policy of its own."
	case KeyPolicy:
		return "Secrets Manager decrypts with the rights of the role, so the key's policy must let the role in."
	case PermissionsBoundary, SessionPolicy:
		return "It grants nothing by itself, but what it does not allow cannot be done."
	case EndpointPolicy:
		return "What it does not allow cannot pass the VPC endpoint."
	}
	// What is left are service control policies.
	return "It grants nothing by itself, but nobody in the account can do what it does not allow."
}

// addRemedy says where to add the statement.
func (q query) addRemedy(kind Kind, account, document string) string {
	if q.set.find(kind, account, document) == nil {
		return fmt.Sprintf("%s, create a %s for %s with this statement.", in(kind, account), familiarName(kind), ownerName(kind, document))
	}
	return fmt.Sprintf("%s, add this statement to %s.", in(kind, account), documentName(kind, document))
}

func replaceRemedy(near *NearMiss) string {
	return fmt.Sprintf("%s, replace %s of %s with this one: %s.", in(near.Kind, near.Account),
		lowerFirst(placeName(near.Place)), documentName(near.Kind, near.Policy), strings.TrimSuffix(near.Hint, "."))
}

// in says where a document is edited: that of an account there, an
// organization's only in its management account.
func in(kind Kind, account string) string {
	if kind == ServiceControlPolicy || kind == ResourceControlPolicy {
		return "In the management account of the organization of account " + account
	}
	return "In account " + account
}

// documentName is a document as people call it.
func documentName(kind Kind, document string) string {
	switch kind {
	case IdentityPolicy:
		if isRole(document) {
			return "the permissions policy of " + ownerName(kind, document)
		}
		return "the permissions policy " + shortName(document)
	case KeyPolicy:
		return "the key policy of " + shortName(document)
	case ResourcePolicy, TrustPolicy:
		return "the " + familiarName(kind) + " of " + ownerName(kind, document)
	}
	return "the " + kind.String() + " " + shortName(document)
}

// familiarName is the kind as consoles call it.
func familiarName(kind Kind) string {
	switch kind {
	case IdentityPolicy:
		return "permissions policy"
	case ResourcePolicy:
		return "resource policy"
	case TrustPolicy:
		return "trust policy"
	}
	return kind.String()
}

// ownerName is the thing to which a document is attached.
func ownerName(kind Kind, document string) string {
	switch {
	case document == "":
		return "the caller"
	case kind == KeyPolicy:
		return "the key " + shortName(document)
	case kind == ResourcePolicy:
		return "the secret " + shortName(document)
	case isRole(document):
		return "the role " + shortName(document)
	}
	return shortName(document)
}

// shortName is what an ARN names, without the ARN around it; anything else as
// it is.
func shortName(name string) string {
	arn, err := ParseARN(name)
	switch {
	case err != nil:
		return name
	case arn.Service == "secretsmanager":
		return strings.TrimPrefix(arn.Resource, "secret:")
	}
	return lastElement(arn.Resource)
}

// placeName is a statement as people count it: from 1, with its Sid.
func placeName(p Place) string {
	if p.Sid != "" {
		return fmt.Sprintf("Statement %d (%s)", p.Index+1, p.Sid)
	}
	return fmt.Sprintf("Statement %d", p.Index+1)
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// nearSentence says by what a statement misses.
func (q query) nearSentence(near NearMiss) string {
	text := placeName(near.Place) + " comes close, but "
	if test, ok := strings.CutPrefix(near.Element, "Condition/"); ok {
		operator, key, _ := strings.Cut(test, "/")
		return text + "its " + operator + " " + testSentence(operator, key, near)
	}
	switch near.Element {
	case "Action":
		return text + fmt.Sprintf("it is about %s, not %s.", some(near.Wanted), q.req.Action)
	case "Principal":
		return text + fmt.Sprintf("it names %s, not %s.", some(near.Wanted), q.who)
	case "Resource":
		return text + fmt.Sprintf("its Resource is %s.", some(near.Wanted))
	}
	return text + fmt.Sprintf("its %s is %s.", near.Element, some(near.Wanted))
}

// testSentence says what a condition wants of a key and what the request has.
func testSentence(operator, key string, near NearMiss) string {
	wants := fmt.Sprintf("wants %s to be %s", key, some(near.Wanted))
	switch {
	case len(near.Wanted) == 0:
		return "lists no value for " + key + ", and so nothing matches."
	case operator == "Null" && strings.EqualFold(near.Wanted[0], "true"):
		wants = "wants " + key + " to be absent"
	case operator == "Null":
		wants = "wants " + key + " to be there"
	case strings.Contains(operator, "Not"):
		wants = fmt.Sprintf("wants %s to be other than %s", key, some(near.Wanted))
	}
	if near.Got == nil {
		return wants + ", and the request does not have it."
	}
	return wants + ", and it is " + some(near.Got) + "."
}

// some lists a few values, each once.
func some(values []string) string {
	const few = 3
	var list []string
	for _, v := range values {
		if !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	if more := len(list) - few; more > 0 {
		return strings.Join(list[:few], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(list, ", ")
}
