package tfplan

import "github.com/irsakit/irsa/policy"

// Chain is what the plan tells in full of the way from a pod to a secret.
type Chain struct {
	// Access is the chain without the documents in which anything is open.
	Access policy.SecretAccess
	// Open is what the plan leaves open.
	Open []string
	// Where holds the addresses in the plan of the documents.
	Where map[string][]string
	// StandIns are the names in all this that AWS will make up.
	StandIns []StandIn
}

// Chain gathers the documents that bear on the question, for a look at what they
// say rather than at what they decide. The error is that of [Plan.Access].
func (p *Plan) Chain(q Question, o Options) (Chain, error) {
	b, err := p.build(q, o, true)
	if err != nil {
		return Chain{}, err
	}
	a := b.access
	a.Role.Trust = b.whole(a.Role.Trust)
	a.Secret.Policy = b.whole(a.Secret.Policy)
	a.Key.Policy = b.whole(a.Key.Policy)
	for i := range a.Role.Policies {
		a.Role.Policies[i].Document = b.whole(a.Role.Policies[i].Document)
	}
	if a.Role.Boundary != nil {
		a.Role.Boundary.Document = b.whole(a.Role.Boundary.Document)
	}
	return Chain{Access: a, Open: b.leftOpen, Where: b.addresses(), StandIns: b.standIns()}, nil
}

// whole returns the document if nothing in it is open.
func (b *builder) whole(doc *policy.Document) *policy.Document {
	if b.partial[doc] {
		return nil
	}
	return doc
}
