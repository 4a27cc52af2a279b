package secrets

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Query selects among the secrets or parameters that exist, for [Store.Find].
// What is empty selects all; what is set must all apply. The zero Query is every
// secret of the caller's account and Region.
type Query struct {
	// Service is where to look. Empty: Secrets Manager.
	Service Service
	// Region is where to look. Empty: that of the aws.Config.
	Region string
	// Role is the ARN of the role to assume, and so the account to look in.
	// Empty: the caller itself. What is found is read in this role too.
	Role string
	// Path is what the names of secrets begin with or, for parameters, the
	// hierarchy below which they are, at any depth: "/shop" has "/shop/a/b" and
	// not "/shopping". A slash at its end does not matter then.
	Path string
	// Name matches names that contain a match, unless it is anchored. Names are
	// whole, with their path. Nil: every name.
	Name *regexp.Regexp
	// Tags are what secrets or parameters must be tagged with, key and value. A
	// value of parameters cannot be empty.
	Tags map[string]string
	// TagKeys are the keys of tags that they must have, whatever the values.
	TagKeys []string
}

// String describes where q looks, as a reference to all that is there. Name,
// Tags and TagKeys are not in it.
func (q Query) String() string { return q.all().String() }

// all is a reference with a wildcard in the place of names.
func (q Query) all() Ref {
	if q.Service == ParameterStore {
		return q.Ref(q.hierarchy() + "/*")
	}
	return q.Ref(q.Path + "*")
}

// Ref is the reference to what q has found under a name.
func (q Query) Ref(name string) Ref {
	return Ref{Service: Ref{Service: q.Service}.service(), Region: q.Region, Role: q.Role, Name: name}
}

// hierarchy is the Path of parameters without the slash at its end; "" is all.
func (q Query) hierarchy() string { return strings.TrimRight(q.Path, "/") }

// Selects reports whether q selects a secret or parameter with that name and
// those tags, wherever it is. It is for implementations of [Finder].
func (q Query) Selects(name string, tags map[string]string) bool {
	for key, value := range q.Tags {
		if got, ok := tags[key]; !ok || got != value {
			return false
		}
	}
	for _, key := range q.TagKeys {
		if _, ok := tags[key]; !ok {
			return false
		}
	}
	return q.selectsName(name)
}

func (q Query) selectsName(name string) bool {
	prefix := q.Path
	if q.Service == ParameterStore && q.Path != "" {
		prefix = q.hierarchy() + "/"
		if prefix == "/" { // the root, where names need no slash
			prefix = ""
		}
	}
	return strings.HasPrefix(name, prefix) && (q.Name == nil || q.Name.MatchString(name))
}

// The longest that a secret's name (API reference of CreateSecret), in bytes, a
// tag's key and its value, in characters, can be (API references of TagResource
// and AddTagsToResource).
const (
	maxSecretName = 512
	maxTagKey     = 128
	maxTagValue   = 256
)

// check finds what no call has to be made for. The error is a [*ConfigError].
func (q Query) check() error {
	switch {
	case q.Service != "" && q.Service != SecretsManager && q.Service != ParameterStore:
		return &ConfigError{"Query.Service", fmt.Sprintf("is %q, neither secretsmanager nor ssm", q.Service)}
	case q.Region != "" && checkRegion(q.Region) != "":
		return &ConfigError{"Query.Region", checkRegion(q.Region)}
	case q.Role != "" && roleProblem(q.Role) != "":
		return &ConfigError{"Query.Role", roleProblem(q.Role)}
	}
	if err := q.checkPath(); err != nil {
		return err
	}
	return q.checkTags()
}

func (q Query) checkPath() error {
	p := refParser{ref: q.Path, end: len(q.Path), out: Ref{Name: q.Path}}
	var err error
	switch {
	case q.Path == "":
	case q.Service != ParameterStore && len(q.Path) > maxSecretName:
		return &ConfigError{"Query.Path", fmt.Sprintf("is %d bytes long; names of secrets have %d at most", len(q.Path), maxSecretName)}
	case q.Service != ParameterStore:
		err = p.secretName(0)
	case q.Path[0] != '/':
		return &ConfigError{"Query.Path", fmt.Sprintf("is %.100q; a hierarchy of parameters begins with a slash", q.Path)}
	case len(q.Path) > maxRef:
		return &ConfigError{"Query.Path", fmt.Sprintf("is %d bytes long; AWS takes %d", len(q.Path), maxRef)}
	case q.hierarchy() != "":
		err = p.parameterName(0)
	}
	if bad, ok := errors.AsType[*RefError](err); ok {
		return &ConfigError{"Query.Path", fmt.Sprintf("is %.100q and at position %d %s", q.Path, bad.Position, bad.Problem)}
	}
	return nil
}

func (q Query) checkTags() error {
	for _, key := range slices.Sorted(maps.Keys(q.Tags)) {
		problem := tagKeyProblem(key)
		switch {
		case problem != "":
		case utf8.RuneCountInString(q.Tags[key]) > maxTagValue:
			problem = fmt.Sprintf("has a value of more than %d characters", maxTagValue)
		case !utf8.ValidString(q.Tags[key]):
			problem = "has a value that is not UTF-8"
		case q.Tags[key] == "" && q.Service == ParameterStore:
			problem = "has no value, which no tag of a parameter can be without"
		}
		if problem != "" {
			return &ConfigError{fmt.Sprintf("Query.Tags[%.100q]", key), problem}
		}
	}
	for i, key := range q.TagKeys {
		if problem := tagKeyProblem(key); problem != "" {
			return &ConfigError{fmt.Sprintf("Query.TagKeys[%d]", i), problem}
		}
	}
	return nil
}

func tagKeyProblem(key string) string {
	switch {
	case key == "":
		return "is empty"
	case utf8.RuneCountInString(key) > maxTagKey:
		return fmt.Sprintf("is longer than %d characters", maxTagKey)
	case !utf8.ValidString(key):
		return "is not UTF-8"
	}
	return ""
}

// tagKeys are the keys of all tags that q asks for, each once, sorted.
func (q Query) tagKeys() []string {
	keys := slices.AppendSeq(slices.Clone(q.TagKeys), maps.Keys(q.Tags))
	slices.Sort(keys)
	return slices.Compact(keys)
}
