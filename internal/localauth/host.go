package localauth

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Forwarded reports whether a request has passed a proxy, be the header empty: it
// does not come from this machine, or not from whom it seems to. Two of the
// headers are those that RFC 7239 and RFC 9110, section 7.6.3, have proxies add.
func Forwarded(h http.Header) bool {
	for name := range h {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// Addressed reports whether a request's Host header is one that a client on this
// machine sends: localhost, an address of the loopback network, the address that
// the client has connected to or one of names, with the port of the connection. A
// page whose name was made to lead here (DNS rebinding) sends that name.
//
// Through a unix socket there is no such way here, and any Host will do. The port
// is not looked at where it is not known, as in a server without a network.
func Addressed(r *http.Request, names []string) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if _, ok := local.(*net.UnixAddr); ok {
		return true
	}
	at, known := AddrPort(local)
	name, port := splitHost(r.Host)
	if known && port != strconv.Itoa(int(at.Port())) {
		return false
	}
	named := func(other string) bool { return strings.EqualFold(name, other) }
	return IsLoopback(name) || IsAddress(name, at.Addr()) || slices.ContainsFunc(names, named)
}

// splitHost splits a Host header. Without a port it is HTTP's own.
func splitHost(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	return name, port
}

// IsLoopback reports whether a host is this machine's whatever the resolver says.
func IsLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, _ := netip.ParseAddr(host) // the zero Addr, of a name, is none
	return a.IsLoopback() && a.Zone() == ""
}

// IsAddress reports whether a host is an address, in any of its forms. Zones do
// not matter in addr, and host cannot have one.
func IsAddress(host string, addr netip.Addr) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == addr.Unmap().WithZone("")
}

// AddrPort is the address of a TCP connection or listener; not ok is any other.
func AddrPort(addr net.Addr) (at netip.AddrPort, ok bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	return tcp.AddrPort(), true
}
