package credentials_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// wantRefusal checks what every refusal has, and returns it.
func wantRefusal(t *testing.T, err error, sentinel error, stage policy.Stage) *credentials.AssumeRoleError {
	t.Helper()
	e, ok := errors.AsType[*credentials.AssumeRoleError](err)
	if !ok {
		t.Fatalf("error %v, want an AssumeRoleError", err)
	}
	if !errors.Is(err, sentinel) {
		t.Errorf("error is not %v: %v", sentinel, err)
	}
	for _, other := range []error{credentials.ErrConfiguration, credentials.ErrIdentity, credentials.ErrDenied, credentials.ErrUnavailable} {
		if other != sentinel && errors.Is(err, other) {
			t.Errorf("error is also %v: %v", other, err)
		}
	}
	if e.Stage != stage || e.RoleARN != credentialstest.PodRoleARN || e.Token.ServiceAccount != credentialstest.PodServiceAccount {
		t.Errorf("error %+v", *e)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok != (e.Code != "") || ok && strings.TrimSuffix(api.ErrorCode(), "Exception") != e.Code {
		t.Errorf("code %q, smithy.APIError %v", e.Code, api)
	}
	if e.RetryableError() {
		t.Error("SDK clients would retry")
	}
	return e
}

// The refusals of an AWS that is set up wrongly, over the wire.
func TestRefusalsOfTheFake(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change   func(*credentialstest.World, *credentialstest.PodOptions)
		sentinel error
		stage    policy.Stage
		code     string
		kind     policy.Kind
		text     []string
	}{
		"no provider": {
			change: func(w *credentialstest.World, _ *credentialstest.PodOptions) {
				w.Accounts[0].OIDCProviders = nil
			},
			sentinel: credentials.ErrIdentity, stage: policy.ProviderStage, code: "InvalidIdentityToken", kind: policy.IdentityProvider,
			text: []string{"account 111122223333 has no IAM OIDC provider", credentialstest.PodIssuer, "trailing slash"},
		},
		"audience not a client id": {
			change: func(w *credentialstest.World, _ *credentialstest.PodOptions) {
				w.Accounts[0].OIDCProviders[0].ClientIDs = []string{"other"}
			},
			sentinel: credentials.ErrIdentity, stage: policy.AudienceStage, code: "InvalidIdentityToken", kind: policy.IdentityProvider,
			text: []string{"client ID", "sts.amazonaws.com"},
		},
		"trust of another service account": {
			change: func(_ *credentialstest.World, o *credentialstest.PodOptions) {
				o.Token.Namespace = "elsewhere"
			},
			sentinel: credentials.ErrDenied, stage: policy.TrustStage, code: "AccessDenied", kind: policy.TrustPolicy,
			text: []string{"trust policy of role pod-role in account 111122223333", "system:serviceaccount:elsewhere:testapp", `"Effect":"Allow"`},
		},
		"no such role": {
			change: func(w *credentialstest.World, _ *credentialstest.PodOptions) {
				w.Accounts[0].Roles = nil
			},
			sentinel: credentials.ErrDenied, stage: policy.TrustStage, code: "AccessDenied", kind: policy.TrustPolicy,
			text: []string{"or there is no such role"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := credentialstest.PodWorld()
			opts := credentialstest.PodOptions{World: &world}
			test.change(&world, &opts)
			pod := newPod(t, &opts)
			_, err := newProvider(t, pod.Config()).Retrieve(t.Context())
			e := wantRefusal(t, err, test.sentinel, test.stage)
			wantText(t, err, test.text...)
			if e.Code != test.code || e.RequestID == "" || e.Fault == nil || e.Fault.Kind != test.kind ||
				e.Fault.Account != credentialstest.PodAccount || e.Fault.Problem == "" || e.Fault.Remedy == "" {
				t.Errorf("error %+v, fault %+v", *e, e.Fault)
			}
		})
	}
}

// The statement in the error is the one that was missing.
func TestSuggestedStatementCures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		world := credentialstest.PodWorld()
		role := &world.Accounts[0].Roles[0]
		role.Trust = policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)
		pod := newPod(t, &credentialstest.PodOptions{World: &world})
		_, err := newProvider(t, pod.Config()).Retrieve(t.Context())
		e := wantRefusal(t, err, credentials.ErrDenied, policy.TrustStage)
		if e.Fault.Statement == nil {
			t.Fatal("no statement")
		}
		text, err := json.Marshal(e.Fault.Statement)
		if err != nil || !strings.Contains(e.Error(), string(text)) {
			t.Errorf("the text lacks the statement %s, %v", text, err)
		}
		role.Trust.Statements = append(role.Trust.Statements, *e.Fault.Statement)
		cured := newPod(t, &credentialstest.PodOptions{World: &world})
		retrieve(t, newProvider(t, cured.Config()))
	})
}

// What else STS answers, by the book.
func TestAnswersOfSTS(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status    int
		code      string
		message   string
		sentinel  error
		stage     policy.Stage
		requests  int // of one refresh
		text      string
		faultless bool
	}{
		"explicit deny": {
			403, "AccessDenied", "User: x is not authorized to perform: sts:AssumeRoleWithWebIdentity on resource: y with an explicit deny in a resource control policy",
			credentials.ErrDenied, policy.TrustStage, 1, "a Deny in a resource control policy applies", false,
		},
		"expired by STS's clock": {400, "ExpiredTokenException", marker, credentials.ErrIdentity, policy.TokenStage, 1, "STS's clock", false},
		"rejected claim":         {403, "IDPRejectedClaim", marker, credentials.ErrIdentity, policy.TokenStage, 1, "issuer rejected the token", false},
		"bad signature":          {400, "InvalidIdentityToken", marker, credentials.ErrIdentity, policy.TokenStage, 1, "does not accept the token", false},
		"thumbprint":             {400, "InvalidIdentityToken", "OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", credentials.ErrIdentity, policy.ProviderStage, 1, "update the provider's thumbprint", false},
		"verification key":       {400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider", credentials.ErrUnavailable, policy.NoStage, 3, "InvalidIdentityToken", true},
		"issuer does not answer": {400, "IDPCommunicationError", marker, credentials.ErrUnavailable, policy.NoStage, 3, "IDPCommunicationError", true},
		"throttling":             {400, "Throttling", marker, credentials.ErrUnavailable, policy.NoStage, 3, "Throttling", true},
		"down":                   {500, "InternalFailure", marker, credentials.ErrUnavailable, policy.NoStage, 3, "InternalFailure", true},
		"region disabled":        {403, "RegionDisabledException", marker, credentials.ErrConfiguration, policy.NoStage, 1, "not active for account 111122223333", false},
		"duration": {
			400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role. " + marker,
			credentials.ErrConfiguration, policy.NoStage, 1, "maximum session duration", false,
		},
		"something new": {400, "NeverSeen", marker, credentials.ErrConfiguration, policy.NoStage, 1, "STS answers NeverSeen", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				requests := 0
				cfg := pod.Config()
				cfg.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) {
					requests++
					return answer(test.status, test.code, test.message)(r)
				})
				_, err := newProvider(t, cfg).Retrieve(t.Context())
				e := wantRefusal(t, err, test.sentinel, test.stage)
				wantText(t, err, test.text, "11111111-2222-3333-4444-555555555555")
				if faultless := e.Fault == nil; faultless != test.faultless {
					t.Errorf("fault %+v", e.Fault)
				}
				if requests != test.requests {
					t.Errorf("%d requests, want %d", requests, test.requests)
				}
			})
		})
	}
}

// Answers that are none.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		text   string
	}{
		"connection": {func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }, "connection refused"},
		"web page": {func(r *http.Request) (*http.Response, error) {
			return response(r, http.StatusOK, "<html><"+marker), nil
		}, "the answer is not STS's"},
		"no credentials":      {session("", time.Now()), "lacks credentials"},
		"expired credentials": {session("ASIAEXAMPLE", time.Unix(0, 0)), "clock"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				cfg := pod.Config()
				cfg.HTTPClient = roundTripFunc(test.answer)
				_, err := newProvider(t, cfg).Retrieve(t.Context())
				wantRefusal(t, err, credentials.ErrUnavailable, policy.NoStage)
				wantText(t, err, test.text)
			})
		})
	}
}

// A stand-in for STS may leave out who was let in; the role's account is known.
func TestAnswerWithoutUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.HTTPClient = roundTripFunc(session("ASIAEXAMPLE", time.Now().Add(time.Hour)))
		p := newProvider(t, cfg)
		if got := retrieve(t, p).AccountID; got != credentialstest.PodAccount {
			t.Errorf("account %q", got)
		}
		if id, ok := p.Identity(); !ok || id.ARN != "" {
			t.Errorf("identity %+v", id)
		}
	})
}

// URLs, of endpoints and of proxies, may hold passwords.
func TestNoSecretsOfURLs(t *testing.T) {
	pod := newPod(t, nil)
	t.Setenv("AWS_ENDPOINT_URL_STS", "http://"+marker+":"+marker+"@127.0.0.1:1/?x="+marker)
	cfg := pod.Config()
	cfg.HTTPClient = nil
	cfg.Refresh.Timeout = time.Second
	_, err := newProvider(t, cfg).Retrieve(t.Context())
	wantNoSecret(t, "error", err, marker)
	wantNoSecret(t, "report", credentials.Diagnose(t.Context(), cfg), marker)

	t.Setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1/")
	cfg.HTTPClient = &http.Client{Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
		return nil, errors.New(`invalid proxy address "http://user:` + marker + ` @proxy"`)
	}}}
	_, err = newProvider(t, cfg).Retrieve(t.Context())
	wantNoSecret(t, "proxy error", err, marker)
}
