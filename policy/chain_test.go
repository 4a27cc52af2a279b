package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

// hopping is the story with one more role between: pod-role goes on to reader,
// of the secret's account, which reads.
func hopping() policy.SecretAccess {
	a := story()
	reader := func(text string) *policy.Document { return edited(text, storyRole, hopRole) }
	a.Role.Policies = []policy.Policy{named("pod-role/hop", hopIdentity)}
	a.Role.Boundary = nil
	a.Hops = []policy.Hop{{
		Role: policy.Role{
			ARN: hopRole, Trust: policy.MustParse(hopTrust),
			Policies: []policy.Policy{named("reader/read", readText), named("reader/decrypt", decryptText)},
		},
		SessionName: "testapp", ExternalID: "x-1", SourceIdentity: "alice",
		Tags: map[string]string{"team": "a", "stage": "dev"}, TransitiveTags: []string{"team", "absent"},
	}}
	a.Secret.Policy, a.Key.Policy = nil, reader(keyText)
	return a
}

// podStory is the story by EKS Pod Identity.
func podStory() policy.SecretAccess {
	a := story()
	p := pod()
	p.Role, p.SessionName = a.Role, "testapp"
	p.Role.Trust = policy.MustParse(podTrust)
	a.Pod, a.Claims, a.Providers, a.Role = &p, policy.Claims{}, nil, policy.Role{}
	return a
}

func TestSecretAccessChains(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		access   policy.SecretAccess
		change   func(*policy.SecretAccess)
		decision policy.Decision
		links    []policy.Link
		faults   []policy.Kind
		says     string
	}{
		"hop": {access: hopping(), decision: policy.Allowed, links: []policy.Link{policy.TrustLink, policy.HopLink, policy.SecretLink, policy.KeyLink}},
		"two hops": {
			access: hopping(), decision: policy.Allowed,
			change: func(a *policy.SecretAccess) {
				second := "arn:aws:iam::" + secretAccount + ":role/second"
				role := a.Hops[0].Role
				a.Hops[0].Role.Policies = nil
				role.ARN = second
				role.Trust = policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + hopRole + `"},
					"Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "Condition": {"StringEquals": {
					"aws:PrincipalTag/team": "a", "aws:PrincipalTag/stage": "dev", "aws:SourceIdentity": "alice", "sts:SourceIdentity": "alice",
					"sts:TransitiveTagKeys": "team"}}}]}`)
				a.Hops = append(a.Hops, policy.Hop{Role: role})
				a.Key.Policy = edited(keyText, storyRole, second)
			},
			links: []policy.Link{policy.TrustLink, policy.HopLink, policy.HopLink, policy.SecretLink, policy.KeyLink},
		},
		"hop without its permission": {
			access: hopping(), change: func(a *policy.SecretAccess) { a.Role.Policies = nil },
			links:  []policy.Link{policy.TrustLink, policy.HopLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.IdentityPolicy}, says: "role/pod-role",
		},
		"the reader lacks the secret": {
			access: hopping(), change: func(a *policy.SecretAccess) { a.Hops[0].Role.Policies = a.Hops[0].Role.Policies[1:] },
			links:  []policy.Link{policy.TrustLink, policy.HopLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.IdentityPolicy}, says: "reader/decrypt",
		},
		"session policy of the hop": {
			access: hopping(), change: func(a *policy.SecretAccess) { a.Hops[0].Session = []policy.Policy{named("inline", readText)} },
			links:  []policy.Link{policy.TrustLink, policy.HopLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.SessionPolicy}, says: "kms:Decrypt",
		},
		"pod identity": {access: podStory(), decision: policy.Allowed, links: []policy.Link{policy.TrustLink, policy.SecretLink, policy.KeyLink}},
		"pod identity, its tags": {
			access: podStory(), change: func(a *policy.SecretAccess) {
				a.Key.Policy = edited(keyText, `"kms:ViaService"`, `"aws:PrincipalTag/kubernetes-namespace": "testnamespace", "kms:ViaService"`)
			},
			decision: policy.Allowed, links: []policy.Link{policy.TrustLink, policy.SecretLink, policy.KeyLink},
		},
		"pod identity, another namespace": {
			access: podStory(), change: func(a *policy.SecretAccess) { a.Pod.Namespace = "other" },
			links:  []policy.Link{policy.TrustLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.TrustPolicy}, says: "kubernetes-namespace",
		},
		"pod identity, a policy that EKS does not take": {
			access: podStory(), change: func(a *policy.SecretAccess) { a.Pod.Policy = policy.MustParse(boundaryText) },
			links:  []policy.Link{policy.TrustLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.SessionPolicy}, says: "disableSessionTags",
		},
		"pod identity with a target and a further hop": {
			access: podStory(), change: func(a *policy.SecretAccess) {
				target := policy.Role{ARN: hopRole, Trust: policy.MustParse(targetTrust)}
				a.Pod.Role.Policies, a.Pod.Role.Boundary, a.Pod.Target = []policy.Policy{named("pod-role/hop", hopIdentity)}, nil, &target
				second := "arn:aws:iam::" + secretAccount + ":role/second"
				a.Hops = []policy.Hop{{Role: policy.Role{
					ARN: second, Policies: []policy.Policy{named("r", readText), named("d", decryptText)},
					Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + hopRole + `"},
						"Action": "sts:AssumeRole"}]}`),
				}}}
				a.Secret.Policy, a.Key.Policy = nil, edited(keyText, storyRole, second)
			},
			links:  []policy.Link{policy.TrustLink, policy.HopLink, policy.HopLink, policy.SecretLink, policy.KeyLink},
			faults: []policy.Kind{policy.TrustPolicy}, says: "it allows sts:TagSession as well",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.change != nil {
				tt.change(&tt.access)
			}
			r := tt.access.Evaluate()
			if r.Decision != tt.decision {
				t.Errorf("decision %v: %s", r.Decision, r.Explain())
			}
			var links []policy.Link
			worst := policy.Allowed
			for _, l := range r.Links {
				links = append(links, l.Link)
				if l.Decision != policy.Allowed {
					worst = l.Decision
				}
			}
			if diff := cmp.Diff(tt.links, links); diff != "" || worst != r.Decision {
				t.Errorf("links %s: %v", indent(t, r.Links), diff)
			}
			if diff := cmp.Diff(tt.faults, kinds(r.Faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", diff, r.Explain())
			}
			if text := r.Explain(); !strings.Contains(strings.Join(strings.Fields(text), " "), tt.says) {
				t.Errorf("nothing says %q:\n%s", tt.says, text)
			}
		})
	}
}

func TestAccessReportText(t *testing.T) {
	t.Parallel()
	a := story()
	if got := a.Evaluate().String(); got != "Allowed" {
		t.Errorf("allowed, it says %q", got)
	}
	mutations["key: another Region in ViaService"].change(&a)
	got := a.Evaluate()
	if text := got.String(); !strings.HasPrefix(text, "ImplicitlyDenied: key policy "+storyKey+" in account "+keyAccount+", line 8, column 4: ") {
		t.Errorf("it says %q", text)
	}
	mutations["identity: no policies"].change(&a)
	two := a.Evaluate()
	if text := two.String(); !strings.HasPrefix(text, "ImplicitlyDenied: 2 faults, first identity-based policy "+storyRole) {
		t.Errorf("it says %q", text)
	}
	for line := range strings.Lines(two.Explain()) {
		if len(line) > 97 && strings.Contains(strings.TrimSpace(line), " ") && !strings.Contains(line, "arn:") {
			t.Errorf("a long line: %q", line)
		}
	}
	for name, change := range map[string]func(*policy.SecretAccess){
		"role trust policy": func(a *policy.SecretAccess) { a.Role.Trust = nil },
		"key policy":        func(a *policy.SecretAccess) { a.Key.Policy = nil },
	} {
		a := story()
		change(&a)
		if text := a.Evaluate().Explain(); !strings.Contains(text, "Missing  "+name) {
			t.Errorf("nothing is not known:\n%s", text)
		}
	}
	b := podStory()
	b.Pod.Target = &policy.Role{ARN: hopRole, Policies: []policy.Policy{named("all", fullAccessText)}}
	b.Pod.Role.Policies, b.Pod.Role.Boundary = b.Pod.Target.Policies, nil
	b.Hops = []policy.Hop{{Role: policy.Role{ARN: denialHop, Policies: b.Pod.Target.Policies}}}
	b.Secret.Policy, b.Key.Policy = edited(secretText, storyRole, denialHop), edited(keyText, storyRole, denialHop)
	if text := b.Evaluate().Explain(); !strings.Contains(text, "Missing  role trust policy\n") {
		t.Errorf("nothing is not known:\n%s", text)
	}
}

// TestFaultPosition: faults say where in the document they are.
func TestFaultPosition(t *testing.T) {
	t.Parallel()
	for name, line := range map[string]int{
		"key: another Region in ViaService": 8, "secret: a Deny": 3, "trust: another namespace": 3, "secret: no policy": 0,
		"trust: a slash behind the issuer in the keys": 3, "identity: no kms:Decrypt": 3,
	} {
		a := story()
		mutations[name].change(&a)
		r := a.Evaluate()
		if len(r.Faults) != 1 || r.Faults[0].Position.Line != line {
			t.Errorf("%s: %s", name, indent(t, r.Faults))
		}
	}
}

// TestRolesNonsense: whatever it is given, the answer is no panic and no
// permission.
func TestRolesNonsense(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"k": "v"}
	for name, a := range map[string]policy.AssumeRole{
		"nothing":       {},
		"no caller":     {Role: policy.Role{ARN: hopRole, Trust: policy.MustParse(hopTrust)}, Tags: tags},
		"no role":       {Caller: policy.Caller{Principal: podSession}, Tags: tags, SourceIdentity: "x"},
		"empty":         {Caller: policy.Caller{Principal: podSession}, Role: policy.Role{ARN: hopRole, Trust: &policy.Document{}}},
		"no ARNs":       {Caller: policy.Caller{Principal: "me"}, Role: policy.Role{ARN: "you", Trust: policy.MustParse(hopTrust)}},
		"no statements": {Caller: policy.Caller{Policies: []policy.Policy{{}}}, Role: policy.Role{Trust: &policy.Document{}}},
	} {
		if r := a.Evaluate(); r.Decision == policy.Allowed {
			t.Errorf("%s: %s", name, indent(t, r))
		}
	}
	for name, p := range map[string]policy.PodIdentity{
		"nothing":   {},
		"no trust":  {ClusterARN: podCluster, Role: policy.Role{ARN: storyRole}},
		"no target": {ClusterARN: podCluster, Role: policy.Role{ARN: storyRole, Trust: policy.MustParse(podTrust)}, Target: &policy.Role{}},
	} {
		if r := p.Evaluate(); r.Decision == policy.Allowed {
			t.Errorf("%s: %s", name, indent(t, r))
		}
	}
	a := policy.SecretAccess{Pod: &policy.PodIdentity{}, Hops: []policy.Hop{{}}}
	if r := a.Evaluate(); r.Decision == policy.Allowed {
		t.Errorf("allowed: %s", indent(t, r))
	}
}

// TestNearSentences: what a condition wanted is told in words that fit it.
func TestNearSentences(t *testing.T) {
	t.Parallel()
	for condition, says := range map[string]string{
		`"Null": {"aws:SourceVpce": "false"}`:                                      "its Null wants aws:SourceVpce to be there, and the request does not have it.",
		`"Null": {"aws:PrincipalArn": "true"}`:                                     "its Null wants aws:PrincipalArn to be absent, and it is " + storyRole + ".",
		`"StringNotEquals": {"aws:PrincipalAccount": "` + roleAccount + `"}`:       "its StringNotEquals wants aws:PrincipalAccount to be other than " + roleAccount + ", and it is " + roleAccount + ".",
		`"StringEquals": {"aws:PrincipalAccount": []}`:                             "its StringEquals lists no value for aws:PrincipalAccount, and so nothing matches.",
		`"StringEquals": {"aws:PrincipalAccount": ["1", "1", "2", "3", "4", "5"]}`: "its StringEquals wants aws:PrincipalAccount to be 1, 2, 3 and 2 more, and it is " + roleAccount + ".",
		`"StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}`:           "its StringEquals wants secretsmanager:VersionStage to be AWSPREVIOUS, and it is AWSCURRENT.",
	} {
		a := story()
		a.Closed = true
		a.Role.Policies[0].Document = edited(readText, `"Effect": "Allow"`, `"Effect": "Allow", "Condition": {`+condition+`}`)
		r := a.Evaluate()
		if len(r.Faults) != 1 || !strings.Contains(r.Faults[0].Problem, says) {
			t.Errorf("nothing says %q: %s", says, indent(t, r.Faults))
		}
	}
}
