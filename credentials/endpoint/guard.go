package endpoint

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/irsakit/irsa/internal/localauth"
)

// guard refuses requests that no SDK sends, before anything else is looked at.
func (s *Server) guard(r *http.Request) *refusal {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	switch {
	case !s.cfg.AllowRemote && !isLocal(local):
		return &refusal{http.StatusForbidden, "NotLocal", "this server answers at addresses of its own machine only"}
	case !s.knownHost(r):
		return &refusal{http.StatusForbidden, "WrongHost", "the Host header must be localhost or the server's address, with its port"}
	case localauth.Forwarded(r.Header): // else an SDK with HTTP_PROXY would hand the keys to the proxy
		return &refusal{http.StatusForbidden, "Forwarded", "the request came through a proxy; list the server's address in NO_PROXY"}
	case r.Method != http.MethodGet:
		return &refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "only GET is allowed"}
	case r.ContentLength != 0: // chunks are of no known length, which is -1
		return &refusal{http.StatusBadRequest, "UnexpectedRequest", "the request has a body"}
	case r.URL.Host != "":
		return &refusal{http.StatusBadRequest, "UnexpectedRequest", "the request line has a whole URL, as for a proxy; list the server's address in NO_PROXY"}
	}
	return nil
}

// knownHost reports whether a request's Host header is one that a client of this
// address sends.
func (s *Server) knownHost(r *http.Request) bool {
	listed := func(host string) bool { return strings.EqualFold(host, r.Host) }
	return localauth.Addressed(r, nil) || slices.ContainsFunc(s.cfg.Hosts, listed)
}

// agents are where the SDKs expect the agents of ECS and of EKS Pod Identity.
var agents = []netip.Addr{
	netip.MustParseAddr("169.254.170.2"),
	netip.MustParseAddr("169.254.170.23"),
	netip.MustParseAddr("fd00:ec2::23"),
}

// isLocal reports whether only this machine can connect to an address. Others of
// the same link can to any link-local one, but those of the agents are made for
// this, and are the only ones that SDKs send a token to.
func isLocal(addr net.Addr) bool {
	if _, ok := addr.(*net.UnixAddr); ok {
		return true
	}
	at, _ := localauth.AddrPort(addr) // what is none is not local either
	a := at.Addr().Unmap()
	return a.IsLoopback() || slices.Contains(agents, a)
}
