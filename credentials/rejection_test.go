package credentials_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// guarded is a pod whose services reject access keys. What the pod asks of STS
// to get its session is not rejected.
type guarded struct {
	pod    *credentialstest.Pod
	code   string
	reject func(key string) bool

	mu     sync.Mutex
	keys   []string // of the requests
	bodies []string
}

func (g *guarded) Do(r *http.Request) (*http.Response, error) {
	_, credential, signed := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !signed {
		return g.pod.AWS.HTTPClient().Do(r)
	}
	key, _, _ := strings.Cut(credential, "/")
	body := ""
	if r.Body != nil {
		data, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		body = string(data)
	}
	g.mu.Lock()
	g.keys, g.bodies = append(g.keys, key), append(g.bodies, body)
	g.mu.Unlock()
	rejected := g.reject(key)
	switch {
	case strings.HasPrefix(r.URL.Host, "secretsmanager."):
		if rejected {
			return response(r, http.StatusBadRequest, `{"__type":"`+g.code+`","message":"The security token included in the request is expired"}`), nil
		}
		return response(r, http.StatusOK, `{"Name":"it","SecretString":"s"}`), nil
	case strings.HasPrefix(r.URL.Host, "sts."):
		if rejected {
			return answer(http.StatusForbidden, g.code, "")(r)
		}
		return response(r, http.StatusOK, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>a</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`), nil
	}
	if rejected { // S3 has no envelope around its errors
		return response(r, http.StatusBadRequest, "<Error><Code>"+g.code+"</Code></Error>"), nil
	}
	return response(r, http.StatusOK, ""), nil
}

func (g *guarded) requests() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.keys)
}

// newGuarded loads a config whose services reject as they are told to.
func newGuarded(t *testing.T, code string, reject func(p *credentials.Provider, key string) bool) (*guarded, aws.Config, *credentials.Provider) {
	t.Helper()
	g := &guarded{pod: newPod(t, nil), code: code}
	c := g.pod.Config()
	c.HTTPClient = g
	cfg, err := credentials.LoadConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := credentials.FromConfig(cfg)
	t.Cleanup(func() { p.Close() })
	g.reject = func(key string) bool { return reject(p, key) }
	return g, cfg, p
}

// rejectFirst rejects the first key that there is.
func rejectFirst() func(*credentials.Provider, string) bool {
	var once sync.Once
	var first string
	return func(_ *credentials.Provider, key string) bool {
		once.Do(func() { first = key })
		return key == first
	}
}

func always(*credentials.Provider, string) bool { return true }

func getSecret(t *testing.T, cfg aws.Config) error {
	t.Helper()
	_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("it")})
	return err
}

func callerIdentity(t *testing.T, cfg aws.Config) error {
	t.Helper()
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	return err
}

func TestRejectedKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		code     string
		reject   func(*credentials.Provider, string) bool
		call     func(*testing.T, aws.Config) error
		works    bool
		requests int
		sessions int
	}{
		"JSON":            {"ExpiredTokenException", rejectFirst(), getSecret, true, 2, 2},
		"query":           {"ExpiredToken", rejectFirst(), callerIdentity, true, 2, 2},
		"REST":            {"ExpiredToken", rejectFirst(), putObject(seekable), true, 2, 2},
		"invalid token":   {"InvalidToken", rejectFirst(), putObject(seekable), true, 2, 2},
		"once only":       {"ExpiredToken", always, callerIdentity, false, 2, 2},
		"denied":          {"AccessDeniedException", always, getSecret, false, 1, 1},
		"denied, query":   {"AccessDenied", always, callerIdentity, false, 1, 1},
		"body is gone":    {"ExpiredToken", rejectFirst(), putObject(unseekable), false, 1, 2},
		"not rejected":    {"", func(*credentials.Provider, string) bool { return false }, getSecret, true, 1, 1},
		"already renewed": {"ExpiredToken", renewWhileAsked(), callerIdentity, true, 2, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, cfg, p := newGuarded(t, test.code, test.reject)
				retrieve(t, p)
				err := test.call(t, cfg)
				if api, ok := errors.AsType[smithy.APIError](err); (err == nil) != test.works || err != nil && (!ok || api.ErrorCode() != test.code) {
					t.Errorf("error %v", err)
				}
				if g.requests() != test.requests || count(g.pod, assume) != test.sessions {
					t.Errorf("%d requests with %d sessions, want %d with %d", g.requests(), count(g.pod, assume), test.requests, test.sessions)
				}
				if test.requests == 2 && (g.keys[0] == g.keys[1] || g.bodies[0] != g.bodies[1]) {
					t.Errorf("the second request differs otherwise than by key: %q, %q", g.keys, g.bodies)
				}
			})
		})
	}
}

// renewWhileAsked rejects a key that another caller has replaced meanwhile.
func renewWhileAsked() func(*credentials.Provider, string) bool {
	reject := rejectFirst()
	return func(p *credentials.Provider, key string) bool {
		if !reject(p, key) {
			return false
		}
		p.Invalidate(key)
		_, err := p.Retrieve(context.Background())
		return err == nil
	}
}

// A service that rejects fresh keys too does not get one for every request.
func TestRejectionsInVain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, p := newGuarded(t, "ExpiredTokenException", always)
		retrieve(t, p)
		for range 100 {
			if getSecret(t, cfg) == nil {
				t.Error("no error")
			}
		}
		if g.requests() != 101 || count(g.pod, assume) != 2 {
			t.Errorf("%d requests with %d sessions, want 101 with 2", g.requests(), count(g.pod, assume))
		}
		// Another service is believed all the same.
		if callerIdentity(t, cfg); count(g.pod, assume) != 3 {
			t.Errorf("%d sessions, want 3", count(g.pod, assume))
		}
		time.Sleep(10 * time.Minute)
		if getSecret(t, cfg); count(g.pod, assume) != 4 {
			t.Errorf("%d sessions, want 4", count(g.pod, assume))
		}
	})
}

// Without a fresh key there is nothing to repeat.
func TestRejectionDuringOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, p := newGuarded(t, "ExpiredTokenException", rejectFirst())
		creds := retrieve(t, p)
		defer g.pod.AWS.Inject(credentialstest.When{}, credentialstest.Unavailable())()
		for range 10 {
			err := getSecret(t, cfg)
			if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != g.code {
				t.Errorf("error %v, want the service's", err)
			}
		}
		if s := p.Stats().Sessions[0]; g.requests() != 10 || s.Latency.Count != 2 || s.Invalidations != 1 {
			t.Errorf("%d requests, stats %+v", g.requests(), s)
		}
		if retrieve(t, p) != creds {
			t.Error("what is in hand is not better than nothing")
		}
	})
}

// A caller who leaves between the rejection and the fresh key gets what the
// service said, and the refresh goes on without him.
func TestRejectionAndCallerLeaves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, p := newGuarded(t, "ExpiredTokenException", rejectFirst())
		creds := retrieve(t, p)
		g.pod.AWS.Inject(credentialstest.When{}, credentialstest.Slow(10*time.Second))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: new("it")})
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != g.code || time.Since(start) != time.Second || g.requests() != 1 {
			t.Errorf("error %v after %v and %d requests", err, time.Since(start), g.requests())
		}
		if retrieve(t, p) == creds || count(g.pod, assume) != 2 || time.Since(start) != 10*time.Second {
			t.Errorf("%d sessions after %v", count(g.pod, assume), time.Since(start))
		}
	})
}

// Many requests that are rejected at once renew the key once.
func TestRejectedTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, p := newGuarded(t, "ExpiredTokenException", rejectFirst())
		retrieve(t, p)
		g.pod.AWS.Inject(credentialstest.When{}, credentialstest.Slow(time.Second))
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if err := getSecret(t, cfg); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if s := p.Stats().Sessions[0]; count(g.pod, assume) != 2 || s.Invalidations != 1 || g.requests() > 200 {
			t.Errorf("%d sessions, %d invalidations, %d requests", count(g.pod, assume), s.Invalidations, g.requests())
		}
	})
}

// Presigning sends nothing that could be rejected.
func TestPresign(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, p := newGuarded(t, "ExpiredToken", always)
		creds := retrieve(t, p)
		r, err := sts.NewPresignClient(sts.NewFromConfig(cfg)).PresignGetCallerIdentity(t.Context(), nil)
		if err != nil || !strings.Contains(r.URL, creds.AccessKeyID) || g.requests() != 0 {
			t.Errorf("%v after %d requests", err, g.requests())
		}
	})
}

// Of two Providers that a config was given, the second counts.
func TestConfigureTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, cfg, first := newGuarded(t, "ExpiredTokenException", rejectFirst())
		own := g.pod.Config()
		own.HTTPClient = g
		second := newProvider(t, own)
		second.Configure(&cfg)
		if err := getSecret(t, cfg); err != nil || g.requests() != 2 || count(g.pod, assume) != 2 {
			t.Errorf("%v after %d requests with %d sessions", err, g.requests(), count(g.pod, assume))
		}
		if n := second.Stats().Sessions[0].Invalidations; n != 1 || first.Stats().Sessions[0].Latency.Count != 0 {
			t.Errorf("%d invalidations, want 1, and none of the first Provider's session", n)
		}
	})
}

// A config that LoadConfig has not made.
func TestConfigure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, _, p := newGuarded(t, "ExpiredTokenException", rejectFirst())
		retrieve(t, p)
		cfg := aws.Config{Region: "eu-west-1", HTTPClient: g, Credentials: p}
		if getSecret(t, cfg) == nil {
			t.Error("renewed without Configure")
		}
		bare := cfg.Copy()
		p.Configure(&cfg)
		p.Configure(&cfg)
		if err := getSecret(t, cfg); err != nil || g.requests() != 3 {
			t.Errorf("%v after %d requests", err, g.requests())
		}
		if len(bare.APIOptions) != 0 || cfg.Credentials != aws.CredentialsProvider(p) {
			t.Error("Configure changes a copy, or does not give the credentials")
		}
		unsigned := sts.NewFromConfig(cfg)
		if _, err := unsigned.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
			RoleArn: new(credentialstest.PodRoleARN), RoleSessionName: new("it"), WebIdentityToken: new("x"),
		}); err == nil || strings.Contains(err.Error(), "Rejections") {
			t.Errorf("error %v, want STS's", err)
		}
	})
}

func seekable(body string) io.Reader   { return strings.NewReader(body) }
func unseekable(body string) io.Reader { return io.MultiReader(strings.NewReader(body)) }

// putObject sends a body with a client as S3's is built, of the SDK's parts.
func putObject(body func(string) io.Reader) func(*testing.T, aws.Config) error {
	return func(t *testing.T, cfg aws.Config) error {
		t.Helper()
		stack := middleware.NewStack("PutObject", smithyhttp.NewStackRequest)
		add := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		add(stack.Serialize.Add(middleware.SerializeMiddlewareFunc("serialize", func(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (middleware.SerializeOutput, middleware.Metadata, error) {
			r := in.Request.(*smithyhttp.Request)
			r.Method, r.URL.Scheme, r.URL.Host, r.URL.Path = http.MethodPut, "https", "bucket.s3.eu-west-1.amazonaws.com", "/key"
			r.ContentLength = 4
			var err error
			in.Request, err = r.SetStream(body("body"))
			add(err)
			return next.HandleSerialize(ctx, in)
		}), middleware.After))
		add(stack.Finalize.Add(retry.NewAttemptMiddleware(retry.NewStandard(), smithyhttp.RequestCloner), middleware.After))
		add(stack.Finalize.Add(middleware.FinalizeMiddlewareFunc("Signing", func(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (middleware.FinalizeOutput, middleware.Metadata, error) {
			creds, err := cfg.Credentials.Retrieve(ctx)
			if err != nil {
				return middleware.FinalizeOutput{}, middleware.Metadata{}, err
			}
			r := in.Request.(*smithyhttp.Request)
			add(v4.NewSigner().SignHTTP(ctx, creds, r.Request, "UNSIGNED-PAYLOAD", "s3", cfg.Region, time.Now()))
			return next.HandleFinalize(ctx, in)
		}), middleware.After))
		add(stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("deserialize", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.StatusCode != http.StatusOK {
				data, _ := io.ReadAll(r.Body)
				_, code, _ := strings.Cut(string(data), "<Code>")
				code, _, _ = strings.Cut(code, "<")
				err = &smithy.GenericAPIError{Code: code}
			}
			return out, metadata, err
		}), middleware.After))
		for _, option := range cfg.APIOptions {
			add(option(stack))
		}
		_, _, err := middleware.DecorateHandler(smithyhttp.NewClientHandlerWithOptions(cfg.HTTPClient), stack).Handle(t.Context(), nil)
		return err
	}
}
