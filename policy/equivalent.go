package policy

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Equivalent reports whether two documents say the same, however they are
// written. A single value is a list of one; lists are sets; the ARN of an
// account's root user is the account's number; actions, operators and
// condition keys compare without regard to case; true is "true" and 1 is "1";
// an absent version is [Version2008]; the order of statements and members and
// the Sids do not matter.
//
// It does not look for statements that say the same in other ways, as an
// action beside a pattern that covers it. For the same spelling see
// [Document.Equal]. A nil Document is equivalent to nil only.
func Equivalent(a, b *Document) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.essence() == b.essence()
}

// essence is a text that equivalent documents share. Its parts are quoted, so
// that two that differ cannot come to the same text.
func (d *Document) essence() string {
	version := d.Version
	if version == "" {
		version = Version2008
	}
	parts := make([]string, len(d.Statements))
	for i := range d.Statements {
		parts[i] = d.Statements[i].essence()
	}
	return quoted(version, d.ID, set(parts), essenceOf(d.Unknown))
}

func (s *Statement) essence() string {
	return quoted(
		string(s.Effect),
		s.Principal.essence(), s.NotPrincipal.essence(),
		s.Action.essence(strings.ToLower), s.NotAction.essence(strings.ToLower),
		s.Resource.essence(asWritten), s.NotResource.essence(asWritten),
		s.Condition.essence(), essenceOf(s.Unknown),
	)
}

func (p Principal) essence() string {
	if p.Any {
		return "*"
	}
	if p.Entries == nil {
		return ""
	}
	parts := make([]string, len(p.Entries))
	for i, e := range p.Entries {
		parts[i] = quoted(e.Type, e.Values.essence(rootAccount))
	}
	return set(parts)
}

// rootAccount returns the account of which s is the root user's ARN, else s
// (IAM User Guide, reference_policies_elements_principal).
func rootAccount(s string) string {
	if arn, ok := splitARN(s); ok && arn.Service == "iam" && arn.Region == "" && arn.Resource == "root" && isAccount(arn.Account) {
		return arn.Account
	}
	return s
}

// essence treats {} as an absent condition: neither asks for anything.
func (c Condition) essence() string {
	var parts []string
	for _, op := range c {
		for _, k := range op.Keys {
			parts = append(parts, quoted(strings.ToLower(op.Operator), strings.ToLower(k.Key), k.Values.essence(asWritten)))
		}
	}
	return set(parts)
}

func (v Values) essence(fold func(string) string) string {
	if v.List == nil {
		return ""
	}
	parts := make([]string, len(v.List))
	for i, value := range v.List {
		parts[i] = quoted(fold(value.Text))
		if value.Kind == NullValue {
			parts[i] = "null"
		}
	}
	return set(parts)
}

func essenceOf(unknown []Member) string {
	parts := make([]string, len(unknown))
	for i, m := range unknown {
		parts[i] = quoted(m.Name, string(m.Raw))
	}
	return set(parts)
}

func asWritten(s string) string { return s }

// set returns what equal sets share.
func set(parts []string) string {
	members := make(map[string]bool, len(parts))
	for _, p := range parts {
		members[p] = true
	}
	return "{" + strings.Join(slices.Sorted(maps.Keys(members)), ",") + "}"
}

func quoted(parts ...string) string {
	var b []byte
	for _, p := range parts {
		b = append(strconv.AppendQuote(b, p), ' ')
	}
	return string(b)
}
