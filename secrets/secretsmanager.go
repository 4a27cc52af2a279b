package secrets

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/irsakit/irsa/credentials"
)

// current is the staging label of the version in use. It is sent even though it
// is the default: policies with a condition on secretsmanager:VersionStage deny
// a request without it.
const current = "AWSCURRENT"

// manager reads from Secrets Manager, in every Region that is asked for.
type manager struct {
	cfg      aws.Config // whose credentials tell their own failures
	provider aws.CredentialsProvider
	timeout  time.Duration

	mu      sync.Mutex
	clients map[string]*secretsmanager.Client // by Region
}

func newManager(cfg aws.Config, timeout time.Duration) *manager {
	m := &manager{provider: cfg.Credentials, timeout: timeout, clients: map[string]*secretsmanager.Client{}}
	m.cfg = cfg.Copy()
	m.cfg.Credentials = provider{cfg.Credentials}
	return m
}

// provider marks the failures of another provider as such.
type provider struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &identityError{err}
	}
	return creds, nil
}

// identity returns what the provider knows of the caller.
func (m *manager) identity() (credentials.Identity, bool) {
	p, ok := m.provider.(interface {
		Identity() (credentials.Identity, bool)
	})
	if !ok {
		return credentials.Identity{}, false
	}
	return p.Identity()
}

// client returns the one client for a Region.
func (m *manager) client(region string) *secretsmanager.Client {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.clients[region]
	if c == nil {
		c = secretsmanager.NewFromConfig(m.cfg, func(o *secretsmanager.Options) {
			o.Region = region
			// Bodies are secrets (github.com/boto/boto3/issues/2292).
			o.ClientLogMode.ClearResponseWithBody()
			o.ClientLogMode.ClearRequestWithBody()
		})
		m.clients[region] = c
	}
	return c
}

// region is where a secret is asked for: its own Region, or the caller's.
func (m *manager) region(ref Ref) string {
	if ref.Region != "" {
		return ref.Region
	}
	return m.cfg.Region
}

// read reads the current value of a secret. The error is a ReadError.
func (m *manager) read(ctx context.Context, ref Ref) (Value, *ReadError) {
	const operation = "GetSecretValue"
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	region := m.region(ref)
	out, err := m.client(region).GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{
		SecretId:     aws.String(ref.String()),
		VersionStage: aws.String(current),
	})
	if err != nil {
		return Value{}, classify(ref, region, operation, err)
	}
	if (out.SecretString == nil) == (out.SecretBinary == nil) {
		return Value{}, &ReadError{
			Ref: ref.String(), Region: region, Operation: operation, kind: ErrUnavailable,
			Problem: "the answer must hold either a string or binary data, and does not",
		}
	}
	p := &payload{
		data:    out.SecretBinary,
		arn:     aws.ToString(out.ARN),
		name:    aws.ToString(out.Name),
		version: aws.ToString(out.VersionId),
		stages:  out.VersionStages,
		created: aws.ToTime(out.CreatedDate),
	}
	if out.SecretString != nil {
		p.data = []byte(*out.SecretString)
	}
	return newValue(p), nil
}
