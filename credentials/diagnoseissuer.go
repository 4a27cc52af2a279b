package credentials

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/golang-jwt/jwt/v5"
)

// maxDocument bounds what is read of an answer.
const maxDocument = 1 << 20

// webClient has the system's certificate authorities, whatever AWS_CA_BUNDLE
// says: the issuer is not AWS. It follows no redirect and keeps no connection.
func webClient() aws.HTTPClient {
	return &http.Client{
		Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, TLSHandshakeTimeout: probeTimeout},
		CheckRedirect: stay,
	}
}

// page is a response that has been read.
type page struct {
	status int
	header http.Header
	body   []byte
}

// ask sends a request without a body.
func ask(ctx context.Context, client aws.HTTPClient, method, url string, header http.Header) (page, error) {
	request, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return page{}, err
	}
	if header != nil {
		request.Header = header
	}
	resp, err := client.Do(request)
	if err != nil {
		return page{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	return page{resp.StatusCode, resp.Header, body}, err
}

// discovery is the part of an issuer's discovery document that counts (OpenID
// Connect Discovery 1.0, section 3).
type discovery struct {
	Issuer string `json:"issuer"`
	Keys   string `json:"jwks_uri"`
}

func (x *examination) issuerChecks(ctx context.Context) []Check {
	if reason := x.token.absent(); reason != "" {
		status := StatusUnknown
		if x.token.path == "" {
			status = StatusInfo
		}
		return []Check{{nameIssuer, status, reason, ""}, {nameSignature, status, reason, ""}}
	}
	ctx, cancel := context.WithTimeout(ctx, 2*probeTimeout)
	defer cancel()
	check, found := x.issuerCheck(ctx)
	if found.Keys == "" {
		status := StatusUnknown
		if check.Status == StatusInfo {
			status = StatusInfo
		}
		return []Check{check, {nameSignature, status, "not verified: the issuer's keys were not found", ""}}
	}
	return []Check{check, x.signatureCheck(ctx, found.Keys)}
}

// issuerCheck fetches the discovery document as STS does. No jwks_uri comes
// back if the document cannot be had or used.
func (x *examination) issuerCheck(ctx context.Context) (Check, discovery) {
	issuer := x.token.token.Issuer
	if problem := notHTTPS(issuer); problem != "" {
		return Check{
			nameIssuer, StatusFailure, fmt.Sprintf("%s %s", quote(issuer), problem),
			"give the API server an https URL as --service-account-issuer; IAM takes no other",
		}, discovery{}
	}
	defer x.under.begin(nameIssuer)()
	address := strings.TrimSuffix(issuer, "/") + "/.well-known/openid-configuration"
	got, err := ask(ctx, x.web, http.MethodGet, address, nil)
	if err != nil {
		return Check{
			nameIssuer, StatusInfo,
			fmt.Sprintf("%s is out of this pod's reach: %s. STS fetches it from outside, so that this matters only if STS cannot reach it either", quote(issuer), netWords(err)),
			"",
		}, discovery{}
	}
	var d discovery
	if problem := readDocument(got, &d); problem != "" {
		return Check{
			nameIssuer, StatusWarning, fmt.Sprintf("%s: the discovery document %s", quote(issuer), problem),
			"STS needs this document and the keys that it leads to: serve them at the issuer's URL, to everyone",
		}, discovery{}
	}
	return judgeDiscovery(issuer, d)
}

func judgeDiscovery(issuer string, d discovery) (Check, discovery) {
	if d.Issuer != issuer {
		return Check{
			nameIssuer, StatusFailure,
			fmt.Sprintf("the token says %s, the discovery document %s", quote(issuer), quote(d.Issuer)),
			"make both the same to the letter, trailing slash included: --service-account-issuer, the document, and the URL of the IAM OIDC provider",
		}, discovery{}
	}
	if problem := notHTTPS(d.Keys); problem != "" {
		return Check{
			nameIssuer, StatusFailure,
			fmt.Sprintf("its jwks_uri %s %s", quote(d.Keys), problem),
			"set --service-account-jwks-uri to an https URL that is open to everyone",
		}, discovery{}
	}
	return Check{nameIssuer, StatusOK, fmt.Sprintf("%s has a discovery document, which names the same issuer and keys at %s", quote(issuer), quote(d.Keys)), ""}, d
}

// notHTTPS says what keeps text from being a URL that STS would fetch.
func notHTTPS(text string) string {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "is not a URL"
	case u.Scheme != "https" || u.Host == "":
		return "is not an https URL"
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return "has more than host and path"
	}
	return ""
}

// readDocument decodes a JSON answer, or says why that cannot be done.
func readDocument(p page, into any) (problem string) {
	if p.status != http.StatusOK {
		return fmt.Sprintf("is answered with status %d", p.status)
	}
	if err := json.Unmarshal(p.body, into); err != nil {
		return "is not JSON of the expected form"
	}
	return ""
}

func (x *examination) signatureCheck(ctx context.Context, address string) Check {
	defer x.under.begin(nameSignature)()
	got, err := ask(ctx, x.web, http.MethodGet, address, nil)
	if err != nil {
		return Check{nameSignature, StatusInfo, fmt.Sprintf("not verified: the keys at %s are out of this pod's reach: %s", quote(address), netWords(err)), ""}
	}
	const serve = "STS needs these keys: see that the API server's own are served there, to everyone"
	if got.status != http.StatusOK {
		return Check{nameSignature, StatusWarning, fmt.Sprintf("not verified: the keys at %s are answered with status %d", quote(address), got.status), serve}
	}
	keys, err := parseKeySet(got.body)
	if err != nil {
		return Check{nameSignature, StatusWarning, fmt.Sprintf("not verified: the answer of %s: %v", quote(address), err), serve}
	}
	const fix = "the token is from another cluster whose issuer has the same name, or altered, or the published keys are not the API server's: compare /openid/v1/jwks there"
	switch err := keys.verify(x.token.raw); {
	case err == nil:
		return Check{nameSignature, StatusOK, fmt.Sprintf("verified with one of the issuer's %d keys", len(keys)), ""}
	case errors.Is(err, errUnknownKey):
		return Check{nameSignature, StatusFailure, fmt.Sprintf("signed with a key that is not among the issuer's %d", len(keys)), fix}
	case errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return Check{nameSignature, StatusFailure, "it does not fit the issuer's key", fix}
	}
	return Check{nameSignature, StatusWarning, "not verified: key and token do not go together", serve}
}
