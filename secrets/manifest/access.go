package manifest

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// Access is a way to read secrets: a Region and an identity. Outputs that need
// the same share one.
type Access struct {
	// Name is unique in a Set, such as "SecretStore shop/shop-sm" or
	// "SecretProviderClass in eu-west-1".
	Name string
	// Region is that of the secrets, unless their ARN has another.
	Region string
	// Hops are the roles to assume with the pod's own identity. Nil: none.
	Hops []credentials.Hop
	// MaxAttempts is how often a call is made before it fails. Zero: as often as
	// the SDK does.
	MaxAttempts int
	// RetryInterval is the time between attempts. Zero: as the SDK does,
	// growing.
	RetryInterval time.Duration
}

// Config returns cfg, such as that of credentials.LoadConfig, with the Region,
// the identity and the retries of a: what secrets.New takes to make the Store
// for a. It makes no call. The function that it returns too ends the sessions of
// the Hops and must be called after the Store is closed; its error and that of
// Config are those of [credentials.Assume].
func (a *Access) Config(cfg aws.Config, opts credentials.Config) (aws.Config, func() error, error) {
	cfg = cfg.Copy()
	cfg.Region = a.Region
	if a.MaxAttempts > 0 || a.RetryInterval > 0 {
		cfg.Retryer = a.retryer
	}
	if len(a.Hops) == 0 {
		return cfg, func() error { return nil }, nil
	}
	opts.Hops = a.Hops
	provider, err := credentials.Assume(cfg, opts)
	if err != nil {
		return aws.Config{}, nil, fmt.Errorf("manifest: %s: %w", a.Name, err)
	}
	cfg.Credentials = provider
	return cfg, provider.Close, nil
}

func (a *Access) retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		if a.MaxAttempts > 0 {
			o.MaxAttempts = a.MaxAttempts
		}
		if a.RetryInterval > 0 {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return a.RetryInterval, nil })
		}
	})
}

// Reader reads the secrets of one [Access]; [*secrets.Store] is one. It must be
// safe for concurrent use.
type Reader interface {
	// GetAll returns the values that could be had, by reference, and the errors
	// of all others.
	GetAll(ctx context.Context, refs ...string) (map[string]secrets.Value, error)
	// Find returns references to all that q selects.
	Find(ctx context.Context, q secrets.Query) ([]string, error)
	// Tags returns the tags of a secret.
	Tags(ctx context.Context, ref string) (map[string]string, error)
}

var _ Reader = (*secrets.Store)(nil)

// use returns the Access of that name, which make makes when it is first used.
func (p *parsing) use(name string, access func() *Access) *Access {
	if p.access[name] == nil {
		a := access()
		a.Name = name
		p.access[name] = a
		p.set.Accesses = append(p.set.Accesses, a)
	}
	return p.access[name]
}
