package credentials

import (
	"fmt"
	"slices"
	"strings"
)

// Source is a kind of place from which credentials come. It is also the Source
// of the aws.Credentials that [Provider.Retrieve] returns.
type Source string

// The sources that the chain knows about. Those that it does not use are looked
// for to say so.
const (
	SourceEnvironment Source = "environment keys"
	SourceWebIdentity Source = "web identity"
	SourceContainer   Source = "container endpoint"
	SourceProfile     Source = "profile"
)

// State is what became of a [Candidate].
type State uint8

// The states of a candidate.
const (
	NotConfigured State = iota // nothing is set
	Selected                   // it is the source
	PassedOver                 // it is set, but one before it was selected
	Incomplete                 // only part of it is set
	Unsupported                // it is set, but this version does not use it
)

var stateNames = [...]string{"not configured", "selected", "passed over", "incomplete", "unsupported"}

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
	// Settings are the Config fields or environment variables that configure
	// the source.
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
}

// finding is a candidate with what the chain needs to go on.
type finding struct {
	Candidate
	open opener // if the candidate is complete
	err  error  // if it must not be passed by
}

// opener makes a source from the settings that were found.
type opener func(Config, environ, stsClient) (source, error)

// choose runs the chain. The first candidate that is configured decides, be it
// by an error: falling through would give the pod an identity that nobody
// chose. The order is that of aws-sdk-go-v2/config, resolveCredentialChain.
func choose(cfg Config, env environ) (Selection, opener, error) {
	findings := []finding{
		findConfigured(cfg),
		findKeys(env),
		findWebIdentity(env),
		findContainer(env),
		findProfile(env),
	}
	first := slices.IndexFunc(findings, finding.decides)
	if first < 0 {
		return Selection{}, nil, &NoSourceError{Candidates: candidates(findings)}
	}
	winner := &findings[first]
	if winner.err != nil {
		return Selection{}, nil, winner.err
	}
	winner.State = Selected
	winner.Reason = "the first that is configured"
	for i := range findings[first+1:] {
		findings[first+1+i].passOver(winner.Settings)
	}
	return Selection{Source: winner.Source, Candidates: candidates(findings)}, winner.open, nil
}

func (f finding) decides() bool { return f.open != nil || f.err != nil }

// passOver notes that a configured candidate came too late.
func (f *finding) passOver(winner []string) {
	if !f.decides() {
		return
	}
	f.State = PassedOver
	f.Reason = fmt.Sprintf("%s set, but %s come first", list(f.Settings), list(winner))
}

func candidates(findings []finding) []Candidate {
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
	return finding{
		Candidate: Candidate{Source: s, Settings: settings, State: Incomplete, Reason: missing + " " + problem},
		err:       &ConfigError{Field: missing, Problem: problem, Remedy: remedy},
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

// The variables of container credentials (EKS Pod Identity, ECS).
var containerVariables = []string{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"}

// findContainer reports container credentials. They decide, since someone
// configured them, but cannot be served.
func findContainer(env environ) finding {
	set := env.set(containerVariables...)
	if len(set) == 0 {
		return absent(SourceContainer, containerVariables...)
	}
	const problem = "credentials from a container endpoint (EKS Pod Identity, ECS) are not supported by this version"
	return finding{
		Candidate: Candidate{Source: SourceContainer, Settings: set, State: Unsupported, Reason: problem},
		err:       &ConfigError{Field: set[0], Problem: problem, Remedy: "give the service account a role by annotation (IRSA), or use the SDK's own chain"},
	}
}

// findProfile reports a profile. It does not decide: a profile also serves
// settings such as the Region.
func findProfile(env environ) finding {
	f := absent(SourceProfile, "AWS_PROFILE")
	if env("AWS_PROFILE") != "" {
		f.State = Unsupported
		f.Reason = "AWS_PROFILE set, but this version takes settings, not credentials, from profiles"
	}
	return f
}
