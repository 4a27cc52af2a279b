package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Call is a [Hook] that makes an HTTP request without a body, such as the reload
// endpoint of a server beside.
type Call struct {
	// URL is http or https.
	URL string
	// Method is that of the request. Empty: POST.
	Method string
	// Header is sent along.
	Header http.Header
	// Client makes the request. Nil: http.DefaultClient, following no redirects,
	// since one could lead elsewhere than where the configuration says.
	Client *http.Client
}

// Run makes the request. Any status but 2xx is an error. The error is a
// [*NotifyError] and shows of the URL no user, password or query, and nothing of
// the answer but its status.
func (c Call) Run(ctx context.Context) error {
	req, err := c.request(ctx)
	if err != nil {
		return err
	}
	failed := func(err error) error {
		return &NotifyError{fmt.Sprintf("%s %s://%s%s", req.Method, req.URL.Scheme, req.URL.Host, req.URL.EscapedPath()), err}
	}
	res, err := c.client().Do(req)
	if err != nil {
		if of, ok := errors.AsType[*url.Error](err); ok {
			err = of.Err // it has the whole URL
		}
		return failed(err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return failed(fmt.Errorf("status %d", res.StatusCode))
	}
	return nil
}

func (c Call) method() string {
	if c.Method == "" {
		return http.MethodPost
	}
	return c.Method
}

func (c Call) client() *http.Client {
	if c.Client != nil {
		return c.Client
	}
	return &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (c Call) check() error {
	_, err := c.request(context.Background())
	return err
}

// request makes the request. No error shows the URL.
func (c Call) request(ctx context.Context) (*http.Request, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return nil, &ConfigError{"Call.URL", "is no URL"}
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, &ConfigError{"Call.URL", "is not of the form http://HOST/PATH or https://HOST/PATH"}
	}
	req, err := http.NewRequestWithContext(ctx, c.method(), c.URL, nil)
	if err != nil {
		return nil, &ConfigError{"Call.Method", "is no HTTP method"}
	}
	if c.Header != nil {
		req.Header = c.Header.Clone()
	}
	return req, nil
}
