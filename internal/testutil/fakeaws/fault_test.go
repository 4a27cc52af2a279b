package fakeaws_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// What a fault looks like to the SDK, on both faces.
func TestFaults(t *testing.T) {
	t.Parallel()
	api := func(status int, code, message string) func(*testing.T, error) {
		return func(t *testing.T, err error) { t.Helper(); wantError(t, err, status, code, message) }
	}
	is := func(target error) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			t.Helper()
			if !errors.Is(err, target) {
				t.Errorf("got %v, want %v", err, target)
			}
		}
	}
	status := func(want int) func(*testing.T, error) {
		return func(t *testing.T, err error) {
			t.Helper()
			response, ok := errors.AsType[*awshttp.ResponseError](err)
			if !ok {
				t.Fatalf("got %v, want a response", err)
			}
			equal(t, "status", response.HTTPStatusCode(), want)
		}
	}
	tests := map[string]struct {
		fault  fakeaws.Fault
		check  func(*testing.T, error)
		served bool // AWS has issued credentials all the same
	}{
		"throttled":         {fault: fakeaws.Fault{Code: "Throttling", Message: "Rate exceeded"}, check: api(400, "Throttling", "Rate exceeded")},
		"unavailable":       {fault: fakeaws.Fault{Code: "ServiceUnavailable"}, check: api(503, "ServiceUnavailable", "")},
		"denied":            {fault: fakeaws.Fault{Code: "AccessDenied", Message: "No."}, check: api(403, "AccessDenied", "No.")},
		"status of its own": {fault: fakeaws.Fault{Code: "InternalFailure", Status: 400}, check: api(400, "InternalFailure", "")},
		"status alone":      {fault: fakeaws.Fault{Status: 502}, check: status(502)},
		"page with 200":     {fault: fakeaws.Fault{Body: "<html>proxy</html>"}, check: status(200)},
		"page with 403":     {fault: fakeaws.Fault{Body: "<html>proxy</html>", Status: 403}, check: status(403)},
		"reset":             {fault: fakeaws.Fault{Reset: true}, check: is(syscall.ECONNRESET)},
		"lost":              {fault: fakeaws.Fault{Lose: true}, check: is(syscall.ECONNRESET), served: true},
		"cut":               {fault: fakeaws.Fault{Cut: true}, check: is(io.ErrUnexpectedEOF), served: true},
	}
	for name, test := range tests {
		for face, configure := range map[string]func(*testing.T, *fakeaws.AWS) aws.Config{
			"in memory": func(_ *testing.T, fake *fakeaws.AWS) aws.Config { return inMemory(fake) },
			"loopback":  loopback,
		} {
			t.Run(name+" "+face, func(t *testing.T) {
				t.Parallel()
				fake := start(t, identities)
				client := sts.NewFromConfig(configure(t, fake))
				in := webIdentity(mint(t, fake))
				remove := fake.Inject(fakeaws.When{Operation: "AssumeRoleWithWebIdentity"}, test.fault)
				_, err := client.AssumeRoleWithWebIdentity(t.Context(), in)
				if err == nil {
					t.Fatal("no error")
				}
				test.check(t, err)
				calls := fake.Calls()
				if len(calls) != 1 || !calls[0].Fault || (calls[0].Principal != "") != test.served {
					t.Errorf("calls %+v, served %v", calls, test.served)
				}
				remove()
				if _, err := client.AssumeRoleWithWebIdentity(t.Context(), in); err != nil {
					t.Errorf("without fault: %v", err)
				}
				if calls := fake.Calls(); calls[1].Fault {
					t.Error("the log shows a fault that was not there")
				}
			})
		}
	}
}

// The JSON services word throttling in their own way, and a lost answer does
// not undo what was done.
func TestFaultOfJSONService(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := secretsmanager.NewFromConfig(exchange(t, inMemory(fake), mint(t, fake)))
	fake.Inject(fakeaws.When{Resource: "open"}, fakeaws.Fault{Code: "Throttling", Message: "Rate exceeded"})
	_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
	wantError(t, err, 400, "ThrottlingException", "Rate exceeded")
	_, err = client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("shut")})
	wantError(t, err, 400, "AccessDeniedException", "")
}

// script makes calls and says which went wrong, and how.
func script(t *testing.T, fake *fakeaws.AWS, operations ...string) string {
	t.Helper()
	cfg := inMemory(fake)
	client := sts.NewFromConfig(with(cfg, userKey, userSecret, ""))
	token := mint(t, fake)
	var said []string
	for _, operation := range operations {
		var err error
		if operation == "web" {
			_, err = client.AssumeRoleWithWebIdentity(t.Context(), webIdentity(token))
		} else {
			_, err = client.GetCallerIdentity(t.Context(), nil)
		}
		code := "ok"
		if err != nil {
			calls := fake.Calls()
			code = calls[len(calls)-1].ErrorCode
		}
		said = append(said, code)
	}
	return strings.Join(said, " ")
}

// Rules in a row are a script: each calls' answers are spent in order.
func TestWhen(t *testing.T) {
	t.Parallel()
	fault := func(code string) fakeaws.Fault { return fakeaws.Fault{Code: code} }
	web := "AssumeRoleWithWebIdentity"
	type rule struct {
		when  fakeaws.When
		fault fakeaws.Fault
	}
	tests := map[string]struct {
		rules []rule
		calls string
		want  string
	}{
		"all":         {[]rule{{fakeaws.When{}, fault("A")}}, "web who", "A A"},
		"operation":   {[]rule{{fakeaws.When{Operation: web}, fault("A")}}, "web who web", "A ok A"},
		"service":     {[]rule{{fakeaws.When{Service: "kms"}, fault("A")}}, "web", "ok"},
		"region":      {[]rule{{fakeaws.When{Region: "us-east-1"}, fault("A")}, {fakeaws.When{Region: home}, fault("B")}}, "web who", "B B"},
		"resource":    {[]rule{{fakeaws.When{Resource: appRole}, fault("A")}, {fakeaws.When{Resource: hopRole}, fault("B")}}, "web who", "A ok"},
		"times":       {[]rule{{fakeaws.When{Times: 2}, fault("A")}}, "web web web", "A A ok"},
		"skip":        {[]rule{{fakeaws.When{Skip: 1, Times: 1}, fault("A")}}, "web web web", "ok A ok"},
		"others":      {[]rule{{fakeaws.When{Operation: web, Times: 1}, fault("A")}}, "who who web web", "ok ok A ok"},
		"in a row":    {[]rule{{fakeaws.When{Times: 2}, fault("A")}, {fakeaws.When{Times: 1}, fault("B")}}, "web web web web", "A A B ok"},
		"with a skew": {[]rule{{fakeaws.When{Times: 1}, fakeaws.Fault{Skew: time.Second}}, {fakeaws.When{Times: 1}, fault("A")}}, "web web", "A ok"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := start(t, identities)
			for _, r := range test.rules {
				fake.Inject(r.when, r.fault)
			}
			equal(t, "answers", script(t, fake, strings.Fields(test.calls)...), test.want)
		})
	}
}

func TestWhenInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := start(t, identities)
		begin := time.Now()
		fake.Inject(fakeaws.When{From: begin.Add(time.Minute), Until: begin.Add(3 * time.Minute)}, fakeaws.Fault{Code: "A"})
		for minute, want := range []string{"ok", "A", "A", "ok"} {
			time.Sleep(time.Until(begin.Add(time.Duration(minute) * time.Minute)))
			equal(t, "answer", script(t, fake, "web"), want)
		}
	})
}

// Delays pass in virtual time and end with the caller's patience.
func TestDelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := start(t, identities)
		client := sts.NewFromConfig(inMemory(fake))
		in := webIdentity(mint(t, fake))
		remove := fake.Inject(fakeaws.When{}, fakeaws.Fault{Delay: 20 * time.Second})
		fake.Inject(fakeaws.When{}, fakeaws.Fault{Delay: 10 * time.Second})
		begin := time.Now()
		if _, err := client.AssumeRoleWithWebIdentity(t.Context(), in); err != nil {
			t.Error(err)
		}
		equal(t, "delay", time.Since(begin), 30*time.Second)
		equal(t, "duration in the log", fake.Calls()[0].Duration, 30*time.Second)

		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin = time.Now()
		if _, err := client.AssumeRoleWithWebIdentity(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		equal(t, "patience", time.Since(begin), 5*time.Second)

		remove()
		fake.Inject(fakeaws.When{}, fakeaws.Fault{Delay: -1})
		ctx, cancel = context.WithTimeout(t.Context(), 30*24*time.Hour)
		defer cancel()
		if _, err := client.AssumeRoleWithWebIdentity(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
}

// A hanging call on a listener ends when the client goes.
func TestHangingOverLoopback(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := sts.NewFromConfig(loopback(t, fake))
	in := webIdentity(mint(t, fake))
	fake.Inject(fakeaws.When{}, fakeaws.Fault{Delay: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := client.AssumeRoleWithWebIdentity(ctx, in); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

// A skewed AWS dates its answers, judges tokens and signatures and lets
// credentials expire by its own clock.
func TestSkew(t *testing.T) {
	t.Parallel()
	const ahead = 20 * time.Minute
	synctest.Test(t, func(t *testing.T) {
		fake := start(t, identities)
		client := sts.NewFromConfig(inMemory(fake))
		long, short := mint(t, fake), mintFor(t, fake, fakeaws.TokenSpec{
			Namespace: "testnamespace", ServiceAccount: "testapp", Lifetime: 10 * time.Minute,
		})
		fake.Inject(fakeaws.When{}, fakeaws.Fault{Skew: ahead})
		out, err := client.AssumeRoleWithWebIdentity(t.Context(), webIdentity(long))
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "expiry", time.Until(*out.Credentials.Expiration), time.Hour+ahead)
		at, ok := awsmiddleware.GetServerTime(out.ResultMetadata)
		if !ok || time.Until(at) != ahead {
			t.Errorf("Date is %v ahead, want %v", time.Until(at), ahead)
		}
		_, err = client.AssumeRoleWithWebIdentity(t.Context(), webIdentity(short))
		wantError(t, err, 400, "ExpiredTokenException", "")
		cfg := with(inMemory(fake), userKey, userSecret, "")
		_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		wantError(t, err, 403, "SignatureDoesNotMatch", "")
	})
}

func TestLifetime(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	fake.Inject(fakeaws.When{}, fakeaws.Fault{Lifetime: -time.Minute})
	cfg := exchange(t, inMemory(fake), mint(t, fake))
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, 403, "ExpiredToken", "")
}

// The documents of an issuer can fail like calls.
func TestFaultOfDiscovery(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := &http.Client{Transport: fake.Transport()}
	fake.Inject(fakeaws.When{Service: "oidc", Operation: "Keys"}, fakeaws.Fault{Code: "Unavailable", Status: 503})
	for path, want := range map[string]int{"/.well-known/openid-configuration": 200, "/keys": 503} {
		r, err := client.Get(mainIssuer + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		equal(t, path, r.StatusCode, want)
	}
	equal(t, "calls", len(fake.Calls()), 0)
}

// A function sees every call before it is served, and may run concurrently.
func TestInjectFunc(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	var mu sync.Mutex
	var seen []fakeaws.Call
	remove := fake.InjectFunc(func(c fakeaws.Call) fakeaws.Fault {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, c)
		if len(seen) == 2 {
			return fakeaws.Fault{Code: "A"}
		}
		return fakeaws.Fault{}
	})
	equal(t, "answers", script(t, fake, "web", "web", "who"), "ok A ok")
	remove()
	equal(t, "answers", script(t, fake, "web"), "ok")
	if len(seen) != 3 || seen[0].Resource != appRole || seen[0].Region != home || seen[2].Operation != "GetCallerIdentity" {
		t.Errorf("seen %+v", seen)
	}
}

func TestInjectConcurrently(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := sts.NewFromConfig(inMemory(fake))
	in := webIdentity(mint(t, fake))
	fake.Inject(fakeaws.When{Times: 50}, fakeaws.Fault{Code: "A"})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			defer fake.Inject(fakeaws.When{Service: "kms"}, fakeaws.Fault{Code: "B"})()
			_, _ = client.AssumeRoleWithWebIdentity(t.Context(), in)
		})
	}
	wg.Wait()
	failed := 0
	for _, c := range fake.Calls() {
		if c.ErrorCode == "A" {
			failed++
		}
	}
	equal(t, "faults", failed, 50)
}
