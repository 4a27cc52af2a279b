package secrets

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/irsakit/irsa/credentials"
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
	// to return instead; 80 to 100 % of it are used at random. From the third
	// failure in a row on it doubles each time, up to a minute. Zero: two
	// seconds. Negative: not at all.
	ErrorTTL time.Duration
	// Timeout bounds one fetch with all its retries. Zero: thirty seconds.
	Timeout time.Duration
	// Preload lists secrets that [New] reads before it returns, with as few
	// calls as there can be. They are never evicted.
	Preload []string
	// WaitForPreload has [New] try again, until its context ends, to preload
	// secrets for as long as nothing worse is in the way than failures that may
	// pass: network, throttling, faults of AWS. A refusal still ends it at once.
	WaitForPreload bool
	// MaxEntries is how many secrets are held, errors in the place of values
	// included. When there are more, those go that were not read for longest;
	// preloaded secrets and those of handles stay, and so does, until it has
	// landed, what is being fetched. Zero: 10,000. Negative: no limit.
	MaxEntries int
	// MaxBytes is how much memory the secrets held may take, with about a
	// kibibyte for each beside its value. Zero: 64 MiB. Negative: no limit.
	MaxBytes int64
	// Roles are assumed, with the credentials of the aws.Config, for secrets
	// whose ARN is of the account that is the key. A [Ref].Role goes before; of
	// roles that are not in here, the hundred used last stay assumed.
	// Nil: what the other accounts' resource policies allow is read directly.
	Roles map[string]credentials.Hop
	// ReplicaRegions are asked, in this order, for a secret of Secrets Manager
	// whose own Region does not answer. Each Region gets an equal part of what
	// is left of Timeout. What a replica gives is used if it is the version held
	// last, or one newer than all before. Nil: none.
	ReplicaRegions []string
	// DescribeFirst has DescribeSecret asked, when a value is due to be read
	// anew, whether the version held is still the one with the label, and the
	// value read only if it is not. That is for secrets that take a call each:
	// those of other accounts, those asked for by version or stage, all where
	// the batch is denied, and one that is due alone. Others stay in batches,
	// since one call for twenty is less than a call for each.
	//
	// DescribeSecret costs what a read costs and needs a permission of its own;
	// where it is denied, values are read as ever. It saves the request to KMS,
	// the transfer, and the quota of GetSecretValue. It does not tell that the
	// right to the value or to its key has been withdrawn: a value is read itself
	// once in MaxStale at least, and a refusal may be noticed only then.
	// [Store.Refresh] and [Store.Invalidate] always read.
	DescribeFirst bool
	// OnFetch hears what became of each secret that was fetched, once a fetch,
	// in the Store's own goroutines and with no lock held, so that it may ask
	// the Store; it may be called concurrently. It must not wait, nor call
	// Close, which waits for it. It does not hear of what [Use] reads beside
	// AWSCURRENT, which the Store does not keep. Nil: nobody.
	OnFetch func(Fetched)
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

func (c Config) maxEntries() int {
	switch {
	case c.MaxEntries < 0:
		return math.MaxInt
	case c.MaxEntries == 0:
		return 10_000
	default:
		return c.MaxEntries
	}
}

func (c Config) maxBytes() int64 {
	switch {
	case c.MaxBytes < 0:
		return math.MaxInt64
	case c.MaxBytes == 0:
		return 64 << 20
	default:
		return c.MaxBytes
	}
}

// resolution is how often the clock moves.
func (c Config) resolution() time.Duration {
	return min(max(c.ttl()/100, 10*time.Millisecond), time.Second)
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
