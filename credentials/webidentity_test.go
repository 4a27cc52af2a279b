package credentials_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// What is configured reaches STS, and nothing else.
func TestWebIdentityRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		token, err := os.ReadFile(pod.TokenFile.Path())
		if err != nil {
			t.Fatal(err)
		}
		if err := pod.TokenFile.Rotate("\n " + string(token) + " \n"); err != nil {
			t.Fatal(err)
		}
		played := newScript(soon())
		cfg := pod.Config()
		cfg.HTTPClient = played
		retrieve(t, newProvider(t, cfg))
		cfg.SessionName, cfg.Duration = "mine", 20*time.Minute
		cfg.SessionPolicy = allow("", "*", "s3:GetObject")
		cfg.PolicyARNs = []string{"arn:aws:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::111122223333:policy/own"}
		retrieve(t, newProvider(t, cfg))

		plain := map[string]string{
			"Action": assume, "Version": "2011-06-15", "RoleArn": credentialstest.PodRoleARN,
			"WebIdentityToken": string(token), "RoleSessionName": "testnamespace.testapp.testapp-0",
		}
		narrowed := map[string]string{
			"Action": assume, "Version": "2011-06-15", "RoleArn": credentialstest.PodRoleARN,
			"WebIdentityToken": string(token), "RoleSessionName": "mine", "DurationSeconds": "1200",
			"Policy":                  `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}`,
			"PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
			"PolicyArns.member.2.arn": "arn:aws:iam::111122223333:policy/own",
		}
		for i, want := range []map[string]string{plain, narrowed} {
			form := played.requests()[i].form
			if len(form) != len(want) {
				t.Errorf("request %d has %d parameters, want %d", i, len(form), len(want))
			}
			for key, value := range want {
				if form.Get(key) != value {
					t.Errorf("request %d: %s differs", i, key)
				}
			}
		}
	})
}

// Session policies of the base are checked as those of hops are.
func TestBadNarrowing(t *testing.T) {
	t.Parallel()
	for field, change := range map[string]func(*credentials.Config){
		"Config.SessionPolicy": func(c *credentials.Config) { c.SessionPolicy = allow(userName, "*", "s3:*") },
		"Config.PolicyARNs[0]": func(c *credentials.Config) { c.PolicyARNs = []string{"x"} },
	} {
		cfg := credentials.Config{Region: "eu-west-1", RoleARN: roleARN, TokenFile: "/token"}
		change(&cfg)
		_, err := credentials.New(t.Context(), cfg)
		if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != field {
			t.Errorf("%s: error %v", field, err)
		}
	}
}

// A file that somebody is writing gets a moment to be complete.
func TestTornToken(t *testing.T) {
	t.Parallel()
	for name, torn := range map[string]func(token string) string{
		"empty":   func(string) string { return "" },
		"blank":   func(string) string { return " \n" },
		"half":    func(token string) string { return token[:len(token)/2] },
		"garbage": func(string) string { return marker },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				token, err := os.ReadFile(pod.TokenFile.Path())
				if err != nil {
					t.Fatal(err)
				}
				rotate := func(token string) {
					if err := pod.TokenFile.Rotate(token); err != nil {
						t.Error(err)
					}
				}
				rotate(torn(string(token)))
				go func() {
					time.Sleep(20 * time.Millisecond)
					rotate(string(token))
				}()
				p := newProvider(t, pod.Config())
				retrieve(t, p)

				// It stays torn, and STS does not get to see it.
				rotate(torn(string(token)))
				_, err = newProvider(t, pod.Config()).Retrieve(t.Context())
				if _, ok := errors.AsType[*credentials.TokenError](err); !ok || strings.Contains(err.Error(), marker) {
					t.Errorf("error %v", err)
				}
				if n := count(pod, assume); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
		})
	}
}

// Each token that is late is reported once, and served as long as it lasts.
func TestOverdueRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		log := new(logged)
		cfg := pod.Config()
		cfg.Logger = log.logger()
		p := newProvider(t, cfg)
		const late = "late to renew"
		retrieve(t, p)
		time.Sleep(19 * time.Hour)
		retrieve(t, p)
		log.want(t, late, 0)
		time.Sleep(3 * time.Hour)
		retrieve(t, p)
		log.want(t, late, 1)
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(18 * time.Hour)
		retrieve(t, p)
		log.want(t, late, 1)
		time.Sleep(5 * time.Hour)
		retrieve(t, p)
		log.want(t, late, 2)
	})
}

func TestRotationOverdue(t *testing.T) {
	t.Parallel()
	issued := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		life, age time.Duration
		want      bool
	}{
		"new":                       {24 * time.Hour, 0, false},
		"four fifths":               {24 * time.Hour, 19*time.Hour + 12*time.Minute, false},
		"within the kubelet's sync": {24 * time.Hour, 19*time.Hour + 14*time.Minute, false},
		"late":                      {24 * time.Hour, 19*time.Hour + 14*time.Minute + time.Second, true},
		"expired":                   {24 * time.Hour, 25 * time.Hour, true},
		"short, in time":            {10 * time.Minute, 8*time.Minute + 30*time.Second, false},
		"short, late":               {10 * time.Minute, 8*time.Minute + 31*time.Second, true},
		"a year, a day old":         {365 * 24 * time.Hour, 24 * time.Hour, false},
		"a year, older":             {365 * 24 * time.Hour, 24*time.Hour + 3*time.Minute, true},
		"issued in the future":      {24 * time.Hour, -time.Hour, false},
	}
	for name, test := range tests {
		token := credentials.Token{IssuedAt: issued, Expiry: issued.Add(test.life)}
		if got := token.RotationOverdue(issued.Add(test.age)); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	if (credentials.Token{Expiry: issued}).RotationOverdue(issued.Add(time.Hour)) {
		t.Error("overdue although nobody knows since when")
	}
}

// Session policies are not left out where the source has no use for them.
func TestNarrowingOfAnotherSource(t *testing.T) {
	for name, env := range map[string]map[string]string{"keys": keyVariables, "container": containerVariables} {
		t.Run(name, func(t *testing.T) {
			setenv(t, env)
			_, err := credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", SessionPolicy: allow("", "*", "s3:GetObject"), HTTPClient: noNetwork(t)})
			if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != "Config.SessionPolicy" {
				t.Errorf("error %v", err)
			}
			_, err = credentials.New(t.Context(), credentials.Config{Region: "eu-west-1", PolicyARNs: []string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}, HTTPClient: noNetwork(t)})
			if e, ok := errors.AsType[*credentials.ConfigError](err); !ok || e.Field != "Config.PolicyARNs" {
				t.Errorf("error %v", err)
			}
		})
	}
}
