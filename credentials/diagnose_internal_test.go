package credentials

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// onNetwork is an examination whose network is the test's and whose STS does
// not answer.
func onNetwork(n network, endpoint string) *examination {
	x := newExamination(Config{Region: "eu-west-1"})
	x.network = n
	x.sdk = aws.Config{Region: "eu-west-1", HTTPClient: mute{}}
	if endpoint != "" {
		x.sdk.BaseEndpoint = &endpoint
	}
	return x
}

type mute struct{}

func (mute) Do(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED }

func resolves(addresses ...string) func(context.Context, string) ([]netip.Addr, error) {
	return func(context.Context, string) ([]netip.Addr, error) {
		var out []netip.Addr
		for _, a := range addresses {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, nil
	}
}

func connects(want string) func(context.Context, string, string) (net.Conn, error) {
	return func(_ context.Context, _, address string) (net.Conn, error) {
		if address != want {
			return nil, fmt.Errorf("dialled %s, want %s", address, want)
		}
		client, server := net.Pipe()
		server.Close()
		return client, nil
	}
}

func fails(err error) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
	}
}

func through(proxy string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(proxy) }
}

func TestReach(t *testing.T) {
	t.Parallel()
	const sts = "sts.eu-west-1.amazonaws.com:443"
	tests := map[string]struct {
		network    network
		endpoint   string
		address    Status
		addressOf  string
		connection Status
		connected  string
	}{
		"public": {
			network{resolves("52.94.5.1"), connects(sts), nil},
			"",
			StatusOK, `"sts.eu-west-1.amazonaws.com": 52.94.5.1 (public`, StatusOK, "STS at",
		},
		"VPC endpoint": {
			network{resolves("10.0.12.7", "10.0.13.7"), connects(sts), nil},
			"",
			StatusOK, "10.0.12.7 (private: a VPC endpoint), 10.0.13.7 (private", StatusOK, "accepts",
		},
		"shared and mapped": {
			network{resolves("100.64.1.1", "::ffff:10.0.0.1", "fd00::1", "::1", "10.0.0.9"), connects(sts), nil},
			"",
			StatusOK, "100.64.1.1 (private: a VPC endpoint), 10.0.0.1 (private: a VPC endpoint), fd00::1 (private: a VPC endpoint), ::1 (this machine)", StatusOK, "",
		},
		"no name": {
			network{func(context.Context, string) ([]netip.Addr, error) {
				return nil, &net.DNSError{Err: "no such host", Name: "sts.eu-west-1.amazonaws.com", IsNotFound: true}
			}, nil, nil},
			"",
			StatusFailure, "does not resolve: no such host", StatusUnknown, "no address",
		},
		"no addresses": {
			network{resolves(), nil, nil}, "", StatusFailure, "has no address", StatusUnknown, "",
		},
		"refused": {
			network{resolves("10.0.0.1"), fails(syscall.ECONNREFUSED), nil}, "", StatusOK, "", StatusFailure, "connection refused",
		},
		"dropped": {
			network{resolves("10.0.0.1"), fails(os.ErrDeadlineExceeded), nil}, "", StatusOK, "", StatusFailure, "no answer in time",
		},
		"no route": {
			network{resolves("10.0.0.1"), fails(syscall.EHOSTUNREACH), nil}, "", StatusOK, "", StatusFailure, "no route",
		},
		"plain endpoint": {
			network{resolves("127.0.0.1"), connects("localhost:80"), nil},
			"http://localhost",
			StatusOK, "127.0.0.1 (this machine)", StatusOK, "localhost:80",
		},
		"endpoint with a port": {
			network{resolves("127.0.0.1"), connects("localhost:4566"), nil},
			"http://localhost:4566",
			StatusOK, "", StatusOK, "",
		},
		"proxy": {
			network{resolves("10.9.9.9"), connects("proxy.example:3128"), through("http://user:hunter22@proxy.example:3128")},
			"",
			StatusOK, `the proxy, "proxy.example": 10.9.9.9`, StatusOK, "the proxy at",
		},
		"bad proxy": {
			network{resolves("10.0.0.1"), connects(sts), func(*http.Request) (*url.URL, error) { return nil, errors.New("hunter22") }},
			"",
			StatusFailure, "no proxy's URL", StatusUnknown, "",
		},
		"SOCKS": {
			network{resolves("10.9.9.9"), connects("proxy.example:1080"), through("socks5://proxy.example")},
			"",
			StatusOK, "the proxy", StatusOK, "the proxy at",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checks := onNetwork(test.network, test.endpoint).endpointChecks(t.Context())
			if len(checks) != 3 {
				t.Fatalf("%d checks", len(checks))
			}
			for i, want := range []struct {
				status Status
				text   string
			}{{test.address, test.addressOf}, {test.connection, test.connected}, {StatusUnknown, "connection refused"}} {
				c := checks[i]
				if c.Status != want.status || !strings.Contains(c.Evidence, want.text) {
					t.Errorf("%s is %v: %s; want %v with %q", c.Name, c.Status, c.Evidence, want.status, want.text)
				}
				if c.Status == StatusFailure && c.Fix == "" {
					t.Errorf("%s has no fix", c.Name)
				}
				if strings.Contains(c.Evidence, "hunter22") {
					t.Errorf("%s shows the proxy's password", c.Name)
				}
			}
		})
	}
}

func TestProxyBeforePodIdentity(t *testing.T) {
	t.Parallel()
	env := map[string]string{
		"HTTP_PROXY": "proxy.example:3128",
		envFullURI:   "http://169.254.170.23/v1/credentials",
	}
	x := onNetwork(network{proxy: through("http://proxy.example:3128")}, "")
	x.env = func(name string) string { return env[name] }
	if c := x.proxyCheck(); c.Status != StatusWarning || !strings.Contains(c.Fix, "169.254.170.23") {
		t.Errorf("check %+v", c)
	}
	x.network.proxy = func(*http.Request) (*url.URL, error) { return nil, nil }
	if c := x.proxyCheck(); c.Status != StatusInfo || !strings.Contains(c.Evidence, "proxy.example:3128") {
		t.Errorf("check %+v", c)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	config := &ConfigError{Field: "Region", Problem: "not set", Remedy: "set it"}
	tests := map[string]struct {
		err           error
		evidence, fix string
	}{
		"setting":  {config, "Region: not set", "set it"},
		"wrapped":  {fmt.Errorf("around: %w", config), "Region: not set", "set it"},
		"joined":   {errors.Join(config, &ConfigError{Field: "A", Problem: "b"}), "Region: not set; A: b", "set it"},
		"mismatch": {&MismatchError{Field: "Expect.Account", Want: "1", Got: "2"}, `Expect.Account: want "1", STS answers "2"`, "look which role the service account is annotated with, and which was meant"},
		"token":    {&TokenError{Problem: TokenEmpty}, "the token is empty", ""},
		"time":     {fmt.Errorf("credentials: wait: %w", context.DeadlineExceeded), "no answer in time", silenceFix},
		"closed":   {ErrClosed, "provider closed", ""},
		"none":     {&NoCredentialsError{err: errors.New("it is raining")}, "it is raining", silenceFix},
		"none of ours": {
			&NoCredentialsError{err: &ContainerError{Endpoint: "http://it", Problem: "it answers 404", Remedy: "mend it", kind: ErrDenied}},
			"container endpoint http://it: it answers 404", "mend it",
		},
		"source":      {&SourceError{Source: SourceProfile, Problem: "broken", Remedy: "mend it"}, "profile: broken", "mend it"},
		"another one": {errors.New("it is raining"), "it is raining", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if evidence, fix := words(test.err); evidence != test.evidence || fix != test.fix {
				t.Errorf("got %q and %q", evidence, fix)
			}
		})
	}
}

func TestNetWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"end":         {context.Canceled, "ended"},
		"authority":   {x509.UnknownAuthorityError{}, "authority"},
		"host":        {x509.HostnameError{Certificate: new(x509.Certificate)}, "another host"},
		"certificate": {x509.CertificateInvalidError{}, "not valid"},
		"operation":   {&net.OpError{Op: "read", Err: syscall.ENOBUFS}, "read: no buffer space"},
		"else":        {errors.New("hunter22"), "did not succeed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := netWords(&url.Error{Op: "Get", URL: "https://user:hunter22@host", Err: test.err})
			if !strings.Contains(got, test.want) || strings.Contains(got, "hunter22") {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestSkew(t *testing.T) {
	t.Parallel()
	for skew, want := range map[time.Duration]Status{
		0: StatusOK, time.Minute: StatusOK, -time.Minute: StatusOK,
		time.Minute + time.Second: StatusWarning, -5 * time.Minute: StatusWarning,
		5*time.Minute + time.Second: StatusFailure, -24 * time.Hour: StatusFailure,
	} {
		if c := judgeSkew(skew, time.Millisecond); c.Status != want {
			t.Errorf("%v is %v, want %v", skew, c.Status, want)
		}
	}
}

func TestExpiryWithoutIssue(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	if c := expiryCheck(Token{Expiry: now.Add(time.Hour)}, now); c.Status != StatusInfo || !strings.Contains(c.Evidence, "1h0m") {
		t.Errorf("check %+v", c)
	}
	if c := expiryCheck(Token{Expiry: now, IssuedAt: now.Add(-time.Hour)}, now); c.Status != StatusFailure {
		t.Errorf("check %+v", c)
	}
}

func TestNotHTTPS(t *testing.T) {
	t.Parallel()
	for text, fine := range map[string]bool{
		"https://oidc.example/id/1": true,
		"http://oidc.example":       false,
		"https://":                  false,
		"kubernetes/serviceaccount": false,
		"https://u:p@oidc.example":  false,
		"https://oidc.example?a=b":  false,
		"https://oidc.example#a":    false,
		"https://oidc example":      false,
	} {
		if problem := notHTTPS(text); (problem == "") != fine {
			t.Errorf("%s: %q", text, problem)
		}
	}
}

// Whatever a caller's client puts into its errors, the report does not show the
// secrets that we know of.
func TestScrub(t *testing.T) {
	t.Parallel()
	x := newExamination(Config{})
	x.hide("hunter22", "", "a")
	got := x.scrub([]Check{{"it", StatusOK, "a hunter22 b", "say hunter22"}})
	if got[0].Evidence != "a [redacted] b" || got[0].Fix != "say [redacted]" {
		t.Errorf("check %+v", got[0])
	}
}
