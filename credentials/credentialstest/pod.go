package credentialstest

import (
	"cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

// What [PodWorld] holds.
const (
	PodRegion         = "eu-west-1"
	PodAccount        = "111122223333"
	PodIssuer         = "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	PodNamespace      = "testnamespace"
	PodServiceAccount = "testapp"
	PodName           = "testapp-0"
	PodRoleARN        = "arn:aws:iam::111122223333:role/pod-role"
)

// PodWorld returns a world of one cluster and one account, in which the service
// account testnamespace/testapp may assume pod-role. The role may do nothing
// yet. Change it at will.
func PodWorld() World {
	return World{
		Clusters: []Cluster{{Name: "cluster", Account: PodAccount, Issuer: PodIssuer}},
		Accounts: []Account{{
			ID:            PodAccount,
			OIDCProviders: []Provider{{URL: PodIssuer}},
			Roles:         []Role{{Name: "pod-role", Trust: podTrust()}},
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

// PodOptions vary what [NewPod] makes.
type PodOptions struct {
	// World in which the pod runs. Nil: [PodWorld].
	World *World
	// Token is what every token of the pod is minted from. Zero fields for the
	// service account and the pod: those of the constants.
	Token TokenRequest
	// RoleARN is the role that the pod is to have. Empty: [PodRoleARN].
	RoleARN string
}

// Pod is a pod with its projected token, and the AWS around it.
type Pod struct {
	AWS       *AWS
	TokenFile *TokenFile

	token   TokenRequest
	roleARN string
}

// NewPod starts a fake and writes a token for the pod under dir. Nil options
// are the zero options.
func NewPod(dir string, opts *PodOptions) (*Pod, error) {
	if opts == nil {
		opts = new(PodOptions)
	}
	world := PodWorld()
	if opts.World != nil {
		world = *opts.World
	}
	aws, err := New(world)
	if err != nil {
		return nil, err
	}
	p := &Pod{AWS: aws, token: opts.Token, roleARN: cmp.Or(opts.RoleARN, PodRoleARN)}
	p.token.Namespace = cmp.Or(p.token.Namespace, PodNamespace)
	p.token.ServiceAccount = cmp.Or(p.token.ServiceAccount, PodServiceAccount)
	p.token.Pod = cmp.Or(p.token.Pod, PodName)
	token, err := aws.Token(p.token)
	if err != nil {
		return nil, err
	}
	p.TokenFile, err = NewTokenFile(dir, token)
	return p, err
}

// Config returns what credentials.New and credentials.LoadConfig need to run as
// this pod: what the EKS webhook would put into the environment, and the fake
// as HTTP client.
func (p *Pod) Config() credentials.Config {
	return credentials.Config{
		Region:     PodRegion,
		RoleARN:    p.roleARN,
		TokenFile:  p.TokenFile.Path(),
		HTTPClient: p.AWS.HTTPClient(),
	}
}

// Rotate mints a token and puts it in the place of the old one.
func (p *Pod) Rotate() error {
	token, err := p.AWS.Token(p.token)
	if err != nil {
		return err
	}
	return p.TokenFile.Rotate(token)
}
