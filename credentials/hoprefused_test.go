package credentials_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// A refused hop says which document of which account lacks what, and the
// statements it gives are the cure.
func TestRefusedHop(t *testing.T) {
	t.Parallel()
	tagged := func(h *credentials.Hop) {
		h.Tags, h.SourceIdentity = map[string]string{"team": "a"}, "alice"
	}
	tests := map[string]struct {
		change  func(*credentialstest.World)
		hop     func(*credentials.Hop)
		trust   bool // the role's account is at fault
		caller  bool // the caller's is
		text    []string
		curable bool
	}{
		"no trust": {
			change: func(w *credentialstest.World) { w.Accounts[1].Roles[0].Trust = allow(userName, "", "sts:AssumeRole") },
			trust:  true, curable: true,
			text: []string{"trust policy of role hop-1 in account " + hopAccount(1), "sts:ExternalId", `"Effect":"Allow"`, "(hop 1)", "assumed-role/pod-role/"},
		},
		"no such role": {
			change: func(w *credentialstest.World) { w.Accounts[1].Roles = nil },
			trust:  true, text: []string{"or there is no such role"},
		},
		"no identity policy": {
			change: func(w *credentialstest.World) { w.Accounts[0].Roles[0].Policies = nil },
			caller: true, curable: true,
			text: []string{"policies of pod-role in account " + credentialstest.PodAccount + " must allow sts:AssumeRole"},
		},
		"tags not trusted": {
			change: func(w *credentialstest.World) {
				w.Accounts[1].Roles[0].Trust = allow(credentialstest.PodRoleARN, "", "sts:AssumeRole")
			},
			hop: tagged, trust: true, curable: true,
			text: []string{"sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity", "STS names sts:TagSession"},
		},
		"tags not allowed": {
			change: func(w *credentialstest.World) {
				w.Accounts[0].Roles[0].Policies[0].Document = allow("", "*", "sts:AssumeRole")
			},
			hop: tagged, caller: true, curable: true,
			text: []string{"must allow sts:AssumeRole, sts:TagSession and sts:SetSourceIdentity"},
		},
		"external id": {
			change: func(w *credentialstest.World) {
				w.Accounts[1].Roles[0].Trust = policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",
					"Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole",
					"Condition":{"StringEquals":{"sts:ExternalId":"right"}}}]}`)
			},
			hop: func(h *credentials.Hop) { h.ExternalID = "wrong" }, trust: true, curable: true,
			text: []string{"compare its sts:ExternalId with Config.Hops[0].ExternalID to the letter"},
		},
		"explicit deny by the caller's organization": {
			change: func(w *credentialstest.World) {
				w.Accounts[0].SCPs = [][]credentialstest.Policy{{
					{Name: "full", Document: allow("", "*", "*")},
					{Name: "no", Document: policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}]}`)},
				}}
			},
			caller: true, text: []string{"a Deny in a service control policy applies to sts:AssumeRole", "in account " + credentialstest.PodAccount},
		},
		"explicit deny by the role": {
			change: func(w *credentialstest.World) {
				s := allow(credentialstest.PodRoleARN, "", "sts:AssumeRole").Statements[0]
				s.Effect = policy.Deny
				trust := w.Accounts[1].Roles[0].Trust
				trust.Statements = append(trust.Statements, s)
			},
			trust: true, text: []string{"a Deny in a", "in account " + hopAccount(1)},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				world := chainWorld(1)
				test.change(&world)
				hop := credentials.Hop{RoleARN: hopARN(1)}
				if test.hop != nil {
					test.hop(&hop)
				}
				try := func() error {
					pod := newPod(t, &credentialstest.PodOptions{World: &world})
					cfg := pod.Config()
					cfg.Hops = []credentials.Hop{hop}
					_, err := newProvider(t, cfg).Retrieve(t.Context())
					return err
				}
				err := try()
				e, ok := errors.AsType[*credentials.AssumeRoleError](err)
				if !ok || !errors.Is(err, credentials.ErrDenied) || e.Hop != 1 || e.RoleARN != hopARN(1) || e.Code != "AccessDenied" ||
					!strings.Contains(e.Caller, "assumed-role/pod-role/") || e.Region != credentialstest.PodRegion || e.Fault == nil || e.RequestID == "" {
					t.Fatalf("error %+v", err)
				}
				wantText(t, err, test.text...)
				var trust, caller bool
				for _, f := range []*policy.Fault{e.Fault, e.CallerFault} {
					if f == nil {
						continue
					}
					trust = trust || f.Account == hopAccount(1)
					caller = caller || f.Account == credentialstest.PodAccount
				}
				if trust != test.trust || caller != test.caller {
					t.Errorf("at fault: role's account %v, caller's %v; want %v, %v\n%v", trust, caller, test.trust, test.caller, err)
				}
				if !test.curable {
					return
				}
				world.Accounts[1].Roles[0].Trust = policy.MustParse(e.Fault.Apply(world.Accounts[1].Roles[0].Trust).String())
				if e.Fault.Kind == policy.IdentityPolicy {
					world = chainWorld(1)
					world.Accounts[0].Roles[0].Policies = []credentialstest.Policy{{Name: "cure", Document: e.Fault.Apply(nil)}}
				}
				if err := try(); err != nil {
					t.Errorf("the statement does not cure: %v", err)
				}
			})
		})
	}
}

// Across accounts STS does not always say which side refused.
func TestHopRefusedWithoutReason(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1), Tags: map[string]string{"team": "a"}}}
		cfg.HTTPClient = newScript(pod.AWS.HTTPClient().Do, answer(403, "AccessDenied",
			"User: arn:aws:sts::111122223333:assumed-role/pod-role/testnamespace.testapp.testapp-0 is not authorized to perform: sts:TagSession on resource: "+hopARN(1)))
		_, err := newProvider(t, cfg).Retrieve(t.Context())
		e, ok := errors.AsType[*credentials.AssumeRoleError](err)
		if !ok || e.Fault == nil || e.CallerFault == nil {
			t.Fatal(err)
		}
		if e.Fault.Account != hopAccount(1) || e.Fault.Kind != policy.TrustPolicy || e.Fault.Link != policy.HopLink ||
			e.CallerFault.Account != credentialstest.PodAccount || e.CallerFault.Document != credentialstest.PodRoleARN {
			t.Errorf("faults %+v and %+v", e.Fault, e.CallerFault)
		}
		for _, f := range []*policy.Fault{e.Fault, e.CallerFault} {
			text, err := json.Marshal(f.Statement)
			if err != nil || !strings.Contains(string(text), `["sts:AssumeRole","sts:TagSession"]`) || !strings.Contains(e.Error(), string(text)) {
				t.Errorf("statement %s, %v", text, err)
			}
		}
		wantText(t, err, "STS names sts:TagSession")
	})
}

// Other answers to a hop.
func TestHopAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer   func(*http.Request) (*http.Response, error)
		sentinel error
		requests int // AssumeRole
		text     string
	}{
		"expired credentials": {answer(403, "ExpiredToken", marker), credentials.ErrIdentity, 2, "does not accept the credentials"},
		"unknown credentials": {answer(403, "InvalidClientTokenId", marker), credentials.ErrIdentity, 2, "sessions revoked"},
		"signature":           {answer(403, "SignatureDoesNotMatch", marker), credentials.ErrIdentity, 3, "machine's clock"},
		"inherited tag": {
			answer(400, "InvalidParameterValue", "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session."),
			credentials.ErrConfiguration, 1, "EKS Pod Identity",
		},
		"other parameter": {answer(400, "InvalidParameterValue", marker), credentials.ErrConfiguration, 1, "InvalidParameterValue"},
		"duration": {
			answer(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration"), credentials.ErrConfiguration, 1, "maximum session duration",
		},
		"no request id": {func(r *http.Request) (*http.Response, error) {
			return response(r, 400, "<ErrorResponse><Error><Code>NeverSeen</Code></Error></ErrorResponse>"), nil
		}, credentials.ErrConfiguration, 1, "STS answers NeverSeen"},
		"policy size": {answer(400, "PackedPolicyTooLarge", marker), credentials.ErrConfiguration, 1, "take more room"},
		"policy":      {answer(400, "MalformedPolicyDocument", marker), credentials.ErrConfiguration, 1, "session policy"},
		"region":      {answer(403, "RegionDisabledException", marker), credentials.ErrConfiguration, 1, "not active for account " + hopAccount(1)},
		"throttling":  {answer(400, "Throttling", marker), credentials.ErrUnavailable, 3, "Throttling"},
		"down":        {answer(500, "InternalFailure", marker), credentials.ErrUnavailable, 3, "InternalFailure"},
		"connection":  {broken, credentials.ErrUnavailable, 3, "connection reset"},
		"no credentials": {func(r *http.Request) (*http.Response, error) {
			return response(r, 200, `<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>`), nil
		}, credentials.ErrUnavailable, 3, "lacks credentials"},
		"another role": {hopSession(hopARN(2), time.Unix(4e9, 0)), credentials.ErrIdentity, 1, "Config.Hops[0].RoleARN"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				requests := 0
				cfg := pod.Config()
				cfg.Hops = []credentials.Hop{{RoleARN: hopARN(1)}}
				cfg.HTTPClient = newScript(func(r *http.Request) (*http.Response, error) {
					if r.FormValue("Action") != assumeHop {
						return pod.AWS.HTTPClient().Do(r)
					}
					requests++
					return test.answer(r)
				})
				_, err := newProvider(t, cfg).Retrieve(t.Context())
				if !errors.Is(err, test.sentinel) {
					t.Errorf("error %v, want %v", err, test.sentinel)
				}
				wantText(t, err, test.text)
				if requests != test.requests {
					t.Errorf("%d requests, want %d", requests, test.requests)
				}
			})
		})
	}
}
