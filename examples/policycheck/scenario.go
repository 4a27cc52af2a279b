package main

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// scenario is one question to the evaluator, read.
type scenario struct {
	id       json.RawMessage
	request  policy.Request
	set      policy.Set
	expected policy.Decision
}

// scenarioJSON is a scenario as it is written.
type scenarioJSON struct {
	ID      json.RawMessage `json:"id"`
	Group   json.RawMessage `json:"group"`
	Name    json.RawMessage `json:"name"`
	Doc     json.RawMessage `json:"doc"`
	Request *struct {
		Principal string `json:"principal"`
		Action    string `json:"action"`
		Resource  struct {
			Resource  string `json:"resource"`
			AccountID string `json:"accountId"`
		} `json:"resource"`
		Context map[string]json.RawMessage `json:"context"`
	} `json:"request"`

	Identity   []json.RawMessage `json:"identityPolicies"`
	Resource   json.RawMessage   `json:"resourcePolicy"`
	Boundaries []json.RawMessage `json:"permissionBoundaries"`
	Session    json.RawMessage   `json:"sessionPolicy"`
	SCPs       []levelJSON       `json:"serviceControlPolicies"`
	RCPs       []levelJSON       `json:"resourceControlPolicies"`
	Endpoint   []json.RawMessage `json:"endpointPolicies"`
	Grants     []json.RawMessage `json:"grants"`

	Unknown  []string `json:"unknown"`
	Expected struct {
		Response string `json:"response"`
	} `json:"expected"`
}

// scenarioMembers are the members of a scenario.
var scenarioMembers = []string{
	"id", "group", "name", "doc", "request", "identityPolicies", "resourcePolicy", "permissionBoundaries",
	"sessionPolicy", "serviceControlPolicies", "resourceControlPolicies", "endpointPolicies", "grants", "unknown", "expected",
}

// levelJSON is a level of an organization: the root, a unit or an account.
type levelJSON struct {
	OrgIdentifier string            `json:"orgIdentifier"`
	Policies      []json.RawMessage `json:"policies"`
}

// unknownKinds are the names that "unknown" can list; "context" opens the
// context instead.
var unknownKinds = map[string]policy.Kind{
	"identityPolicies":        policy.IdentityPolicy,
	"resourcePolicy":          policy.ResourcePolicy,
	"permissionBoundaries":    policy.PermissionsBoundary,
	"sessionPolicy":           policy.SessionPolicy,
	"serviceControlPolicies":  policy.ServiceControlPolicy,
	"resourceControlPolicies": policy.ResourceControlPolicy,
	"endpointPolicies":        policy.EndpointPolicy,
	"context":                 policy.NoKind,
}

// readScenarios reads one scenario or an array. Errors begin with the place:
// "3:14: /0/request: …".
func readScenarios(data []byte) ([]scenario, error) {
	src, err := index(data)
	if err != nil {
		return nil, err
	}
	if !src.isArray("") {
		s, err := readScenario(src, "", data)
		if err != nil {
			return nil, err
		}
		return []scenario{s}, nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, err
	}
	out := make([]scenario, len(items))
	for i, item := range items {
		if out[i], err = readScenario(src, "/"+strconv.Itoa(i), item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// reader turns the documents of a scenario into policies and remembers the
// first error.
type reader struct {
	src     *source
	at      string // pointer of the scenario
	request policy.Request
	err     error
}

// readScenario reads the scenario at a pointer.
func readScenario(src *source, at string, data []byte) (scenario, error) {
	var in scenarioJSON
	if err := cmp.Or(
		src.exact(at, scenarioMembers...),
		src.exact(at+"/request", "principal", "action", "resource", "context"),
		src.exact(at+"/request/resource", "resource", "accountId"),
		src.decode(at, data, &in),
	); err != nil {
		return scenario{}, err
	}
	req := in.Request
	switch {
	case req == nil:
		return scenario{}, src.errorf(at, "a scenario needs a request")
	case req.Principal == "", req.Action == "", req.Resource.Resource == "":
		return scenario{}, src.errorf(at+"/request", "a request needs principal, action and resource.resource")
	}
	s := scenario{id: in.ID, request: policy.Request{
		Principal: req.Principal, Action: req.Action,
		Resource: req.Resource.Resource, ResourceAccount: req.Resource.AccountID,
		Context: policy.Context{}, Closed: true,
	}}
	if len(s.id) == 0 {
		s.id = json.RawMessage("null")
	}
	r := &reader{src: src, at: at, request: s.request}
	for key, raw := range req.Context {
		s.request.Context[key] = r.values("/request/context/"+escape(key), raw)
	}
	s.set = r.set(&in)
	s.request.Closed = !slices.Contains(in.Unknown, "context")
	s.expected = r.decision(in.Expected.Response)
	return s, r.err
}

func (r *reader) set(in *scenarioJSON) policy.Set {
	set := policy.Set{
		Identity:   r.policies("/identityPolicies", policy.IdentityPolicy, in.Identity),
		Boundaries: r.policies("/permissionBoundaries", policy.PermissionsBoundary, in.Boundaries),
		Session:    r.policies("/sessionPolicy", policy.SessionPolicy, one(in.Session)),
		Endpoint:   r.policies("/endpointPolicies", policy.EndpointPolicy, in.Endpoint),
		SCPs:       r.levels("/serviceControlPolicies", policy.ServiceControlPolicy, in.SCPs),
		RCPs:       r.levels("/resourceControlPolicies", policy.ResourceControlPolicy, in.RCPs),
		Grants:     r.grants(in.Grants),
	}
	if p := r.policies("/resourcePolicy", resourceKind(r.request), one(in.Resource)); len(p) > 0 {
		set.Resource = &p[0]
	}
	for i, name := range in.Unknown {
		kind, ok := unknownKinds[name]
		if !ok {
			r.fail(r.src.errorf(r.at+"/unknown/"+strconv.Itoa(i), "%q is not the name of a field that can be unknown", name))
		}
		if kind != policy.NoKind {
			set.Unknown = append(set.Unknown, kind)
		}
	}
	return set
}

// values reads a context key's value: a scalar, or a list of them.
func (r *reader) values(field string, raw json.RawMessage) []string {
	var values policy.Values
	if err := values.UnmarshalJSON(raw); err != nil {
		r.fail(r.src.errorf(r.at+field, "a context value is a string, a number, a boolean or a list of them"))
	}
	out := []string{}
	for _, v := range values.List {
		out = append(out, v.Text)
	}
	return out
}

// one is a list of a document that may be absent or null.
func one(doc json.RawMessage) []json.RawMessage {
	if len(doc) == 0 || string(doc) == "null" {
		return nil
	}
	return []json.RawMessage{doc}
}

// policies parses documents. A single document is called by its field alone.
func (r *reader) policies(field string, kind policy.Kind, docs []json.RawMessage) []policy.Policy {
	var out []policy.Policy
	for i, raw := range docs {
		name := field
		if r.src.isArray(r.at + field) {
			name += "/" + strconv.Itoa(i)
		}
		doc, err := policy.Parse(raw)
		if err != nil {
			r.fail(r.src.relative(r.at+name, err))
			continue
		}
		out = append(out, policy.Policy{Kind: kind, Account: r.account(kind), Name: strings.TrimPrefix(name, "/"), Document: doc})
	}
	return out
}

func (r *reader) levels(field string, kind policy.Kind, levels []levelJSON) [][]policy.Policy {
	var out [][]policy.Policy
	for i, level := range levels {
		out = append(out, r.policies(field+"/"+strconv.Itoa(i)+"/policies", kind, level.Policies))
	}
	return out
}

// account says in whose account policies of the kind hang.
func (r *reader) account(kind policy.Kind) string {
	owner := r.request.Resource
	switch kind {
	case policy.ResourcePolicy, policy.KeyPolicy, policy.TrustPolicy, policy.ResourceControlPolicy:
	default:
		arn, _ := policy.ParseARN(r.request.Principal)
		return arn.Account
	}
	arn, _ := policy.ParseARN(owner)
	return cmp.Or(arn.Account, r.request.ResourceAccount)
}

// resourceKind says what the policy of the request's resource is called.
func resourceKind(req policy.Request) policy.Kind {
	arn, _ := policy.ParseARN(req.Resource)
	service, _, _ := strings.Cut(strings.ToLower(req.Action), ":")
	switch {
	case service == "kms" && arn.Service == "kms" && strings.HasPrefix(arn.Resource, "key/"):
		return policy.KeyPolicy
	case service == "sts" && arn.Service == "iam" && strings.HasPrefix(arn.Resource, "role/"):
		return policy.TrustPolicy
	}
	return policy.ResourcePolicy
}

func (r *reader) decision(name string) policy.Decision {
	if name == "" {
		return policy.Allowed
	}
	for d := range policy.Unknown + 1 {
		if d.String() == name {
			return d
		}
	}
	r.fail(r.src.errorf(r.at+"/expected/response", "%q is not a decision", name))
	return policy.Allowed
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}
