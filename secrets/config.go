package secrets

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"
)

// Config tunes a [Store]; the zero Config is good.
type Config struct {
	// TTL is how old a value may get before a read fetches it anew. Each time,
	// 80 to 100 % of it are used at random, so that a fleet spreads its calls.
	// Zero: five minutes. Negative: values are fetched once and kept.
	TTL time.Duration
	// MaxStale is how old a value may get while AWS cannot be reached. Zero:
	// one hour, or twice TTL if that is more. Negative: no limit.
	MaxStale time.Duration
	// ErrorTTL is how long a failed read is remembered when there is no value
	// to return instead; 80 to 100 % of it are used at random. Zero: two
	// seconds. Negative: not at all.
	ErrorTTL time.Duration
	// Timeout bounds one fetch with all its retries. Zero: thirty seconds.
	Timeout time.Duration
	// Preload lists secrets that [New] reads before it returns.
	Preload []string
	// Logger hears about fetches that failed behind a read. Nil: nobody.
	Logger *slog.Logger
}

func (c Config) ttl() time.Duration {
	switch {
	case c.TTL < 0:
		return math.MaxInt64
	case c.TTL == 0:
		return 5 * time.Minute
	default:
		return c.TTL
	}
}

func (c Config) maxStale() time.Duration {
	switch {
	case c.MaxStale < 0 || c.TTL < 0:
		return math.MaxInt64
	case c.MaxStale == 0:
		return max(time.Hour, 2*min(c.ttl(), math.MaxInt64/2))
	default:
		return c.MaxStale
	}
}

func (c Config) errorTTL() time.Duration {
	if c.ErrorTTL == 0 {
		return 2 * time.Second
	}
	return max(c.ErrorTTL, 0)
}

func (c Config) timeout() time.Duration {
	if c.Timeout == 0 {
		return 30 * time.Second
	}
	return c.Timeout
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}

// check finds what contradicts itself.
func (c Config) check() error {
	switch {
	case c.Timeout < 0:
		return &ConfigError{"Config.Timeout", fmt.Sprintf("is negative: %v", c.Timeout)}
	case c.MaxStale > 0 && c.TTL >= 0 && c.MaxStale < c.ttl():
		return &ConfigError{"Config.MaxStale", fmt.Sprintf("is %v, less than the TTL of %v", c.MaxStale, c.ttl())}
	}
	return nil
}

// jitter returns 80 to 100 % of d.
func jitter(d time.Duration) time.Duration {
	if d < 5 || d == math.MaxInt64 {
		return d
	}
	return d - rand.N(d/5)
}
