package agent

import (
	"strings"

	"github.com/irsakit/irsa/internal/lazyregexp"
	"github.com/irsakit/irsa/secrets"
)

// order is what a request asks for.
type order struct {
	ref    secrets.Ref
	key    string // ref for the Store
	fresh  bool   // not what is held, but what AWS says now
	encode func([]byte, secrets.Value) []byte
	// vague has errors answered as the extension does, in always the same words.
	vague bool
}

// order reads what a request asks for.
func (x *exchange) order() (*order, *problem) {
	if x.route == RouteParameter {
		return x.parseParameter(x.target.query)
	}
	var id *string
	if x.route == RoutePath {
		rest, ok := strings.CutPrefix(resolve(x.target.path), x.config.pathPrefix())
		if !ok {
			return nil, &problem{answer: notFound}
		}
		id = &rest
	}
	o, bad := x.parseSecret(id, x.target.query)
	if x.config.Dialect != DialectExtension {
		return o, bad
	}
	if bad != nil && bad.upstream {
		return nil, &problem{answer: extensionError}
	}
	if bad == nil {
		o.encode, o.vague = appendExtensionSecret, true
	}
	return o, bad
}

// roleARN is the form of a role's ARN by the contract. What else is wrong with
// it, assuming the role finds out.
var roleARN = lazyregexp.New(`^arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+$`)

// secretParameters are the parameters of a request for a secret.
type secretParameters struct {
	id, version, stage, role *string
	fresh                    bool
}

// parseSecret reads a request for a secret, whose id is the path's or, if that is
// nil, the query's. Of several things that are wrong the first decides.
func (a *Agent) parseSecret(id *string, query string) (*order, *problem) {
	p := secretParameters{id: id}
	for name, value := range pairs(query) {
		if bad := p.set(name, value, id == nil, a.roles.max > 0); bad != nil {
			return nil, bad
		}
	}
	switch {
	case p.id == nil || *p.id == "" && id == nil:
		return nil, refuse("missing parameter secretId")
	case *p.id == "":
		return nil, refuse("missing secret ID")
	case p.role != nil && !roleARN().MatchString(*p.role):
		return nil, refuse("invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>")
	}
	ref, bad := p.ref()
	if bad != nil {
		return nil, bad
	}
	return &order{ref: ref, key: ref.String(), fresh: p.fresh, encode: appendSecret}, nil
}

// set takes one parameter.
func (p *secretParameters) set(name, value string, takesID, takesRole bool) *problem {
	switch {
	case name == "secretId" && takesID:
		p.id = &value
	case name == "versionId":
		p.version = &value
	case name == "versionStage":
		p.stage = &value
	case name == "roleArn" && takesRole:
		p.role = &value
	case name == "refreshNow":
		return setBool(&p.fresh, name, value)
	default:
		return refuse("unknown parameter: %s", name)
	}
	return nil
}

// setBool takes true, false, 1 and 0 in any case.
func setBool(to *bool, name, value string) *problem {
	switch strings.ToLower(value) {
	case "true", "1":
		*to = true
	case "false", "0":
		*to = false
	default:
		return refuse("invalid %s value", name)
	}
	return nil
}

// The words of AWS for what it does not take, which we know without asking.
const (
	invalidName  = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"
	shortVersion = badVersion + "greater than or equal to 32"
	longVersion  = badVersion + "less than or equal to 64"
	shortStage   = badStage + "greater than or equal to 1"
	longStage    = badStage + "less than or equal to 256"

	badVersion = "1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must have length "
	badStage   = "1 validation error detected: Value at 'versionStage' failed to satisfy constraint: Member must have length "
)

// ref makes the reference that the parameters amount to. None of them can make it
// one of another kind: a SecretId is a name or an ARN, and our grammar for
// queries, keys and parameters needs characters that are in neither.
func (p *secretParameters) ref() (secrets.Ref, *problem) {
	ref := secrets.Ref{Service: secrets.SecretsManager, Name: *p.id}
	if strings.HasPrefix(*p.id, "arn:") {
		var err error
		if ref, err = secrets.ParseRef(*p.id); err != nil || ref.Service != secrets.SecretsManager {
			return ref, invalid(invalidName)
		}
	}
	switch {
	case strings.IndexFunc(ref.Name, notInName) >= 0 || strings.ContainsAny(*p.id, "?#%"):
		return ref, invalid(invalidName)
	case p.version != nil && *p.version == "":
		return ref, invalid(shortVersion)
	case p.stage != nil && *p.stage == "":
		return ref, invalid(shortStage)
	}
	if p.version != nil {
		ref.Version = *p.version
	}
	if p.stage != nil {
		ref.Stage = *p.stage
	}
	if p.role != nil {
		ref.Role = *p.role
	}
	return ref, nil
}

// notInName reports whether a character is in no name of a secret.
func notInName(r rune) bool {
	return (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z') && !strings.ContainsRune("/_+=.@!-", r)
}

// parseParameter reads a request for a parameter of Parameter Store, as the
// extension does: without withDecryption, a SecureString comes encrypted, and of
// version and label the first decides.
func (a *Agent) parseParameter(query string) (*order, *problem) {
	var id, selector string
	var decrypt bool
	for name, value := range pairs(query) {
		var bad *problem
		switch name {
		case "name":
			id = value
		case "version", "label":
			selector = or(selector, value)
		case "withDecryption":
			bad = setBool(&decrypt, name, value)
		default:
			bad = refuse("unknown parameter: %s", name)
		}
		if bad != nil {
			return nil, bad
		}
	}
	if id == "" {
		return nil, refuse("missing parameter name")
	}
	ref, err := parameterRef(id, selector)
	if err != nil {
		return nil, &problem{answer: extensionError, text: err.Error()}
	}
	ref.Ciphertext = !decrypt
	return &order{ref: ref, key: ref.String(), encode: parameterEncoder(ref), vague: true}, nil
}

// parameterRef makes a reference of a parameter's name or ARN.
func parameterRef(id, selector string) (secrets.Ref, error) {
	if strings.ContainsAny(id+selector, "?#%") {
		return secrets.Ref{}, invalid("the name or selector has a character that is in none")
	}
	if selector != "" {
		id += ":" + selector
	}
	if !strings.HasPrefix(id, "arn:") {
		return secrets.ParseRef("ssm:" + id)
	}
	ref, err := secrets.ParseRef(id)
	if err == nil && ref.Service != secrets.ParameterStore {
		err = invalid("the ARN is of no parameter")
	}
	return ref, err
}
