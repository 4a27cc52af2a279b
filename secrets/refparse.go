package secrets

import (
	"fmt"
	"strings"
)

// maxRef is the longest SecretId that GetSecretValue takes, and the longest
// name of a parameter.
const maxRef = 2048

// ParseRef parses a reference as [Store.Get] takes it. It is one of
//
//   - NAME, the name of a secret of Secrets Manager in the caller's account;
//     it may begin with a slash
//   - ssm:NAME, the name of a parameter of Parameter Store, with ":VERSION" or
//     ":LABEL" behind it if it is not to be the latest version
//   - the ARN of either, that of a secret with or without the six random
//     characters at its end
//   - ref+awssecrets://… or ref+awsssm://… as in helmfile/vals, with a name or
//     an ARN
//
// Behind it there may be a query, "?" and settings joined by "&" — region (of
// a name), role_arn and, for a secret, version_id, version_stage and
// replica_regions; for a parameter, version and decrypt (false: a SecureString is
// read as KMS has encrypted it) — and then "#" and a [Ref].Key. In both, "%" and
// two hexadecimal digits stand for a byte.
//
// ParseRef makes no call and does not ask whether the secret exists. The error
// is a [*RefError].
func ParseRef(s string) (Ref, error) {
	if s == "" {
		return Ref{}, &RefError{Part: "reference", Position: 1, Problem: "is empty"}
	}
	if at := outerSpace(s); at >= 0 {
		return Ref{}, &RefError{Ref: s, Part: "reference", Position: at + 1, Problem: "begins or ends with white space"}
	}
	p := refParser{ref: s, end: len(s)}
	if err := p.parse(); err != nil {
		return Ref{}, err
	}
	return p.out, nil
}

// refParser takes a reference apart: scheme, name or ARN, query, key.
type refParser struct {
	ref   string
	pos   int // where the name or ARN begins
	end   int // where it ends
	vals  bool
	out   Ref
	query span // behind the question mark
	key   span // behind the number sign
	mode  bool // mode=singleparam was given
}

// span is a part of the reference; there is none if from is zero.
type span struct{ from, to int }

func (p *refParser) text(s span) string { return p.ref[s.from:s.to] }

// fail describes a problem with what begins at offset at.
func (p *refParser) fail(part string, at int, format string, args ...any) error {
	return &RefError{Ref: p.ref, Part: part, Position: at + 1, Problem: fmt.Sprintf(format, args...)}
}

func (p *refParser) parse() error {
	if err := p.scheme(); err != nil {
		return err
	}
	p.split()
	if p.end-p.pos > maxRef {
		return p.fail("reference", p.pos+maxRef, "is %d bytes long; AWS takes %d", p.end-p.pos, maxRef)
	}
	if err := p.base(); err != nil {
		return err
	}
	if err := p.settings(); err != nil {
		return err
	}
	return p.member()
}

// scheme reads the service that the beginning tells.
func (p *refParser) scheme() error {
	p.out.Service = SecretsManager
	rest := strings.TrimPrefix(p.ref, "secret") // vals: "secretref+" marks what is sensitive
	if scheme, ok := strings.CutPrefix(rest, "ref+"); ok {
		at := len(p.ref) - len(scheme)
		name, path, found := strings.Cut(scheme, "://")
		switch {
		case found && name == "awssecrets":
		case found && name == "awsssm":
			p.out.Service = ParameterStore
		default:
			return p.fail("scheme", at, "is neither awssecrets:// nor awsssm://")
		}
		p.vals, p.pos = true, len(p.ref)-len(path)
		return nil
	}
	for _, service := range []Service{SecretsManager, ParameterStore} {
		if strings.HasPrefix(p.ref, string(service)+":") {
			p.out.Service, p.pos = service, len(service)+1
		}
	}
	return nil
}

// split finds where query and key begin.
func (p *refParser) split() {
	if at := strings.IndexByte(p.ref, '#'); at >= 0 {
		p.key, p.end = span{at + 1, len(p.ref)}, at
	}
	if at := strings.IndexByte(p.ref[:p.end], '?'); at >= 0 && p.isQuery(at+1) {
		p.query, p.end = span{at + 1, p.end}, at
	}
}

// isQuery tells a query from a wildcard, which gets an error of its own.
func (p *refParser) isQuery(from int) bool {
	return from == p.end || strings.IndexByte(p.ref[from:p.end], '=') >= 0
}

// base parses the name or ARN.
func (p *refParser) base() error {
	text := p.ref[p.pos:p.end]
	switch {
	case strings.HasPrefix(text, "arn:"):
		return p.arn()
	case p.out.Service == ParameterStore:
		return p.parameter(p.pos)
	default:
		p.out.Name = text
		return p.secretName(p.pos)
	}
}

// settings reads the query.
func (p *refParser) settings() error {
	if p.query.from == 0 {
		return nil
	}
	q := *p // on the heap, for the functions of setting; without a query, nothing is
	err := q.readSettings()
	*p = q
	return err
}

func (p *refParser) readSettings() error {
	seen := map[string]bool{}
	at := p.query.from
	for pair := range strings.SplitSeq(p.text(p.query), "&") {
		key, raw, found := strings.Cut(pair, "=")
		set, known := p.setting(key)
		valueAt := at + len(key) + 1
		switch {
		case !known:
			return p.fail("query", at, "has %.40q, which is no setting of this kind of reference", key)
		case seen[key]:
			return p.fail("query", at, "has %q twice", key)
		case !found || raw == "":
			return p.fail(key, at+len(key), "is empty")
		}
		seen[key] = true
		value, err := p.unescape(key, valueAt, raw)
		if err != nil {
			return err
		}
		if problem := set(value); problem != "" {
			return p.fail(key, valueAt, "%s", problem)
		}
		at += len(pair) + 1
	}
	if p.out.Service == SecretsManager && p.out.Version == "" && p.out.Stage == current {
		p.out.Stage = "" // what is meant anyway
	}
	return nil
}

// setting returns what takes the value of a query key; it returns what is
// wrong with the value.
func (p *refParser) setting(key string) (set func(value string) (problem string), known bool) {
	switch {
	case key == "region":
		return p.setRegion, true
	case key == "role_arn":
		return func(v string) string { p.out.Role = v; return roleProblem(v) }, true
	case key == "mode" && p.vals && p.out.Service == ParameterStore:
		return p.setMode, true
	case key == "version" && p.out.Service == ParameterStore:
		return p.setNumber, true
	case key == "decrypt" && p.out.Service == ParameterStore:
		return p.setDecrypt, true
	case p.out.Service == ParameterStore:
		return nil, false
	case key == "version_id":
		return func(v string) string { p.out.Version = v; return versionProblem(v) }, true
	case key == "version_stage":
		return func(v string) string { p.out.Stage = v; return stageProblem(v) }, true
	case key == "replica_regions":
		return p.setReplicas, true
	}
	return nil, false
}

func (p *refParser) setRegion(v string) string {
	if problem := checkRegion(v); problem != "" {
		return problem
	}
	if p.out.IsARN() && p.out.Region != v {
		return "is another than that of the ARN"
	}
	p.out.Region = v
	return ""
}

func (p *refParser) setReplicas(v string) string {
	for region := range strings.SplitSeq(v, ",") {
		if problem := checkRegion(region); problem != "" {
			return problem
		}
	}
	p.out.Replicas = v
	return ""
}

// setMode takes the only mode of vals in which a reference is to one parameter.
func (p *refParser) setMode(v string) string {
	p.mode = v == "singleparam"
	if !p.mode {
		return "is not singleparam"
	}
	return ""
}

func (p *refParser) setNumber(v string) string {
	if p.out.Version != "" || p.out.Stage != "" {
		return "is given twice, for the name ends in one"
	}
	p.out.Version = v
	return numberProblem(v)
}

func (p *refParser) setDecrypt(v string) string {
	p.out.Ciphertext = v == "false"
	switch {
	case !p.out.Ciphertext && v != "true":
		return "is neither true nor false"
	case p.out.Ciphertext && strings.HasPrefix(p.out.Name, secretProxy):
		return "is false; Parameter Store shows a secret of Secrets Manager only decrypted"
	}
	return ""
}

// member reads the key.
func (p *refParser) member() error {
	if p.key.from == 0 {
		return nil
	}
	raw := p.text(p.key)
	if raw == "" {
		return p.fail("key", p.key.from, "is missing")
	}
	if p.vals && p.out.Service == ParameterStore && !p.mode {
		return p.fail("key", p.key.from, "needs mode=singleparam: without it, it would be a name below a path of parameters")
	}
	key, err := p.unescape("key", p.key.from, raw)
	if err != nil {
		return err
	}
	p.out.Key = key
	if !strings.HasPrefix(key, "/") {
		return nil
	}
	rest := strings.NewReplacer("~0", "", "~1", "").Replace(key)
	if strings.Contains(rest, "~") {
		return p.fail("key", p.key.from, `is a JSON pointer, in which "~" is written "~0"`)
	}
	return nil
}

// unescape is the reverse of escape.
func (p *refParser) unescape(part string, at int, s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c != '%' {
			b.WriteByte(c)
			continue
		}
		var n byte
		for _, digit := range []byte(s[i+1 : min(i+3, len(s))]) {
			n = n<<4 | unhex(digit)
		}
		if i+3 > len(s) || unhex(s[i+1]) > 15 || unhex(s[i+2]) > 15 {
			return "", p.fail(part, at+i, `holds "%%" without two hexadecimal digits`)
		}
		b.WriteByte(n)
		i += 2
	}
	return b.String(), nil
}

// unhex returns the value of a hexadecimal digit, more than 15 for all else.
func unhex(c byte) byte {
	switch {
	case isDigit(c):
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
