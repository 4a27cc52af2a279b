package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/policy"
)

// readSet is what bears on reading the story's secret.
func readSet() policy.Set {
	a := story()
	boundary := *a.Role.Boundary
	return policy.Set{
		Identity: a.Role.Policies, Boundaries: []policy.Policy{boundary},
		SCPs: a.Guardrails[roleAccount].SCPs, RCPs: a.Guardrails[secretAccount].RCPs,
		Resource: &policy.Policy{Kind: policy.ResourcePolicy, Account: secretAccount, Name: storySecret, Document: a.Secret.Policy},
	}
}

const deniedRead = "User: " + podSession + " is not authorized to perform: secretsmanager:GetSecretValue on resource: " + storySecret

func parsed(t *testing.T, text string) policy.Denial {
	t.Helper()
	d, ok := policy.ParseDenial(text)
	if !ok {
		t.Fatalf("not recognised: %q", text)
	}
	return d
}

func TestDenialCheck(t *testing.T) {
	t.Parallel()
	const because = " because no %s allows the secretsmanager:GetSecretValue action"
	missing := func(kind string) string { return deniedRead + strings.Replace(because, "%s", kind, 1) }
	denySCP := named("arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1",
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]}`)
	noRead := func(s *policy.Set) { s.Identity[0].Document = edited(readText, "GetSecretValue", "DescribeSecret") }
	deny := func(s *policy.Set) { s.SCPs[0] = append(s.SCPs[0], denySCP) }
	cases := map[string]struct {
		text   string
		change func(*policy.Set)
		req    policy.Request
		want   policy.Agreement
		why    string
	}{
		"identity, and it lacks":      {missing("identity-based policy"), noRead, policy.Request{}, policy.Confirmed, "identity-based policy refuses"},
		"identity, but it has":        {missing("identity-based policy"), nil, policy.Request{}, policy.Contradicted, "allowed"},
		"identity, but another lacks": {missing("identity-based policy"), func(s *policy.Set) { s.Resource = nil }, policy.Request{}, policy.Contradicted, "here that is not so"},
		"identity, but a Deny":        {missing("identity-based policy"), deny, policy.Request{}, policy.Contradicted, "here a statement denies"},
		"untyped":                     {deniedRead, noRead, policy.Request{}, policy.Confirmed, "does not say by what"},
		"untyped explicit, a Deny":    {deniedRead + " with an explicit deny", deny, policy.Request{}, policy.Confirmed, ""},
		"untyped explicit, no Deny":   {deniedRead + " with an explicit deny", noRead, policy.Request{}, policy.Contradicted, "none does"},
		"endpoint, none at hand":      {missing("VPC endpoint policy"), nil, policy.Request{}, policy.NotDecidable, "none is at hand"},
		"endpoint, and another lacks": {missing("VPC endpoint policy"), noRead, policy.Request{}, policy.NotDecidable, "none is at hand"},
		"session, none at hand":       {missing("session policy"), nil, policy.Request{}, policy.NotDecidable, "none is at hand"},
		"SCP":                         {deniedRead + " with an explicit deny in a service control policy: " + denySCP.Name, deny, policy.Request{}, policy.Confirmed, ""},
		"another SCP":                 {deniedRead + " with an explicit deny in a service control policy: " + denySCP.Name + "2", deny, policy.Request{}, policy.Contradicted, "another policy does"},
		"SCP, whose ARN is not known": {deniedRead + " with an explicit deny in a service control policy: " + denySCP.Name, func(s *policy.Set) {
			p := denySCP
			p.Name = "deny"
			s.SCPs[0] = append(s.SCPs[0], p)
		}, policy.Request{}, policy.Confirmed, ""},
		"SCP that allows nothing, told as a Deny": {deniedRead + " with an explicit deny in a service control policy", func(s *policy.Set) {
			s.SCPs[1][0].Document = edited(fullAccessText, `"Action": "*"`, `"Action": "s3:*"`)
		}, policy.Request{}, policy.Confirmed, ""},
		"another kind denies than that whose ARN AWS tells": {
			deniedRead + " with an explicit deny in an identity-based policy: arn:aws:iam::111122223333:policy/x", deny,
			policy.Request{},
			policy.Contradicted, "of an identity-based policy denies",
		},
		"boundary denies, but it does not": {deniedRead + " with an explicit deny in a permissions boundary", noRead, policy.Request{}, policy.Contradicted, "of a permissions boundary denies"},
		"not known": {missing("resource-based policy"), func(s *policy.Set) {
			s.Resource.Document = edited(secretText, `"Resource": "*"`, `"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`)
		}, policy.Request{}, policy.NotDecidable, "aws:PrincipalOrgID"},
		"settled by the request": {missing("resource-based policy"), func(s *policy.Set) {
			s.Resource.Document = edited(secretText, `"Resource": "*"`, `"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}`)
		}, policy.Request{Context: policy.Context{"aws:PrincipalOrgID": {"o-2"}}}, policy.Confirmed, ""},
		"another principal": {deniedRead, nil, policy.Request{Principal: "arn:aws:iam::111122223333:user/x"}, policy.NotDecidable, "the principal"},
		"another action":    {deniedRead, nil, policy.Request{Action: "kms:Decrypt"}, policy.NotDecidable, "the action"},
		"another resource":  {deniedRead, nil, policy.Request{Resource: storyKey}, policy.NotDecidable, "the resource"},
		"the same in other letters": {
			deniedRead, nil,
			policy.Request{Action: "secretsmanager:getsecretvalue"},
			policy.Contradicted, "",
		},
		"a name": {
			strings.Replace(missing("identity-based policy"), storySecret, "testsecret", 1), nil,
			policy.Request{Resource: storySecret},
			policy.Contradicted, "allowed",
		},
		"a pattern": {
			strings.Replace(deniedRead, storySecret, strings.Replace(storySecret, "testsecret-AbCdEf", "*", 1), 1), noRead,
			policy.Request{Resource: storySecret},
			policy.Confirmed, "",
		},
		"says nothing":    {"Access to KMS is not allowed", nil, policy.Request{}, policy.NotDecidable, "does not say who"},
		"no resource":     {"User: " + podSession + " is not authorized to perform: secretsmanager:ListSecrets", nil, policy.Request{}, policy.Confirmed, ""},
		"kinds by places": {missing("permissions boundary"), func(s *policy.Set) { s.Boundaries[0].Kind = policy.NoKind }, policy.Request{}, policy.Contradicted, "allowed"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := readSet()
			if tt.change != nil {
				tt.change(&set)
			}
			c := parsed(t, tt.text).Check(tt.req, set)
			if c.Agreement != tt.want || !strings.Contains(c.Why, tt.why) {
				t.Errorf("%v: %s, want %v: %s", c.Agreement, c.Why, tt.want, tt.why)
			}
		})
	}
}

// TestDenialOf: what the evaluation refuses is told in AWS's words, which taken
// apart and held against the same documents are confirmed.
func TestDenialOf(t *testing.T) {
	t.Parallel()
	for name, m := range mutations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			m.change(&a)
			r := a.Evaluate()
			for _, link := range []struct {
				req    policy.Request
				result policy.Result
			}{
				{policy.Request{Principal: podSession, Action: denialRead, Resource: a.Secret.ARN}, r.Secret},
				{policy.Request{Principal: podSession, Action: "kms:Decrypt", Resource: storyKey}, r.Key},
				{policy.Request{Principal: storyProvider, Action: "sts:AssumeRoleWithWebIdentity", Resource: a.Role.ARN}, r.Trust.Trust},
			} {
				d := policy.DenialOf(link.req, link.result)
				if denied := link.result.Decision == policy.ImplicitlyDenied || link.result.Decision == policy.ExplicitlyDenied; !denied {
					if d != (policy.Denial{}) {
						t.Errorf("%v, and AWS says %s", link.result.Decision, d)
					}
					continue
				}
				if a.Secret.KeyARN == "" || d.Stage != policy.NoStage && r.Trust.Stage != policy.TrustStage {
					continue // AWS never comes to ask this
				}
				again := parsed(t, d.String())
				if again != d {
					t.Errorf("%#v becomes %#v", d, again)
				}
				if c := again.CheckAccess(a); c.Agreement != policy.Confirmed {
					t.Errorf("%s: %v: %s", d, c.Agreement, c.Why)
				}
			}
		})
	}
	set := readSet()
	const scp = "arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1"
	set.SCPs[0] = append(set.SCPs[0], named(scp, `{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}`))
	req := policy.Request{Principal: podSession, Action: denialRead, Resource: storySecret}
	if d := policy.DenialOf(req, policy.Evaluate(req, set)); d.PolicyARN != scp || d.EditAccount != "777788889999" {
		t.Errorf("the policy is not told: %s", d)
	}
	if d := policy.DenialOf(policy.Request{Principal: denialCaller, Action: "s3:ListAllMyBuckets", Resource: "*"}, policy.Result{}); d.Resource != "" {
		t.Errorf("a resource is named: %s", d)
	}
}

func TestDenialCheckAccess(t *testing.T) {
	t.Parallel()
	noProvider := "No OpenIDConnect provider found in your account for " + storyIssuer
	withHop := func(a *policy.SecretAccess) {
		a.Hops = []policy.Hop{{Role: policy.Role{ARN: hopRole, Trust: policy.MustParse(hopTrust)}, ExternalID: "x-1"}}
	}
	cases := map[string]struct {
		text   string
		change func(*policy.SecretAccess)
		want   policy.Agreement
		link   policy.Link
		faults int
		why    string
	}{
		"provider":             {noProvider, func(a *policy.SecretAccess) { a.Providers = nil }, policy.Confirmed, policy.TrustLink, 1, "same stage: provider"},
		"provider, but trust":  {noProvider, mutations["trust: another namespace"].change, policy.Contradicted, policy.TrustLink, 1, "fails at trust"},
		"provider, but it is":  {noProvider, nil, policy.Contradicted, policy.TrustLink, 0, "becomes the role"},
		"token":                {"Token too old: 1", nil, policy.NotDecidable, policy.TrustLink, 0, "claims"},
		"trust, not known":     {"Not authorized to perform sts:AssumeRoleWithWebIdentity", func(a *policy.SecretAccess) { a.Role.Trust = nil }, policy.NotDecidable, policy.TrustLink, 0, "role trust policy"},
		"token, but it is EKS": {noProvider, func(a *policy.SecretAccess) { a.Pod = new(pod()) }, policy.NotDecidable, policy.TrustLink, 0, "EKS Pod Identity"},
		"kms, key":             {"Access to KMS is not allowed", mutations["key: no statement for the role"].change, policy.Confirmed, policy.KeyLink, 1, "refused too"},
		"kms, but allowed":     {"Access to KMS is not allowed", nil, policy.Contradicted, policy.KeyLink, 0, "allowed"},
		"default key":          {defaultKeyText, mutations["key: the default key of another account"].change, policy.Confirmed, policy.KeyLink, 1, ""},
		"default key, but not": {defaultKeyText, nil, policy.Contradicted, policy.KeyLink, 0, "a key of its own"},
		"kms says key policy, identity lacks": {
			"User: " + podSession + " is not authorized to perform: kms:Decrypt on resource: " + storyKey + " because no resource-based policy allows the kms:Decrypt action",
			mutations["identity: no kms:Decrypt"].change, policy.Confirmed, policy.KeyLink, 1, "",
		},
		"a session of another name": {
			strings.Replace(deniedRead, "/testapp", "/other", 1), mutations["secret: another role"].change, policy.Confirmed, policy.SecretLink, 1, "",
		},
		"another role": {
			strings.Replace(deniedRead, "pod-role", "node", 1), mutations["secret: another role"].change, policy.NotDecidable, policy.SecretLink, 1, "the principal",
		},
		"by name": {
			strings.Replace(deniedRead, storySecret, "testsecret", 1), mutations["reference: by name"].change, policy.Confirmed, policy.SecretLink, 1, "by that name",
		},
		"another Region": {
			strings.Replace(deniedRead, "secretsmanager:eu-west-1", "secretsmanager:eu-central-1", 1),
			mutations["reference: another Region"].change, policy.Confirmed, policy.SecretLink, 1, "is not the secret",
		},
		"another action": {
			"User: " + podSession + " is not authorized to perform: secretsmanager:PutSecretValue", nil, policy.NotDecidable, policy.SecretLink, 0, "not asked here",
		},
		"now, if no time is given": {
			"Token too old: 1", func(a *policy.SecretAccess) { a.Time = time.Time{} }, policy.Confirmed, policy.TrustLink, 1, "same stage: token",
		},
		"another service": {"User: " + podSession + " is not authorized to perform: s3:GetObject", nil, policy.NotDecidable, policy.TrustLink, 0, "no step"},
		"hop": {
			"User: " + podSession + " is not authorized to perform: sts:AssumeRole on resource: " + hopRole, withHop, policy.Confirmed, policy.HopLink, 2, "",
		},
		"hop to elsewhere": {
			"User: " + podSession + " is not authorized to perform: sts:AssumeRole on resource: " + denialHop, withHop, policy.NotDecidable, policy.TrustLink, 0, "not on the way",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := story()
			if tt.change != nil {
				tt.change(&a)
			}
			c := parsed(t, tt.text).CheckAccess(a)
			if c.Agreement != tt.want || c.Link != tt.link || len(c.Faults) != tt.faults || !strings.Contains(c.Why, tt.why) {
				t.Errorf("%v at %v with %d faults: %s, want %v at %v with %d: %s",
					c.Agreement, c.Link, len(c.Faults), c.Why, tt.want, tt.link, tt.faults, tt.why)
			}
		})
	}
}

const defaultKeyText = "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."

// TestCheckKinds: a kind that AWS names and that is attached to nothing here.
func TestCheckKinds(t *testing.T) {
	t.Parallel()
	open := func(name string) policy.Policy { return named(name, rcpAccessText) }
	allow := func(name string) policy.Policy { return named(name, fullAccessText) }
	whole := policy.Set{
		Identity: []policy.Policy{allow("i")}, Boundaries: []policy.Policy{allow("b")}, Session: []policy.Policy{allow("s")},
		SCPs: [][]policy.Policy{{allow("scp")}}, RCPs: [][]policy.Policy{{open("rcp")}}, Endpoint: []policy.Policy{open("e")},
		Resource: new(open("r")),
	}
	for _, kind := range []policy.Kind{
		policy.IdentityPolicy, policy.PermissionsBoundary, policy.SessionPolicy, policy.ServiceControlPolicy,
		policy.ResourceControlPolicy, policy.EndpointPolicy, policy.ResourcePolicy,
	} {
		d := policy.Denial{Principal: podSession, Action: denialRead, Resource: storySecret, Kind: kind}
		if c := d.Check(d.Request(), whole); c.Agreement != policy.Contradicted {
			t.Errorf("%v is at hand: %v: %s", kind, c.Agreement, c.Why)
		}
	}
	d := policy.Denial{Principal: podSession, Action: denialRead, Resource: storySecret, Kind: policy.ServiceAccountToken}
	if c := d.Check(d.Request(), whole); c.Agreement != policy.NotDecidable {
		t.Errorf("%v: %s", c.Agreement, c.Why)
	}
	if text, _ := policy.Confirmed.MarshalText(); string(text) != "confirmed" {
		t.Errorf("Confirmed is %q", text)
	}
}

// TestEventCheck: the request of an event, held against the documents.
func TestEventCheck(t *testing.T) {
	t.Parallel()
	events, err := policy.ParseEvents([]byte(readEvent))
	if err != nil || len(events) != 1 {
		t.Fatalf("%d events, error %v", len(events), err)
	}
	set := readSet()
	set.Resource.Document = edited(secretText, "role/pod-role", "role/pods/pod-role")
	c := events[0].Denial.Check(events[0].Request, set)
	if c.Agreement != policy.Contradicted {
		t.Errorf("%v: %s", c.Agreement, c.Why)
	}
	set.Identity = set.Identity[1:]
	if c := events[0].Denial.Check(events[0].Request, set); c.Agreement != policy.Confirmed {
		t.Errorf("%v: %s", c.Agreement, c.Why)
	}
}
