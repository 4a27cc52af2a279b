package fakeaws

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/irsakit/irsa/policy"
)

// Node is an EC2 instance as its metadata service tells it.
type Node struct {
	RoleARN  string // of the instance profile; "": none
	Region   string
	ID       string // "i-…"
	HopLimit int    // of the answer to a token request
	Distance int    // hops from who asks
	Disabled bool   // nobody listens
}

// IMDS is the instance metadata service of a node, version 2 alone (EC2 User
// Guide, "Use IMDS").
type IMDS struct {
	aws  *AWS
	node Node

	mu      sync.Mutex
	tokens  map[string]time.Time // until when they hold
	current *session
}

// NewIMDS makes the metadata service of a node.
func (a *AWS) NewIMDS(node Node) *IMDS {
	return &IMDS{aws: a, node: node, tokens: map[string]time.Time{}}
}

// The metadata service's hosts, and its names for faults.
const (
	imdsHost    = "169.254.169.254"
	imdsHost6   = "fd00:ec2::254"
	imdsService = "imds"
)

// IsIMDS reports whether a host is the metadata service's.
func IsIMDS(host string) bool {
	host = ipHostname(host)
	return host == imdsHost || host == imdsHost6
}

const (
	imdsToken       = "/latest/api/token"
	imdsCredentials = "/latest/meta-data/iam/security-credentials/"
	imdsDocument    = "/latest/dynamic/instance-identity/document"

	imdsTTL         = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	imdsTokenHeader = "X-Aws-Ec2-Metadata-Token"
)

// nodeLength is how long the credentials of an instance last, and nodeRenewal
// how long before their end there are new ones.
const (
	nodeLength  = 6 * time.Hour
	nodeRenewal = 5 * time.Hour
)

// ServeHTTP answers a request to the service.
func (m *IMDS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := m.aws.newCall(r, nil)
	c.begin(imdsService, imdsOperation(r.URL.Path))
	c.region = m.node.Region
	c.fault = m.aws.faults.of(c)
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	if m.node.Disabled || r.URL.Path == imdsToken && m.node.Distance > max(1, m.node.HopLimit) {
		wait(r.Context(), -1) // what has no hops left vanishes
		return
	}
	if c.strike(w) {
		return
	}
	if e := asIMDSError(c.injected()); e != nil {
		c.write(w, e.status(), "text/plain", nil)
		return
	}
	m.serve(c, w, r)
}

// asIMDSError is an injected error, which has no text here.
func asIMDSError(err error) *apiError {
	if err == nil {
		return nil
	}
	return asAPIError(err)
}

// imdsOperation is what a path stands for.
func imdsOperation(path string) string {
	role, ok := strings.CutPrefix(path, imdsCredentials)
	switch {
	case path == imdsToken:
		return "Token"
	case ok && role == "":
		return "Role"
	case ok:
		return "Credentials"
	}
	return "Metadata"
}

func (m *IMDS) serve(c *call, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == imdsToken {
		m.serveToken(c, w, r)
		return
	}
	if !m.knows(r.Header.Get(imdsTokenHeader)) {
		c.write(w, http.StatusUnauthorized, "text/plain", nil)
		return
	}
	_, role := m.aws.findRole(m.node.RoleARN)
	switch asked, under := strings.CutPrefix(r.URL.Path, imdsCredentials); {
	case under && asked == "" && role != nil:
		c.write(w, http.StatusOK, "text/plain", []byte(role.Name))
	case under && role != nil && asked == role.Name:
		c.writeJSON(w, "text/plain", m.credentials(c))
	case r.URL.Path == "/latest/meta-data/placement/region":
		c.write(w, http.StatusOK, "text/plain", []byte(m.node.Region))
	case r.URL.Path == "/latest/meta-data/instance-id":
		c.write(w, http.StatusOK, "text/plain", []byte(m.node.ID))
	case r.URL.Path == imdsDocument:
		c.writeJSON(w, "text/plain", m.document())
	default:
		c.write(w, http.StatusNotFound, "text/plain", nil)
	}
}

// serveToken answers a request for a token, which lives from one second to six
// hours.
func (m *IMDS) serveToken(c *call, w http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(r.Header.Get(imdsTTL))
	switch {
	case r.Method != http.MethodPut:
		c.write(w, http.StatusMethodNotAllowed, "text/plain", nil)
		return
	case err != nil || seconds < 1 || seconds > 21600:
		c.write(w, http.StatusBadRequest, "text/plain", nil)
		return
	}
	_, _, token := m.aws.ids.credentials()
	m.mu.Lock()
	m.tokens[token] = time.Now().Add(time.Duration(seconds) * time.Second)
	m.mu.Unlock()
	w.Header().Set(imdsTTL, strconv.Itoa(seconds))
	c.write(w, http.StatusOK, "text/plain", []byte(token))
}

// knows reports whether a token holds.
func (m *IMDS) knows(token string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Before(m.tokens[token])
}

// nodeCredentials are credentials on the wire. A Code other than Success goes
// without the rest.
type nodeCredentials struct {
	Code            string
	LastUpdated     time.Time
	Type            string
	AccessKeyID     string `json:"AccessKeyId,omitempty"`
	SecretAccessKey string `json:",omitempty"`
	Token           string `json:",omitempty"`
	Expiration      time.Time
}

// credentials are those of the node's role, if it trusts EC2.
func (m *IMDS) credentials(c *call) nodeCredentials {
	now := c.now().UTC().Truncate(time.Second)
	s := m.session(c)
	if s == nil {
		return nodeCredentials{Code: "AssumeRoleUnauthorizedAccess", LastUpdated: now}
	}
	return nodeCredentials{
		Code: "Success", LastUpdated: now, Type: "AWS-HMAC",
		AccessKeyID: s.accessKeyID, SecretAccessKey: s.secretAccessKey, Token: s.token, Expiration: s.expires.UTC(),
	}
}

// session is the node's, a new one from time to time; nil if the role does not
// trust EC2.
func (m *IMDS) session(c *call) *session {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.current != nil && c.fault.Lifetime == 0 && c.now().Before(m.current.expires.Add(-nodeRenewal)) {
		return m.current
	}
	ask := c.assumptionOf(m.node.RoleARN, m.node.ID)
	check := policy.AssumeRole{
		Caller: policy.Caller{Principal: "ec2." + dnsSuffix(m.node.Region)}, Role: ask.policyRole(), SessionName: m.node.ID,
		Guardrails: m.aws.guardrailsOf(m.node.RoleARN), Context: c.context(nil), Closed: true, Time: c.now(),
	}
	if check.Evaluate().Decision != policy.Allowed {
		return nil
	}
	m.current = c.issue(ask, nodeLength, policy.Context{}, nil)
	return m.current
}

// document is the instance's identity document, as far as SDKs read it.
func (m *IMDS) document() any {
	account := ""
	if arn, err := policy.ParseARN(m.node.RoleARN); err == nil {
		account = arn.Account
	}
	return map[string]string{
		"accountId": account, "instanceId": m.node.ID, "region": m.node.Region,
		"availabilityZone": m.node.Region + "a", "instanceType": "m7g.large", "version": "2017-09-30",
	}
}

// Transport is the in-memory face of a node: its metadata service at its
// addresses, and AWS everywhere else.
func (m *IMDS) Transport() http.RoundTripper { return nodeTransport{m} }

type nodeTransport struct{ imds *IMDS }

// RoundTrip serves the request.
func (t nodeTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if !IsIMDS(r.URL.Host) {
		return t.imds.aws.Transport().RoundTrip(r)
	}
	return roundTrip(r, t.imds)
}
