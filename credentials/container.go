package credentials

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The variables of container credentials. The webhook of EKS Pod Identity sets
// the full URI and the token file; ECS the relative URI.
const (
	envRelativeURI = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
	envFullURI     = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
	envAuthToken   = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
	envAuthFile    = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// relativeHost is where a relative URI is served.
const relativeHost = "http://169.254.170.2"

// Attempts of one fetch, and the bound of each. The endpoint is on the node.
const (
	containerAttempts = 3
	containerTimeout  = 15 * time.Second
)

// findContainer looks for container credentials in the environment. The
// relative URI comes first, as in all SDKs. Half of EKS Pod Identity is what its
// webhook leaves when the container defines the other half itself; only its
// agent is certain to want a token, other endpoints may do without.
func findContainer(env environ) finding {
	uri, auth := env.first(envRelativeURI, envFullURI), env.set(envAuthFile, envAuthToken)
	settings := append([]string{uri.name}, auth...)
	switch {
	case uri.value == "" && len(auth) == 0:
		return absent(SourceContainer, envRelativeURI, envFullURI)
	case uri.value == "":
		return half(SourceContainer, auth, auth[0], envFullURI, webhookRemedy)
	}
	endpoint, err := parseEndpoint(uri)
	if err == nil && isAgent(endpoint) && len(auth) == 0 {
		return half(SourceContainer, settings, uri.name+" of EKS Pod Identity", envAuthFile, webhookRemedy)
	}
	if err == nil && env(envAuthFile) == "" {
		err = checkHeader(setting{envAuthToken, env(envAuthToken)})
	}
	if err != nil {
		return wrong(SourceContainer, settings, err)
	}
	return finding{
		Candidate: Candidate{Source: SourceContainer, Settings: settings},
		key:       []string{endpoint.String(), env(envAuthFile), digestOf(env(envAuthToken))},
		open: func(s setup) (source, error) {
			return &container{
				endpoint: endpoint,
				authFile: env(envAuthFile),
				auth:     env(envAuthToken),
				client:   containerClient(s, endpoint.Scheme == "http"),
			}, nil
		},
	}
}

// parseEndpoint checks what can be checked of a URI without the network. A URL
// may hold a password, so errors do not quote it, nor those of url.Parse.
func parseEndpoint(uri setting) (*url.URL, *ConfigError) {
	raw := uri.value
	if uri.name == envRelativeURI {
		raw = relativeHost + raw
	}
	u, err := url.Parse(raw)
	problem := ""
	switch {
	case err != nil:
		problem = "is not a URL"
	case uri.name == envRelativeURI && u.Host != relativeHost[len("http://"):]:
		// As "@host" would make of it.
		problem = "does not begin with a slash"
	case u.Scheme != "http" && u.Scheme != "https":
		problem = fmt.Sprintf("has the scheme %q instead of http or https", u.Scheme)
	case u.Hostname() == "":
		problem = "has no host"
	case u.Scheme == "http":
		problem = hostProblem(u.Hostname())
	}
	if problem == "" {
		return u, nil
	}
	return nil, &ConfigError{Field: uri.name, Problem: problem, Remedy: hostRemedy}
}

// container takes credentials from an HTTP endpoint beside the pod.
type container struct {
	endpoint *url.URL
	authFile string
	auth     string
	client   aws.HTTPClient
}

// fetch repeats what may pass, after up to 100 ms and then up to 200: 429, 5xx,
// no answer, and an answer that cannot be read.
func (c *container) fetch(ctx context.Context) (*grant, error) {
	for attempt := 1; ; attempt++ {
		g, err := c.ask(ctx)
		if err == nil {
			return g, nil
		}
		if e, ok := err.(*ContainerError); !ok || !e.retry || attempt == containerAttempts {
			return nil, err
		}
		if !sleep(ctx, between(0, 100*time.Millisecond<<(attempt-1))) {
			return nil, err
		}
	}
}

// ask makes one attempt. The authorization token stays in local variables and
// is read before anything is sent.
func (c *container) ask(ctx context.Context) (*grant, error) {
	auth, err := c.authorization()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, containerTimeout)
	defer cancel()
	if err := checkLookup(ctx, c.endpoint); err != nil {
		return nil, c.failed(0, err)
	}
	status, data, err := c.get(ctx, auth)
	if err != nil {
		return nil, c.failed(status, err)
	}
	if status != http.StatusOK {
		return nil, c.refused(status, data)
	}
	return c.grant(auth, data)
}

func (c *container) get(ctx context.Context, auth string) (status int, data []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint.String(), nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("Accept", "application/json")
	if auth != "" {
		request.Header.Set("Authorization", auth)
	}
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	data, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	return response.StatusCode, data, err
}

func (c *container) grant(auth string, data []byte) (*grant, error) {
	answer, err := parseAnswer(data)
	if err != nil {
		return nil, c.unusable(err.Error(), true)
	}
	creds, problem := answer.credentials(SourceContainer, time.Now())
	if problem != "" {
		return nil, c.unusable(problem, false)
	}
	g := &grant{creds: creds, identity: identify(creds)}
	if isAgent(c.endpoint) {
		claimIdentity(&g.identity, auth)
	}
	return g, nil
}

// claimIdentity adds who the token says the pod is, if it is one of EKS Pod
// Identity: by answering, its agent says that EKS has verified it.
func claimIdentity(id *Identity, auth string) {
	t, err := ParseTokenUnverified(auth)
	if err != nil || !slices.Contains(t.Audience, podIdentityAudience) {
		return
	}
	id.Issuer, id.Subject, id.Audience = t.Issuer, t.Subject, podIdentityAudience
}

// authorization is the value of the header: from the file, read anew every
// time, else from the variable.
func (c *container) authorization() (string, error) {
	if c.authFile == "" {
		return c.auth, nil
	}
	token, err := readTokenFile(c.authFile)
	if err != nil {
		return "", err
	}
	problem := TokenProblem("")
	switch {
	case token == "":
		problem = TokenEmpty
	case len(token) > maxToken:
		problem = TokenTooLarge
	case !isHeader(token):
		problem = TokenNotHeader
	default:
		return token, nil
	}
	return "", &TokenError{Path: c.authFile, Problem: problem, Remedy: "the file must hold the token that the kubelet projects and nothing else"}
}

// digest tells whether the kubelet has renewed the token.
func (c *container) digest() (string, error) {
	token, err := c.authorization()
	return digestOf(token), err
}

// checkHeader refuses a token that would end the header and begin another.
func checkHeader(s setting) *ConfigError {
	if isHeader(s.value) {
		return nil
	}
	return &ConfigError{Field: s.name, Problem: "has a line break or another control character inside", Remedy: "set it to the token alone"}
}

// isHeader reports whether a value can be sent in a header (RFC 9110, 5.5).
func isHeader(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f })
}
