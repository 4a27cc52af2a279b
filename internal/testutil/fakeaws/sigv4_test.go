package fakeaws_test

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// signing is a request to sign by hand, right unless a test changes it.
type signing struct {
	service, region, host string
	at                    time.Time
	credentials           aws.Credentials
	scope                 string              // the service signed for; "" is service
	presign               bool                // sign in the query
	after                 func(*http.Request) // what happens to the request on its way
}

// send signs and sends a request of the service's protocol.
func (s signing) send(t *testing.T, client http.RoundTripper) (status int, code, message string) {
	t.Helper()
	body := "Action=GetCallerIdentity&Version=2011-06-15"
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	if s.service != "sts" {
		body = `{"SecretId":"open"}`
		header = http.Header{"Content-Type": {"application/x-amz-json-1.1"}, "X-Amz-Target": {"secretsmanager.GetSecretValue"}}
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+s.host+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	hash := sha256.Sum256([]byte(body))
	s.sign(t, r, hex.EncodeToString(hash[:]))
	if s.after != nil {
		s.after(r)
	}
	response, err := client.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode == http.StatusOK {
		return response.StatusCode, "", ""
	}
	if s.service == "sts" {
		var e struct {
			Code    string `xml:"Error>Code"`
			Message string `xml:"Error>Message"`
		}
		if err := xml.Unmarshal(answer, &e); err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, e.Code, e.Message
	}
	var e struct {
		Type    string `json:"__type"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer, &e); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, e.Type, e.Message
}

func (s signing) sign(t *testing.T, r *http.Request, hash string) {
	t.Helper()
	service := cmp.Or(s.scope, s.service)
	if !s.presign {
		if err := v4.NewSigner().SignHTTP(t.Context(), s.credentials, r, hash, service, s.region, s.at); err != nil {
			t.Fatal(err)
		}
		return
	}
	signed, header, err := v4.NewSigner().PresignHTTP(t.Context(), s.credentials, r, hash, service, s.region, s.at)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL, err = url.Parse(signed); err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
}

// readdress sends a request to another host than it was signed for.
func readdress(host string) func(*http.Request) {
	return func(r *http.Request) { r.URL.Host, r.Host = host, host }
}

func TestSignatures(t *testing.T) {
	t.Parallel()
	const (
		invalid  = "The security token included in the request is invalid."
		mismatch = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	)
	tests := map[string]struct {
		change  func(*signing)
		sts     string // code
		json    string // code; "" is the same
		message string // beginning
	}{
		"right": {change: func(*signing) {}},
		"no authorization": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.Header.Del("Authorization") } },
			sts:    "MissingAuthenticationToken", json: "MissingAuthenticationTokenException", message: "Request is missing Authentication Token",
		},
		"another scheme": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") } },
			sts:    "IncompleteSignature", json: "IncompleteSignatureException", message: "Unsupported AWS 'algorithm'.",
		},
		"no signature": {
			change: replaceAuthorization("Signature=", "Autograph="),
			sts:    "IncompleteSignature", json: "IncompleteSignatureException", message: "Authorization header requires 'Signature' parameter.",
		},
		"short credential": {
			change: replaceAuthorization("/aws4_request", ""),
			sts:    "IncompleteSignature", json: "IncompleteSignatureException", message: "Credential must have exactly 5",
		},
		"no date": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.Header.Del("X-Amz-Date") } },
			sts:    "IncompleteSignature", json: "IncompleteSignatureException", message: "Authorization header requires existence of",
		},
		"unknown key": {
			change: func(s *signing) { s.credentials.AccessKeyID = "ASIAIOSFODNN7EXAMPLE" },
			sts:    "InvalidClientTokenId", json: "UnrecognizedClientException", message: invalid,
		},
		"another session token": {
			change: func(s *signing) { s.credentials.SessionToken += "x" },
			sts:    "InvalidClientTokenId", json: "UnrecognizedClientException", message: invalid,
		},
		"no session token": {
			change: func(s *signing) { s.credentials.SessionToken = "" },
			sts:    "InvalidClientTokenId", json: "UnrecognizedClientException", message: invalid,
		},
		"another secret": {
			change: func(s *signing) { s.credentials.SecretAccessKey += "x" },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"another body": {
			change: func(s *signing) {
				more := map[string]string{"sts": "&x=y", "secretsmanager": " "}[s.service]
				s.after = func(r *http.Request) { r.Body = io.NopCloser(io.MultiReader(r.Body, strings.NewReader(more))) }
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"another header": {
			change: func(s *signing) {
				s.after = func(r *http.Request) { r.Header.Set("Content-Type", r.Header.Get("Content-Type")+"; x=y") }
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"an unsigned amz header": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.Header.Set("X-Amz-Extra", "x") } },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"an unsigned other header": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.Header.Set("User-Agent", "x") } },
		},
		"another query": {
			change: func(s *signing) { s.after = func(r *http.Request) { r.URL.RawQuery = "x=y" } },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"another region than the host's": {
			change: func(s *signing) { s.region = "us-east-1" },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Credential should be scoped to a valid region.",
		},
		"another partition": {
			change: func(s *signing) { s.region, s.host = "cn-north-1", s.service+".cn-north-1.amazonaws.com.cn" },
			sts:    "InvalidClientTokenId", json: "UnrecognizedClientException", message: invalid,
		},
		"another service in the scope": {
			change: func(s *signing) { replaceAuthorization("/"+s.service+"/", "/iam/")(s) },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Credential should be scoped to correct service: '",
		},
		"another terminator": {
			change: replaceAuthorization("/aws4_request", "/aws5_request"),
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.",
		},
		"another day in the scope": {
			change: func(s *signing) {
				s.at = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
				s.after = func(r *http.Request) {
					r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/20261121/", "/20261120/", 1))
				}
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Date in Credential scope does not match",
		},
		"signed long ago": {
			change: func(s *signing) { s.at = s.at.Add(-16 * time.Minute) },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Signature expired: ",
		},
		"signed ahead": {
			change: func(s *signing) { s.at = s.at.Add(16 * time.Minute) },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Signature not yet current: ",
		},
		"replayed at another host of the service": {
			change: func(s *signing) {
				s.after = readdress("vpce-0a1b2c3d-4e5f6a7b." + s.host[:len(s.host)-len("amazonaws.com")] + "vpce.amazonaws.com")
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"replayed in another region": {
			change: func(s *signing) { s.after = readdress(s.service + ".us-east-1.amazonaws.com") },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Credential should be scoped to a valid region.",
		},
		"replayed in another region, rescoped": {
			change: func(s *signing) {
				replaceAuthorization("/eu-west-1/", "/us-east-1/")(s)
				rescope, readdress := s.after, readdress(s.service+".us-east-1.amazonaws.com")
				s.after = func(r *http.Request) { rescope(r); readdress(r) }
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"replayed at another service": {
			change: func(s *signing) { s.after = readdress("kms.eu-west-1.amazonaws.com") },
			sts:    "SignatureDoesNotMatch", json: "InvalidSignatureException", message: "Credential should be scoped to correct service: '",
		},
		"signed for another service, rescoped": {
			change: func(s *signing) {
				here := s.service
				s.scope = "kms"
				replaceAuthorization("/kms/", "/"+here+"/")(s)
			},
			sts: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: mismatch,
		},
		"presigned": { // only STS takes that
			change: func(s *signing) { s.presign = true },
			json:   "MissingAuthenticationTokenException",
		},
		"host in a VPC": {
			change: func(s *signing) { s.host = "vpce-0a1b2c3d-4e5f6a7b." + s.service + ".eu-west-1.vpce.amazonaws.com" },
		},
	}
	fake := start(t, identities)
	cfg := exchange(t, inMemory(fake), mint(t, fake))
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		for _, service := range []string{"sts", "secretsmanager"} {
			t.Run(name+"/"+service, func(t *testing.T) {
				t.Parallel()
				s := signing{
					service: service, region: home, host: service + ".eu-west-1.amazonaws.com",
					at: time.Now(), credentials: credentials,
				}
				test.change(&s)
				status, code, message := s.send(t, fake.Transport())
				want, wantStatus := test.sts, http.StatusForbidden
				if service != "sts" {
					want, wantStatus = test.json, http.StatusBadRequest
				}
				if strings.HasPrefix(want, "IncompleteSignature") {
					wantStatus = http.StatusBadRequest
				}
				if want == "" {
					wantStatus = http.StatusOK
				}
				equal(t, "status", status, wantStatus)
				equal(t, "code", code, want)
				if !strings.HasPrefix(message, test.message) {
					t.Errorf("message is %q, want %q", message, test.message)
				}
			})
		}
	}
}

func replaceAuthorization(old, text string) func(*signing) {
	return func(s *signing) {
		s.after = func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, text, 1))
		}
	}
}

// STS allows for fifteen minutes, Secrets Manager for five.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	credentials := aws.Credentials{AccessKeyID: userKey, SecretAccessKey: userSecret}
	for service, want := range map[string]string{"sts": "", "secretsmanager": "InvalidSignatureException"} {
		s := signing{
			service: service, region: home, host: service + ".eu-west-1.amazonaws.com",
			at: time.Now().Add(-6 * time.Minute), credentials: credentials,
		}
		_, code, _ := s.send(t, fake.Transport())
		equal(t, service, code, want)
	}
}

func TestUserKey(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	who, err := sts.NewFromConfig(with(loopback(t, fake), userKey, userSecret, "")).GetCallerIdentity(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Arn", *who.Arn, "arn:aws:iam::111122223333:user/alice")
	if !strings.HasPrefix(*who.UserId, "AIDA") {
		t.Errorf("UserId is %q", *who.UserId)
	}
}

// On a listener whose host is no AWS name the scope alone tells the region.
func TestRegionOnLoopback(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	cfg := with(loopback(t, fake), userKey, userSecret, "")
	for _, region := range []string{"us-east-1", "ap-southeast-2"} {
		cfg.Region = region
		if _, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil); err != nil {
			t.Error(err)
		}
	}
	calls := fake.Calls()
	equal(t, "region", calls[len(calls)-1].Region, "ap-southeast-2")
	cfg.Region = "nowhere"
	_, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, 403, "SignatureDoesNotMatch", "Credential should be scoped to a valid region.")
}
