package secrets

import (
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// AccessError is a secret or parameter that AWS refuses to hand out, with what would have to
// change. It is [ErrDenied], and the SDK's error stays reachable behind it. It
// holds nothing secret.
type AccessError struct {
	Ref       string // as asked for
	Region    string // where it was asked for
	Operation string // of Secrets Manager, Parameter Store or KMS
	// Action is the permission that was refused: that of the operation, or
	// kms:Decrypt.
	Action string
	// Principal is the caller's ARN and Role that of the role it acts in; both
	// are empty if not known.
	Principal string
	Role      string
	// RoleAccount, SecretAccount and KeyAccount are the accounts of the caller,
	// the secret or parameter and its key. KeyAccount is looked for only when the key is in
	// question; each is empty if not known.
	RoleAccount   string
	SecretAccount string
	KeyAccount    string
	// Code and RequestID are AWS's.
	Code      string
	RequestID string
	// Denial is AWS's sentence, taken apart.
	Denial policy.Denial
	// Grants are the documents that may be at fault. Where AWS tells which, it
	// is one.
	Grants []Grant

	ref Ref
	err error
}

// Grant is a document that has to change for a secret to be read.
type Grant struct {
	// Kind of document; [policy.SecretReference] is the reference itself.
	Kind policy.Kind
	// Account is where to change it; empty if not known.
	Account string
	// Document is what to change: the ARN of the role, secret or key that it
	// belongs to, its own ARN where AWS tells it, or the reference. Empty if
	// not known.
	Document string
	// Statement is to be added to the document. Nil: adding one does not help;
	// Explanation says what does.
	Statement *policy.Statement
	// Explanation says what is wrong with the document.
	Explanation string
}

// Error says in one line what was refused, which document in which account is
// at fault, and the statement to add.
func (e *AccessError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "secrets: %s %q in %s: %s denied to %s: ", verb(e.Operation), e.Ref, e.Region, e.Action, e.caller())
	for i, g := range e.Grants {
		if i > 0 {
			b.WriteString("; or ")
		}
		b.WriteString(g.place() + ": " + g.Explanation)
		if g.Statement != nil {
			b.WriteString("; add " + g.Statement.Compact())
		}
	}
	b.WriteString(origin(e.Code, e.RequestID))
	return b.String()
}

// Explain says the same at length, in several lines for people to read and
// paste from.
func (e *AccessError) Explain() string {
	var b strings.Builder
	fmt.Fprintf(&b, "Access denied: %s\n\n", e.Action)
	for _, row := range [][2]string{
		{"secret", e.Ref},
		{"region", e.Region},
		{"caller", e.caller()},
		{"AWS says", e.Denial.String()},
		{"code", strings.Trim(origin(e.Code, e.RequestID), " ()")},
	} {
		if row[1] != "" {
			fmt.Fprintf(&b, "  %-9s %s\n", row[0], row[1])
		}
	}
	if len(e.Grants) > 1 {
		b.WriteString("\nAWS does not say which of these documents is at fault:\n")
	}
	for _, g := range e.Grants {
		fmt.Fprintf(&b, "\n%s\n  %s.\n", capital(g.place()), capital(g.Explanation))
		if g.Statement != nil {
			fmt.Fprintf(&b, "  Add this statement:\n\n    %s\n", strings.ReplaceAll(g.Statement.String(), "\n", "\n    "))
		}
	}
	return b.String()
}

// Unwrap returns [ErrDenied] and the SDK's error.
func (e *AccessError) Unwrap() []error { return []error{ErrDenied, e.err} }

func (e *AccessError) caller() string {
	if e.Principal == "" {
		return "the caller"
	}
	return e.Principal
}

// place says which document in which account is meant.
func (g Grant) place() string {
	text := g.Kind.String()
	if g.Document != "" {
		text += " " + documentOf[g.Kind] + g.Document
	}
	if g.Account != "" {
		text += " in account " + g.Account
	}
	return text
}

// documentOf joins a kind and what its document belongs to.
var documentOf = map[policy.Kind]string{
	policy.IdentityPolicy:      "of ",
	policy.ResourcePolicy:      "of ",
	policy.KeyPolicy:           "of ",
	policy.PermissionsBoundary: "of ",
	policy.SessionPolicy:       "of ",
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
