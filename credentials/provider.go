package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Provider is an aws.CredentialsProvider that caches and refreshes before
// expiry. Make one with [New] or [LoadConfig]. It is safe for concurrent use.
type Provider struct {
	// The engine is behind a pointer of its own so that fmt, which looks into a
	// struct that holds a *Provider, sees an address and no state.
	engine    *engine
	selection Selection
}

// Retrieve returns valid credentials, with their true Expires. While there are
// some it returns at once; in their last minute, or if there are none, it waits
// for a refresh until ctx ends. The error is a [*TokenError] or an
// [*AssumeRoleError], [ErrClosed], or wraps ctx's own.
func (p *Provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	return p.engine.retrieve(ctx)
}

// Identity returns who the pod is by its latest credentials. It reports false
// before the first [Provider.Retrieve] has succeeded, except for environment
// keys, which are known from the start.
func (p *Provider) Identity() (Identity, bool) {
	id := p.engine.identity.Load()
	if id == nil {
		return Identity{}, false
	}
	return *id, true
}

// Selection returns which source was selected, and why.
func (p *Provider) Selection() Selection {
	s := p.selection
	s.Candidates = slices.Clone(s.Candidates)
	for i := range s.Candidates {
		s.Candidates[i].Settings = slices.Clone(s.Candidates[i].Settings)
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

// Close ends a refresh that is under way and waits for it; from then on
// Retrieve returns [ErrClosed]. Closing is optional: between refreshes a
// Provider holds no goroutine, timer or file. The error is always nil.
func (p *Provider) Close() error {
	p.engine.close()
	return nil
}
