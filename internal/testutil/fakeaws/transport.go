package fakeaws

import (
	"bytes"
	"cmp"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// Transport returns the in-memory face: a RoundTripper that hands requests to
// the handler in the caller's goroutine, without network, and so works inside
// a synctest bubble. It knows the hosts of the services and of the issuers;
// any other fails like a name that does not resolve.
func (a *AWS) Transport() http.RoundTripper { return transport{a} }

type transport struct{ aws *AWS }

// RoundTrip serves the request.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := t.resolve(r.URL.Host); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as a RoundTripper must
		}
		return nil, err
	}
	return roundTrip(r, t.aws)
}

// roundTrip hands a request to a handler and returns what it answers.
func roundTrip(r *http.Request, h http.Handler) (*http.Response, error) {
	if r.Body == nil {
		r = r.Clone(r.Context())
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	w := &responseBuffer{header: http.Header{}}
	h.ServeHTTP(w, arrived(r))
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if w.broken != nil && w.status == 0 {
		return nil, w.broken
	}
	return w.response(r), nil
}

// resolve fails as a dialler does for names that are not known.
func (t transport) resolve(host string) error {
	if _, ok := parseHost(host); ok || slices.Contains(agentHosts, ipHostname(host)) {
		return nil
	}
	for _, i := range t.aws.issuers {
		if u, err := url.Parse(i.Issuer); err == nil && sameHost(u.Host, host) {
			return nil
		}
	}
	return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{
		Err: "no such host", Name: hostname(host), IsNotFound: true,
	}}
}

// arrived is the request as a server sees it.
func arrived(r *http.Request) *http.Request {
	in := r.Clone(r.Context())
	in.Method = cmp.Or(r.Method, http.MethodGet)
	in.Host = cmp.Or(r.Host, r.URL.Host)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "192.0.2.1:50000" // RFC 5737, TEST-NET-1
	in.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	return in
}

// responseBuffer is the ResponseWriter of a RoundTrip.
type responseBuffer struct {
	header http.Header
	status int
	body   bytes.Buffer
	broken error // the connection ends with it behind body; nil: in order
}

func (b *responseBuffer) Header() http.Header { return b.header }

func (b *responseBuffer) WriteHeader(status int) {
	if b.status == 0 {
		b.status = status
	}
}

func (b *responseBuffer) Write(p []byte) (int, error) {
	b.WriteHeader(http.StatusOK)
	return b.body.Write(p)
}

func (b *responseBuffer) response(r *http.Request) *http.Response {
	status := cmp.Or(b.status, http.StatusOK)
	body, length := io.Reader(&b.body), int64(b.body.Len())
	if b.broken != nil {
		body = io.MultiReader(body, broken{b.broken})
	}
	return &http.Response{
		Status:        strconv.Itoa(status) + " " + http.StatusText(status),
		StatusCode:    status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        b.header,
		Body:          io.NopCloser(body),
		ContentLength: length,
		Request:       r,
	}
}

// broken is the rest of a body behind which the connection has ended.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
