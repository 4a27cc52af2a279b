package policy

import (
	"encoding"
	"fmt"
	"slices"
)

// Severity says how bad a [Finding] is.
type Severity uint8

// The severities, mildest first.
const (
	NoSeverity Severity = iota
	// SeveritySuggestion is about what could be simpler; nothing is wrong.
	SeveritySuggestion
	// SeverityWarning is about what is probably not meant.
	SeverityWarning
	// SeveritySecurity is about what lets in more than one would want.
	SeveritySecurity
	// SeverityError is about what IAM refuses, or what can never take effect
	// as written.
	SeverityError
)

var (
	_ encoding.TextMarshaler   = NoSeverity
	_ encoding.TextUnmarshaler = (*Severity)(nil)
)

var severityNames = [...]string{"", "suggestion", "warning", "security", "error"}

// String returns "", "suggestion", "warning", "security" or "error".
func (s Severity) String() string {
	if int(s) >= len(severityNames) {
		return fmt.Sprintf("Severity(%d)", uint8(s))
	}
	return severityNames[s]
}

// MarshalText is [Severity.String], so that JSON says which severity is meant.
// A number that is no Severity is an error.
func (s Severity) MarshalText() ([]byte, error) {
	if int(s) >= len(severityNames) {
		return nil, fmt.Errorf("policy: no severity has the number %d", uint8(s))
	}
	return []byte(severityNames[s]), nil
}

// UnmarshalText reads what [Severity.MarshalText] writes.
func (s *Severity) UnmarshalText(text []byte) error {
	i := slices.Index(severityNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("policy: no severity is called %q", clip(string(text)))
	}
	*s = Severity(i)
	return nil
}

// Finding is one thing that a lint rule has found in a document.
type Finding struct {
	// ID is the rule's: see [Rules].
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	// Message says what is found here. Explanation says why it matters, and
	// Remedy what to do about it in general.
	Message     string `json:"message"`
	Explanation string `json:"explanation,omitempty"`
	Remedy      string `json:"remedy,omitempty"`

	// Kind, Account and Policy are those of the [Policy]. Of a policy whose
	// kind is not given, Kind is [NoKind] unless the document tells it.
	Kind    Kind   `json:"kind,omitempty"`
	Account string `json:"account,omitempty"`
	Policy  string `json:"policy,omitempty"`
	// File is for the caller to set: where the document was read from. The
	// outputs name it instead of the policy.
	File string `json:"file,omitempty"`

	// Pointer is the JSON pointer of the element; empty for the document.
	Pointer string `json:"pointer,omitempty"`
	// Span is where the element stands in the source, or the name of a member
	// if that is what is wrong; zero for documents that were built.
	Span Span `json:"span,omitzero"`
	// Fix corrects it; nil where what to do is not certain.
	Fix *Fix `json:"fix,omitempty"`

	name    bool         // it is the member's name that is wrong
	problem *SyntaxError // what kept the element from being read
	runes   [2]int       // the span's columns in characters
}

// Findings are findings about any number of documents, in order.
type Findings []Finding

// Worst returns the highest severity; NoSeverity if there are no findings.
func (f Findings) Worst() Severity {
	worst := NoSeverity
	for i := range f {
		worst = max(worst, f[i].Severity)
	}
	return worst
}

// InFile returns the findings as ones about documents of that file.
func (f Findings) InFile(file string) Findings {
	out := slices.Clone(f)
	for i := range out {
		out[i].File = file
	}
	return out
}
