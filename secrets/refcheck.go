package secrets

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/irsakit/irsa/policy"
)

// arnParts are the parts of an ARN after "arn" and before the resource, each
// with what it must be.
var arnParts = [...]struct {
	name  string
	check func(part string) (problem string)
}{
	{"partition", checkPartition},
	{"service", checkService},
	{"region", checkRegion},
	{"account", checkAccount},
}

// arn parses arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME, or
// arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME. Unlike policy.ParseARN it
// knows what these must be, and where they are not.
func (p *refParser) arn() error {
	var fields [len(arnParts)]string
	at := p.pos + len("arn:")
	for i, part := range arnParts {
		field, rest, found := strings.Cut(p.ref[at:p.end], ":")
		if problem := part.check(field); problem != "" {
			return p.fail(part.name, at, "%s", problem)
		}
		if !found {
			return p.fail(part.name, at+len(field), "is where the ARN ends; %s", arnForms)
		}
		fields[i], at = field, p.end-len(rest)
	}
	scheme := p.pos > 0
	if scheme && Service(fields[1]) != p.out.Service {
		return p.fail("service", p.pos+len("arn:"+fields[0]+":"), "is %s and the scheme's is %s", fields[1], p.out.Service)
	}
	p.out.Service = Service(fields[1])
	p.out.Partition, p.out.Region, p.out.Account = fields[0], fields[2], fields[3]
	if p.out.Service == ParameterStore {
		if !strings.HasPrefix(p.ref[at:p.end], "parameter/") {
			return p.fail("resource type", at, `is not "parameter/"`)
		}
		return p.parameter(at + len("parameter"))
	}
	kind, name, found := strings.Cut(p.ref[at:p.end], ":")
	if kind != "secret" {
		return p.fail("resource type", at, `is not "secret"`)
	}
	if !found {
		return p.fail("resource type", at+len(kind), "is where the ARN ends; %s", arnForms)
	}
	p.out.Name = name
	return p.secretName(p.end - len(name))
}

const arnForms = "a secret's is arn:PARTITION:secretsmanager:REGION:ACCOUNT:secret:NAME, " +
	"a parameter's arn:PARTITION:ssm:REGION:ACCOUNT:parameter/NAME"

// parameter parses the name that begins at offset at, and the selector.
func (p *refParser) parameter(at int) error {
	name, selector, selected := strings.Cut(p.ref[at:p.end], ":")
	if p.vals && name != "" && name[0] != '/' {
		name = "/" + name // as vals does
		at--
	}
	p.out.Name = name
	if err := p.parameterName(at); err != nil {
		return err
	}
	if !selected {
		return nil
	}
	at += len(name) + 1
	if selector != "" && only(selector, isDigit) {
		p.out.Version = selector
		if problem := numberProblem(selector); problem != "" {
			return p.fail("version", at, "%s", problem)
		}
		return nil
	}
	p.out.Stage = selector
	if problem := labelProblem(selector); problem != "" {
		return p.fail("label", at, "%s", problem)
	}
	return nil
}

// secretProxy is the path under which Parameter Store shows the secrets of
// Secrets Manager (Systems Manager User Guide, "Referencing AWS Secrets Manager
// secrets from Parameter Store parameters").
const secretProxy = "/aws/reference/secretsmanager/"

// parameterName checks the parameter's name, which begins at offset at (API
// reference of PutParameter).
func (p *refParser) parameterName(at int) error {
	name := p.out.Name
	special := "/._-"
	if strings.HasPrefix(name, secretProxy) {
		special += "+=@!"
	}
	switch {
	case name == "" || name == "/":
		return p.fail("name", at+len(name), "is missing")
	case strings.LastIndexByte(name, '/') > 0 && name[0] != '/':
		return p.fail("name", at, "has levels and must begin with a slash")
	}
	for i, r := range name {
		if r >= utf8.RuneSelf || !isAlnum(byte(r)) && !strings.ContainsRune(special, r) {
			return p.fail("name", at+i, "%s", nameProblem(r, special))
		}
	}
	return nil
}

// secretName checks the secret's name, which begins at offset at (API reference
// of CreateSecret; "!" is in the names of secrets that AWS services manage,
// such as rds!cluster-…).
func (p *refParser) secretName(at int) error {
	const special = "/_+=.@-"
	if p.out.Name == "" {
		return p.fail("name", at, "is missing")
	}
	for i, r := range p.out.Name {
		if r >= utf8.RuneSelf || !isAlnum(byte(r)) && r != '!' && !strings.ContainsRune(special, r) {
			return p.fail("name", at+i, "%s", nameProblem(r, special))
		}
	}
	return nil
}

func nameProblem(r rune, special string) string {
	switch r {
	case ':':
		return `holds ":"; a JSON key comes behind "#", a stage or version is set by "?version_stage=" or "?version_id=", ` +
			`and only a parameter begins with "ssm:"`
	case '*', '?':
		return fmt.Sprintf("holds %q; a reference is to one secret and takes no wildcards", r)
	default:
		return fmt.Sprintf("holds %q; it may have letters, digits and %s", r, special)
	}
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
	case "secretsmanager", "ssm":
		return ""
	case "":
		return "is missing"
	case "kms":
		return "is kms: this is a key; the reference must be to the secret that it encrypts"
	default:
		return "is neither secretsmanager nor ssm"
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

// roleProblem checks the ARN of a role (IAM User Guide, "IAM and AWS STS
// quotas"; API reference of AssumeRole, whose limit is the same as maxRef).
func roleProblem(v string) string {
	arn, err := policy.ParseARN(v)
	name, isRole := strings.CutPrefix(arn.Resource, "role/")
	if err != nil || len(v) > maxRef || arn.Service != "iam" || arn.Region != "" || !isRole || name == "" ||
		checkPartition(arn.Partition) != "" || checkAccount(arn.Account) != "" ||
		!only(name, func(c byte) bool { return isAlnum(c) || strings.IndexByte("/+=,.@_-", c) >= 0 }) {
		return "is not the ARN of a role, such as arn:aws:iam::111122223333:role/NAME"
	}
	return ""
}

// versionProblem checks the id of a secret's version (API reference of
// GetSecretValue).
func versionProblem(v string) string {
	if len(v) < 32 || len(v) > 64 || !only(v, func(c byte) bool { return c > ' ' && c < 0x7f }) {
		return "is not the id of a version, which has 32 to 64 characters"
	}
	return ""
}

func stageProblem(v string) string {
	if len(v) > 256 || !only(v, func(c byte) bool { return c > ' ' && c < 0x7f }) {
		return "is no staging label: it has more than 256 characters, or white space among them"
	}
	return ""
}

func numberProblem(v string) string {
	if !only(v, isDigit) || v[0] == '0' || len(v) > 18 {
		return "is not the number of a version"
	}
	return ""
}

// labelProblem checks the label of a parameter's version (API reference of
// LabelParameterVersion).
func labelProblem(v string) string {
	if v == "" {
		return "is missing"
	}
	if len(v) > 100 || isDigit(v[0]) || !only(v, func(c byte) bool { return isAlnum(c) || strings.IndexByte("_.-", c) >= 0 }) {
		return "is neither the number nor the label of a version; labels have letters, digits and _.-"
	}
	return ""
}
