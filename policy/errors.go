package policy

import (
	"fmt"
	"strconv"
	"strings"
)

// SyntaxError says where and why a document cannot be read.
type SyntaxError struct {
	// Position is where the problem is, counted from the first byte that
	// [Parse] was given.
	Position Position
	// Pointer is the JSON pointer (RFC 6901) of the value at fault; empty for
	// the document as a whole.
	Pointer string
	// Rule is the id of the lint rule that the problem breaks, such as
	// "INVALID_EFFECT"; see [Rules].
	Rule string
	// Problem says in words what is wrong and what to do. It may name members
	// but does not repeat the document's values.
	Problem string
}

// Error describes the problem with its place.
func (e *SyntaxError) Error() string {
	place := fmt.Sprintf("policy: line %d, column %d", e.Position.Line, e.Position.Column)
	if e.Pointer != "" {
		quoted := strconv.Quote(clip(e.Pointer)) // names may hold anything
		place += " (" + quoted[1:len(quoted)-1] + ")"
	}
	return place + ": " + e.Problem
}

// as returns the error with the rule that the problem breaks.
func (e *SyntaxError) as(rule string) *SyntaxError {
	e.Rule = rule
	return e
}

// ARNError says which part of an ARN is missing or malformed.
type ARNError struct {
	ARN string // as given
	// Part is "prefix", "partition", "service", "region", "account" or
	// "resource".
	Part string
	// Problem says in words what is wrong with the part and what to do.
	Problem string
}

// Error names the ARN, the part and the problem.
func (e *ARNError) Error() string {
	return fmt.Sprintf("policy: ARN %q: %s: %s", clip(e.ARN), e.Part, e.Problem)
}

// clip shortens what an error repeats of its input.
func clip(s string) string {
	const limit = 160
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
