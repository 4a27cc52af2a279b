package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Source is a kind of place from which credentials come. It is also the Source
// of the aws.Credentials that [Provider.Retrieve] returns.
type Source string

// The sources that the chain knows about.
const (
	SourceEnvironment     Source = "environment keys"
	SourceWebIdentity     Source = "web identity"
	SourceProfile         Source = "profile"
	SourceContainer       Source = "container endpoint" // EKS Pod Identity, ECS
	SourceInstanceProfile Source = "instance profile"   // of the node; only on request
)

// DefaultSources are those of a zero [Config], in the order of the SDK for Go.
// [Config.AllowInstanceProfile] adds [SourceInstanceProfile] after them.
func DefaultSources() []Source {
	return []Source{SourceEnvironment, SourceWebIdentity, SourceProfile, SourceContainer}
}

// State is what became of a [Candidate].
type State uint8

// The states of a candidate.
const (
	NotConfigured State = iota // nothing is set
	Selected                   // it is the source
	PassedOver                 // it is set, but one before it was selected
	Incomplete                 // it is set by half, or wrongly
	Excluded                   // it is set, but the Config does not take from it
)

var stateNames = [...]string{"not configured", "selected", "passed over", "incomplete", "excluded"}

// String names the state.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return fmt.Sprintf("State(%d)", s)
	}
	return stateNames[s]
}

// Candidate is a source that the chain looked at, and what it found.
type Candidate struct {
	Source Source
	// Settings are the Config fields, environment variables or profiles that
	// configure the source.
	Settings []string
	State    State
	// Reason says in words why it has that state.
	Reason string
}

// Selection is the outcome of the chain: which source was selected, and why
// that one. It is a copy; change it at will.
type Selection struct {
	Source Source
	// Candidates are all that were looked at, in order of precedence.
	Candidates []Candidate
	// Others are what other SDKs select in the same environment, if it
	// configures more than one source: programs in one pod can then have
	// different identities. Nil if it configures at most one.
	Others []Choice
}

// clone copies all that a caller could change.
func (s Selection) clone() Selection {
	s.Others = slices.Clone(s.Others)
	s.Candidates = slices.Clone(s.Candidates)
	for i := range s.Candidates {
		s.Candidates[i].Settings = slices.Clone(s.Candidates[i].Settings)
	}
	return s
}

// finding is a candidate with what the chain needs to go on.
type finding struct {
	Candidate
	open opener // if the candidate is complete
	err  error  // if it must not be passed by

	// key tells the base credentials from others of the same Source. It holds
	// no secret.
	key []string
	// hops are the roles that a profile has assumed from the base.
	hops []link
	// asRole: a profile that names a role, which some SDKs treat apart.
	asRole bool
}

// opener makes a source from the settings that were found.
type opener func(setup) (source, error)

// setup is what sources are made from.
type setup struct {
	cfg Config
	env environ
	sdk aws.Config // without credentials
	sts stsClient
}

func (f *finding) decides() bool { return f.open != nil || f.err != nil }

// choose runs the chain. The first candidate that is configured decides, be it
// by an error: falling through would give the pod an identity that nobody
// chose.
func choose(ctx context.Context, cfg Config, env environ) (*finding, Selection, error) {
	sources, err := cfg.sources()
	if err != nil {
		return nil, Selection{}, err
	}
	findings := look(ctx, cfg, env, sources)
	out := func() Selection {
		sel := Selection{Candidates: candidates(findings)}
		if others, configured := elsewhere(findings, env); len(configured) > 1 {
			sel.Others = others
		}
		return sel
	}
	first := slices.IndexFunc(findings, func(f *finding) bool { return f.State != Excluded && f.decides() })
	if first < 0 {
		return nil, out(), &NoSourceError{Candidates: candidates(findings)}
	}
	winner := findings[first]
	if winner.err != nil {
		return nil, out(), winner.err
	}
	winner.State = Selected
	winner.Reason = fmt.Sprintf("the first that is configured: %s set", list(winner.Settings))
	for _, f := range findings[first+1:] {
		f.passOver(winner.Settings)
	}
	sel := out()
	sel.Source = winner.Source
	return winner, sel, nil
}

// sources are those that the chain may select from.
func (c Config) sources() ([]Source, error) {
	if c.Sources == nil {
		sources := DefaultSources()
		if c.AllowInstanceProfile {
			sources = append(sources, SourceInstanceProfile)
		}
		return sources, nil
	}
	var errs []error
	for i, s := range c.Sources {
		problem := ""
		switch {
		case !slices.Contains(everySource(), s):
			problem = fmt.Sprintf("%q is no source", s)
		case slices.Contains(c.Sources[:i], s):
			problem = fmt.Sprintf("%q is listed twice", s)
		case s == SourceInstanceProfile && !c.AllowInstanceProfile:
			problem = fmt.Sprintf("%q is listed, but Config.AllowInstanceProfile is not set", s)
		default:
			continue
		}
		errs = append(errs, &ConfigError{
			Field:   fmt.Sprintf("Config.Sources[%d]", i),
			Problem: problem,
			Remedy:  "list constants of this package, each once",
		})
	}
	return slices.Clone(c.Sources), errors.Join(errs...)
}

func everySource() []Source { return append(DefaultSources(), SourceInstanceProfile) }

// look finds what is configured: in the Config, then in the listed sources, in
// order, then in the others, which are excluded.
func look(ctx context.Context, cfg Config, env environ, sources []Source) []*finding {
	configured := findConfigured(cfg)
	findings := []*finding{&configured}
	if name := cfg.profile(); name != "" {
		f := findProfile(ctx, cfg, env, setting{"Config.Profile", name})
		findings = append(findings, &f)
	}
	for _, s := range sources {
		f := find(ctx, cfg, env, s)
		if s == SourceProfile && cfg.profile() != "" {
			f.exclude("Config.Profile names another")
		}
		findings = append(findings, &f)
	}
	for _, s := range DefaultSources() {
		if !slices.Contains(sources, s) {
			f := find(ctx, cfg, env, s)
			f.exclude("Config.Sources does not list the " + string(s))
			findings = append(findings, &f)
		}
	}
	return findings
}

// find looks for one source in the environment.
func find(ctx context.Context, cfg Config, env environ, s Source) finding {
	switch s {
	case SourceEnvironment:
		return findKeys(env)
	case SourceWebIdentity:
		return findWebIdentity(env)
	case SourceProfile:
		return findProfile(ctx, cfg, env, env.profile())
	case SourceContainer:
		return findContainer(env)
	}
	return findInstance(env)
}

// passOver notes that a configured candidate came too late. One that is not
// even complete keeps its reason.
func (f *finding) passOver(winner []string) {
	if f.open == nil || f.State == Excluded {
		return
	}
	f.State = PassedOver
	f.Reason = fmt.Sprintf("%s set, but %s come first", list(f.Settings), list(winner))
}

// exclude notes that a configured candidate does not count.
func (f *finding) exclude(why string) {
	if f.decides() {
		f.State = Excluded
		f.Reason = fmt.Sprintf("%s set, but %s", list(f.Settings), why)
	}
}

func candidates(findings []*finding) []Candidate {
	out := make([]Candidate, len(findings))
	for i, f := range findings {
		out[i] = f.Candidate
	}
	return out
}

// absent is a candidate of which nothing is set.
func absent(s Source, settings ...string) finding {
	return finding{Candidate: Candidate{Source: s, Settings: settings, Reason: list(settings) + " not set"}}
}

// half is a candidate that lacks a setting.
func half(s Source, settings []string, set, missing, remedy string) finding {
	problem := fmt.Sprintf("not set although %s is", set)
	return wrong(s, settings, &ConfigError{Field: missing, Problem: problem, Remedy: remedy})
}

// wrong is a candidate that is set and cannot be used.
func wrong(s Source, settings []string, err *ConfigError) finding {
	return finding{
		Candidate: Candidate{Source: s, Settings: settings, State: Incomplete, Reason: err.Field + " " + err.Problem},
		err:       err,
	}
}

// list joins names as in a sentence.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
