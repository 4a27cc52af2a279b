package policy_test

import (
	"testing"

	"github.com/irsakit/irsa/policy"
)

// FuzzEvaluate holds that no document and no request panics the evaluator,
// that its answer does not depend on chance, and that a document without a
// statement changes nothing.
func FuzzEvaluate(f *testing.F) {
	for _, c := range readCases(f) {
		for _, p := range documents(&c.set) {
			if b, err := p.Document.MarshalJSON(); err == nil {
				f.Add(b, c.request.Principal, c.request.Action, c.request.Resource, "aws:PrincipalTag/team", "a")
			}
		}
	}
	f.Add([]byte(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","NotPrincipal":{"AWS":"x"},"NotAction":"a:*","NotResource":"${k}","Condition":{"ForAnyValue:BoolIfExists":{"k":["${x","${y}",1,null]}}}}`),
		"arn:::::", "kms:", "arn:aws:kms:::key/", "k", "1e999")
	f.Fuzz(func(t *testing.T, document []byte, principal, action, resource, key, value string) {
		d, err := policy.Parse(document)
		if err != nil {
			return
		}
		p := policy.Policy{Document: d}
		req := policy.Request{Principal: principal, Action: action, Resource: resource, Context: policy.Context{key: {value}}}
		sets := []policy.Set{
			{Identity: list(p), Boundaries: list(p), Session: list(p), SCPs: [][]policy.Policy{list(p)}, RCPs: [][]policy.Policy{list(p)}, Endpoint: list(p)},
			{Identity: list(p), Resource: &p},
			{Resource: &policy.Policy{Kind: policy.TrustPolicy, Document: d}},
		}
		for _, set := range sets {
			open := policy.Evaluate(req, set)
			req.Closed = true
			closed := policy.Evaluate(req, set)
			req.Closed = false
			if open.Decision == policy.Allowed && closed.Decision != policy.Allowed {
				t.Errorf("allowed whatever comes, yet %v when nothing does", closed.Decision)
			}
			set.Identity = append(list(policy.Policy{Document: &policy.Document{}}), set.Identity...)
			if got := policy.Evaluate(req, set).Decision; got != open.Decision {
				t.Errorf("an empty document turns %v into %v", open.Decision, got)
			}
		}
	})
}
