package credentialstest

import (
	"cmp"
	"sync"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

// What [PodWorld] holds.
const (
	PodRegion         = "eu-west-1"
	PodAccount        = "111122223333"
	PodCluster        = "cluster"
	PodIssuer         = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	PodNamespace      = "testnamespace"
	PodServiceAccount = "testapp"
	PodName           = "testapp-0"
	// PodRoleARN is the role for web identity, PodIdentityRoleARN the one for EKS
	// Pod Identity, and NodeRoleARN that of the node.
	PodRoleARN         = "arn:aws:iam::111122223333:role/pod-role"
	PodIdentityRoleARN = "arn:aws:iam::111122223333:role/pod-identity-role"
	NodeRoleARN        = "arn:aws:iam::111122223333:role/node-role"
)

// PodWorld returns a world of one cluster and one account, in which the service
// account testnamespace/testapp may assume pod-role with its token, and has
// pod-identity-role by an association. The nodes have node-role. The roles may
// do nothing yet. Change it at will.
func PodWorld() World {
	return World{
		Clusters: []Cluster{{
			Name: PodCluster, Account: PodAccount, Issuer: PodIssuer,
			Associations: []Association{{
				Namespace: PodNamespace, ServiceAccount: PodServiceAccount, RoleARN: PodIdentityRoleARN,
			}},
		}},
		Accounts: []Account{{
			ID:            PodAccount,
			OIDCProviders: []Provider{{URL: PodIssuer}},
			Roles: []Role{
				{Name: "pod-role", Trust: podTrust()},
				{Name: "pod-identity-role", Trust: serviceTrust("pods.eks.amazonaws.com", "sts:TagSession")},
				{Name: "node-role", Trust: serviceTrust("ec2.amazonaws.com")},
			},
		}},
	}
}

// podTrust is the trust policy that the EKS User Guide recommends.
func podTrust() *policy.Document {
	const provider = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	return policy.MustParse(`{
		"Version": "2012-10-17",
		"Statement": [{
			"Effect": "Allow",
			"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/` + provider + `"},
			"Action": "sts:AssumeRoleWithWebIdentity",
			"Condition": {"StringEquals": {
				"` + provider + `:aud": "sts.amazonaws.com",
				"` + provider + `:sub": "system:serviceaccount:testnamespace:testapp"
			}}
		}]
	}`)
}

// serviceTrust lets a service assume the role, with further actions if need be.
func serviceTrust(service string, more ...string) *policy.Document {
	trust := policy.MustParse(`{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Principal": {"Service": "` + service + `"}, "Action": "sts:AssumeRole"}
	]}`)
	if more != nil {
		trust.Statements[0].Action = policy.Strings(append([]string{"sts:AssumeRole"}, more...)...)
	}
	return trust
}

// PodOptions vary what [NewPod] makes.
type PodOptions struct {
	// AWS in which the pod runs, shared with other pods. Nil: one of its own, of
	// World.
	AWS *AWS
	// World in which the pod runs if AWS is nil. Nil: [PodWorld].
	World *World
	// Token is what every token of the pod is minted from. Zero fields for the
	// service account and the pod: those of the constants.
	Token TokenRequest
	// RoleARN is the role that the pod is to have. Empty: [PodRoleARN].
	RoleARN string
	// PodIdentity gives the pod its role by EKS Pod Identity instead of web
	// identity: the role of its association, which RoleARN does not change.
	PodIdentity bool
}

// Pod is a pod with its projected token, and the AWS around it. It is safe for
// concurrent use.
type Pod struct {
	AWS       *AWS
	TokenFile *TokenFile

	token       TokenRequest
	roleARN     string
	podIdentity bool

	mu     sync.Mutex
	issued time.Time // the token in the file
}

// The names of a pod's token files (amazon-eks-pod-identity-webhook, pkg/cache).
const (
	webIdentityName = "token"
	podIdentityName = "eks-pod-identity-token"
)

// NewPod starts a fake and writes a token for the pod under dir. Nil options
// are the zero options.
func NewPod(dir string, opts *PodOptions) (*Pod, error) {
	if opts == nil {
		opts = new(PodOptions)
	}
	aws, err := opts.aws()
	if err != nil {
		return nil, err
	}
	p := &Pod{
		AWS: aws, token: opts.Token, podIdentity: opts.PodIdentity,
		roleARN: cmp.Or(opts.RoleARN, PodRoleARN),
	}
	p.token.Namespace = cmp.Or(p.token.Namespace, PodNamespace)
	p.token.ServiceAccount = cmp.Or(p.token.ServiceAccount, PodServiceAccount)
	p.token.Pod = cmp.Or(p.token.Pod, PodName)
	p.token.Lifetime = cmp.Or(p.token.Lifetime, 24*time.Hour)
	name := webIdentityName
	if p.podIdentity {
		name = podIdentityName
		if p.token.Audience == nil {
			p.token.Audience = []string{"pods.eks.amazonaws.com"}
		}
	}
	p.issued = p.nextIssue()
	token, err := aws.Token(p.token)
	if err != nil {
		return nil, err
	}
	p.TokenFile, err = newTokenFile(dir, name, token)
	return p, err
}

func (o *PodOptions) aws() (*AWS, error) {
	switch {
	case o.AWS != nil:
		return o.AWS, nil
	case o.World != nil:
		return New(*o.World)
	}
	return New(PodWorld())
}

// Config returns what credentials.New and credentials.LoadConfig need to run as
// this pod: what the EKS webhook would put into the environment, and the fake
// as HTTP client. With [PodOptions].PodIdentity it is Region and client alone,
// and [Pod.Environ] has the rest, which Config has no fields for.
func (p *Pod) Config() credentials.Config {
	cfg := credentials.Config{Region: PodRegion, HTTPClient: p.AWS.HTTPClient()}
	if !p.podIdentity {
		cfg.RoleARN, cfg.TokenFile = p.roleARN, p.TokenFile.Path()
	}
	return cfg
}

// Environ returns the environment variables that the EKS webhook sets in the
// pod, for t.Setenv or a child process.
func (p *Pod) Environ() map[string]string {
	env := map[string]string{
		"AWS_REGION": PodRegion, "AWS_DEFAULT_REGION": PodRegion, "AWS_STS_REGIONAL_ENDPOINTS": "regional",
	}
	if p.podIdentity {
		env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials"
		env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = p.TokenFile.Path()
	} else {
		env["AWS_ROLE_ARN"] = p.roleARN
		env["AWS_WEB_IDENTITY_TOKEN_FILE"] = p.TokenFile.Path()
	}
	return env
}

// Rotate mints a token and puts it in the place of the old one.
func (p *Pod) Rotate() error {
	issued := p.nextIssue()
	token, err := p.AWS.Token(p.token)
	if err != nil {
		return err
	}
	if err := p.TokenFile.Rotate(token); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.issued = issued
	return nil
}

// nextIssue is the issue time of a token that is minted now.
func (p *Pod) nextIssue() time.Time {
	if !p.token.IssuedAt.IsZero() {
		return p.token.IssuedAt
	}
	return time.Now()
}
