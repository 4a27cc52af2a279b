package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Provider is an aws.CredentialsProvider that caches and refreshes before
// expiry. Make one with [New] or [LoadConfig]. It is safe for concurrent use
// and must not be copied.
type Provider struct {
	// The engines are behind pointers of their own so that fmt, which looks
	// into a struct that holds a *Provider, sees addresses and no state.
	engine    atomic.Pointer[engine] // the last of engines, until Close
	engines   []*engine              // of the base and of each hop
	selection Selection
	updates   chan struct{}
	closing   sync.Once
	cleanup   runtime.Cleanup
}

// newProvider makes a provider of open engines, the base first. It owns them.
func newProvider(sel Selection, engines ...*engine) *Provider {
	p := &Provider{engines: engines, selection: sel, updates: make(chan struct{}, 1)}
	last := p.last()
	p.engine.Store(last)
	last.watch(p.updates)
	// Whoever forgets a Provider should not leave a timer behind that refreshes
	// for nobody.
	updates := p.updates
	p.cleanup = runtime.AddCleanup(p, func(engines []*engine) {
		last.unwatch(updates)
		// As in Close, the base last: another hop may not find a base that has
		// gone before it.
		for _, e := range slices.Backward(engines) {
			e.abandon()
		}
	}, engines)
	return p
}

func (p *Provider) last() *engine { return p.engines[len(p.engines)-1] }

// Retrieve returns credentials, with their true Expires. While there are valid
// ones it returns at once, without looking at the clock or taking a lock. In
// their last minute it waits for a refresh until ctx ends, unless one has
// failed a short time ago; the same holds when they have expired or there are
// none. Credentials past their expiry are returned only while renewal fails for
// passing reasons, see [Refresh].MaxStale.
//
// The error is what the source said, such as a [*TokenError] or an
// [*AssumeRoleError], by itself or in a [*NoCredentialsError], or [ErrClosed],
// or wraps ctx's own. It is repeated for a few seconds before the source is
// asked again.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	e := p.engine.Load()
	if g := e.ready.Load(); g != nil {
		return g.creds, nil
	}
	return e.negotiate(ctx)
}

// RetrieveMin is Retrieve for credentials with at least d of true lifetime
// left, for presigned URLs and for database and cluster tokens, which end with
// the credentials that signed them. It refreshes if it must, also before the
// window, and once at most. Where that gives no more, or is not to be tried
// now, the error is a [*LifetimeError]. A d close to what the source gives
// costs a refresh each time.
func (p *Provider) RetrieveMin(ctx context.Context, d time.Duration) (aws.Credentials, error) {
	return p.engine.Load().retrieveMin(ctx, d)
}

// Invalidate says that a service has rejected an access key as expired or
// invalid. The next Retrieve then waits for a refresh, whatever the
// credentials' expiry; should that fail for a passing reason, it returns them
// again. If the key has expired, no pause after earlier failures stands in the
// way of that refresh, and later ones are at most 30 seconds apart until one
// succeeds. A key that is not in hand is ignored, and reported as false: someone
// else may have replaced it already. In a chain of hops the session that has
// the key is refreshed, no other: a session outlives the one it was assumed
// from.
func (p *Provider) Invalidate(accessKeyID string) bool {
	return slices.ContainsFunc(p.engines, func(e *engine) bool { return e.invalidate(accessKeyID) })
}

// WaitReady waits until there have been credentials for the first time, asking
// again after passing failures, a token file that does not exist yet among
// them. It returns what asking again does not change: an error that is terminal
// to STS, [ErrConfiguration], [ErrClosed]; or the end of ctx. A role that has
// just been made is denied for some seconds: call again to wait for it.
func (p *Provider) WaitReady(ctx context.Context) error {
	return p.engine.Load().waitReady(ctx)
}

// Updated returns a channel that receives after each refresh, be it that
// credentials or Stats changed. It holds one value, so a slow reader misses
// intermediate updates and never blocks a refresh; of several readers each
// update reaches one. Close closes it.
func (p *Provider) Updated() <-chan struct{} { return p.updates }

// Identity returns who the pod is by its latest credentials, also after Close.
// It reports false before the first [Provider.Retrieve] has succeeded, except
// for environment keys, which are known from the start.
func (p *Provider) Identity() (Identity, bool) {
	id := p.last().identity.Load()
	if id == nil {
		return Identity{}, false
	}
	return *id, true
}

// Selection returns which source was selected, and why.
func (p *Provider) Selection() Selection { return p.selection.clone() }

// Stats returns a snapshot of what the sessions have been through, also after
// Close.
func (p *Provider) Stats() Stats {
	s := Stats{Sessions: make([]SessionStats, len(p.engines))}
	for i, e := range p.engines {
		s.Sessions[i] = e.snapshot()
	}
	return s
}

// ProviderSources implements aws.CredentialProviderSource. It says "code"
// whatever the source: SDK clients may put a cache around providers that admit
// to STS, and this one has its own.
func (p *Provider) ProviderSources() []aws.CredentialSource {
	return []aws.CredentialSource{aws.CredentialSourceCode}
}

// Format implements fmt.Formatter. Every verb prints the source alone.
func (p *Provider) Format(s fmt.State, _ rune) {
	fmt.Fprintf(s, "credentials.Provider(%s)", p.selection.Source)
}

// LogValue implements slog.LogValuer.
func (p *Provider) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprint(p))
}

// Close ends the refreshing, waits for one that is under way and closes the
// channel of [Provider.Updated]; from then on Retrieve returns [ErrClosed].
// Sessions that others share through a [Pool] go on for them. A Provider that
// is dropped without Close stops refreshing once the garbage collector finds
// out. The error is always nil.
func (p *Provider) Close() error {
	p.closing.Do(func() {
		p.cleanup.Stop()
		p.engine.Store(&engine{closed: true})
		p.last().unwatch(p.updates)
		close(p.updates)
		for _, e := range slices.Backward(p.engines) {
			e.release()
		}
	})
	return nil
}
