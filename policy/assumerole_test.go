package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	hopRole    = "arn:aws:iam::" + secretAccount + ":role/reader"
	hopRoleA   = "arn:aws:iam::" + roleAccount + ":role/reader"
	podSession = "arn:aws:sts::" + roleAccount + ":assumed-role/pod-role/testapp"

	hopTrust = `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"AWS": "` + storyRole + `"}, "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
		"Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}
	}]}`
	hopIdentity = `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"], "Resource": "` + hopRole + `"
	}]}`
)

// hop is a role of one account that goes on to a role of another.
func hop() policy.AssumeRole {
	return policy.AssumeRole{
		Caller: policy.Caller{
			Principal: podSession, RoleARN: storyRole,
			Policies: []policy.Policy{named("pod-role/hop", hopIdentity)},
		},
		Role:       policy.Role{ARN: hopRole, Trust: policy.MustParse(hopTrust)},
		ExternalID: "x-1", Closed: true, Time: storyTime,
	}
}

func withTags(a *policy.AssumeRole) {
	a.Tags = map[string]string{"team": "a"}
	a.TransitiveTags = []string{"team"}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change   func(*policy.AssumeRole)
		decision policy.Decision
		actions  []string
		denied   string // the action
		faults   []policy.Kind
		says     string
	}{
		"allowed": {
			change: func(*policy.AssumeRole) {}, decision: policy.Allowed, actions: []string{"sts:AssumeRole"},
		},
		"with tags and a source identity": {
			change: func(a *policy.AssumeRole) {
				withTags(a)
				a.SourceIdentity = "alice"
			},
			decision: policy.Allowed, actions: []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"},
		},
		"inherited tags": {
			change:   func(a *policy.AssumeRole) { a.Inherited = map[string]string{"team": "a"} },
			decision: policy.Allowed, actions: []string{"sts:AssumeRole", "sts:TagSession"},
		},
		"conditions on everything that the call carries": {
			change: func(a *policy.AssumeRole) {
				withTags(a)
				a.Inherited = map[string]string{"cluster": "c"}
				a.SourceIdentity, a.SessionName = "alice", "s9"
				a.Context = policy.Context{"aws:SourceIp": {"192.0.2.7"}}
				a.Role.Trust = edited(hopTrust, `"sts:ExternalId": "x-1"`, `"sts:ExternalId": "x-1", "aws:RequestTag/team": "a",
					"aws:PrincipalTag/cluster": "c", "sts:SourceIdentity": "alice", "sts:RoleSessionName": "s9"},
					"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, "ForAllValues:StringEquals": {
					"aws:TagKeys": ["team"], "sts:TransitiveTagKeys": ["team", "cluster"]`)
			},
			decision: policy.Allowed, actions: []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"},
		},
		"same account, named in the trust policy": {
			change: func(a *policy.AssumeRole) { a.Role.ARN, a.Caller.Policies = hopRoleA, nil }, decision: policy.Allowed,
			actions: []string{"sts:AssumeRole"},
		},
		"same account, the account in the trust policy": {
			change: func(a *policy.AssumeRole) {
				a.Role.ARN, a.Caller.Policies = hopRoleA, nil
				a.Role.Trust = edited(hopTrust, storyRole, roleAccount)
			},
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.IdentityPolicy},
			says: "The role pod-role has no permissions policy that would allow it to assume the role reader",
		},
		"same account, tags allowed by identity only": {
			change: func(a *policy.AssumeRole) {
				withTags(a)
				a.Role.ARN = hopRoleA
				a.Caller.Policies = []policy.Policy{{Name: "all", Document: edited(hopIdentity, hopRole, "*")}}
				a.Role.Trust = edited(hopTrust, `, "sts:TagSession"`, "")
			},
			actions: []string{"sts:AssumeRole", "sts:TagSession"}, denied: "sts:TagSession", faults: []policy.Kind{policy.TrustPolicy},
			says: "it allows sts:TagSession as well",
		},
		"no identity policy": {
			change:  func(a *policy.AssumeRole) { a.Caller.Policies = nil },
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.IdentityPolicy},
		},
		"no TagSession in identity": {
			change: func(a *policy.AssumeRole) {
				withTags(a)
				a.Caller.Policies[0].Document = edited(hopIdentity, `, "sts:TagSession"`, "")
			},
			actions: []string{"sts:AssumeRole", "sts:TagSession"}, denied: "sts:TagSession", faults: []policy.Kind{policy.IdentityPolicy},
			says: "to tag sessions of the role reader (sts:TagSession)",
		},
		"no SetSourceIdentity anywhere": {
			change: func(a *policy.AssumeRole) {
				a.SourceIdentity = "alice"
				a.Caller.Policies[0].Document = edited(hopIdentity, `, "sts:SetSourceIdentity"`, "")
				a.Role.Trust = edited(hopTrust, `, "sts:SetSourceIdentity"`, "")
			},
			actions: []string{"sts:AssumeRole", "sts:SetSourceIdentity"}, denied: "sts:SetSourceIdentity",
			faults: []policy.Kind{policy.IdentityPolicy, policy.TrustPolicy}, says: "set the source identity of sessions of the role",
		},
		"neither extra in the trust policy": {
			change: func(a *policy.AssumeRole) {
				withTags(a)
				a.SourceIdentity = "alice"
				a.Role.Trust = edited(hopTrust, `, "sts:TagSession", "sts:SetSourceIdentity"`, "")
			},
			actions: []string{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"}, denied: "sts:TagSession",
			faults: []policy.Kind{policy.TrustPolicy}, says: "sts:SetSourceIdentity",
		},
		"another external id": {
			change:  func(a *policy.AssumeRole) { a.ExternalID = "x-2" },
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.TrustPolicy},
			says: "its StringEquals wants sts:ExternalId to be x-1, and it is x-2",
		},
		"no external id": {
			change:  func(a *policy.AssumeRole) { a.ExternalID = "" },
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.TrustPolicy},
			says: "its StringEquals wants sts:ExternalId to be x-1, and the request does not have it",
		},
		"boundary": {
			change: func(a *policy.AssumeRole) {
				b := named(storyBoundary, boundaryText)
				a.Caller.Boundary = &b
			},
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.PermissionsBoundary},
		},
		"session policy": {
			change:  func(a *policy.AssumeRole) { a.Caller.Session = []policy.Policy{named("inline", readText)} },
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.SessionPolicy},
		},
		"SCP of the caller's account": {
			change: func(a *policy.AssumeRole) {
				a.Guardrails = map[string]policy.Guardrails{roleAccount: {SCPs: [][]policy.Policy{{named("scp", readText)}}}}
			},
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.ServiceControlPolicy},
			says: "In the management account of the organization of account " + roleAccount,
		},
		"RCP of the role's account": {
			change: func(a *policy.AssumeRole) {
				a.Guardrails = map[string]policy.Guardrails{secretAccount: {RCPs: [][]policy.Policy{{named("rcp", `{"Version": "2012-10-17",
					"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:*", "Resource": "*"}]}`)}}}}
			},
			decision: policy.ExplicitlyDenied,
			actions:  []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.ResourceControlPolicy},
			says: "Statement 1 of the resource control policy rcp forbids the role pod-role of account",
		},
		"what the target role may do does not matter": {
			change: func(a *policy.AssumeRole) {
				b := named(storyBoundary, boundaryText)
				a.Role.Boundary, a.Role.Policies = &b, nil
			},
			decision: policy.Allowed, actions: []string{"sts:AssumeRole"},
		},
		"a user": {
			change: func(a *policy.AssumeRole) {
				a.Caller.Principal, a.Caller.RoleARN, a.Caller.Policies = "arn:aws:iam::111122223333:user/staff/mary", "", nil
				a.Role.Trust = edited(hopTrust, storyRole, "arn:aws:iam::111122223333:user/staff/mary")
			},
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.IdentityPolicy},
			says: "user mary",
		},
		"a session whose role is not told": {
			change: func(a *policy.AssumeRole) { a.Caller.RoleARN = "" }, decision: policy.Allowed, actions: []string{"sts:AssumeRole"},
		},
		"a service": {
			change: func(a *policy.AssumeRole) {
				a.Caller = policy.Caller{Principal: "lambda.amazonaws.com"}
				a.Role.Trust = policy.MustParse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
					"Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}}`)
			},
			decision: policy.Allowed, actions: []string{"sts:AssumeRole"},
		},
		"another service": {
			change:  func(a *policy.AssumeRole) { a.Caller = policy.Caller{Principal: "lambda.amazonaws.com"} },
			actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole", faults: []policy.Kind{policy.TrustPolicy},
			says: "the service lambda.amazonaws.com",
		},
		"trust policy not known": {
			change:   func(a *policy.AssumeRole) { a.Role.Trust = nil },
			decision: policy.Unknown, actions: []string{"sts:AssumeRole"}, denied: "sts:AssumeRole",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := hop()
			tt.change(&a)
			r := a.Evaluate()
			var actions []string
			for _, action := range r.Actions {
				actions = append(actions, action.Action)
			}
			if diff := cmp.Diff(tt.actions, actions); diff != "" {
				t.Errorf("actions (-want +got):\n%s", diff)
			}
			if r.Decision != tt.decision || r.Denied != tt.denied {
				t.Errorf("decision %v, denied %q: %s", r.Decision, r.Denied, indent(t, r))
			}
			checkMessage(t, r)
			if diff := cmp.Diff(tt.faults, kinds(r.Faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", diff, indent(t, r.Faults))
			}
			var text strings.Builder
			for _, f := range r.Faults {
				text.WriteString(f.Explain())
			}
			if got := strings.Join(strings.Fields(text.String()), " "); !strings.Contains(got, tt.says) {
				t.Errorf("nothing says %q: %s", tt.says, got)
			}
			mendRole(t, a, r.Faults)
		})
	}
}

// The root user can assume no role: no document is at fault, and a note says so.
func TestAssumeRoleByRoot(t *testing.T) {
	t.Parallel()
	a := hop()
	a.Caller = policy.Caller{Principal: "arn:aws:iam::111122223333:root"}
	r := a.Evaluate()
	if r.Decision != policy.ImplicitlyDenied || len(r.Faults) != 0 || len(r.Actions) != 1 {
		t.Fatalf("%s", indent(t, r))
	}
	if notes := strings.Join(r.Actions[0].Result.Notes, " "); !strings.Contains(notes, "root user") {
		t.Errorf("notes %q", notes)
	}
}

func kinds(faults []policy.Fault) []policy.Kind {
	var list []policy.Kind
	for _, f := range faults {
		list = append(list, f.Kind)
	}
	return list
}

// checkMessage takes the answer's message apart again.
func checkMessage(t *testing.T, r policy.AssumeRoleResult) {
	t.Helper()
	if r.Decision == policy.Allowed || r.Decision == policy.Unknown {
		if r.Code != "" || r.Message != "" {
			t.Errorf("%v, and STS says %s: %s", r.Decision, r.Code, r.Message)
		}
		return
	}
	d, ok := policy.ParseDenial(r.Code + ": " + r.Message)
	if !ok || d.Action != r.Denied || d.Code != policy.CodeAccessDenied || d.Explicit != (r.Decision == policy.ExplicitlyDenied) {
		t.Errorf("STS says %s: %s", r.Code, r.Message)
	}
}

// mendRole applies the faults' statements, after which the role is assumed.
func mendRole(t *testing.T, a policy.AssumeRole, faults []policy.Fault) {
	t.Helper()
	for _, f := range faults {
		switch {
		case f.Statement == nil || f.Kind == policy.ServiceControlPolicy:
			return
		case f.Kind == policy.TrustPolicy:
			a.Role.Trust = f.Apply(a.Role.Trust)
		case f.Kind == policy.PermissionsBoundary:
			a.Caller.Boundary.Document = f.Apply(a.Caller.Boundary.Document)
		case f.Kind == policy.SessionPolicy:
			a.Caller.Session[0].Document = f.Apply(a.Caller.Session[0].Document)
		case len(a.Caller.Policies) == 0:
			a.Caller.Policies = []policy.Policy{{Name: f.Document, Document: f.Apply(nil)}}
		default:
			a.Caller.Policies[0].Document = f.Apply(a.Caller.Policies[0].Document)
		}
	}
	if r := a.Evaluate(); r.Decision != policy.Allowed && r.Decision != policy.Unknown {
		t.Errorf("mended, it is %v: %s", r.Decision, indent(t, r.Faults))
	}
}
