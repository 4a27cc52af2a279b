package credentials

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/policy"
)

// stsClient calls STS, one attempt a call: what is sent may have to change
// between attempts, which the SDK's own retries do not do. One is made for all
// sessions of a Provider. What it sends for whom is said at each call, but what
// the SDK learned about the difference of clocks is shared. It is safe for
// concurrent use.
type stsClient struct {
	api *sts.Client
	// regions are asked in order.
	regions []string
	// attempts in each region; 0 is without limit.
	attempts int
}

// newSTSClient makes the caller of an SDK client. An endpoint that someone
// configured is the same for all Regions, so it has no fallback.
func newSTSClient(cfg Config, api *sts.Client) stsClient {
	o := api.Options()
	c := stsClient{api: api, regions: []string{o.Region}, attempts: o.Retryer.MaxAttempts()}
	if o.BaseEndpoint != nil {
		return c
	}
	for _, region := range cfg.FallbackRegions {
		if region = strings.TrimSpace(region); !slices.Contains(c.regions, region) {
			c.regions = append(c.regions, region)
		}
	}
	return c
}

// checkFallbacks refuses Regions that cannot stand in for the first, which may
// be empty if that is wrong itself: a role exists in one partition.
func checkFallbacks(first string, regions []string) error {
	var errs []error
	for i, region := range regions {
		field, region := fmt.Sprintf("Config.FallbackRegions[%d]", i), strings.TrimSpace(region)
		if err := requireRegion(field, region); err != nil {
			errs = append(errs, err)
			continue
		}
		first = cmp.Or(first, region)
		if want, got := policy.Partition(first), policy.Partition(region); got != want {
			errs = append(errs, &ConfigError{
				Field:   field,
				Problem: fmt.Sprintf("%s is in partition %s, %s in %s", first, want, region, got),
				Remedy:  "name Regions of one partition",
			})
		}
	}
	return errors.Join(errs...)
}

// requireRegion is checkRegion for a Region that is set elsewhere.
func requireRegion(field, region string) error {
	if e, ok := errors.AsType[*ConfigError](checkRegion(region)); ok {
		return &ConfigError{Field: field, Problem: e.Problem, Remedy: "name one such as eu-west-1"}
	}
	return nil
}

// once are the options of a call: one attempt, at that region, signed with
// those credentials if there are any.
func (c stsClient) once(region string, creds aws.Credentials) func(*sts.Options) {
	return func(o *sts.Options) {
		o.Retryer = aws.NopRetryer{}
		o.Region = region
		if creds.HasKeys() {
			o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
			// Signed anew, the request would have the same key.
			o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], withoutRejections)
		}
	}
}

// reportFallback logs that a session came from another Region than the first.
func (c stsClient) reportFallback(ctx context.Context, log *slog.Logger, id Identity) {
	if id.Region == c.regions[0] {
		return
	}
	log.LogAttrs(ctx, slog.LevelWarn, "STS of the configured Region does not answer, a fallback did",
		slog.String("region", c.regions[0]),
		slog.String("answered", id.Region),
		slog.String("role", id.RoleARN))
}

// lowerDuration makes the duration that is asked for an hour, which every role
// allows (IAM User Guide, id_roles_update-role-settings), and reports whether it
// was longer.
func lowerDuration(ctx context.Context, log *slog.Logger, role string, duration *time.Duration, err error) bool {
	if *duration <= time.Hour {
		return false
	}
	log.LogAttrs(ctx, slog.LevelWarn, "AWS role does not allow sessions as long as configured, asking for one hour",
		slog.String("role", role),
		slog.Duration("configured", *duration),
		slog.Any("error", err))
	*duration = time.Hour
	return true
}
