package tfplan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// StandIn is a text that stands for what AWS makes up when something is
// created: the end of a secret's ARN, a key's id, a name for which the plan has
// no more than a prefix.
type StandIn struct {
	// Text is what stands in: an ARN, or the part of it by which people know
	// the thing, such as "testsecret-NotYet".
	Text string
	// Address is that of the resource in the plan, Attribute what of it the
	// text stands for. "name" is also the part of a secret's ARN behind
	// "secret:".
	Address, Attribute string
}

// The stand-ins for the end of a secret's ARN or of a name, and for a key's id.
const (
	standInSuffix = "NotYet"
	standInKey    = "00000000-0000-0000-0000-%012d"
)

// standIns returns every text that stands in, longest first, so that none is
// found within another.
func (b *builder) standIns() []StandIn {
	var out []StandIn
	add := func(r *resource, text, attr string) {
		if !slices.ContainsFunc(out, func(s StandIn) bool { return s.Text == text }) {
			out = append(out, StandIn{text, r.address, attr})
		}
	}
	for _, r := range b.standing {
		arn, _ := b.attribute(r, "arn")
		add(r, arn, "arn")
		switch r.kind {
		case "aws_secretsmanager_secret":
			_, name, _ := strings.Cut(arn, ":secret:")
			add(r, name, "name")
		case "aws_kms_key":
			add(r, b.keyID(r), "key_id")
		default:
			name, _ := b.attribute(r, "name")
			add(r, name, "name")
		}
	}
	slices.SortStableFunc(out, func(x, y StandIn) int { return cmp.Compare(len(y.Text), len(x.Text)) })
	return out
}

// standIn notes that r is known by a stand-in.
func (b *builder) standIn(r *resource, what string) {
	if !slices.Contains(b.standing, r) {
		b.standing = append(b.standing, r)
	}
	b.take(what + " of " + r.address + ", which AWS makes up, is taken to be spelled out nowhere")
}

// madeUpName stands for the name that the provider makes up, by the prefix if
// one is given.
func (b *builder) madeUpName(r *resource) string {
	b.standIn(r, "the name")
	return fmt.Sprintf("%s%s%d", cmp.Or(r.text("name_prefix"), "terraform-"), standInSuffix, 1+slices.Index(b.plan.of(r.kind), r))
}

// suffix is the end of the ARN of a secret that does not exist yet: what the
// question gives, or the stand-in.
func (b *builder) suffix(r *resource) string {
	if given := b.suffixes[r.address]; given != "" {
		return given
	}
	b.standIn(r, "the end of the ARN")
	return standInSuffix
}

// keyID numbers the keys, so that no two are alike.
func (b *builder) keyID(r *resource) string {
	if id := r.text("key_id"); id != "" {
		return id
	}
	b.standIn(r, "the id")
	return fmt.Sprintf(standInKey, 1+slices.Index(b.plan.of("aws_kms_key"), r))
}
