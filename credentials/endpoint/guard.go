package endpoint

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// guard refuses requests that no SDK sends, before anything else is looked at.
func (s *Server) guard(r *http.Request) *refusal {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	switch {
	case !s.cfg.AllowRemote && !isLocal(local):
		return &refusal{http.StatusForbidden, "NotLocal", "this server answers at addresses of its own machine only"}
	case !s.knownHost(r.Host, local):
		return &refusal{http.StatusForbidden, "WrongHost", "the Host header must be localhost or the server's address, with its port"}
	case forwarded(r.Header):
		return &refusal{http.StatusForbidden, "Forwarded", "the request came through a proxy; list the server's address in NO_PROXY"}
	case r.Method != http.MethodGet:
		return &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is allowed"}
	case r.ContentLength != 0 || len(r.TransferEncoding) > 0:
		return &refusal{http.StatusBadRequest, "UnexpectedRequest", "the request has a body"}
	case r.URL.Host != "":
		return &refusal{http.StatusBadRequest, "UnexpectedRequest", "the request line has a whole URL, as for a proxy; list the server's address in NO_PROXY"}
	}
	return nil
}

// forwarded reports headers that a proxy adds. An SDK whose HTTP_PROXY covers
// this server would hand the keys to the proxy.
func forwarded(h http.Header) bool {
	for name := range h {
		if name == "Forwarded" || name == "Via" || name == "X-Real-Ip" || strings.HasPrefix(name, "X-Forwarded-") {
			return true
		}
	}
	return false
}

// knownHost reports whether a Host header is one that a client of this address
// sends. A page whose name was made to lead here sends that name.
func (s *Server) knownHost(host string, local net.Addr) bool {
	if slices.ContainsFunc(s.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, host) }) {
		return true
	}
	at, ok := addrPort(local)
	if !ok {
		return false
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil { // without a port
		name, port = strings.Trim(host, "[]"), "80"
	}
	return port == strconv.Itoa(int(at.Port())) && (isLoopback(name) || isAddress(name, at.Addr()))
}

// isLoopback reports whether a host is this machine's whatever the resolver
// says.
func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && a.Unmap().IsLoopback()
}

func isAddress(host string, addr netip.Addr) bool {
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == addr.Unmap().WithZone("")
}

// eksAddress is where the SDKs expect the agent of EKS Pod Identity on IPv6. It
// is not link-local by its form.
var eksAddress = netip.MustParseAddr("fd00:ec2::23")

// isLocal reports whether only this machine can connect to an address.
func isLocal(addr net.Addr) bool {
	if _, ok := addr.(*net.UnixAddr); ok {
		return true
	}
	at, ok := addrPort(addr)
	if !ok {
		return false
	}
	a := at.Addr().Unmap().WithZone("")
	return a.IsLoopback() || a.IsLinkLocalUnicast() || a == eksAddress
}

func addrPort(addr net.Addr) (netip.AddrPort, bool) {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}, false
	}
	return tcp.AddrPort(), true
}
