package credentials

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// Assume returns a Provider that assumes the roles of hops, in order, beginning
// with the credentials of cfg, whose Region, endpoints and HTTP client are used
// too. It makes no call. If cfg is from [LoadConfig], the first hop asks the
// session of its Provider, which stays open when this one is closed and must be
// closed after it. Of opts, Hops, SessionName, FallbackRegions, Refresh and
// Logger count; what is wrong with them is a [*ConfigError].
func Assume(cfg aws.Config, opts Config) (*Provider, error) {
	links, err := linkHops(chainHops(nil, opts.Hops))
	if err := errors.Join(err, opts.validate(), checkFallbacks(cfg.Region, opts.FallbackRegions)); err != nil {
		return nil, err
	}
	if len(links) == 0 || cfg.Credentials == nil {
		return nil, &ConfigError{
			Field:   "Config.Hops",
			Problem: "there is no role to assume, or aws.Config has no credentials to do so",
			Remedy:  "give at least one hop, and an aws.Config of LoadConfig",
		}
	}
	var engines []*engine
	var selection Selection
	var before *engine
	if p, ok := FromConfig(cfg); ok {
		before, selection = p.last(), p.Selection()
	} else {
		before = newEngine(opts, given{cfg.Credentials})
		engines = append(engines, before)
	}
	client := newSTSClient(opts, sts.NewFromConfig(cfg))
	for _, l := range links {
		before = newEngine(opts, openHop(opts, client, before, l))
		engines = append(engines, before)
	}
	return newProvider(selection, engines...), nil
}

// given is a source of somebody else's making.
type given struct{ aws.CredentialsProvider }

func (g given) fetch(ctx context.Context) (*grant, error) {
	creds, err := g.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	return &grant{creds: creds, identity: identify(creds)}, nil
}
