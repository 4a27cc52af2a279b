package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// injectionFix is for a pod that came to be without its variables.
const injectionFix = "give the service account the annotation eks.amazonaws.com/role-arn (IRSA) or an association (EKS Pod Identity), " +
	"see that the EKS webhook is up, and recreate the pod: variables do not appear later"

// halfPairFix is for what the webhook leaves when the container spec sets one
// variable of a pair: both-or-neither is its rule.
const halfPairFix = "remove the one that the container spec sets, for then the EKS webhook sets both, and recreate the pod"

// choose asks the chain what it would select.
func (x *examination) choose(ctx context.Context) {
	// The chain tells more of a selection that did not succeed than New does.
	x.winner, x.selection, x.chosenErr = choose(ctx, x.cfg, x.env)
	p, err := New(ctx, x.cfg)
	if err != nil {
		x.chosenErr = err
		return
	}
	p.Close()
}

// explicit reports that the Config, not the environment, says where the
// identity comes from.
func (x *examination) explicit() bool {
	configured := findConfigured(x.cfg)
	return configured.decides() || x.cfg.profile() != ""
}

func (x *examination) settings(ctx context.Context) []Check {
	return []Check{x.environmentCheck(), x.otherSDKsCheck(ctx), x.selectionCheck(), x.proxyCheck()}
}

// mechanism is a way into AWS that the environment may configure.
type mechanism struct {
	name    string
	source  Source
	set     []string
	missing string // the other half
	fix     string // for half of it
}

func (x *examination) mechanisms() []mechanism {
	return []mechanism{
		x.pair(mechanism{name: "IRSA", source: SourceWebIdentity, fix: halfPairFix}, envRoleARN, envTokenFile),
		x.podIdentity(),
		x.pair(mechanism{name: "access keys", source: SourceEnvironment, fix: "set both or neither"}, envAccessKeyID, envSecretKey),
	}
}

func (x *examination) pair(m mechanism, one, other string) mechanism {
	m.set = x.env.set(one, other)
	if len(m.set) == 1 {
		m.missing = one
		if m.set[0] == one {
			m.missing = other
		}
	}
	return m
}

// podIdentity knows that only the agent of EKS wants a token; other endpoints
// may do without.
func (x *examination) podIdentity() mechanism {
	m := mechanism{name: "Pod Identity", source: SourceContainer, fix: halfPairFix}
	m.set = x.env.set(envFullURI, envRelativeURI, envAuthFile, envAuthToken)
	endpoint, credential := x.env.set(envFullURI, envRelativeURI), x.env.set(envAuthFile, envAuthToken)
	switch {
	case len(endpoint) == 0 && len(credential) > 0:
		m.missing = envFullURI
	case len(credential) == 0 && x.isAgent():
		m.missing = envAuthFile
	}
	return m
}

// isAgent reports whether the container endpoint is the EKS Pod Identity
// agent's.
func (x *examination) isAgent() bool {
	u, err := url.Parse(x.env(envFullURI))
	return err == nil && isAgent(u)
}

func (m mechanism) String() string {
	switch {
	case len(m.set) == 0:
		return m.name + ": not set"
	case m.missing != "":
		return fmt.Sprintf("%s: by half: %s is set, %s is not", m.name, list(m.set), m.missing)
	}
	return m.name + ": " + list(m.set)
}

func (x *examination) environmentCheck() Check {
	c := Check{Name: nameEnvironment, Status: StatusInfo}
	var seen []string
	for _, m := range x.mechanisms() {
		seen = append(seen, m.String())
		switch {
		case len(m.set) == 0:
		case m.missing == "" && c.Status == StatusInfo:
			c.Status = StatusOK
		case m.missing != "":
			c.Status, c.Fix = max(c.Status, x.half(m)), m.fix
		}
	}
	if profile := x.env("AWS_PROFILE"); profile != "" {
		seen = append(seen, "AWS_PROFILE="+quote(profile))
	}
	if blank := x.blank(); len(blank) > 0 {
		seen = append(seen, fmt.Sprintf("of nothing but white space, which counts as not set: %s", list(blank)))
	}
	c.Evidence = strings.Join(seen, "; ")
	if _, nothing := errors.AsType[*NoSourceError](x.chosenErr); nothing && c.Fix == "" {
		c.Status, c.Fix = StatusFailure, injectionFix
	}
	return c
}

// half is how bad half a mechanism is: a warning if another was selected.
func (x *examination) half(m mechanism) Status {
	if x.chosenErr == nil && x.selection.Source != m.source || x.explicit() {
		return StatusWarning
	}
	return StatusFailure
}

// blank lists variables that are set to white space.
func (x *examination) blank() []string {
	var names []string
	for _, name := range []string{envRoleARN, envTokenFile, envAccessKeyID, envSecretKey, envFullURI, envAuthFile} {
		if x.raw(name) != "" && x.env(name) == "" {
			names = append(names, name)
		}
	}
	return names
}

func (x *examination) selectionCheck() Check {
	if x.chosenErr != nil {
		evidence, fix := words(x.chosenErr)
		return Check{nameSelection, StatusFailure, evidence, fix}
	}
	c := Check{Name: nameSelection, Status: StatusOK}
	var seen, late []string
	for _, k := range x.selection.Candidates {
		switch k.State {
		case Selected:
			seen = append([]string{fmt.Sprintf("%s by %s", k.Source, list(k.Settings))}, seen...)
		case NotConfigured:
		case PassedOver, Incomplete:
			late = append(late, string(k.Source))
			fallthrough
		default:
			seen = append(seen, fmt.Sprintf("%s is %s: %s", k.Source, k.State, k.Reason))
		}
	}
	c.Evidence = strings.Join(seen, "; ")
	switch {
	case len(late) == 0:
	case x.explicit():
		c.Status = StatusInfo
	default:
		c.Status = StatusWarning
		c.Fix = fmt.Sprintf("keep one: remove what configures the %s, or what configures the %s", list(late), x.selection.Source)
	}
	return c
}
