package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

func webIdentity() policy.WebIdentity {
	a := story()
	return policy.WebIdentity{
		Claims: a.Claims, Providers: a.Providers, Role: a.Role, SessionName: a.SessionName, Time: a.Time,
	}
}

func TestWebIdentityStages(t *testing.T) {
	t.Parallel()
	const jwt = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)"
	cases := map[string]struct {
		change        func(*policy.WebIdentity)
		decision      policy.Decision
		stage         policy.Stage
		code, message string
		faults        []policy.Kind
	}{
		"allowed": {
			change: func(*policy.WebIdentity) {}, decision: policy.Allowed,
		},
		"provider without an ARN": {
			change: func(w *policy.WebIdentity) { w.Providers[0].ARN = "" }, decision: policy.Allowed,
		},
		"provider without an ARN, trust policy of another": {
			change: func(w *policy.WebIdentity) {
				w.Providers[0].ARN = ""
				w.Role.Trust = edited(trustText, storyProvider, strings.Replace(storyProvider, roleAccount, keyAccount, 1))
			},
			stage: policy.TrustStage, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
			faults: []policy.Kind{policy.TrustPolicy},
		},
		"one of several audiences": {
			change: func(w *policy.WebIdentity) {
				w.Claims.Audience = []string{"vault", storyAudience}
				w.Role.Trust = edited(trustText, `{"StringEquals"`, `{"ForAnyValue:StringEquals"`)
			},
			decision: policy.Allowed,
		},
		"session name in the trust policy": {
			change: func(w *policy.WebIdentity) {
				w.Role.Trust = edited(trustText, `"StringEquals": {`, `"StringEquals": {"sts:RoleSessionName": "testapp", `)
			},
			decision: policy.Allowed,
		},
		"address in the trust policy": {
			change: func(w *policy.WebIdentity) {
				w.Role.Trust = edited(trustText, `"Condition": {`, `"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}, `)
				w.Context = policy.Context{"aws:SourceIp": {"192.0.2.7"}}
			},
			decision: policy.Allowed,
		},
		"no iss": {
			change: func(w *policy.WebIdentity) { w.Claims.Issuer = "" },
			stage:  policy.TokenStage, code: "InvalidIdentityToken", message: "Missing a required claim: iss",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"no sub": {
			change: func(w *policy.WebIdentity) { w.Claims.Subject = "" },
			stage:  policy.TokenStage, code: "InvalidIdentityToken", message: "Missing a required claim: sub",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"no aud": {
			change: func(w *policy.WebIdentity) { w.Claims.Audience = nil },
			stage:  policy.TokenStage, code: "InvalidIdentityToken", message: "Missing a required claim: aud",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"no exp": {
			change: func(w *policy.WebIdentity) { w.Claims.Expiry = time.Time{} },
			stage:  policy.TokenStage, code: "InvalidIdentityToken", message: "Missing a required claim: exp",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"expires now": {
			change: func(w *policy.WebIdentity) { w.Claims.Expiry = storyTime },
			stage:  policy.TokenStage, code: "ExpiredTokenException",
			message: "Token expired: current date/time 1795262400 must be before the expiration date/time 1795262400",
			faults:  []policy.Kind{policy.ServiceAccountToken},
		},
		"valid from now": {
			change:   func(w *policy.WebIdentity) { w.Claims.NotBefore = storyTime },
			decision: policy.Allowed,
		},
		"not valid yet": {
			change: func(w *policy.WebIdentity) { w.Claims.NotBefore = storyTime.Add(time.Second) },
			stage:  policy.TokenStage, code: "InvalidIdentityToken", message: jwt,
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"no provider": {
			change: func(w *policy.WebIdentity) { w.Providers = nil },
			stage:  policy.ProviderStage, code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + storyIssuer,
			faults:  []policy.Kind{policy.IdentityProvider},
		},
		"provider in other letters": {
			change: func(w *policy.WebIdentity) { w.Providers[0].URL = strings.ToUpper(w.Providers[0].URL) },
			stage:  policy.ProviderStage, code: "InvalidIdentityToken",
			message: "No OpenIDConnect provider found in your account for " + storyIssuer,
			faults:  []policy.Kind{policy.IdentityProvider},
		},
		"provider with the scheme": {
			change:   func(w *policy.WebIdentity) { w.Providers[0].URL = storyIssuer },
			decision: policy.Allowed,
		},
		"issuer whose name ends in a slash": {
			change: func(w *policy.WebIdentity) {
				w.Claims.Issuer += "/"
				w.Providers[0].URL += "/"
				w.Providers[0].ARN += "/"
				w.Role.Trust = policy.MustParse(strings.ReplaceAll(trustText, storyIssuerName, storyIssuerName+"/"))
			},
			decision: policy.Allowed,
		},
		"audience of another purpose": {
			change: func(w *policy.WebIdentity) { w.Claims.Audience = []string{"vault"} },
			stage:  policy.AudienceStage, code: "InvalidIdentityToken", message: "Incorrect token audience",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"audience that the role trusts": {
			change: func(w *policy.WebIdentity) {
				w.Claims.Audience = []string{"vault"}
				w.Role.Trust = edited(trustText, `"sts.amazonaws.com"`, `"vault"`)
			},
			stage: policy.AudienceStage, code: "InvalidIdentityToken", message: "Incorrect token audience",
			faults: []policy.Kind{policy.IdentityProvider},
		},
		"provider of another purpose": {
			change: func(w *policy.WebIdentity) {
				w.Claims.Audience = []string{"vault"}
				w.Providers[0].ClientIDs = []string{"consul"}
				w.Role.Trust = edited(trustText, `"sts.amazonaws.com"`, `"consul"`)
			},
			stage: policy.AudienceStage, code: "InvalidIdentityToken", message: "Incorrect token audience",
			faults: []policy.Kind{policy.ServiceAccountToken},
		},
		"provider without client IDs": {
			change: func(w *policy.WebIdentity) { w.Providers[0].ClientIDs = nil },
			stage:  policy.AudienceStage, code: "InvalidIdentityToken", message: "Incorrect token audience",
			faults: []policy.Kind{policy.IdentityProvider},
		},
		"another service account": {
			change: func(w *policy.WebIdentity) { w.Claims.Subject = otherSubject },
			stage:  policy.TrustStage, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
			faults: []policy.Kind{policy.TrustPolicy},
		},
		"a Deny": {
			change:   func(w *policy.WebIdentity) { w.Role.Trust = edited(trustText, `"Allow"`, `"Deny"`) },
			decision: policy.ExplicitlyDenied,
			stage:    policy.TrustStage, code: "AccessDenied", message: "Not authorized to perform sts:AssumeRoleWithWebIdentity",
			faults: []policy.Kind{policy.TrustPolicy},
		},
		"trust policy not known": {
			change:   func(w *policy.WebIdentity) { w.Role.Trust = nil },
			decision: policy.Unknown, stage: policy.TrustStage,
		},
		"expired, no provider, another service account": {
			change: func(w *policy.WebIdentity) {
				w.Claims.Expiry = storyTime.Add(-time.Hour)
				w.Providers = nil
				w.Claims.Subject = otherSubject
			},
			stage: policy.TokenStage, code: "ExpiredTokenException",
			message: "Token expired: current date/time 1795262400 must be before the expiration date/time 1795258800",
			faults:  []policy.Kind{policy.ServiceAccountToken, policy.IdentityProvider, policy.TrustPolicy},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := webIdentity()
			tt.change(&w)
			r := w.Evaluate()
			if r.Decision != tt.decision || r.Stage != tt.stage || r.Code != tt.code || r.Message != tt.message {
				t.Errorf("%v at %q: %s: %s", r.Decision, r.Stage, r.Code, r.Message)
			}
			var kinds []policy.Kind
			for _, f := range r.Faults {
				kinds = append(kinds, f.Kind)
				if f.Link != policy.TrustLink || f.Account != roleAccount || f.Problem == "" || f.Remedy == "" {
					t.Errorf("fault %s", indent(t, f))
				}
			}
			if diff := cmp.Diff(tt.faults, kinds); diff != "" {
				t.Errorf("kinds of fault (-want +got):\n%s\n%s", diff, indent(t, r.Faults))
			}
		})
	}
}

// TestWebIdentityTrustAnyway: the trust policy is evaluated although STS would
// not come to it, for the token as it is.
func TestWebIdentityTrustAnyway(t *testing.T) {
	t.Parallel()
	w := webIdentity()
	w.Claims.Expiry = storyTime.Add(-time.Hour)
	w.Providers = nil
	r := w.Evaluate()
	if r.Trust.Decision != policy.Allowed || r.Provider != nil {
		t.Errorf("trust is %v, provider %v", r.Trust.Decision, r.Provider)
	}
	w = webIdentity()
	w.Claims.Audience = []string{"vault"}
	r = w.Evaluate()
	if r.Trust.Decision != policy.ImplicitlyDenied || r.Provider == nil || r.Provider.ARN != storyProvider {
		t.Errorf("trust is %v, provider %v", r.Trust.Decision, r.Provider)
	}
}

// TestWebIdentityNow: a zero Time is the present.
func TestWebIdentityNow(t *testing.T) {
	t.Parallel()
	w := webIdentity()
	w.Time = time.Time{}
	w.Claims.NotBefore, w.Claims.Expiry = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	if r := w.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("now: %v %s", r.Decision, r.Message)
	}
	a := story()
	a.Time, a.Claims = time.Time{}, w.Claims
	if r := a.Evaluate(); r.Decision != policy.Allowed {
		t.Errorf("now: %s", indent(t, r.Faults))
	}
	a.Claims.Expiry = time.Now().Add(-time.Second)
	if r := a.Evaluate(); r.Trust.Stage != policy.TokenStage {
		t.Errorf("a second late: %v", r.Trust.Stage)
	}
}

func TestStageAndLinkText(t *testing.T) {
	t.Parallel()
	got := []string{
		policy.NoStage.String(), policy.TokenStage.String(), policy.ProviderStage.String(),
		policy.AudienceStage.String(), policy.TrustStage.String(), policy.Stage(9).String(),
		policy.TrustLink.String(), policy.SecretLink.String(), policy.KeyLink.String(), policy.Link(9).String(),
	}
	want := []string{"", "token", "provider", "audience", "trust", "Stage(9)", "trust", "secret", "key", "Link(9)"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
