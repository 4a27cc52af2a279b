package agent

import (
	"slices"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// patterns is an allow-list; nil allows everything.
type patterns []string

// newPatterns keeps nil apart from a list of nothing.
func newPatterns(list []string) patterns {
	if list == nil {
		return nil
	}
	return append(patterns{}, list...)
}

// match reports whether one of the patterns matches s.
func (p patterns) match(s string) bool {
	if p == nil {
		return true
	}
	for _, pattern := range p {
		if glob(pattern, s) {
			return true
		}
	}
	return false
}

// all reports whether the patterns allow everything.
func (p patterns) all() bool { return p == nil || slices.Contains(p, "*") }

// allows reports whether the patterns allow to read what ref names, in whatever
// version. A pattern matches only references of its own kind: the "*" of a
// secret's name must not reach into ARNs, nor that of a parameter's into secrets.
func (p patterns) allows(ref secrets.Ref) bool {
	if p.all() {
		return true
	}
	name, kind := subject(ref)
	proxied := isProxied(ref)
	for _, pattern := range p {
		if kindOf(pattern) == kind && (!proxied || strings.Contains(pattern, secretProxy)) && glob(pattern, name) {
			return true
		}
	}
	return false
}

// secretProxy is the path under which Parameter Store shows the secrets of
// Secrets Manager (Systems Manager User Guide, "Referencing AWS Secrets Manager
// secrets from Parameter Store parameters").
const secretProxy = "/aws/reference/secretsmanager/"

// isProxied reports whether ref is to a secret by way of Parameter Store, also if
// AWS should not mind the case of its letters.
func isProxied(ref secrets.Ref) bool {
	return ref.Service == secrets.ParameterStore && strings.Contains(strings.ToLower(ref.Name), secretProxy)
}

// subject is what patterns are about: the name or ARN.
func subject(ref secrets.Ref) (name, kind string) {
	bare := secrets.Ref{
		Service: ref.Service, Partition: ref.Partition, Account: ref.Account, Name: ref.Name,
	}
	if ref.IsARN() {
		bare.Region = ref.Region // of a name it would be a query
	}
	name = bare.String()
	return name, kindOf(name)
}

// kindOf is the scheme of a reference or pattern; empty for a secret's name.
func kindOf(s string) string {
	for _, scheme := range []string{"arn:", "ssm:"} {
		if strings.HasPrefix(s, scheme) {
			return scheme
		}
	}
	return ""
}

// glob reports whether pattern matches all of s, "*" standing for any
// characters. It takes time in proportion to the product of their lengths at
// most: a "*" that has matched is never gone back behind.
func glob(pattern, s string) bool {
	head, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == s
	}
	s, ok := strings.CutPrefix(s, head)
	for ok {
		head, rest, star = strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(s, head)
		}
		_, s, ok = strings.Cut(s, head)
	}
	return false
}
