package localauth_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/irsakit/irsa/internal/localauth"
)

func at(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 9911} }

func TestAddressed(t *testing.T) {
	t.Parallel()
	port80 := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 80} }
	tests := map[string]struct {
		host  string
		local net.Addr
		want  bool
	}{
		"address":                {"127.0.0.1:9911", at("127.0.0.1"), true},
		"name":                   {"localhost:9911", at("127.0.0.1"), true},
		"name in capital":        {"LocalHost:9911", at("127.0.0.1"), true},
		"another of loopback":    {"127.1.2.3:9911", at("127.0.0.1"), true},
		"IPv6":                   {"[::1]:9911", at("::1"), true},
		"IPv6, long":             {"[0:0:0:0:0:0:0:1]:9911", at("127.0.0.1"), true},
		"IPv4 in IPv6":           {"[::ffff:127.0.0.1]:9911", at("127.0.0.1"), true},
		"listed":                 {"Sidecar.test:9911", at("127.0.0.1"), true},
		"the connection's":       {"10.0.0.7:9911", at("10.0.0.7"), true},
		"the connection's, IPv6": {"[fd00:ec2:0::23]:9911", at("fd00:ec2::23"), true},
		"the connection's, zone": {"[fe80::1]:9911", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 9911, Zone: "eth0"}, true},
		"in IPv6, of IPv4":       {"[::ffff:10.0.0.7]:9911", at("10.0.0.7"), true},
		"HTTP's port":            {"127.0.0.1", port80("127.0.0.1"), true},
		"HTTP's port, IPv6":      {"[::1]", port80("::1"), true},
		"HTTP's port, written":   {"127.0.0.1:80", port80("127.0.0.1"), true},
		"unix":                   {"whatever", &net.UnixAddr{Name: "socket", Net: "unix"}, true},
		"no network":             {"localhost", nil, true},
		"no network, a port":     {"localhost:1", nil, true},
		"another network":        {"localhost:1", &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}, true},

		"no network, a name":   {"evil.example", nil, false},
		"another network's":    {"10.0.0.7", &net.IPAddr{IP: net.IPv4(10, 0, 0, 7)}, false},
		"rebound name":         {"evil.example:9911", at("127.0.0.1"), false},
		"name that ends well":  {"evil.localhost:9911", at("127.0.0.1"), false},
		"name that begins so":  {"localhost.evil.example:9911", at("127.0.0.1"), false},
		"with a dot":           {"localhost.:9911", at("127.0.0.1"), false},
		"another port":         {"localhost:9912", at("127.0.0.1"), false},
		"listed, another port": {"sidecar.test:9912", at("127.0.0.1"), false},
		"no port":              {"localhost", at("127.0.0.1"), false},
		"empty port":           {"localhost:", at("127.0.0.1"), false},
		"port with a zero":     {"localhost:09911", at("127.0.0.1"), false},
		"another address":      {"10.0.0.8:9911", at("10.0.0.7"), false},
		"address with a zone":  {"[::1%25lo]:9911", at("::1"), false},
		"its own with a zone":  {"[fe80::1%25eth0]:9911", &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 9911, Zone: "eth0"}, false},
		"octal":                {"0177.0.0.1:9911", at("127.0.0.1"), false},
		"number":               {"2130706433:9911", at("127.0.0.1"), false},
		"wildcard":             {"0.0.0.0:9911", at("127.0.0.1"), false},
		"empty":                {"", at("127.0.0.1"), false},
		"brackets in brackets": {"[[::1]]", port80("::1"), false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(context.WithValue(t.Context(), http.LocalAddrContextKey, test.local), http.MethodGet, "/", nil)
			r.Host = test.host
			if got := localauth.Addressed(r, []string{"other.test", "sidecar.test"}); got != test.want {
				t.Errorf("Host %q at %v: %t", test.host, test.local, got)
			}
		})
	}
}

func TestForwarded(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"X-Forwarded-For": true, "x-forwarded-host": true, "X-FORWARDED-PROTO": true, "forwarded": true, "Via": true, "X-Real-IP": true,
		"X-Forwarded": false, "Authorization": false, "X-Viability": false,
	} {
		for _, value := range []string{"", "127.0.0.1"} {
			h := http.Header{}
			h.Set("Accept", "*/*")
			h.Set(header, value)
			if got := localauth.Forwarded(h); got != want {
				t.Errorf("%s: %q: %t", header, value, got)
			}
		}
	}
	if localauth.Forwarded(nil) {
		t.Error("no header at all counts")
	}
}
