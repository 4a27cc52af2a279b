package credentials

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/internal/lazyregexp"
)

// The parts of the instance metadata service (EC2 User Guide, "Access instance
// metadata").
const (
	metadataToken    = "/latest/api/token"
	metadataRoles    = "/latest/meta-data/iam/security-credentials/"
	metadataTTL      = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	metadataTokenIs  = "X-Aws-Ec2-Metadata-Token"
	metadataIPv4     = "http://169.254.169.254"
	metadataIPv6     = "http://[fd00:ec2::254]"
	envMetadata      = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
	envMetadataMode  = "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"
	metadataLifetime = "60" // seconds; long enough for one question
)

// metadataClient asks the node directly: a proxy would answer for its own.
func metadataClient() aws.HTTPClient {
	dialer := &net.Dialer{Timeout: metadataTimeout}
	return &http.Client{
		Transport:     &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		CheckRedirect: stay,
	}
}

func (x *examination) metadataEndpoint() string {
	if endpoint := x.env(envMetadata); endpoint != "" {
		return strings.TrimSuffix(endpoint, "/")
	}
	if strings.EqualFold(x.env(envMetadataMode), "IPv6") {
		return metadataIPv6
	}
	return metadataIPv4
}

// roleNameForm is that of a role's name (IAM API Reference, Role).
var roleNameForm = lazyregexp.New(`^[\w+=,.@-]{1,64}$`)

// nodeAnswer is what the metadata service says when asked for the node's role.
type nodeAnswer struct {
	reached bool   // it answered at all
	role    string // "" if it names none
}

// nodeChecks look whether the node's role can be had. It is asked for by both
// versions of the protocol, since the hop limit applies to the token of the
// second alone.
func (x *examination) nodeChecks(ctx context.Context) []Check {
	if strings.EqualFold(x.env(envMetadataDisabled), "true") {
		return []Check{{
			nameNodeRole, StatusInfo,
			envMetadataDisabled + " is set: not looked at. SDKs in this pod do not ask for the node's role, other programs may", "",
		}}
	}
	defer x.under.begin(nameNodeRole)()
	ctx, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	base := x.metadataEndpoint()
	second := make(chan nodeAnswer, 1)
	go func() { second <- x.askSecondVersion(ctx, base) }()
	first := x.askForRole(ctx, base, nil)
	return []Check{x.judgeNode(base, first, <-second)}
}

// askSecondVersion gets a token first. What comes back without one is no
// answer to the question, but one from the node.
func (x *examination) askSecondVersion(ctx context.Context, base string) nodeAnswer {
	got, err := ask(ctx, x.metadata, http.MethodPut, base+metadataToken, http.Header{metadataTTL: {metadataLifetime}})
	if err != nil || got.status != http.StatusOK {
		return nodeAnswer{reached: err == nil}
	}
	token := strings.TrimSpace(string(got.body))
	x.hide(token)
	return x.askForRole(ctx, base, http.Header{metadataTokenIs: {token}})
}

// askForRole asks for the name of the node's role, never for its credentials.
func (x *examination) askForRole(ctx context.Context, base string, header http.Header) nodeAnswer {
	got, err := ask(ctx, x.metadata, http.MethodGet, base+metadataRoles, header)
	if err != nil {
		return nodeAnswer{}
	}
	role, _, _ := strings.Cut(strings.TrimSpace(string(got.body)), "\n")
	if got.status != http.StatusOK || !roleNameForm().MatchString(role) {
		return nodeAnswer{reached: true}
	}
	return nodeAnswer{reached: true, role: role}
}

func (x *examination) judgeNode(base string, first, second nodeAnswer) Check {
	status := StatusWarning
	if x.cfg.AllowInstanceProfile {
		status = StatusInfo
	}
	const open = "the node's role %s can be had by this pod: %s answers "
	switch {
	case first.role != "":
		return Check{
			nameNodeRole, status, fmt.Sprintf(open, quote(first.role), base) + "without a token (IMDSv1), to which no hop limit applies",
			"set HttpTokens to required and HttpPutResponseHopLimit to 1 in the nodes' launch template, or block the address by network policy",
		}
	case second.role != "":
		return Check{
			nameNodeRole, status, fmt.Sprintf(open, quote(second.role), base) + "(IMDSv2): its hop limit is 2 or more, or the pod is in the host's network",
			"set HttpPutResponseHopLimit to 1 in the nodes' launch template, or block the address by network policy",
		}
	case first.reached || second.reached:
		return Check{nameNodeRole, StatusOK, base + " answers, but not with a role", ""}
	}
	return Check{nameNodeRole, StatusOK, fmt.Sprintf("%s does not answer in this pod: the node's role is out of its reach", base), ""}
}
