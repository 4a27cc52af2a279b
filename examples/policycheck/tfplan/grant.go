package tfplan

import "github.com/irsakit/irsa/policy"

// grants returns the grants of a key of the plan. Of what is open in one, the
// best case is that it lets the role in, and the worst that there is no grant.
func (b *builder) grants(key *resource) []policy.Grant {
	var out []policy.Grant
	for _, r := range b.plan.of("aws_kms_grant") {
		does, may := b.leads(r, "key_id", key, "key_id", "id", "arn")
		if !does && !may {
			continue
		}
		g, open := b.grant(r)
		if may {
			open = append(open, "key_id")
		}
		for _, attr := range open {
			b.leaveOpen(r.address + "." + attr)
		}
		if len(open) == 0 || b.favourable {
			out = append(out, g)
		}
	}
	return out
}

// grant returns a grant, and the attributes of it that are open, which are taken
// in favour of the pod.
func (b *builder) grant(r *resource) (g policy.Grant, open []string) {
	g.Name = r.address
	var ok bool
	if g.Grantee, ok = b.attribute(r, "grantee_principal"); !ok || b.options.Strict && r.isOpen("grantee_principal") {
		g.Grantee = b.access.Role.ARN
		open = append(open, "grantee_principal")
	}
	if g.Operations, ok = b.strings(r, "operations"); !ok {
		g.Operations = []string{"Decrypt"}
		open = append(open, "operations")
	}
	constraints, ok := block{values: r.values, unknown: r.unknown}.blocks("constraints")
	if !ok || r.isOpen("constraints") {
		return g, append(open, "constraints")
	}
	for _, c := range constraints {
		g.EncryptionContextEquals = pairs(c.values["encryption_context_equals"])
		g.EncryptionContextSubset = pairs(c.values["encryption_context_subset"])
	}
	return g, open
}

// pairs returns a map of strings, nil if there is none.
func pairs(value any) map[string]string {
	object, _ := value.(map[string]any)
	var out map[string]string
	for k, v := range object {
		if out == nil {
			out = map[string]string{}
		}
		out[k], _ = v.(string)
	}
	return out
}
