package secrets

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Ref is a parsed reference to a secret: a name, or an ARN with or without the
// six random characters at its end. The zero Ref refers to nothing.
type Ref struct {
	// Partition, Region and Account come from an ARN; they are empty for a
	// name, which means the caller's own.
	Partition, Region, Account string
	// Name is the secret's name. From an ARN it still has what may be the six
	// random characters; see HasSuffix.
	Name string

	id string
}

// maxRef is the longest SecretId that GetSecretValue takes.
const maxRef = 2048

// ParseRef parses a reference as [Store.Get] takes it. It makes no call and
// does not ask whether the secret exists. The error is a [*RefError].
func ParseRef(s string) (Ref, error) {
	switch {
	case s == "":
		return Ref{}, &RefError{Part: "reference", Position: 1, Problem: "is empty"}
	case len(s) > maxRef:
		return Ref{}, &RefError{
			Ref: s, Part: "reference", Position: maxRef + 1,
			Problem: fmt.Sprintf("is %d bytes long; Secrets Manager takes %d", len(s), maxRef),
		}
	}
	if at := outerSpace(s); at >= 0 {
		return Ref{}, &RefError{Ref: s, Part: "reference", Position: at + 1, Problem: "begins or ends with white space"}
	}
	if strings.HasPrefix(s, "arn:") {
		return parseARN(s)
	}
	if err := checkName(s, "name", 0); err != nil {
		return Ref{}, err
	}
	return Ref{Name: s, id: s}, nil
}

// String returns the reference as it was parsed.
func (r Ref) String() string { return r.id }

// IsARN reports whether the reference is an ARN, complete or not.
func (r Ref) IsARN() bool { return r.Account != "" }

// HasSuffix reports whether the reference ends in a hyphen and six letters or
// digits, as every complete ARN does. Secrets Manager takes them for its random
// characters: an ARN without those, of a secret whose own name ends so, is not
// found; and a name with them added is not the secret's name.
func (r Ref) HasSuffix() bool { return hasSuffix(r.Name) }

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

// arnParts are the parts of a secret's ARN after "arn", each with what it must
// be.
var arnParts = []struct {
	name  string
	check func(part string) (problem string)
}{
	{"partition", checkPartition},
	{"service", checkService},
	{"region", checkRegion},
	{"account", checkAccount},
	{"resource type", checkType},
}

// parseARN parses arn:partition:secretsmanager:region:account:secret:name. Unlike
// policy.ParseARN it knows what the ARN of a secret must be, and where it is not.
func parseARN(s string) (Ref, error) {
	fields := make([]string, len(arnParts))
	offset := len("arn:")
	for i, part := range arnParts {
		field, rest, found := strings.Cut(s[offset:], ":")
		problem := part.check(field)
		if problem == "" && !found {
			offset += len(field)
			return Ref{}, &RefError{
				Ref: s, Part: part.name, Position: offset + 1,
				Problem: "is where the ARN ends; a secret's is arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME",
			}
		}
		if problem != "" {
			return Ref{}, &RefError{Ref: s, Part: part.name, Position: offset + 1, Problem: problem}
		}
		fields[i] = field
		offset = len(s) - len(rest)
	}
	name := s[offset:]
	if err := checkName(s, "name", offset); err != nil {
		return Ref{}, err
	}
	return Ref{Partition: fields[0], Region: fields[2], Account: fields[3], Name: name, id: s}, nil
}

func checkPartition(p string) string {
	if p == "" {
		return "is missing"
	}
	if p != "aws" && !strings.HasPrefix(p, "aws-") || !only(p, func(c byte) bool { return isLower(c) || c == '-' }) {
		return `is no partition of AWS, such as "aws" or "aws-cn"`
	}
	return ""
}

func checkService(p string) string {
	switch p {
	case "secretsmanager":
		return ""
	case "":
		return "is missing"
	case "ssm":
		return "is ssm: this is a parameter of Parameter Store, not a secret of Secrets Manager"
	case "kms":
		return "is kms: this is a key; the reference must be to the secret that it encrypts"
	default:
		return "is not secretsmanager"
	}
}

func checkRegion(p string) string {
	if p == "" {
		return "is missing"
	}
	// The Region becomes part of a host name.
	if len(p) > 63 || !strings.Contains(p, "-") || !isLower(p[0]) ||
		!only(p, func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' }) {
		return `is no Region of AWS, such as "eu-west-1"`
	}
	return ""
}

func checkAccount(p string) string {
	if p == "" {
		return "is missing"
	}
	if len(p) != 12 || !only(p, isDigit) {
		return "is not an account id of 12 digits"
	}
	return ""
}

func checkType(p string) string {
	if p != "secret" {
		return `is not "secret"`
	}
	return ""
}

// checkName checks the name that starts at offset in ref (API reference of
// CreateSecret; "!" is in the names of secrets that AWS services manage, such
// as rds!cluster-…).
func checkName(ref, part string, offset int) error {
	name := ref[offset:]
	if name == "" {
		return &RefError{Ref: ref, Part: part, Position: offset + 1, Problem: "is missing"}
	}
	for i, r := range name {
		if r < utf8.RuneSelf && (isAlnum(byte(r)) || strings.ContainsRune("/_+=.@-!", r)) {
			continue
		}
		return &RefError{Ref: ref, Part: part, Position: offset + i + 1, Problem: nameProblem(r)}
	}
	return nil
}

func nameProblem(r rune) string {
	switch r {
	case ':':
		return `holds ":"; a JSON key, stage or version is no part of a reference`
	case '*', '?':
		return fmt.Sprintf("holds %q; a reference is to one secret and takes no wildcards", r)
	default:
		return fmt.Sprintf("holds %q; it may have letters, digits and /_+=.@-", r)
	}
}

func only(s string, ok func(c byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isAlnum(c byte) bool { return isLower(c|0x20) || isDigit(c) }

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
