package credentials_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
)

// TestAssume assumes a role with the credentials of an aws.Config: those of a
// Provider, whose session it shares, and somebody else's.
func TestAssume(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(aws.CredentialsProvider) aws.CredentialsProvider{
		"of a Provider": func(p aws.CredentialsProvider) aws.CredentialsProvider { return p },
		"somebody else's": func(p aws.CredentialsProvider) aws.CredentialsProvider {
			return aws.CredentialsProviderFunc(p.Retrieve)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod, opts := chainOf(t, 1)
			hops := opts.Hops
			opts.Hops = nil
			cfg, err := credentials.LoadConfig(t.Context(), opts)
			if err != nil {
				t.Fatal(err)
			}
			base, _ := credentials.FromConfig(cfg)
			defer base.Close()
			retrieve(t, base)
			cfg.Credentials = wrap(cfg.Credentials)
			p, err := credentials.Assume(cfg, credentials.Config{Hops: hops})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				retrieve(t, p)
			}
			if count(pod, assume) != 1 || count(pod, assumeHop) != 1 {
				t.Errorf("%d and %d calls", count(pod, assume), count(pod, assumeHop))
			}
			if id, ok := p.Identity(); !ok || id.RoleARN != hops[0].RoleARN {
				t.Errorf("identity %v", id)
			}
			if err := p.Close(); err != nil {
				t.Error(err)
			}
			if _, err := p.Retrieve(t.Context()); !errors.Is(err, credentials.ErrClosed) {
				t.Errorf("closed: %v", err)
			}
			retrieve(t, base) // is another's
		})
	}
}

func TestAssumeTellsWhy(t *testing.T) {
	t.Parallel()
	_, opts := chainOf(t, 1)
	none := errors.New("no keys")
	cfg := aws.Config{Region: "eu-west-1", HTTPClient: opts.HTTPClient, Credentials: aws.CredentialsProviderFunc(
		func(ctx context.Context) (aws.Credentials, error) { return aws.Credentials{}, none },
	)}
	p, err := credentials.Assume(cfg, credentials.Config{Hops: opts.Hops})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if _, err := p.Retrieve(t.Context()); !errors.Is(err, none) {
		t.Errorf("got %v", err)
	}
}

func TestAssumeRefuses(t *testing.T) {
	t.Parallel()
	keys := aws.CredentialsProviderFunc(nil)
	hop := credentials.Hop{RoleARN: "arn:aws:iam::222233334444:role/reader"}
	for name, test := range map[string]struct {
		cfg  aws.Config
		opts credentials.Config
	}{
		"no hop":         {aws.Config{Credentials: keys}, credentials.Config{}},
		"no credentials": {aws.Config{}, credentials.Config{Hops: []credentials.Hop{hop}}},
		"bad role":       {aws.Config{Credentials: keys}, credentials.Config{Hops: []credentials.Hop{{RoleARN: "reader"}}}},
		"bad duration":   {aws.Config{Credentials: keys}, credentials.Config{Hops: []credentials.Hop{hop}, Duration: 1}},
		"bad fallback":   {aws.Config{Credentials: keys}, credentials.Config{Hops: []credentials.Hop{hop}, FallbackRegions: []string{"Mars"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := credentials.Assume(test.cfg, test.opts); !errors.Is(err, credentials.ErrConfiguration) {
				t.Errorf("got %v", err)
			}
		})
	}
}
