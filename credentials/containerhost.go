package credentials

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

const hostRemedy = "use https, or http to loopback, 169.254.170.2, 169.254.170.23 or fd00:ec2::23"

// endpointAddresses are those, besides loopback, that may be asked over plain
// HTTP: they never leave the node (AWS SDKs and Tools Reference Guide,
// "Container credential provider").
var endpointAddresses = []netip.Addr{
	netip.MustParseAddr("169.254.170.2"),  // ECS
	netip.MustParseAddr("169.254.170.23"), // EKS
	netip.MustParseAddr("fd00:ec2::23"),   // EKS
}

func allowedAddress(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return a.IsLoopback() || slices.Contains(endpointAddresses, a)
}

// agentHosts are those of the EKS Pod Identity Agent (EKS User Guide, "EKS Pod
// Identity").
var agentHosts = []string{"169.254.170.23", "fd00:ec2::23"}

// isAgent reports whether an endpoint is the EKS Pod Identity Agent's.
func isAgent(endpoint *url.URL) bool { return slices.Contains(agentHosts, endpoint.Hostname()) }

// hostProblem says why plain HTTP to a host is out of the question. A name can
// be judged only once it is resolved.
func hostProblem(host string) string {
	if a, err := netip.ParseAddr(host); err == nil && !allowedAddress(a) {
		return fmt.Sprintf("has the host %s, which would send the token over the network in clear", a)
	}
	return ""
}

// addressError is a name that leads elsewhere than to the node.
type addressError string

func (e addressError) Error() string {
	return fmt.Sprintf("the host has the address %s, to which plain HTTP is not sent", string(e))
}

// checkLookup resolves the name in a URL for plain HTTP. Every address has to
// be allowed, for any may be dialled.
func checkLookup(ctx context.Context, u *url.URL) error {
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil || u.Scheme != "http" {
		return nil
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		if !allowedAddress(a) {
			return addressError(a.String())
		}
	}
	return nil
}

// checkDial is asked about every address that is about to be dialled: since
// the lookup, the name may have been given another.
func checkDial(_, address string, _ syscall.RawConn) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !allowedAddress(a.Addr()) {
		return addressError(address)
	}
	return nil
}

// containerClient is the client for the endpoint: without proxy, redirects or
// idle connections. A client of the caller's whose way of connecting can be
// seen lends only its TLS settings; any other, such as one in memory, is used
// with what it brings, save that a http.Client follows no redirect.
func containerClient(s setup, plain bool) aws.HTTPClient {
	switch c := s.sdk.HTTPClient.(type) {
	case nil:
		return directClient(nil, plain)
	case *awshttp.BuildableClient:
		return directClient(c.GetTransport().TLSClientConfig, plain)
	case *http.Client:
		return containerHTTPClient(c, plain)
	default:
		return c
	}
}

func containerHTTPClient(c *http.Client, plain bool) aws.HTTPClient {
	if c.Transport == nil {
		return directClient(nil, plain)
	}
	if t, ok := c.Transport.(*http.Transport); ok {
		return directClient(t.TLSClientConfig, plain)
	}
	return still(c)
}

// still is the client without redirects, as far as that can be had.
func still(client aws.HTTPClient) aws.HTTPClient {
	c, ok := client.(*http.Client)
	if !ok {
		return client
	}
	copied := *c
	copied.CheckRedirect = stay
	return &copied
}

func directClient(settings *tls.Config, plain bool) *http.Client {
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	if plain {
		dialer.Control = checkDial
	}
	if settings != nil {
		settings = settings.Clone()
	}
	return &http.Client{
		CheckRedirect: stay,
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			TLSClientConfig:        settings,
			TLSHandshakeTimeout:    5 * time.Second,
			DisableKeepAlives:      true, // it is asked once in hours
			DisableCompression:     true, // a small body stays small
			MaxResponseHeaderBytes: 1 << 16,
		},
	}
}

func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
