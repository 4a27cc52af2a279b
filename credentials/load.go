package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// New selects the source of credentials and returns a provider for it. It reads
// the environment and the shared config file and makes no network call. What it
// finds wrong is reported all at once, as [*ConfigError] and [*NoSourceError];
// the token file is read by [Provider.Retrieve], since it may appear later. ctx
// ends no later refresh.
func New(ctx context.Context, cfg Config) (*Provider, error) {
	p, _, err := load(ctx, cfg)
	return p, err
}

// LoadConfig returns an aws.Config for any SDK client, with the Provider of
// [New] as its credentials and otherwise as config.LoadDefaultConfig makes it.
// Clients made of it renew a key that a service rejects, see
// [Provider.Configure]. [FromConfig] returns the Provider.
func LoadConfig(ctx context.Context, cfg Config) (aws.Config, error) {
	p, base, err := load(ctx, cfg)
	if err != nil {
		return aws.Config{}, err
	}
	p.Configure(&base)
	return base, nil
}

// FromConfig returns the Provider inside an aws.Config that [LoadConfig] made,
// to ask it who the pod is or to close it.
func FromConfig(cfg aws.Config) (*Provider, bool) {
	p, ok := cfg.Credentials.(*Provider)
	return p, ok
}

func load(ctx context.Context, cfg Config) (*Provider, aws.Config, error) {
	if err := cfg.validate(); err != nil {
		return nil, aws.Config{}, err
	}
	env := trimmed(os.Getenv)
	winner, sel, err := choose(ctx, cfg, env)
	base, baseErr := loadSDK(ctx, cfg, env)
	if err := errors.Join(distinct(err, baseErr), checkFallbacks(base.Region, cfg.FallbackRegions)); err != nil {
		return nil, aws.Config{}, err
	}
	client := sts.NewFromConfig(base)
	s := setup{cfg: cfg, env: env, sdk: base, sts: newSTSClient(cfg, client)}
	engines, err := assemble(s, winner)
	_, endpointErr := stsEndpoint(ctx, client.Options())
	if err := errors.Join(err, endpointErr); err != nil {
		releaseAll(engines)
		return nil, aws.Config{}, err
	}
	if sel.contested() && !winner.fromConfig() {
		reportContest(ctx, cfg, sel)
	}
	return newProvider(sel, engines...), base, nil
}

// distinct joins what the chain and the SDK say, which may both have met the
// same error in the shared config files.
func distinct(chain, sdk error) error {
	if chain != nil && sdk != nil && chain.Error() == sdk.Error() {
		return chain
	}
	return errors.Join(chain, sdk)
}

// reportContest logs that the environment configures more than one source.
func reportContest(ctx context.Context, cfg Config, sel Selection) {
	attrs := []slog.Attr{slog.String("selected", string(sel.Source))}
	for _, c := range sel.Candidates {
		if c.State == PassedOver {
			attrs = append(attrs, slog.String("passed_over", c.Reason))
		}
	}
	others := make([]slog.Attr, len(sel.Others))
	for i, o := range sel.Others {
		others[i] = slog.String(o.SDK, string(o.Source))
	}
	attrs = append(attrs, slog.Attr{Key: "other_sdks_select", Value: slog.GroupValue(others...)})
	cfg.logger().LogAttrs(ctx, slog.LevelWarn, "more than one source of AWS credentials is configured", attrs...)
}

// loadSDK loads all settings but credentials. It is complete before the STS
// client is made of it: the SDK's own chain makes that client before it has
// read AWS_ENDPOINT_URL.
func loadSDK(ctx context.Context, cfg Config, env environ) (aws.Config, error) {
	// The SDK's buildable client takes AWS_CA_BUNDLE in; for any other client
	// LoadDefaultConfig would be an error if the variable is set.
	buildable, _ := cfg.HTTPClient.(*awshttp.BuildableClient)
	profile := env.profile()
	if name := cfg.profile(); name != "" {
		profile = setting{"Config.Profile", name}
	}
	files := func(name string, otherwise []string) []string {
		if file := env(name); file != "" {
			return []string{file}
		}
		return otherwise
	}
	base, err := config.LoadDefaultConfig(ctx, func(o *config.LoadOptions) error {
		o.Region = cmp.Or(strings.TrimSpace(cfg.Region), env("AWS_REGION"), env("AWS_DEFAULT_REGION"))
		o.SharedConfigProfile = profile.value
		// The SDK would take the variables with their white space.
		o.SharedConfigFiles = files("AWS_CONFIG_FILE", config.DefaultSharedConfigFiles)
		o.SharedCredentialsFiles = files("AWS_SHARED_CREDENTIALS_FILE", config.DefaultSharedCredentialsFiles)
		// With a provider given the SDK's chain does not run.
		o.Credentials = aws.AnonymousCredentials{}
		// AWS_DEFAULTS_MODE=auto would ask the node where it is.
		o.DefaultsModeOptions.IMDSClient = imds.New(imds.Options{ClientEnableState: imds.ClientDisabled})
		if buildable != nil {
			o.HTTPClient = buildable
		}
		return nil
	})
	if err != nil {
		return aws.Config{}, sdkError(profile, err)
	}
	base.Credentials = nil
	if cfg.HTTPClient != nil && buildable == nil {
		base.HTTPClient = cfg.HTTPClient
	}
	return base, checkRegion(base.Region)
}

// sdkError leaves the SDK's text to errors.As, for it may quote lines of the
// credentials file.
func sdkError(profile setting, err error) error {
	profile.value = cmp.Or(profile.value, config.DefaultSharedConfigProfile)
	if e := profileError(profile, err); e != nil {
		return e
	}
	return &ConfigError{
		Field:   "SDK settings",
		Problem: "a variable or the shared config file has a value that the SDK does not accept",
		Remedy:  "look at AWS_CA_BUNDLE, AWS_CONFIG_FILE and the SDK's other variables; the wrapped error has the details",
		err:     err,
	}
}

// checkRegion refuses what cannot be part of a host name. The SDK would notice
// at the first call.
func checkRegion(region string) error {
	const remedy = "set AWS_REGION, AWS_DEFAULT_REGION or Config.Region, such as eu-west-1"
	if region == "" {
		return &ConfigError{Field: "Region", Problem: "not set", Remedy: remedy}
	}
	illegal := func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9') }
	if i := strings.IndexFunc(region, illegal); i >= 0 {
		return &ConfigError{
			Field:   "Region",
			Problem: fmt.Sprintf("%q has an illegal character at position %d", region, i+1),
			Remedy:  remedy,
		}
	}
	return nil
}

// stsEndpoint runs the SDK's endpoint rules for STS, which need no network. At
// the first call their error would look like an outage.
func stsEndpoint(ctx context.Context, o sts.Options) (*url.URL, error) {
	endpoint, err := o.EndpointResolverV2.ResolveEndpoint(ctx, sts.EndpointParameters{
		Region:       &o.Region,
		UseFIPS:      new(o.EndpointOptions.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled),
		UseDualStack: new(o.EndpointOptions.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled),
		Endpoint:     o.BaseEndpoint,
	})
	bad := &ConfigError{Field: "STS endpoint", err: err}
	scheme, _, _ := strings.Cut(strings.ToLower(aws.ToString(o.BaseEndpoint)), "://")
	switch {
	case o.BaseEndpoint != nil && scheme != "http" && scheme != "https", err == nil && endpoint.URI.Host == "":
		bad.Problem = "is no URL of http or https"
		bad.Remedy = "write AWS_ENDPOINT_URL_STS, or AWS_ENDPOINT_URL, such as http://127.0.0.1:4711"
	case err != nil:
		bad.Problem = "the SDK has none for these settings together"
		bad.Remedy = "look at AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL, which do not go with AWS_USE_FIPS_ENDPOINT or AWS_USE_DUALSTACK_ENDPOINT, and at the Region"
	default:
		return &endpoint.URI, nil
	}
	return nil, bad
}
