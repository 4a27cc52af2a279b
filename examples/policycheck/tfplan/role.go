package tfplan

import (
	"slices"

	"github.com/irsakit/irsa/policy"
)

// role gathers the documents of a role.
func (b *builder) role(r *resource) policy.Role {
	arn, ok := b.attribute(r, "arn")
	if !ok {
		b.fail("the name of %s is not known before apply", r.address)
	}
	b.where[arn] = append(b.where[arn], r)
	role := policy.Role{ARN: arn, Trust: b.document(r, "assume_role_policy", policy.TrustPolicy)}
	if role.Trust == nil {
		role.Trust = b.anything(policy.TrustPolicy, r.address+".assume_role_policy")
	}
	role.Policies = slices.Concat(b.inline(r), b.attached(r))
	if r.mode == "data" { // which does not read them
		role.Policies = append(role.Policies, b.hang(r, policy.IdentityPolicy, arn,
			b.anything(policy.IdentityPolicy, "the policies that "+arn+" has already")))
	}
	if boundary, ok := b.boundary(r); ok {
		role.Boundary = &boundary
	}
	return role
}

// inline returns the policies within the role: from resources of their own, and
// from what the role itself says or has.
func (b *builder) inline(r *resource) []policy.Policy {
	name, _ := b.attribute(r, "name")
	var out []policy.Policy
	seen := map[string]bool{}
	for _, p := range b.plan.of("aws_iam_role_policy") {
		does, may := b.leads(p, "role", r, "name")
		if may {
			out = append(out, b.open(p, "role", policy.IdentityPolicy, p.address))
		}
		if !does {
			continue
		}
		policyName, known := b.attribute(p, "name")
		if !known {
			policyName = p.address
		}
		seen[policyName] = true
		out = append(out, b.policy(p, "policy", policy.IdentityPolicy, name+"/"+policyName))
	}
	for _, p := range b.plan.deleted {
		if p.kind == "aws_iam_role_policy" && p.text("role") == name {
			seen[p.text("name")] = true
		}
	}
	within := block{values: r.values, unknown: r.unknown}
	blocks, ok := within.blocks("inline_policy")
	if !ok && r.configured("inline_policy") {
		return append(out, b.open(r, "inline_policy", policy.IdentityPolicy, name))
	}
	for _, inner := range blocks {
		policyName, _ := inner.values["name"].(string)
		if seen[policyName] {
			continue
		}
		place := r.address + ".inline_policy"
		text, _ := inner.values["policy"].(string)
		switch {
		case anyTrue(inner.unknown["policy"]) || inner.open:
			s := statement{builder: b, source: r, config: r.config}
			config := s.find("inline_policy", "policy", inner, "name")
			doc := b.openDocument(r, config["policy"], place, policy.IdentityPolicy)
			out = append(out, b.hang(r, policy.IdentityPolicy, name+"/"+policyName, doc))
		case text != "":
			doc := b.parse(place, text, policy.IdentityPolicy)
			out = append(out, b.hang(r, policy.IdentityPolicy, name+"/"+policyName, doc))
		}
	}
	return out
}

// attached returns the managed policies of the role.
func (b *builder) attached(r *resource) []policy.Policy {
	name, _ := b.attribute(r, "name")
	var out []policy.Policy
	attach := func(by *resource, arn string, managed *resource) {
		if slices.ContainsFunc(out, func(p policy.Policy) bool { return p.Name == arn }) {
			return
		}
		p := b.managed(by, arn, managed, policy.IdentityPolicy)
		out = append(out, p)
	}
	attachments, unsure := b.attachments(r)
	for _, a := range unsure {
		out = append(out, b.open(a, "role", policy.IdentityPolicy, a.address))
	}
	for _, a := range attachments {
		managed := b.target(a, "policy_arn", "aws_iam_policy", "arn")
		arn, ok := b.attribute(a, "policy_arn")
		if managed != nil {
			arn, ok = b.attribute(managed, "arn")
		}
		if !ok {
			out = append(out, b.open(a, "policy_arn", policy.IdentityPolicy, name))
			continue
		}
		attach(a, arn, managed)
	}
	for _, attr := range []string{"managed_policy_arns", "policy_arns"} {
		for _, holder := range b.holders(r, attr) {
			arns, ok := b.strings(holder, attr)
			if !ok {
				out = append(out, b.open(holder, attr, policy.IdentityPolicy, name))
			}
			for _, arn := range arns {
				if holder != r || !b.detached(name, arn) {
					attach(holder, arn, nil)
				}
			}
		}
	}
	return out
}

// attachments are the resources that attach one policy to the role, and those
// of which it is not known.
func (b *builder) attachments(r *resource) (sure, unsure []*resource) {
	name, _ := b.attribute(r, "name")
	for _, a := range b.plan.of("aws_iam_role_policy_attachment") {
		switch does, may := b.leads(a, "role", r, "name"); {
		case does:
			sure = append(sure, a)
		case may:
			unsure = append(unsure, a)
		}
	}
	for _, a := range b.plan.of("aws_iam_policy_attachment") {
		roles, ok := b.strings(a, "roles")
		refers := slices.ContainsFunc(b.plan.origins(a, a.config["roles"]), func(o origin) bool { return o.resource == r })
		switch {
		case slices.Contains(roles, name) || refers:
			sure = append(sure, a)
		case !ok:
			unsure = append(unsure, a)
		}
	}
	return sure, unsure
}

// holders are the resources with a list of the role's managed policies.
func (b *builder) holders(r *resource, attr string) []*resource {
	if attr == "managed_policy_arns" {
		return []*resource{r}
	}
	var out []*resource
	for _, a := range b.plan.of("aws_iam_role_policy_attachments_exclusive") {
		if does, may := b.leads(a, "role_name", r, "name"); does || may {
			out = append(out, a)
		}
	}
	return out
}

// detached reports whether the plan takes a policy off the role, which the role
// as it is still has.
func (b *builder) detached(role, arn string) bool {
	return slices.ContainsFunc(b.plan.deleted, func(r *resource) bool {
		return r.kind == "aws_iam_role_policy_attachment" && r.text("role") == role && r.text("policy_arn") == arn
	})
}

// strings returns an attribute that is a list; items that are open are taken
// to be what the attribute refers to. It reports false if they cannot be had.
func (b *builder) strings(r *resource, attr string) ([]string, bool) {
	if r.isOpen(attr) && !r.configured(attr) {
		return nil, true // computed, and nothing to compute it from
	}
	items, _ := r.values[attr].([]any)
	config := map[string]any{attr: r.config[attr]}
	if whole, _ := r.unknown[attr].(bool); whole {
		return b.wholly(r, attr)
	}
	s := statement{builder: b, source: r, at: r.address}
	list, err := s.list(block{values: map[string]any{attr: items}, unknown: r.unknown}, config, attr, attr)
	return list, err == nil
}

// wholly returns a list of ARNs that is open as a whole, which the provider
// makes of one with any item open. It is what the attribute refers to, if that
// is nothing but ARNs.
func (b *builder) wholly(r *resource, attr string) ([]string, bool) {
	if b.options.Strict {
		return nil, false
	}
	var out, notes []string
	for _, o := range b.plan.origins(r, r.config[attr]) {
		text, ok := b.value(o)
		if !ok || o.resource == nil || o.attr != "arn" {
			return nil, false
		}
		out = append(out, text)
		notes = append(notes, r.address+"."+attr+" is taken to hold "+o.resource.address+".arn")
	}
	b.take(notes...)
	return out, len(out) > 0
}

// boundary returns the permissions boundary, if there is one.
func (b *builder) boundary(r *resource) (policy.Policy, bool) {
	if r.values["permissions_boundary"] == nil && !r.isOpen("permissions_boundary") || r.values["permissions_boundary"] == "" {
		return policy.Policy{}, false
	}
	managed := b.target(r, "permissions_boundary", "aws_iam_policy", "arn")
	arn, ok := b.attribute(r, "permissions_boundary")
	if managed != nil {
		arn, ok = b.attribute(managed, "arn")
	}
	if !ok {
		return b.open(r, "permissions_boundary", policy.PermissionsBoundary, r.address), true
	}
	return b.managed(r, arn, managed, policy.PermissionsBoundary), true
}

// managed returns a managed policy: one of the plan, one that the plan read, or
// one that the options give.
func (b *builder) managed(by *resource, arn string, managed *resource, kind policy.Kind) policy.Policy {
	if managed == nil {
		managed = b.byARN(arn, "aws_iam_policy")
	}
	if managed != nil {
		return b.policy(managed, "policy", kind, arn)
	}
	if doc := b.options.Policies[arn]; doc != nil {
		return b.hang(by, kind, arn, doc)
	}
	return b.hang(by, kind, arn, b.anything(kind, "the document of "+arn))
}

// byARN returns the resource or data source with an ARN, nil if there is none.
func (b *builder) byARN(arn string, kinds ...string) *resource {
	for _, r := range b.plan.of(kinds...) {
		if got, ok := b.attribute(r, "arn"); ok && got == arn {
			return r
		}
	}
	return nil
}

// policy is the policy in an attribute of r.
func (b *builder) policy(r *resource, attr string, kind policy.Kind, name string) policy.Policy {
	doc := b.document(r, attr, kind)
	if doc == nil {
		doc = b.anything(kind, r.address+"."+attr)
	}
	return b.hang(r, kind, name, doc)
}

// open is a policy of which not even the name is known.
func (b *builder) open(r *resource, attr string, kind policy.Kind, name string) policy.Policy {
	return b.hang(r, kind, name, b.anything(kind, r.address+"."+attr))
}

// hang is a policy that r puts in place.
func (b *builder) hang(r *resource, kind policy.Kind, name string, doc *policy.Document) policy.Policy {
	b.where[name] = append(b.where[name], r)
	return policy.Policy{Kind: kind, Name: name, Document: doc}
}
