package credentials_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

const subject = "system:serviceaccount:testnamespace:testapp"

func TestExpect(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		hops   int
		expect credentials.Expect
		field  string // of the mismatch; "": none
		got    string
	}{
		"all of web identity": {0, credentials.Expect{Account: credentialstest.PodAccount, RoleARN: credentialstest.PodRoleARN, Subject: subject}, "", ""},
		"another path":        {0, credentials.Expect{RoleARN: "arn:aws:iam::111122223333:role/any/path/POD-role"}, "", ""},
		"all of a hop":        {2, credentials.Expect{Account: hopAccount(2), RoleARN: hopARN(2), Subject: subject}, "", ""},
		"account":             {0, credentials.Expect{Account: "999999999999"}, "Config.Expect.Account", credentialstest.PodAccount},
		"role":                {0, credentials.Expect{RoleARN: "arn:aws:iam::111122223333:role/pod"}, "Config.Expect.RoleARN", "assumed-role/pod-role/"},
		"account of the role": {0, credentials.Expect{RoleARN: "arn:aws:iam::999999999999:role/pod-role"}, "Config.Expect.RoleARN", "assumed-role/pod-role/"},
		"partition":           {0, credentials.Expect{RoleARN: "arn:aws-cn:iam::111122223333:role/pod-role"}, "Config.Expect.RoleARN", "arn:aws:sts"},
		"subject":             {0, credentials.Expect{Subject: "system:serviceaccount:testnamespace:other"}, "Config.Expect.Subject", subject},
		"base instead of hop": {1, credentials.Expect{Account: credentialstest.PodAccount}, "Config.Expect.Account", hopAccount(1)},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod, cfg := chainOf(t, test.hops)
				cfg.Expect = test.expect
				p := newProvider(t, cfg)
				_, err := p.Retrieve(t.Context())
				if test.field == "" {
					if err != nil {
						t.Error(err)
					}
					return
				}
				e, ok := errors.AsType[*credentials.MismatchError](err)
				if !ok || e.Field != test.field || !strings.Contains(e.Got, test.got) || !errors.Is(err, credentials.ErrIdentity) {
					t.Fatalf("error %v", err)
				}
				if _, ok := p.Identity(); ok {
					t.Error("an identity that nobody expects")
				}
				before := len(pod.AWS.Calls())
				if _, again := p.Retrieve(t.Context()); again == nil || len(pod.AWS.Calls()) != before {
					t.Errorf("asked again at once: %v", again)
				}
			})
		})
	}
}

// A source that is compared fails as it would by itself.
func TestExpectPassesFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 0)
		cfg.Expect.Account = credentialstest.PodAccount
		if err := pod.TokenFile.Rotate(""); err != nil {
			t.Fatal(err)
		}
		p := newProvider(t, cfg)
		_, err := p.Retrieve(t.Context())
		if _, ok := errors.AsType[*credentials.TokenError](err); !ok {
			t.Errorf("error %v", err)
		}
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		retrieve(t, p)
	})
}

func TestBadExpect(t *testing.T) {
	tests := map[string]struct {
		expect credentials.Expect
		field  string
	}{
		"account":          {credentials.Expect{Account: "1234"}, "Config.Expect.Account"},
		"role":             {credentials.Expect{RoleARN: "pod-role"}, "Config.Expect.RoleARN"},
		"subject":          {credentials.Expect{Subject: "testapp"}, "Config.Expect.Subject"},
		"two accounts":     {credentials.Expect{Account: "999999999999", RoleARN: credentialstest.PodRoleARN}, "Config.Expect.Account"},
		"keys name nobody": {credentials.Expect{Account: credentialstest.PodAccount}, "Config.Expect"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cfg := credentials.Config{Region: "eu-west-1", RoleARN: roleARN, TokenFile: "/token", HTTPClient: noNetwork(t), Expect: test.expect}
			if name == "keys name nobody" {
				cfg = keysOf(t, cfg)
			}
			_, err := credentials.New(t.Context(), cfg)
			if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != test.field {
				t.Errorf("error %v", err)
			}
		})
	}
}

// STS is asked once who the session is; where the keys do not tell, each time.
func TestVerifyCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, cfg := chainOf(t, 1)
		cfg.VerifyCaller = true
		p := newProvider(t, cfg)
		retrieve(t, p)
		time.Sleep(3 * time.Hour)
		retrieve(t, p)
		if n := count(pod, "GetCallerIdentity"); n != 1 {
			t.Errorf("asked %d times", n)
		}
		if n := count(pod, assumeHop); n < 2 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestVerifyKeys(t *testing.T) {
	pod, cfg := chainOf(t, 0)
	cfg = keysOf(t, cfg)
	cfg.VerifyCaller, cfg.Expect.Account = true, credentialstest.PodAccount
	p := newProvider(t, cfg)
	if _, ok := p.Identity(); ok {
		t.Error("an identity before it was compared")
	}
	if creds := retrieve(t, p); creds.AccountID != credentialstest.PodAccount {
		t.Errorf("account %q", creds.AccountID)
	}
	if id, _ := p.Identity(); id.ARN != userName || id.Account != credentialstest.PodAccount || id.Source != credentials.SourceEnvironment {
		t.Errorf("identity %+v", id)
	}
	if n := count(pod, "GetCallerIdentity"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	p.Invalidate(userKey)
	retrieve(t, p)
	if n := count(pod, "GetCallerIdentity"); n != 2 {
		t.Errorf("asked %d times: nobody else says whose the next keys are", n)
	}
	cfg.Expect = credentials.Expect{RoleARN: credentialstest.PodRoleARN}
	_, err := newProvider(t, cfg).Retrieve(t.Context())
	if e, ok := errors.AsType[*credentials.MismatchError](err); !ok || e.Got != userName {
		t.Errorf("error %v", err)
	}
}

// STS knows better than AWS_ACCOUNT_ID whose keys they are, on which SDK
// clients build endpoints.
func TestVerifyAccountOfKeys(t *testing.T) {
	_, cfg := chainOf(t, 0)
	cfg = keysOf(t, cfg)
	t.Setenv("AWS_ACCOUNT_ID", "999999999999")
	cfg.VerifyCaller = true
	if creds := retrieve(t, newProvider(t, cfg)); creds.AccountID != credentialstest.PodAccount {
		t.Errorf("account %q", creds.AccountID)
	}
}

func TestVerifyCallerRefused(t *testing.T) {
	t.Parallel()
	caller := func(arn string) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			return response(r, 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>`+arn+
				`</Arn><UserId>AROA:x</UserId><Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>`), nil
		}
	}
	tests := map[string]struct {
		answer   func(*http.Request) (*http.Response, error)
		sentinel error
		requests int
		text     string
	}{
		"somebody else": {caller("arn:aws:sts::111122223333:assumed-role/other/x"), credentials.ErrIdentity, 1, "assumed-role/other/x"},
		"unknown key":   {answer(403, "InvalidClientTokenId", marker), credentials.ErrIdentity, 1, "verify caller: STS answers InvalidClientTokenId"},
		"throttled":     {answer(400, "Throttling", marker), credentials.ErrUnavailable, 3, "Throttling"},
		"no connection": {broken, credentials.ErrUnavailable, 3, "connection reset"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				requests := 0
				cfg := pod.Config()
				cfg.VerifyCaller = true
				cfg.HTTPClient = newScript(func(r *http.Request) (*http.Response, error) {
					if r.FormValue("Action") == assume {
						return pod.AWS.HTTPClient().Do(r)
					}
					requests++
					return test.answer(r)
				})
				p := newProvider(t, cfg)
				_, err := p.Retrieve(t.Context())
				if !errors.Is(err, test.sentinel) {
					t.Errorf("error %v, want %v", err, test.sentinel)
				}
				wantText(t, err, test.text)
				if requests != test.requests {
					t.Errorf("%d requests, want %d", requests, test.requests)
				}
				if e, ok := errors.AsType[*credentials.CallerError](err); ok {
					if api, ok := errors.AsType[smithy.APIError](err); e.RetryableError() || ok != (e.Code != "") || ok && api.ErrorCode() != e.Code {
						t.Errorf("error %+v", e)
					}
				}
				if _, ok := p.Identity(); ok {
					t.Error("published all the same")
				}
			})
		})
	}
}

// STS gives a session of another role, which it never should.
func TestAnotherRole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name, arn := range map[string]string{
			"role":    "arn:aws:sts::111122223333:assumed-role/other/x",
			"account": "arn:aws:sts::999999999999:assumed-role/pod-role/x",
			"user":    userName,
			"nothing": "none",
		} {
			pod := newPod(t, nil)
			cfg := pod.Config()
			cfg.HTTPClient = newScript(func(r *http.Request) (*http.Response, error) {
				return response(r, 200, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><AssumedRoleUser><Arn>`+arn+`</Arn></AssumedRoleUser>
					<Credentials><AccessKeyId>ASIAX</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
					<Expiration>2033-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`), nil
			})
			_, err := newProvider(t, cfg).Retrieve(t.Context())
			if e, ok := errors.AsType[*credentials.MismatchError](err); !ok || e.Field != "Config.RoleARN" || e.Got != arn {
				t.Errorf("%s: error %v", name, err)
			}
		}
	})
}
