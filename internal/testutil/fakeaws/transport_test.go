package fakeaws_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestHosts(t *testing.T) {
	t.Parallel()
	tests := map[string]bool{
		"sts.eu-west-1.amazonaws.com":                                     true,
		"STS.eu-west-1.amazonaws.com:443":                                 true,
		"sts.amazonaws.com":                                               true,
		"sts-fips.us-east-1.amazonaws.com":                                true,
		"sts.us-east-1.api.aws":                                           true,
		"sts.us-gov-west-1.amazonaws.com":                                 true,
		"sts.cn-north-1.amazonaws.com.cn":                                 true,
		"kms.eusc-de-east-1.amazonaws.eu":                                 true,
		"ssm.us-iso-east-1.c2s.ic.gov":                                    true,
		"secretsmanager.us-isob-east-1.sc2s.sgov.gov":                     true,
		"kms.us-isof-south-1.csp.hci.ic.gov":                              true,
		"kms.eu-isoe-west-1.cloud.adc-e.uk":                               true,
		"vpce-0a1b2c3d-4e5f6a7b.kms.eu-west-1.vpce.amazonaws.com":         true,
		"vpce-0a1b2c3d-4e5f-eu-west-1a.kms.eu-west-1.vpce.amazonaws.com.": true,
		"oidc.eks.eu-west-1.amazonaws.com":                                true,
		"s3.eu-west-1.amazonaws.com":                                      false,
		"sts.cn-north-1.amazonaws.com":                                    false,
		"kms.amazonaws.com":                                               false,
		"sts..amazonaws.com":                                              false,
		"169.254.169.254":                                                 false,
		"example.com":                                                     false,
	}
	transport := start(t, identities).Transport()
	for host, want := range tests {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+host+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := transport.RoundTrip(r)
		if err == nil {
			response.Body.Close()
		}
		equal(t, host, err == nil, want)
		if dns, ok := errors.AsType[*net.DNSError](err); !want && (!ok || !dns.IsNotFound) {
			t.Errorf("%s: got %v, want a DNS error", host, err)
		}
	}
}

// body tells whether it was closed.
type body struct {
	io.Reader
	closed bool
}

func (b *body) Close() error {
	b.closed = true
	return nil
}

func TestTransportClosesBody(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx context.Context
		url string
	}{
		"served":   {t.Context(), "https://sts.amazonaws.com/"},
		"canceled": {canceled, "https://sts.amazonaws.com/"},
		"no host":  {t.Context(), "https://example.com/"},
	} {
		b := &body{Reader: strings.NewReader("x")}
		r, err := http.NewRequestWithContext(test.ctx, http.MethodPost, test.url, b)
		if err != nil {
			t.Fatal(err)
		}
		response, err := fake.Transport().RoundTrip(r)
		if err == nil {
			response.Body.Close()
		}
		equal(t, name+": closed", b.closed, true)
		if name == "canceled" && !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
	}
}

// The answer bears the bubble's date, from which the SDK reckons clock skew.
func TestDate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := start(t, identities)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.amazonaws.com/?Action=Nonsense&Version=2011-06-15", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := fake.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		equal(t, "Date", response.Header.Get("Date"), time.Now().UTC().Format(http.TimeFormat))
		equal(t, "Content-Type", response.Header.Get("Content-Type"), "text/xml")
		equal(t, "request id", response.Header.Get("X-Amzn-RequestId"), fake.Calls()[0].RequestID)
		equal(t, "status", response.Status, "400 Bad Request")
	})
}

// Parameters come in the URL of a GET as well.
func TestQueryByGet(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	for query, want := range map[string]int{
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleSessionName=get&RoleArn=" + appRole + "&WebIdentityToken=" + mint(t, fake): 200,
		"Action=AssumeRoleWithWebIdentity&Version=2010-05-08":                                                                               400,
		"Action=GetSessionToken&Version=2011-06-15":                                                                                         400,
		"": 400,
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.eu-west-1.amazonaws.com/?"+query, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := fake.Transport().RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		equal(t, "status", response.StatusCode, want)
		calls := fake.Calls()
		if last := calls[len(calls)-1]; want != 200 && last.ErrorCode != "InvalidAction" {
			t.Errorf("code is %q, want InvalidAction", last.ErrorCode)
		}
	}
}

func TestUnknownTarget(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://kms.eu-west-1.amazonaws.com/", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "TrentService.Nonsense")
	response, err := start(t, identities).Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status", response.StatusCode, 400)
	equal(t, "body", string(answer), `{"__type":"UnknownOperationException"}`)
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://kms.eu-west-1.amazonaws.com/", strings.NewReader(strings.Repeat("x", 2<<20)))
	if err != nil {
		t.Fatal(err)
	}
	response, err := start(t, identities).Transport().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	equal(t, "status", response.StatusCode, http.StatusRequestEntityTooLarge)
}

// A client whose region is not that of its endpoint is told so.
func TestRegionOfHost(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	cfg := with(inMemory(fake), userKey, userSecret, "")
	cfg.BaseEndpoint = aws.String("https://sts.us-east-1.amazonaws.com")
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
	cfg.BaseEndpoint = aws.String("https://kms.eu-west-1.amazonaws.com")
	_, err = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.")
}
