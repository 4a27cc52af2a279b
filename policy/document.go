package policy

// The versions of the policy language. An absent version means
// [Version2008], under which ${…} is literal text (IAM User Guide,
// reference_policies_elements_version).
const (
	Version2012 = "2012-10-17"
	Version2008 = "2008-10-17"
)

// Document is one IAM policy document of any kind: identity, resource, trust,
// key policy, boundary, session, SCP or RCP. It holds every valid document
// without loss: [Parse] followed by [Document.MarshalJSON] gives the same
// JSON, white space aside.
//
// The zero Document has no statements. A Document is a plain value: build it
// as a composite literal, walk its fields, change them. It is safe for
// concurrent reading.
type Document struct {
	// Version is the language version as written; empty means absent, which
	// AWS reads as [Version2008].
	Version string
	// ID is the document's optional Id.
	ID string
	// Statements are the document's statements in order.
	Statements []Statement
	// Unknown are members that the policy grammar does not have, in order.
	Unknown []Member

	layout layout
	single bool    // Statement was written as one object
	src    *source // nil: built
}

// Effect is what a matching statement does.
type Effect string

// The two effects, in the only spelling that IAM accepts.
const (
	Allow Effect = "Allow"
	Deny  Effect = "Deny"
)

// Statement is one statement of a [Document]. A zero element is absent.
type Statement struct {
	Sid          string
	Effect       Effect
	Principal    Principal
	NotPrincipal Principal
	Action       Values
	NotAction    Values
	Resource     Values
	NotResource  Values
	Condition    Condition
	// Unknown are members that the grammar does not have. The evaluator lets
	// such a statement match nothing, because IAM refuses the document.
	Unknown []Member

	layout layout
	pos    Position
	src    *source
}

// Member is a member of a JSON object that the policy grammar does not have,
// kept as it was written.
type Member struct {
	Name string
	Raw  []byte // compact JSON
}

// Principal is the Principal or NotPrincipal element: everyone, or lists by
// principal type. The zero Principal is an absent element.
type Principal struct {
	// Any is the bare form "*". {"AWS": "*"} is an entry instead; both match
	// everyone.
	Any bool
	// Entries are the typed lists in order. Non-nil and empty is {}.
	Entries []PrincipalEntry
}

// PrincipalEntry is one typed list in a [Principal]. Unknown types are kept.
type PrincipalEntry struct {
	Type   string // "AWS", "Federated", "Service", "CanonicalUser", …
	Values Values
}

// The principal types that IAM knows.
const (
	PrincipalAWS       = "AWS"
	PrincipalFederated = "Federated"
	PrincipalService   = "Service"
	PrincipalCanonical = "CanonicalUser"
)

// Condition is a Condition element: operators in the order written, each with
// its keys. Nil is absent; empty and non-nil is {}, which is no condition.
type Condition []ConditionOperator

// ConditionOperator is one operator with its keys.
type ConditionOperator struct {
	Operator string // as written, e.g. "ForAnyValue:StringLike", "BoolIfExists"
	Keys     []ConditionKey
}

// ConditionKey is one condition key with the values it is compared to.
type ConditionKey struct {
	Key    string // as written; keys compare without regard to case
	Values Values
}

// Values is a list of scalars that remembers whether it was written as one
// scalar or as an array. The zero Values is an absent element; a non-nil empty
// List is [].
type Values struct {
	List []Value
	// Single reports that the one value was written without brackets.
	Single bool
}

// Value is a scalar in a policy: nearly always a string, in conditions also a
// number, boolean or null.
type Value struct {
	// Text is the decoded string, or the literal text of any other scalar
	// ("1e3", "true", "null"), never rounded.
	Text string
	Kind ValueKind
}

// ValueKind is the JSON type of a [Value]; zero is a string.
type ValueKind uint8

// The kinds of scalar.
const (
	StringValue ValueKind = iota
	NumberValue
	BoolValue
	NullValue
)

// Position is a place in the source of a parsed document. Line and Column
// start at 1 and count bytes; the zero Position means that the value was not
// parsed but built.
type Position struct {
	Offset int `json:"offset"`
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Strings returns the strings as Values: one as a single string, any other
// number as an array.
func Strings(s ...string) Values {
	list := make([]Value, len(s))
	for i, t := range s {
		list[i] = Value{Text: t}
	}
	return Values{List: list, Single: len(s) == 1}
}

// Position returns where the statement begins in the parsed source.
func (s Statement) Position() Position { return s.pos }
