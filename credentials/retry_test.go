package credentials_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// soon is an hour of credentials.
func soon() func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return session("ASIAEXAMPLE", time.Now().Add(time.Hour))(r)
	}
}

// broken is a connection that breaks.
func broken(*http.Request) (*http.Response, error) {
	return nil, syscall.ECONNRESET
}

// What a refresh makes of each answer, row by row as the reference lists them.
func TestRetryTable(t *testing.T) {
	t.Parallel()
	type answered = func(*http.Request) (*http.Response, error)
	const (
		once     = iota // one attempt
		retried         // all attempts, with pauses
		slower          // the same with longer ones
		reread          // at once if the token changed, else one attempt
		stepDown        // at once with an hour
	)
	tests := map[string]struct {
		answers  []answered
		reaction int
		sentinel error
		terminal bool
	}{
		"verification key": {
			[]answered{
				answer(400, "InvalidIdentityToken", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements"),
				answer(400, "InvalidIdentityTokenException", "VERIFICATION KEY of OpenIDConnect provider"),
			}, retried, credentials.ErrUnavailable, false,
		},
		"provider": {
			[]answered{
				answer(400, "InvalidIdentityToken", "No OpenIDConnect provider found in your account for https://x"),
				answer(400, "InvalidIdentityTokenException", "no openidconnect PROVIDER"),
				answer(400, "InvalidIdentityToken", "Incorrect token audience"),
				answer(400, "InvalidIdentityToken", "configured thumbprint"),
				answer(400, "InvalidIdentityToken", "Missing a required claim: sub"),
			}, once, credentials.ErrIdentity, true,
		},
		"other token": {
			[]answered{answer(400, "InvalidIdentityToken", "The ID Token provided is not a valid JWT")},
			reread, credentials.ErrIdentity, true,
		},
		"expired": {
			[]answered{answer(400, "ExpiredTokenException", "Token expired"), answer(400, "ExpiredToken", "")},
			reread, credentials.ErrIdentity, false,
		},
		"issuer unreachable": {
			[]answered{answer(400, "IDPCommunicationError", ""), answer(400, "IDPCommunicationErrorException", "")},
			retried, credentials.ErrUnavailable, false,
		},
		"rejected claim": {
			[]answered{answer(403, "IDPRejectedClaim", ""), answer(403, "IDPRejectedClaimException", "")},
			reread, credentials.ErrIdentity, true,
		},
		"denied": {
			[]answered{answer(403, "AccessDenied", "Not authorized"), answer(403, "AccessDeniedException", "")},
			once, credentials.ErrDenied, true,
		},
		"throttled": {
			[]answered{
				answer(400, "Throttling", "Rate exceeded"), answer(400, "ThrottlingException", ""), answer(400, "ThrottledException", ""),
				answer(400, "RequestLimitExceeded", ""), answer(400, "TooManyRequestsException", ""), answer(503, "SlowDown", ""), answer(429, "Whatever", ""),
			}, slower, credentials.ErrUnavailable, false,
		},
		"down": {
			[]answered{
				answer(500, "InternalFailure", ""), answer(502, "", ""), answer(503, "ServiceUnavailable", ""), answer(504, "Unknown", ""),
				answer(408, "RequestTimeout", ""), answer(400, "RequestTimeoutException", ""), broken,
			}, retried, credentials.ErrUnavailable, false,
		},
		"internal failure with 400": {
			[]answered{answer(400, "InternalFailure", ""), answer(400, "InternalFailureException", "")},
			retried, credentials.ErrUnavailable, false,
		},
		"permanent": {
			[]answered{
				answer(403, "RegionDisabledException", ""), answer(403, "RegionDisabled", ""), answer(400, "MalformedPolicyDocument", ""),
				answer(400, "PackedPolicyTooLarge", ""), answer(400, "PackedPolicyTooLargeException", ""),
			}, once, credentials.ErrConfiguration, true,
		},
		"duration": {
			[]answered{
				answer(400, "ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."),
				answer(400, "ValidationErrorException", "Value '43201' at 'durationSeconds' failed"),
			}, stepDown, credentials.ErrConfiguration, false,
		},
		"other validation": {
			[]answered{answer(400, "ValidationError", "Request ARN is invalid"), answer(400, "SomethingNew", "")},
			once, credentials.ErrConfiguration, false,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, refuse := range test.answers {
				play := func(t *testing.T, rotate bool, answers ...answered) (*credentials.Provider, *script, error) {
					pod := newPod(t, nil)
					played := newScript(answers...)
					if rotate {
						next := answers[0]
						played.answers[0] = func(r *http.Request) (*http.Response, error) {
							time.Sleep(time.Second)
							if err := pod.Rotate(); err != nil {
								t.Error(err)
							}
							return next(r)
						}
					}
					cfg := pod.Config()
					cfg.HTTPClient = played
					cfg.Duration = 2 * time.Hour
					p := newProvider(t, cfg)
					_, err := p.Retrieve(t.Context())
					return p, played, err
				}
				wantRequests := func(t *testing.T, how string, played *script, n int) {
					t.Helper()
					if got := len(played.requests()); got != n {
						t.Errorf("answer %d, %s: %d requests, want %d", i, how, got, n)
					}
				}
				synctest.Test(t, func(t *testing.T) {
					// Refused for good.
					p, played, err := play(t, false, refuse)
					if !errors.Is(err, test.sentinel) {
						t.Errorf("answer %d: error %v, want %v", i, err, test.sentinel)
					}
					n := map[int]int{once: 1, reread: 1, retried: 3, slower: 3, stepDown: 2}[test.reaction]
					wantRequests(t, "refused", played, n)
					wantPauses(t, played, test.reaction == retried, test.reaction == slower)
					p.Retrieve(t.Context())
					if remembered := len(played.requests()) == n; remembered != test.terminal {
						t.Errorf("answer %d: remembered %v, want %v", i, remembered, test.terminal)
					}
				})
				synctest.Test(t, func(t *testing.T) {
					// Refused once.
					_, played, err := play(t, false, refuse, soon())
					if cured := test.reaction == retried || test.reaction == slower || test.reaction == stepDown; cured != (err == nil) {
						t.Errorf("answer %d, refused once: error %v", i, err)
					}
					if test.reaction == stepDown {
						requests := played.requests()
						if first, second := requests[0].form.Get("DurationSeconds"), requests[1].form.Get("DurationSeconds"); first != "7200" || second != "3600" {
							t.Errorf("durations %s and %s", first, second)
						}
						if requests[1].at != requests[0].at {
							t.Error("waited to step down")
						}
					}
				})
				synctest.Test(t, func(t *testing.T) {
					// Refused once, while the kubelet renewed the token.
					_, played, err := play(t, true, refuse, soon())
					if test.reaction == once {
						wantRequests(t, "renewed", played, 1)
						return
					}
					if err != nil {
						t.Errorf("answer %d, renewed: %v", i, err)
					}
					requests := played.requests()
					wantRequests(t, "renewed", played, 2)
					if requests[0].form.Get("WebIdentityToken") == requests[1].form.Get("WebIdentityToken") {
						t.Errorf("answer %d: the old token again", i)
					}
					if waited := requests[1].at.Sub(requests[0].at) - time.Second; test.reaction == reread && waited != 0 {
						t.Errorf("answer %d: waited %v for a token that was there", i, waited)
					}
				})
			}
		})
	}
}

// wantPauses checks the pauses between attempts: none, or such that double.
func wantPauses(t *testing.T, played *script, passing, throttled bool) {
	t.Helper()
	first := 500 * time.Millisecond
	if throttled {
		first = 2 * time.Second
	}
	requests := played.requests()
	for i := range requests[1:] {
		longest := first << i
		pause := requests[i+1].at.Sub(requests[i].at)
		if (passing || throttled) && (pause < longest/2 || pause > longest) {
			t.Errorf("pause %d is %v, want %v to %v", i+1, pause, longest/2, longest)
		}
		if !passing && !throttled && pause != 0 {
			t.Errorf("pause %d is %v, want none", i+1, pause)
		}
	}
}

// The attempts are the SDK's setting, and none hangs for longer than its share
// of the time.
func TestAttempts(t *testing.T) {
	for setting, want := range map[string]int{"1": 1, "5": 5, "": 3} {
		t.Run(setting, func(t *testing.T) {
			setenv(t, map[string]string{"AWS_MAX_ATTEMPTS": setting})
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				played := newScript(hang)
				cfg := pod.Config()
				cfg.HTTPClient = played
				cfg.Refresh.Timeout = 30 * time.Second
				start := time.Now()
				_, err := newProvider(t, cfg).Retrieve(t.Context())
				wantText(t, err, "no answer from STS in time")
				if !errors.Is(err, credentials.ErrUnavailable) || len(played.requests()) != want {
					t.Errorf("%d requests, want %d: %v", len(played.requests()), want, err)
				}
				if took := time.Since(start); took > cfg.Refresh.Timeout {
					t.Errorf("took %v", took)
				}
			})
		})
	}
}

// A long outage: pauses stop growing, and the refresh ends with its time.
func TestManyAttempts(t *testing.T) {
	setenv(t, map[string]string{"AWS_MAX_ATTEMPTS": "1000"})
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		played := newScript(broken)
		cfg := pod.Config()
		cfg.HTTPClient = played
		cfg.Refresh.Timeout = 10 * time.Minute
		_, err := newProvider(t, cfg).Retrieve(t.Context())
		if !errors.Is(err, credentials.ErrUnavailable) {
			t.Error(err)
		}
		requests := played.requests()
		for i := range requests[1:] {
			if pause := requests[i+1].at.Sub(requests[i].at); pause > 5*time.Second {
				t.Errorf("a pause of %v", pause)
			}
		}
		if n := len(requests); n < 100 {
			t.Errorf("%d requests in ten minutes", n)
		}
	})
}

func TestFallbackRegions(t *testing.T) {
	t.Parallel()
	const first, second, third = "sts.eu-west-1.amazonaws.com", "sts.eu-central-1.amazonaws.com", "sts.eu-north-1.amazonaws.com"
	down := map[string]func(*http.Request) (*http.Response, error){
		"down": answer(503, "ServiceUnavailable", ""), "refused": broken, "hanging": hang,
		"disabled": answer(403, "RegionDisabledException", ""), "throttled": answer(400, "Throttling", ""),
		"denied": answer(403, "AccessDenied", ""),
	}
	tests := map[string]struct {
		regions map[string]string // host: how it is down
		want    []string
		region  string // that answers
	}{
		"healthy":         {nil, []string{first}, "eu-west-1"},
		"first down":      {map[string]string{first: "down"}, []string{first, first, first, second}, "eu-central-1"},
		"first refuses":   {map[string]string{first: "refused"}, []string{first, first, first, second}, "eu-central-1"},
		"first hangs":     {map[string]string{first: "hanging"}, []string{first, first, first, second}, "eu-central-1"},
		"first disabled":  {map[string]string{first: "disabled"}, []string{first, second}, "eu-central-1"},
		"both hang":       {map[string]string{first: "hanging", second: "hanging"}, []string{first, first, first, second, second, second, third}, "eu-north-1"},
		"first throttles": {map[string]string{first: "throttled"}, []string{first, first, first}, ""},
		"first denies":    {map[string]string{first: "denied"}, []string{first}, ""},
		"second denies":   {map[string]string{first: "disabled", second: "denied"}, []string{first, second}, ""},
		"all down": {
			map[string]string{first: "down", second: "down", third: "down"},
			[]string{first, first, first, second, second, second, third, third, third},
			"",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, nil)
				played := newScript(func(r *http.Request) (*http.Response, error) {
					if how := test.regions[r.URL.Host]; how != "" {
						return down[how](r)
					}
					return pod.AWS.HTTPClient().Do(r)
				})
				log := new(logged)
				cfg := pod.Config()
				cfg.FallbackRegions = []string{"eu-central-1", "eu-west-1", "eu-north-1"}
				cfg.HTTPClient, cfg.Logger = played, log.logger()
				p := newProvider(t, cfg)
				_, err := p.Retrieve(t.Context())
				if (err == nil) != (test.region != "") {
					t.Fatal(err)
				}
				if got := played.hosts(); !slices.Equal(got, test.want) {
					t.Errorf("asked %q, want %q", got, test.want)
				}
				if id, _ := p.Identity(); id.Region != test.region {
					t.Errorf("region %q, want %q", id.Region, test.region)
				}
				fallen := 0
				if test.region != "" && test.region != credentialstest.PodRegion {
					fallen = 1
				}
				log.want(t, "a fallback did", fallen)
			})
		})
	}
}

// The first Region is what counts, wherever it is set.
func TestFallbackOfAnotherPartition(t *testing.T) {
	file := writeFile(t, "config", "[default]\nregion = us-gov-west-1\n")
	for _, test := range []struct {
		region    string
		env       map[string]string
		fallbacks []string
		want      string
	}{
		{"eu-west-1", nil, []string{"eu-central-1", "cn-north-1"}, "Config.FallbackRegions[1]: eu-west-1 is in partition aws, cn-north-1 in aws-cn"},
		{"", map[string]string{"AWS_REGION": "eu-west-1"}, []string{"cn-north-1"}, "Config.FallbackRegions[0]"},
		{"", map[string]string{"AWS_CONFIG_FILE": file}, []string{"us-gov-east-1", "us-east-1"}, "Config.FallbackRegions[1]"},
		{"", nil, []string{"us-gov-west-1", "us-east-1"}, "Config.FallbackRegions[1]"},
	} {
		t.Run(test.want, func(t *testing.T) {
			setenv(t, test.env)
			_, err := credentials.New(t.Context(), credentials.Config{Region: test.region, RoleARN: roleARN, TokenFile: "/token", FallbackRegions: test.fallbacks})
			wantText(t, err, test.want)
			if !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("not ErrConfiguration: %v", err)
			}
		})
	}
}

// An endpoint of one's own is the same for all Regions.
func TestNoFallbackFromEndpoint(t *testing.T) {
	setenv(t, map[string]string{"AWS_ENDPOINT_URL_STS": "https://sts.example"})
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		played := newScript(broken)
		cfg := pod.Config()
		cfg.HTTPClient, cfg.FallbackRegions = played, []string{"eu-central-1"}
		newProvider(t, cfg).Retrieve(t.Context())
		if want := []string{"sts.example", "sts.example", "sts.example"}; !slices.Equal(played.hosts(), want) {
			t.Errorf("asked %q, want %q", played.hosts(), want)
		}
	})
}

// A provider that is closed while it pauses does not go on.
func TestCloseBetweenAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		played := newScript(answer(400, "Throttling", ""))
		cfg := pod.Config()
		cfg.HTTPClient = played
		p, err := credentials.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			time.Sleep(time.Millisecond)
			p.Close()
		}()
		if _, err := p.Retrieve(context.Background()); !errors.Is(err, credentials.ErrClosed) {
			t.Errorf("error %v", err)
		}
		if n := len(played.requests()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}
