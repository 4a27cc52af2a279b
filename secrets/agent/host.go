package agent

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// forwarders are headers of requests that have passed a proxy: they do not come
// from this machine, or not from whom they seem to. AWS's agent knows the first;
// the others are those that RFC 7239 and RFC 9110, section 7.6.3, have proxies
// add.
var forwarders = []string{"X-Forwarded-For", "Forwarded", "Via"}

// forwarded reports whether a request has passed a proxy, be the header empty.
func forwarded(h http.Header) bool {
	return slices.ContainsFunc(forwarders, func(name string) bool { return len(h[name]) > 0 })
}

// hosts are the names under which the Agent may be addressed.
type hosts []string

// permit reports whether a request is addressed to this machine. A browser that
// has been led here by a name that an attacker controls (DNS rebinding) says that
// name. The port must be that of the connection, unless it is not known. Behind
// a unix socket there is no name.
func (h hosts) permit(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if local != nil && local.Network() == "unix" {
		return true
	}
	name, port := splitHost(r.Host)
	if addr, ok := local.(*net.TCPAddr); ok && port != strconv.Itoa(addr.Port) {
		return false
	}
	named := func(other string) bool { return strings.EqualFold(name, other) }
	if named("localhost") || slices.ContainsFunc(h, named) {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.IsLoopback() && addr.Zone() == ""
}

// splitHost splits a Host header. Without a port it is HTTP's own.
func splitHost(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	return name, port
}
