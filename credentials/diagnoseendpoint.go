package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// network is what the checks below the level of HTTP need of the system.
type network struct {
	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	proxy  func(*http.Request) (*url.URL, error)
}

func systemNetwork(proxy func(*http.Request) (*url.URL, error)) network {
	return network{
		lookup: func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		},
		dial:  new(net.Dialer).DialContext,
		proxy: proxy,
	}
}

// proxyFor returns the proxy for a URL; nil for none. The error, if there is
// one, quotes the proxy's URL.
func (n network) proxyFor(u *url.URL) (*url.URL, error) {
	if n.proxy == nil {
		return nil, nil
	}
	return n.proxy(&http.Request{URL: u})
}

// proxyVariables redirect what the SDKs send (Go: net/http, ProxyFromEnvironment).
var proxyVariables = []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"}

func (x *examination) proxyCheck() Check {
	set := x.env.set(proxyVariables...)
	if len(set) == 0 {
		return Check{nameProxy, StatusInfo, "not applicable: no proxy variable is set", ""}
	}
	var seen []string
	for _, name := range set {
		seen = append(seen, name+"="+withoutUser(x.env(name)))
	}
	c := Check{Name: nameProxy, Status: StatusInfo, Evidence: strings.Join(seen, "; ")}
	agent, err := url.Parse(x.env(envFullURI))
	if err != nil || !isAgent(agent) {
		return c
	}
	if proxy, err := x.network.proxyFor(agent); err == nil && proxy != nil {
		c.Status = StatusWarning
		c.Evidence += "; SDKs that do not bypass proxies for it send their Pod Identity requests there"
		c.Fix = "add " + strings.Join(agentHosts, " and ") + " to NO_PROXY"
	}
	return c
}

// withoutUser leaves out what may be a password.
func withoutUser(proxy string) string {
	scheme, rest, found := strings.Cut(proxy, "://")
	if !found {
		scheme, rest = "", proxy
	} else {
		scheme += "://"
	}
	return quote(scheme + rest[strings.LastIndexByte(rest, '@')+1:])
}

func (x *examination) endpointChecks(ctx context.Context) []Check {
	u, err := x.endpoint(ctx)
	if err != nil {
		evidence, fix := words(err)
		checks := []Check{{nameAddress, StatusFailure, evidence, fix}}
		return append(checks, Check{nameConnection, StatusUnknown, "there is no address", ""}, Check{nameClock, StatusUnknown, "there is no address", ""})
	}
	ctx, cancel := context.WithTimeout(ctx, 2*probeTimeout)
	defer cancel()
	clock := make(chan Check, 1)
	go func() { clock <- x.clockCheck(ctx, u) }()
	return append(x.reachChecks(ctx, u), <-clock)
}

// endpoint is where the SDK sends calls to STS.
func (x *examination) endpoint(ctx context.Context) (*url.URL, error) {
	if x.sdkErr != nil {
		return nil, x.sdkErr
	}
	return stsEndpoint(ctx, sts.NewFromConfig(x.sdk).Options())
}

// reachChecks look at name and port, of the proxy if there is one between.
func (x *examination) reachChecks(ctx context.Context, u *url.URL) []Check {
	if x.custom {
		reason := "not applicable: requests go through Config.HTTPClient, to " + quote(u.Host)
		return []Check{{nameAddress, StatusInfo, reason, ""}, {nameConnection, StatusInfo, reason, ""}}
	}
	target, role := u, "STS"
	switch proxy, err := x.network.proxyFor(u); {
	case err != nil:
		return []Check{
			{nameAddress, StatusFailure, "a proxy is set for STS that is no proxy's URL: nothing can be sent", "look at " + list(proxyVariables[:4])},
			{nameConnection, StatusUnknown, "there is no address", ""},
		}
	case proxy != nil:
		target, role = proxy, "the proxy"
	}
	address := x.addressCheck(ctx, target.Hostname(), role)
	if address.Status == StatusFailure {
		return []Check{address, {nameConnection, StatusUnknown, "there is no address", ""}}
	}
	return []Check{address, x.connectionCheck(ctx, target, role)}
}

func (x *examination) addressCheck(ctx context.Context, host, role string) Check {
	defer x.under.begin(nameAddress)()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	found, err := x.network.lookup(ctx, host)
	if err != nil || len(found) == 0 {
		problem := "has no address"
		if err != nil {
			problem = netWords(err)
		}
		return Check{
			nameAddress, StatusFailure, fmt.Sprintf("%s, %s: %s", role, quote(host), problem),
			"look at the pod's dnsPolicy and CoreDNS, at the spelling of the Region, and whether a VPC endpoint for STS has private DNS",
		}
	}
	var seen []string
	for _, addr := range found[:min(len(found), 4)] {
		seen = append(seen, fmt.Sprintf("%s (%s)", addr.Unmap(), nature(addr.Unmap())))
	}
	return Check{nameAddress, StatusOK, fmt.Sprintf("%s, %s: %s", role, quote(host), strings.Join(seen, ", ")), ""}
}

// sharedSpace is for carrier-grade NAT (RFC 6598); EKS clusters use it for pods
// and private endpoints.
var sharedSpace = netip.MustParsePrefix("100.64.0.0/10")

func nature(a netip.Addr) string {
	switch {
	case a.IsLoopback():
		return "this machine"
	case a.IsPrivate(), a.IsLinkLocalUnicast(), sharedSpace.Contains(a):
		return "private: a VPC endpoint"
	}
	return "public: by way of NAT or an internet gateway"
}

// ports are those of URLs that name none (Go: net/http, for proxies).
var ports = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

func (x *examination) connectionCheck(ctx context.Context, u *url.URL, role string) Check {
	defer x.under.begin(nameConnection)()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	address := net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), ports[u.Scheme]))
	start := time.Now()
	conn, err := x.network.dial(ctx, "tcp", address)
	if err == nil {
		defer conn.Close()
		return Check{nameConnection, StatusOK, fmt.Sprintf("%s at %s accepts connections, within %s", role, quote(address), brief(time.Since(start))), ""}
	}
	fix := "look at network policies, the pod's and the VPC endpoint's security groups, routes and NAT"
	if errors.Is(err, syscall.ECONNREFUSED) {
		fix = "look whether that is the right host and port: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL, the proxy variables"
	}
	return Check{nameConnection, StatusFailure, fmt.Sprintf("%s at %s: %s", role, quote(address), netWords(err)), fix}
}

// The skews at which a check says something. STS and other services refuse
// signatures that are more than five minutes off (IAM User Guide, "Create a
// signed AWS API request").
const (
	noticedSkew = time.Minute
	maxSkew     = 5 * time.Minute
)

// clockCheck asks STS a question that needs no credentials, for the Date in its
// refusal.
func (x *examination) clockCheck(ctx context.Context, u *url.URL) Check {
	defer x.under.begin(nameClock)()
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	question := *u
	question.RawQuery = "Action=GetCallerIdentity&Version=2011-06-15"
	start := time.Now()
	got, err := ask(ctx, x.sdk.HTTPClient, http.MethodGet, question.String(), nil)
	if err != nil {
		return Check{nameClock, StatusUnknown, "STS does not tell the time: " + netWords(err), ""}
	}
	took := time.Since(start)
	date, err := http.ParseTime(got.header.Get("Date"))
	if err != nil {
		return Check{nameClock, StatusUnknown, "the answer of STS has no Date", ""}
	}
	// The Date is cut down to the second.
	skew := start.Add(took / 2).Sub(date.Add(time.Second / 2))
	return judgeSkew(skew, took)
}

func judgeSkew(skew, took time.Duration) Check {
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	text := fmt.Sprintf("this machine's clock is %s %s that of STS, which answered within %s", brief(skew.Abs()), direction, brief(took))
	const fix = "set the node's clock: see that chrony reaches the Amazon Time Sync Service (169.254.169.123) or another server"
	switch {
	case skew.Abs() > maxSkew:
		return Check{nameClock, StatusFailure, text + "; services refuse signatures that are more than 5 minutes off", fix}
	case skew.Abs() > noticedSkew:
		return Check{nameClock, StatusWarning, text, fix}
	}
	return Check{nameClock, StatusOK, fmt.Sprintf("this machine's clock agrees with that of STS, which answered within %s", brief(took)), ""}
}
