package policy

import (
	"encoding"
	"fmt"
	"slices"
)

// Link is one step from token to secret.
type Link uint8

// The links in order.
const (
	TrustLink  Link = iota // the token becomes a role session
	HopLink                // the session becomes that of a further role
	SecretLink             // the session reads the secret
	KeyLink                // the session decrypts it, through Secrets Manager
)

var _ encoding.TextMarshaler = TrustLink

// String returns "trust", "hop", "secret" or "key".
func (l Link) String() string {
	switch l {
	case TrustLink:
		return "trust"
	case HopLink:
		return "hop"
	case SecretLink:
		return "secret"
	case KeyLink:
		return "key"
	}
	return fmt.Sprintf("Link(%d)", uint8(l))
}

// MarshalText is [Link.String], so that JSON says which link is meant.
func (l Link) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// Fault is one thing that is wrong: where, what, and what to do. A document
// has one fault for each place in it to change; what is to be added to it
// counts as one place.
type Fault struct {
	// Link is the first link that the fault breaks.
	Link Link `json:"link"`
	Kind Kind `json:"kind"`
	// Account is where to make the change. For the token and for the reference
	// it is the role's account, whose pod they belong to.
	Account string `json:"account"`
	// Document is what to change: a policy's name or ARN; the ARN of the role,
	// secret or key whose trust, resource or key policy it is; the role, where
	// it has no permissions policy yet; the secret, where its key is to be
	// changed; the provider's URL; the subject of the token; the reference as
	// the application has it.
	Document string `json:"document"`
	// Problem and Remedy are sentences.
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	// Statement, if not nil, is to be added to the document, or to take the
	// place of statement Index when Replace is set.
	Statement *Statement `json:"statement,omitempty"`
	// Also are further statements to be added, where one cannot say it all.
	Also    []Statement `json:"also,omitempty"`
	Replace bool        `json:"replace,omitempty"`
	Index   int         `json:"index,omitempty"` // from 0
	// Position is where the statement that denies, or that nearly matched,
	// begins in the source of the document; zero if there is none, or if the
	// document was built rather than parsed.
	Position Position `json:"position,omitzero"`
	// Near is the statement that nearly matched, or that denies.
	Near *NearMiss `json:"near,omitempty"`
}

// Apply returns a copy of doc, which is the fault's document, with the fault's
// statements put in. A nil doc is a document that does not exist yet. Without
// a Statement, as for an explicit deny, the copy is the same: what to do about
// that is for people to decide.
func (f Fault) Apply(doc *Document) *Document {
	if doc == nil {
		doc = &Document{Version: Version2012}
	}
	edited := *doc
	edited.Statements = slices.Clone(doc.Statements)
	if f.Statement == nil {
		return &edited
	}
	if f.Replace && f.Index >= 0 && f.Index < len(edited.Statements) {
		edited.Statements[f.Index] = *f.Statement
	} else {
		edited.Statements = append(edited.Statements, *f.Statement)
	}
	edited.Statements = append(edited.Statements, f.Also...)
	return &edited
}
