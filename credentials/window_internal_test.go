package credentials

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func TestAdvisoryWindow(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ configured, lifetime, want time.Duration }{
		"short":                    {0, 15 * time.Minute, 5 * time.Minute},
		"20 minutes":               {0, 20 * time.Minute, 5 * time.Minute},
		"above 20 minutes":         {0, 20*time.Minute + 1, 15 * time.Minute},
		"an hour":                  {0, time.Hour, 15 * time.Minute},
		"below 90 minutes":         {0, 90*time.Minute - 1, 15 * time.Minute},
		"90 minutes":               {0, 90 * time.Minute, time.Hour},
		"long":                     {0, 12 * time.Hour, time.Hour},
		"as long as the lifetime":  {0, 5 * time.Minute, 150 * time.Second},
		"longer than the lifetime": {0, 30 * time.Second, 15 * time.Second},
		"configured":               {20 * time.Minute, time.Hour, 20 * time.Minute},
		"configured above it":      {2 * time.Hour, time.Hour, 30 * time.Minute},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := advisoryWindow(test.configured, test.lifetime); got != test.want {
				t.Errorf("window %v, want %v", got, test.want)
			}
		})
	}
}

// Each window begins at its first instant.
func TestPhases(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const never = time.Duration(-1)
	hour := &grant{creds: aws.Credentials{CanExpire: true, Expires: now.Add(time.Hour)}}
	brief := &grant{creds: aws.Credentials{CanExpire: true, Expires: now.Add(time.Minute)}}
	tests := map[string]struct {
		grant    *grant
		at       time.Duration
		maxStale time.Duration
		rejected bool
		want     phase
	}{
		"new":                             {grant: hour, want: phaseValid},
		"before the advisory window":      {grant: hour, at: 45*time.Minute - 1, want: phaseValid},
		"advisory window":                 {grant: hour, at: 45 * time.Minute, want: phaseAdvisory},
		"before the mandatory window":     {grant: hour, at: 59*time.Minute - 1, want: phaseAdvisory},
		"mandatory window":                {grant: hour, at: 59 * time.Minute, want: phaseMandatory},
		"before expiry":                   {grant: hour, at: time.Hour - 1, want: phaseMandatory},
		"expiry":                          {grant: hour, at: time.Hour, want: phaseExpired},
		"long after expiry":               {grant: hour, at: 1000 * time.Hour, want: phaseExpired},
		"no advisory window when brief":   {grant: brief, at: 30 * time.Second, want: phaseMandatory},
		"valid when brief":                {grant: brief, at: 30*time.Second - 1, want: phaseValid},
		"never stale, valid":              {grant: hour, at: time.Hour - 1, maxStale: never, want: phaseMandatory},
		"never stale, expired":            {grant: hour, at: time.Hour, maxStale: never, want: phaseNone},
		"within the bound":                {grant: hour, at: 2*time.Hour - 1, maxStale: time.Hour, want: phaseExpired},
		"at the bound":                    {grant: hour, at: 2 * time.Hour, maxStale: time.Hour, want: phaseNone},
		"rejected":                        {grant: hour, rejected: true, want: phaseExpired},
		"rejected, never stale":           {grant: hour, rejected: true, maxStale: never, want: phaseExpired},
		"rejected and at the bound":       {grant: hour, at: time.Hour, rejected: true, maxStale: never, want: phaseNone},
		"without expiry":                  {grant: new(grant), at: 1000 * time.Hour, maxStale: never, want: phaseValid},
		"without expiry, rejected":        {grant: new(grant), rejected: true, want: phaseExpired},
		"none":                            {want: phaseNone},
		"none, with a bound of staleness": {maxStale: time.Hour, want: phaseNone},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var it *term
			if test.grant != nil {
				it = newTerm(test.grant, 0, now)
				it.rejected = test.rejected
			}
			if got := it.phase(now.Add(test.at), test.maxStale); got != test.want {
				t.Errorf("phase %d, want %d", got, test.want)
			}
		})
	}
}
