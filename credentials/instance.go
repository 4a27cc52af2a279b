package credentials

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const envMetadataDisabled = "AWS_EC2_METADATA_DISABLED"

// rolePath is where the instance metadata service lists the node's role, and
// below which its credentials are (EC2 User Guide, "Retrieve security
// credentials from instance metadata").
const rolePath = "iam/security-credentials/"

// findInstance is asked only where Config.AllowInstanceProfile is set. Whether
// there is a node with a role cannot be seen without asking it.
func findInstance(env environ) finding {
	settings := []string{"Config.AllowInstanceProfile"}
	if strings.EqualFold(env(envMetadataDisabled), "true") {
		f := absent(SourceInstanceProfile, settings...)
		f.Reason = envMetadataDisabled + " is true"
		return f
	}
	return finding{
		Candidate: Candidate{Source: SourceInstanceProfile, Settings: settings},
		open:      openInstance,
	}
}

// instance takes the credentials of the node's role. It does not use the SDK's
// ec2rolecreds, which cuts Expires to an hour and draws out dead keys.
type instance struct{ client *imds.Client }

func openInstance(s setup) (source, error) {
	return &instance{imds.NewFromConfig(s.sdk, func(o *imds.Options) {
		// Without a session token (version 1) any request that a caller can
		// make this process send would get the credentials.
		o.EnableFallback = aws.FalseTernary
		o.HTTPClient = unproxied(s.cfg.HTTPClient)
	})}, nil
}

// unproxied keeps the SDK from asking a proxy for the node's metadata. A client
// that connects in a way of its own is used as it is.
func unproxied(client aws.HTTPClient) imds.HTTPClient {
	buildable := awshttp.NewBuildableClient()
	switch c := client.(type) {
	case nil:
	case *awshttp.BuildableClient:
		buildable = c
	case *http.Client:
		if _, plain := c.Transport.(*http.Transport); !plain && c.Transport != nil {
			return c
		}
	default:
		return c
	}
	return buildable.WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
}

func (i *instance) fetch(ctx context.Context) (*grant, error) {
	role, err := i.role(ctx)
	if err != nil {
		return nil, err
	}
	data, err := i.get(ctx, path.Join(rolePath, role))
	if err != nil {
		return nil, err
	}
	answer, err := parseAnswer(data)
	if err != nil {
		return nil, metadataError("the node's metadata service answers what are no credentials", err)
	}
	if answer.refused {
		return nil, metadataError("the node's metadata service refuses: "+answer.code, nil)
	}
	creds, problem := answer.credentials(SourceInstanceProfile, time.Now())
	if problem != "" {
		return nil, metadataError("the node's metadata service: "+problem, nil)
	}
	return &grant{creds: creds, identity: identify(creds)}, nil
}

// role is the first that is listed. A node has one.
func (i *instance) role(ctx context.Context) (string, error) {
	data, err := i.get(ctx, rolePath)
	if err != nil {
		return "", err
	}
	lines := bufio.NewScanner(strings.NewReader(string(data)))
	if !lines.Scan() || strings.TrimSpace(lines.Text()) == "" {
		return "", noInstanceRole(nil)
	}
	return strings.TrimSpace(lines.Text()), nil
}

func (i *instance) get(ctx context.Context, path string) ([]byte, error) {
	out, err := i.client.GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return nil, explainMetadata(err)
	}
	defer out.Content.Close()
	data, err := io.ReadAll(io.LimitReader(out.Content, maxAnswer))
	if err != nil {
		return nil, explainMetadata(err)
	}
	return data, nil
}

func explainMetadata(err error) error {
	status := 0
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok {
		status = r.HTTPStatusCode()
	}
	switch status {
	case http.StatusNotFound:
		return noInstanceRole(err)
	case http.StatusBadRequest, http.StatusForbidden:
		e := metadataError("the node's metadata service refuses to answer", err)
		e.kind = ErrConfiguration
		return e
	}
	e := metadataError("the node's metadata service does not answer in its version 2", err)
	e.Remedy = "a pod reaches it only with hostNetwork, or with a hop limit of 2 on the node; better give the service account a role of its own"
	return e
}

func noInstanceRole(err error) error {
	e := metadataError("the node has no role", err)
	e.kind, e.Remedy = ErrConfiguration, "give the service account a role of its own"
	return e
}

func metadataError(problem string, err error) *SourceError {
	return &SourceError{Source: SourceInstanceProfile, Problem: problem, kind: ErrUnavailable, err: err}
}
