package endpoint

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/internal/localauth"
)

// envFullURI is set for clients, and read by providers too, unless envRelativeURI
// is. A pod's containers often share their environment.
const (
	envFullURI     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envRelativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
)

// checkLoop refuses to serve credentials that would be fetched from the address
// at which they are served.
func (s *Server) checkLoop(addr net.Addr) error {
	env := func(name string) string { return strings.TrimSpace(os.Getenv(name)) } // as providers read it
	if env(envRelativeURI) != "" || !leadsTo(env(envFullURI), addr) {
		return nil
	}
	for path, r := range s.roles {
		if asksEndpoint(r.provider) {
			return &credentials.ConfigError{
				Field:   envFullURI,
				Problem: fmt.Sprintf("leads to %s, where this very server is to hand out at %s what it gets from there", addr, path),
				Remedy:  "set it in the clients' environment only, or give this server another source, such as web identity",
			}
		}
	}
	return nil
}

// leadsTo reports whether a request to a URI arrives at a listener.
func leadsTo(uri string, addr net.Addr) bool {
	at, ok := localauth.AddrPort(addr)
	u, err := url.Parse(uri)
	if !ok || err != nil {
		return false
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if port != strconv.Itoa(int(at.Port())) {
		return false
	}
	host, local := u.Hostname(), at.Addr().Unmap()
	return localauth.IsAddress(host, local) || localauth.IsLoopback(host) && (local.IsLoopback() || local.IsUnspecified())
}

// asksEndpoint reports whether a provider may ask the container endpoint of the
// environment. Only ours can be asked; a profile may lead there.
func asksEndpoint(p aws.CredentialsProvider) bool {
	s, ok := p.(interface{ Selection() credentials.Selection })
	if !ok {
		return true
	}
	source := s.Selection().Source
	return source == credentials.SourceContainer || source == credentials.SourceProfile
}
