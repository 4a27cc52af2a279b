package tfplan

import (
	"cmp"
	"strings"
)

// attribute returns a string attribute of r: as it is known, as it follows from
// what is known, or as a stand-in. It reports false if none of these can be
// had.
func (b *builder) attribute(r *resource, attr string) (string, bool) {
	if v, ok := r.values[attr]; ok && v != nil {
		s, ok := v.(string)
		return s, ok
	}
	switch r.kind + "." + attr {
	case "aws_iam_role.name", "aws_iam_policy.name", "aws_secretsmanager_secret.name":
		if !r.configured("name") {
			return b.madeUpName(r), true
		}
	case "aws_iam_role.arn":
		return b.named(r, "iam", "", "role"+cmp.Or(r.text("path"), "/"), "name", "")
	case "aws_iam_role.id":
		return b.attribute(r, "name")
	case "aws_iam_policy.arn", "aws_iam_policy.id":
		return b.named(r, "iam", "", "policy"+cmp.Or(r.text("path"), "/"), "name", "")
	case "aws_iam_openid_connect_provider.arn", "aws_iam_openid_connect_provider.id":
		url := strings.TrimPrefix(r.text("url"), "https://")
		return b.arn(r, "iam", "", "oidc-provider/"+url), url != ""
	case "aws_secretsmanager_secret.arn", "aws_secretsmanager_secret.id":
		return b.named(r, "secretsmanager", b.region(r), "secret:", "name", "-"+b.suffix(r))
	case "aws_secretsmanager_secret_version.arn", "aws_secretsmanager_secret_version.secret_id":
		return b.reference(r, "secret_id")
	case "aws_kms_alias.arn":
		return b.named(r, "kms", b.region(r), "", "name", "")
	case "aws_kms_alias.target_key_arn":
		return b.reference(r, "target_key_id")
	case "aws_kms_key.arn":
		return b.arn(r, "kms", b.region(r), "key/"+b.keyID(r)), true
	case "aws_kms_key.key_id", "aws_kms_key.id":
		return b.keyID(r), true
	}
	return b.reference(r, attr)
}

// named makes an ARN that ends in a name, if that is known.
func (b *builder) named(r *resource, service, region, before, attr, after string) (string, bool) {
	name, ok := b.attribute(r, attr)
	return b.arn(r, service, region, before+name+after), ok && name != ""
}

// reference returns the value of an attribute that is open but refers to one
// attribute of one resource, or to a variable.
func (b *builder) reference(r *resource, attr string) (string, bool) {
	if b.depth > maxDepth || !r.configured(attr) {
		return "", false
	}
	b.depth++
	defer func() { b.depth-- }()
	o := b.plan.origins(r, r.config[attr])
	if len(o) != 1 {
		return "", false
	}
	return b.value(o[0])
}

// value returns what an origin holds, if it is a string.
func (b *builder) value(o origin) (string, bool) {
	switch {
	case o.resource != nil && o.attr != "":
		return b.attribute(o.resource, o.attr)
	case o.known:
		s, ok := o.constant.(string)
		return s, ok
	}
	return "", false
}

// target returns the resource of the given type that an attribute of r leads
// to: because it refers to it, or because it holds one of its names.
func (b *builder) target(r *resource, attr string, kind string, names ...string) *resource {
	if r.isOpen(attr) || r.values[attr] == nil {
		if o, ok := b.plan.only(r, attr); ok && o.resource.kind == kind {
			return o.resource
		}
	}
	value, ok := b.attribute(r, attr)
	if !ok {
		return nil
	}
	for _, candidate := range b.plan.of(kind) {
		for _, name := range names {
			if v, ok := b.attribute(candidate, name); ok && v == value && b.reaches(r, candidate, value) {
				return candidate
			}
		}
	}
	return nil
}

// leads reports whether an attribute of r leads to the resource, and whether it
// may for all that is known.
func (b *builder) leads(r *resource, attr string, to *resource, names ...string) (does, may bool) {
	if found := b.target(r, attr, to.kind, names...); found != nil {
		return found == to, false
	}
	if _, known := b.attribute(r, attr); known {
		return false, false
	}
	return false, true
}

// reaches reports whether a name that r uses means the candidate: a name that is
// no ARN is one of r's own account, and of KMS one of its own Region as well.
func (b *builder) reaches(r, candidate *resource, name string) bool {
	if strings.HasPrefix(name, "arn:") {
		return true
	}
	if b.account(r) != b.account(candidate) {
		return false
	}
	return !strings.HasPrefix(candidate.kind, "aws_kms_") || b.knownRegion(r) == b.knownRegion(candidate)
}
