package secrets

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Service is where a secret is kept.
type Service string

// The services that a [Ref] can lead to, under their names in ARNs.
const (
	SecretsManager Service = "secretsmanager"
	ParameterStore Service = "ssm"
)

// Ref is a parsed reference to a secret of Secrets Manager or to a parameter of
// Parameter Store; [ParseRef] says how one is written. Refs compare with ==.
// The zero Ref refers to nothing.
type Ref struct {
	// Service keeps the secret. Empty: Secrets Manager.
	Service Service
	// Partition and Account come from an ARN; they are empty for a name, which
	// means the caller's own. So does Region, which a name may be given too.
	Partition, Region, Account string
	// Name is the secret's or parameter's name. From a secret's ARN it still has
	// what may be the six random characters, see HasSuffix; from a parameter's
	// ARN it always begins with a slash, even if the name does not.
	Name string
	// Version is the id of a secret's version or the number of a parameter's.
	// Empty: the one that Stage says.
	Version string
	// Stage is the staging label of a secret's version or the label of a
	// parameter's. Empty: AWSCURRENT, or a parameter's latest version.
	Stage string
	// Ciphertext is set to read a parameter without decryption: a SecureString
	// then comes as KMS has encrypted it, in base64, and takes no right to its
	// key.
	Ciphertext bool
	// Role is the ARN of the role to assume for the read. Empty: that which
	// [Config] has for the account, if any.
	Role string
	// Replicas are Regions that have a replica of the secret, separated by
	// commas, in the order in which to try them. Empty: those of [Config].
	Replicas string
	// Key is what to take from a secret that is JSON: the name of a member or,
	// if it begins with a slash, a JSON pointer (RFC 6901). Empty: all of it.
	Key string
}

// String returns the reference in its canonical form, which parses to r again.
// Without r.Key it tells all that decides what is read, and from where.
func (r Ref) String() string {
	var settings []string
	for _, p := range []struct{ key, value string }{
		{"decrypt", r.queryDecrypt()},
		{"region", r.queryRegion()},
		{"replica_regions", r.Replicas},
		{"role_arn", r.Role},
		{"version_id", r.Version},
		{"version_stage", r.Stage},
	} {
		if p.value == "" || r.Service == ParameterStore && strings.HasPrefix(p.key, "version") {
			continue
		}
		settings = append(settings, p.key+"="+escape(p.value, "&#"))
	}
	s := escape(r.base(), "?#") // which are in no name: one that is made up adds no setting
	if settings != nil {
		s += "?" + strings.Join(settings, "&")
	}
	if r.Key != "" {
		s += "#" + escape(r.Key, "")
	}
	return s
}

// base is the reference without query and key.
func (r Ref) base() string {
	id := r.id()
	if r.Service != ParameterStore {
		if scheme, _, _ := strings.Cut(id, "+"); scheme == "ref" || scheme == "secretref" {
			return string(SecretsManager) + ":" + id // or it would be taken for that of vals
		}
		return id
	}
	if r.IsARN() {
		return id + r.selector()
	}
	return "ssm:" + id + r.selector()
}

// id is the name or ARN that AWS is asked for, without a parameter's selector.
func (r Ref) id() string {
	switch {
	case !r.IsARN():
		return r.Name
	case r.Service == ParameterStore:
		return "arn:" + r.Partition + ":ssm:" + r.Region + ":" + r.Account + ":parameter" + r.Name
	default:
		return "arn:" + r.Partition + ":secretsmanager:" + r.Region + ":" + r.Account + ":secret:" + r.Name
	}
}

// selector picks a version of a parameter: a colon and its number or label.
func (r Ref) selector() string {
	switch {
	case r.Service != ParameterStore:
		return ""
	case r.Version != "":
		return ":" + r.Version
	case r.Stage != "":
		return ":" + r.Stage
	}
	return ""
}

// queryRegion is the Region of a name; an ARN has its own.
func (r Ref) queryRegion() string {
	if r.IsARN() {
		return ""
	}
	return r.Region
}

// queryDecrypt is "false" if a parameter is to be left encrypted.
func (r Ref) queryDecrypt() string {
	if r.Ciphertext && r.Service == ParameterStore {
		return "false"
	}
	return ""
}

// service is Service, the default filled in.
func (r Ref) service() Service {
	if r.Service == "" {
		return SecretsManager
	}
	return r.Service
}

// replicas are the Regions in r.Replicas.
func (r Ref) replicas() []string {
	if r.Replicas == "" {
		return nil
	}
	return strings.Split(r.Replicas, ",")
}

// IsARN reports whether the reference is an ARN, complete or not.
func (r Ref) IsARN() bool { return r.Account != "" }

// HasSuffix reports whether the reference is to a secret and ends in a hyphen
// and six letters or digits, as every complete ARN does. Secrets Manager takes
// them for its random characters: an ARN without those, of a secret whose own
// name ends so, is not found; and a name with them added is not the secret's
// name.
func (r Ref) HasSuffix() bool { return r.Service != ParameterStore && hasSuffix(r.Name) }

func hasSuffix(name string) bool {
	tail := len(name) - 7
	if tail < 1 || name[tail] != '-' {
		return false
	}
	for _, c := range []byte(name[tail+1:]) {
		if !isAlnum(c) {
			return false
		}
	}
	return true
}

// escape writes white space, control characters, "%", what is not ASCII, and
// what more is told, as "%" and two hexadecimal digits.
func escape(s, more string) string {
	if !strings.ContainsAny(s, more) && only(s, isPlain) {
		return s
	}
	var b strings.Builder
	for _, c := range []byte(s) {
		if isPlain(c) && strings.IndexByte(more, c) < 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// isPlain reports whether a character is never escaped for what it is.
func isPlain(c byte) bool { return ' ' < c && c < 0x7f && c != '%' }

func only(s string, ok func(c byte) bool) bool {
	return !slices.ContainsFunc([]byte(s), func(c byte) bool { return !ok(c) })
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool { return isLower(c|0x20) || isDigit(c) }

// outerSpace returns the offset of white space at either end of s, or -1.
func outerSpace(s string) int {
	if first, _ := utf8.DecodeRuneInString(s); unicode.IsSpace(first) {
		return 0
	}
	if last, size := utf8.DecodeLastRuneInString(s); unicode.IsSpace(last) {
		return len(s) - size
	}
	return -1
}

// RefError says what is wrong with a reference, and where. It is an
// [ErrConfiguration].
type RefError struct {
	Ref      string // as given
	Part     string // "reference", "name", "region", …
	Position int    // of the part or the character in Ref, in bytes from 1
	Problem  string // in words
}

// Error describes the problem. A long reference is cut short.
func (e *RefError) Error() string {
	ref := e.Ref
	if len(ref) > 200 {
		ref = ref[:200] + "…"
	}
	return fmt.Sprintf("secrets: reference %q: %s at position %d %s", ref, e.Part, e.Position, e.Problem)
}

// Unwrap returns [ErrConfiguration].
func (e *RefError) Unwrap() error { return ErrConfiguration }
