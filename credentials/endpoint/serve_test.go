package endpoint_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// heldListener is a listener at any address that nobody connects to.
type heldListener struct {
	addr   net.Addr
	closed atomic.Bool
}

func (l *heldListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (l *heldListener) Addr() net.Addr            { return l.addr }
func (l *heldListener) Close() error              { l.closed.Store(true); return nil }

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 9911} }

func TestListeners(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		addr   net.Addr
		remote bool
		ok     bool
	}{
		"loopback":          {at("127.0.0.1"), false, true},
		"all of loopback":   {at("127.1.2.3"), false, true},
		"IPv6 loopback":     {at("::1"), false, true},
		"ECS":               {at("169.254.170.2"), false, true},
		"EKS":               {at("169.254.170.23"), false, true},
		"EKS, IPv6":         {at("fd00:ec2::23"), false, true},
		"link-local":        {at("169.254.170.3"), false, false},
		"link-local, IPv6":  {&net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 9911, Zone: "eth0"}, false, false},
		"unix":              {&net.UnixAddr{Name: "socket", Net: "unix"}, false, true},
		"every address":     {at("0.0.0.0"), false, false},
		"every IPv6":        {at("::"), false, false},
		"the pod's":         {at("10.0.0.7"), false, false},
		"the pod's, wanted": {at("10.0.0.7"), true, true},
		"unique local":      {at("fd00::1"), false, false},
		"no TCP":            {&net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, false, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &heldListener{addr: test.addr}
			err := newServer(t, endpoint.Config{Provider: stub{}, AllowRemote: test.remote}).Serve(t.Context(), l)
			if test.ok != errors.Is(err, net.ErrClosed) || !test.ok && !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("error %v", err)
			}
			if !l.closed.Load() {
				t.Error("the listener is left open")
			}
		})
	}
}

func TestListen(t *testing.T) {
	t.Parallel()
	s := newServer(t, endpoint.Config{Provider: stub{}})
	_, err := s.Listen(t.Context(), "0.0.0.0:0")
	e, ok := errors.AsType[*credentials.ConfigError](err)
	if !ok {
		t.Fatalf("every address: %v", err)
	}
	// The address, which the problem names, is free again.
	again, err := net.Listen("tcp", regexp.MustCompile(`\S+:\d+`).FindString(e.Problem))
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if _, err := s.Listen(t.Context(), "127.0.0.1:no"); err == nil {
		t.Error("no such port, and no error")
	}
	l, err := s.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

// A request that arrives at another address than loopback, in a server of
// somebody else's, is refused too.
func TestNotLocal(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		addr   net.Addr
		host   string
		remote bool
		status int
	}{
		"pod's address":         {at("10.0.0.7"), "10.0.0.7:9911", false, 403},
		"unknown":               {nil, "127.0.0.1:9911", false, 403},
		"wanted":                {at("10.0.0.7"), "10.0.0.7:9911", true, 200},
		"wanted, another's":     {at("10.0.0.7"), "10.0.0.8:9911", true, 403},
		"wanted, unknown":       {nil, "127.0.0.1:9911", true, 200},
		"wanted, unknown, name": {nil, "evil.example:9911", true, 403},
		"link-local":            {at("169.254.1.1"), "169.254.1.1:9911", false, 403},
		"wanted, IPv6":          {at("2001:db8::1"), "[2001:db8::1]:9911", true, 200},
		"port 80 may be left":   {&net.TCPAddr{IP: net.IPv4(169, 254, 170, 2), Port: 80}, "169.254.170.2", false, 200},
		"port 80 may be left 6": {&net.TCPAddr{IP: net.ParseIP("fd00:ec2::23"), Port: 80}, "[fd00:ec2::23]", false, 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRequest(t.Context(), endpoint.PathCredentials)
			r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, test.addr))
			r.Host = test.host
			s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}, AllowRemote: test.remote})
			if got := answerTo(t, s, r); got.Status != test.status {
				t.Errorf("status %d, want %d: %s", got.Status, test.status, got.Code)
			}
		})
	}
}

// Through a unix socket there is no name to be wrong.
func TestUnix(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "socket"))
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	for token, want := range map[string]int{password: http.StatusOK, "another": http.StatusUnauthorized} {
		conn, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.WriteString(conn, "GET /credentials HTTP/1.1\r\nHost: localhost\r\nAuthorization: "+token+"\r\n\r\n")
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if response.StatusCode != want {
			t.Errorf("status %d, want %d", response.StatusCode, want)
		}
		conn.Close()
	}
	cancel()
	running.Wait()
}

// A server that would ask itself says so at the start.
func TestLoop(t *testing.T) {
	l := listen(t)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	own := "http://127.0.0.1:" + port + "/credentials"
	tests := map[string]struct {
		uri, relative string
		provider      func(t *testing.T) aws.CredentialsProvider
		loop          bool
		at            string // where the listener is; "" for 127.0.0.1 and the port of own
	}{
		"own address":          {own, "", containerProvider, true, ""},
		"by name":              {"http://localhost:" + port, "", containerProvider, true, ""},
		"another of loopback":  {"http://[::1]:" + port + "/x", "", containerProvider, true, ""},
		"an unknown provider":  {own, "", func(*testing.T) aws.CredentialsProvider { return stub{} }, true, ""},
		"web identity":         {own, "", func(t *testing.T) aws.CredentialsProvider { _, p := newPod(t, nil); return p }, false, ""},
		"another port":         {"http://127.0.0.1:1/credentials", "", containerProvider, false, ""},
		"another's":            {"http://169.254.170.23/v1/credentials", "", containerProvider, false, ""},
		"relative comes first": {own, "/v2/credentials", containerProvider, false, ""},
		"blank is unset":       {own + " ", " ", containerProvider, true, ""},
		"none":                 {"", "", func(*testing.T) aws.CredentialsProvider { return stub{} }, false, ""},
		"every address":        {own, "", containerProvider, true, "0.0.0.0:" + port},
		"every IPv6 address":   {own, "", containerProvider, true, "[::]:" + port},
		"the pod's address":    {own, "", containerProvider, false, "10.0.0.7:" + port},
		"HTTP's port":          {"http://localhost/credentials", "", containerProvider, true, "127.0.0.1:80"},
		"the agent's place":    {"http://169.254.170.23/v1/credentials", "", containerProvider, true, "169.254.170.23:80"},
		"through a profile":    {own, "", profileProvider, true, ""},
	}
	l.Close()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_REGION", credentialstest.PodRegion)
			t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", test.uri)
			t.Setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", test.relative)
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", password)
			s := newServer(t, endpoint.Config{Provider: test.provider(t), AllowRemote: true})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			addr := l.Addr()
			if test.at != "" {
				addr = net.TCPAddrFromAddrPort(netip.MustParseAddrPort(test.at))
			}
			err := s.Serve(ctx, &heldListener{addr: addr})
			if !test.loop {
				if err != nil && !errors.Is(err, net.ErrClosed) {
					t.Error(err)
				}
				return
			}
			e, ok := errors.AsType[*credentials.ConfigError](err)
			if !ok || e.Field != "AWS_CONTAINER_CREDENTIALS_FULL_URI" || !strings.Contains(e.Problem, endpoint.PathCredentials) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// containerProvider takes its credentials from the environment's endpoint.
func containerProvider(t *testing.T) aws.CredentialsProvider {
	t.Helper()
	p, err := credentials.New(t.Context(), credentials.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// profileProvider does so too, since a profile says it.
func profileProvider(t *testing.T) aws.CredentialsProvider {
	t.Helper()
	t.Setenv("AWS_CONFIG_FILE", writeFile(t, "config",
		"[profile billing]\nrole_arn = arn:aws:iam::222233334444:role/billing\ncredential_source = EcsContainer\n", 0o600))
	p, err := credentials.New(t.Context(), credentials.Config{Profile: "billing"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

// Whoever holds connections open, or lets their headers drip, keeps nobody out.
func TestFlood(t *testing.T) {
	t.Parallel()
	addr := serve(t, newServer(t, endpoint.Config{Provider: stub{creds: lasting(time.Hour)}}))
	held := make([]net.Conn, 600)
	for i := range held {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		held[i] = conn
		if i%2 == 0 {
			_, _ = io.WriteString(conn, "GET /credentials HTTP/1.1\r\nX-Slow: ")
		}
	}
	if response, body := send(t, addr, "GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: TOKEN\n\n"); response.StatusCode != http.StatusOK {
		t.Errorf("%d %s", response.StatusCode, body)
	}
	// The first ones have been cut to make room.
	if err := held[0].SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := held[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the oldest connection is open: %v", err)
	}
}

// blocking is a provider that answers when it is let go.
type blocking struct {
	asked chan struct{}
	let   chan struct{}
}

func (b blocking) Retrieve(context.Context) (aws.Credentials, error) {
	b.asked <- struct{}{}
	<-b.let
	return lasting(time.Hour), nil
}

// A request that is under way when the server is told to end is answered.
func TestDrain(t *testing.T) {
	t.Parallel()
	p := blocking{make(chan struct{}), make(chan struct{})}
	s := newServer(t, endpoint.Config{Provider: p, Wait: time.Hour})
	l := listen(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	})
	<-p.asked // by the server itself, at its start
	running.Go(func() {
		if response, body := send(t, l.Addr().String(), "GET /credentials HTTP/1.1\nHost: ADDR\nAuthorization: TOKEN\n\n"); response.StatusCode != http.StatusOK {
			t.Errorf("%d %s", response.StatusCode, body)
		}
	})
	<-p.asked
	cancel()
	close(p.let)
	running.Wait()
	// Somebody else may have the address by now.
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("it still listens: %v", err)
	}
}

// The first client finds credentials.
func TestWarm(t *testing.T) {
	t.Parallel()
	pod, p := newPod(t, nil)
	addr := serve(t, newServer(t, endpoint.Config{Roles: map[string]aws.CredentialsProvider{"only": p}}))
	<-p.Updated()
	if n := pod.AWS.CallCount("sts", "AssumeRoleWithWebIdentity"); n != 1 {
		t.Errorf("%d calls before the first client", n)
	}
	response, body := send(t, addr, "GET /ready HTTP/1.1\nHost: ADDR\nAuthorization: TOKEN\n\n")
	if got := decode(t, response.StatusCode, body); got.Status != http.StatusOK || !got.Ready {
		t.Errorf("ready: %d %s", got.Status, got.Message)
	}
	response, body = send(t, addr, "GET /role/only HTTP/1.1\nHost: ADDR\nAuthorization: TOKEN\n\n")
	if got := decode(t, response.StatusCode, body); got.RoleARN != credentialstest.PodRoleARN || got.AccountID != credentialstest.PodAccount {
		t.Errorf("role %q, account %q", got.RoleARN, got.AccountID)
	}
}
