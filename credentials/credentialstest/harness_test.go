package credentialstest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// TestOurProvider runs the suite over the provider of package credentials in
// both of its modes.
func TestOurProvider(t *testing.T) {
	t.Parallel()
	for name, refresh := range map[string]credentials.Refresh{
		"background": {},
		"on demand":  {OnDemand: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := credentialstest.Harness{
				New: func(ctx context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
					cfg := pod.Config()
					cfg.Refresh = refresh
					return credentials.New(ctx, cfg)
				},
			}
			if refresh.OnDemand {
				h.Exempt = map[string]string{"no waiting": "the first caller in the window waits for the refresh that it asks for"}
			}
			credentialstest.TestProvider(t, h)
		})
	}
}

// sdk makes the SDK's own provider behind its cache.
func sdk(options ...func(*aws.CredentialsCacheOptions)) func(context.Context, *credentialstest.Pod) (aws.CredentialsProvider, error) {
	return func(_ context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
		client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient()})
		provider := stscreds.NewWebIdentityRoleProvider(client, credentialstest.PodRoleARN,
			stscreds.IdentityTokenFile(pod.TokenFile.Path()))
		return aws.NewCredentialsCache(provider, options...), nil
	}
}

// TestSDKCache runs the suite over the SDK's cache, with exemptions for where it
// falls short, and shows that each of them is needed: so the suite can fail.
func TestSDKCache(t *testing.T) {
	t.Parallel()
	window := func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = 5 * time.Minute }
	exempt := map[string]string{ // with and without a window
		"hung call": "a refresh has no deadline, and all later callers wait for it",
		"denial":    "failures are not remembered",
		"redaction": "it has no Format, and fmt finds the credentials",
	}
	for name, test := range map[string]struct {
		options []func(*aws.CredentialsCacheOptions)
		exempt  map[string]string
	}{
		"as it comes": {nil, map[string]string{
			"early refresh": "it refreshes when credentials have expired",
		}},
		"with a window": {[]func(*aws.CredentialsCacheOptions){window}, map[string]string{
			"complete":       "the window is subtracted from Expires",
			"no waiting":     "callers in the window wait",
			"throttled":      "callers in the window get the error",
			"unavailable":    "callers in the window get the error",
			"expired answer": "any answer displaces what there was",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			maps.Copy(test.exempt, exempt)
			h := credentialstest.Harness{New: sdk(test.options...), Exempt: test.exempt}
			credentialstest.TestProvider(t, h)
			want := slices.Sorted(maps.Keys(test.exempt))
			if diff := cmp.Diff(want, failing(t, h, want...)); diff != "" {
				t.Errorf("exempt checks that fail (-want +got):\n%s", diff)
			}
		})
	}
}

// The suite takes providers of other calls as well: here the SDK's for EKS Pod
// Identity, behind the same cache.
func TestSDKPodIdentity(t *testing.T) {
	t.Parallel()
	credentialstest.TestProvider(t, credentialstest.Harness{
		New: func(_ context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
			provider := endpointcreds.New(pod.Environ()["AWS_CONTAINER_CREDENTIALS_FULL_URI"], func(o *endpointcreds.Options) {
				o.HTTPClient = pod.AWS.HTTPClient()
				o.AuthorizationTokenProvider = endpointcreds.TokenProviderFunc(func() (string, error) {
					token, err := os.ReadFile(pod.TokenFile.Path())
					return string(token), err
				})
			})
			return aws.NewCredentialsCache(provider), nil
		},
		Pod:       &credentialstest.PodOptions{PodIdentity: true},
		Operation: "AssumeRoleForPodIdentity",
		Exempt: map[string]string{
			"hung call":     "a refresh has no deadline, and all later callers wait for it",
			"early refresh": "it refreshes when credentials have expired",
			"denial":        "failures are not remembered",
			"redaction":     "it has no Format, and fmt finds the credentials",
		},
	})
}

// failing returns those of the checks that the harness's provider does not pass.
func failing(t *testing.T, h credentialstest.Harness, names ...string) []string {
	t.Helper()
	var failed []string
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &recorder{T: t}
				r.run(func() { credentialstest.RunCheck(r, h, name) })
				if r.said != nil {
					failed = append(failed, name)
					t.Log(strings.Join(r.said, "\n"))
				}
			})
		})
	}
	return failed
}

// recorder is a T that fails nothing.
type recorder struct {
	credentialstest.T
	mu   sync.Mutex
	said []string
}

var errFatal = errors.New("fatal")

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(errFatal)
}

// run runs a check until it ends or is fatal.
func (r *recorder) run(check func()) {
	defer func() {
		if v := recover(); v != nil && v != error(errFatal) {
			panic(v)
		}
	}()
	check()
}

// TestSuiteFindsBreaches has providers that fail the check which their breach is
// about.
func TestSuiteFindsBreaches(t *testing.T) {
	t.Parallel()
	type retrieve func(context.Context) (aws.Credentials, error)
	wrap := func(change func(retrieve, *credentialstest.Pod) aws.CredentialsProvider) credentialstest.Harness {
		return credentialstest.Harness{New: func(ctx context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
			cache, err := sdk()(ctx, pod)
			return change(cache.Retrieve, pod), err
		}}
	}
	tests := map[string]struct {
		harness credentialstest.Harness
		check   string
	}{
		"no source": {wrap(func(next retrieve, _ *credentialstest.Pod) aws.CredentialsProvider {
			return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				creds, err := next(ctx)
				creds.Source, creds.AccountID, creds.CanExpire = "", "", false
				return creds, err
			})
		}), "complete"},
		"no cache": {credentialstest.Harness{New: func(_ context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
			client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient()})
			return stscreds.NewWebIdentityRoleProvider(client, credentialstest.PodRoleARN,
				stscreds.IdentityTokenFile(pod.TokenFile.Path())), nil
		}}, "single flight"},
		"flight of its caller": {wrap(func(next retrieve, _ *credentialstest.Pod) aws.CredentialsProvider {
			return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				return next(context.WithoutCancel(ctx)) // and so the caller's end comes late
			})
		}), "cancellation"},
		"old token": {credentialstest.Harness{New: func(_ context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
			token, err := stscreds.IdentityTokenFile(pod.TokenFile.Path()).GetIdentityToken()
			client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient()})
			return aws.NewCredentialsCache(stscreds.NewWebIdentityRoleProvider(client, credentialstest.PodRoleARN, fixedToken(token))), err
		}}, "token rotation"},
		"printable": {wrap(func(next retrieve, _ *credentialstest.Pod) aws.CredentialsProvider {
			return &printable{next: next}
		}), "redaction"},
		"works on": {wrap(func(next retrieve, _ *credentialstest.Pod) aws.CredentialsProvider {
			return &deaf{next: next}
		}), "close"},
		"leaves a goroutine": {wrap(func(next retrieve, _ *credentialstest.Pod) aws.CredentialsProvider {
			return aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
				go time.Sleep(time.Minute)
				return next(ctx)
			})
		}), "goroutines"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if failing(t, test.harness, test.check) == nil {
				t.Errorf("passes %q", test.check)
			}
		})
	}
}

type fixedToken []byte

func (f fixedToken) GetIdentityToken() ([]byte, error) { return f, nil }

// printable keeps what it last got where fmt finds it.
type printable struct {
	next func(context.Context) (aws.Credentials, error)
	Last aws.Credentials
}

func (p *printable) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := p.next(ctx)
	p.Last = creds
	return creds, err
}

// deaf has a Close that does nothing.
type deaf struct {
	next func(context.Context) (aws.Credentials, error)
}

func (d *deaf) Retrieve(ctx context.Context) (aws.Credentials, error) { return d.next(ctx) }
func (d *deaf) Close() error                                          { return nil }
