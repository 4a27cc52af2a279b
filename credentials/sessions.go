package credentials

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// assemble opens the sessions that a Provider stands on: the base, the roles of
// the profile, then those of the Config, each asking the engine of the one
// before it. It makes no call. On an error nothing is left open.
func assemble(s setup, winner *finding) ([]*engine, error) {
	links, linkErr := linkHops(chainHops(winner.hops, s.cfg.Hops))
	src, baseErr := winner.open(s)
	if err := errors.Join(baseErr, linkErr, checkNarrowed(s.cfg, winner.Source, src)); err != nil {
		return nil, err
	}
	key := baseKey(s, winner)
	var engines []*engine
	for i := 0; ; i++ {
		last := i == len(links)
		e, err := openSession(s, src, key, last)
		if err != nil {
			releaseAll(engines)
			return nil, err
		}
		engines = append(engines, e)
		if last {
			return engines, nil
		}
		src, key = openHop(s.cfg, s.sts, e, links[i]), key.then(links[i].Hop)
	}
}

// checkNarrowed refuses session policies for a source that has no use for them:
// its sessions would allow more than was asked for.
func checkNarrowed(c Config, selected Source, src source) error {
	if _, ok := src.(*webIdentity); ok || src == nil {
		return nil
	}
	field := ""
	switch {
	case c.SessionPolicy != nil:
		field = "Config.SessionPolicy"
	case len(c.PolicyARNs) > 0:
		field = "Config.PolicyARNs"
	default:
		return nil
	}
	return &ConfigError{
		Field:   field,
		Problem: fmt.Sprintf("the source that was selected, %s, gives sessions that cannot be narrowed", selected),
		Remedy:  "narrow a Hop, or use web identity",
	}
}

func releaseAll(engines []*engine) {
	for _, e := range slices.Backward(engines) {
		e.release()
	}
}

// chainHops numbers the hops of a profile and those of the Config behind them,
// which it copies: refreshes read them.
func chainHops(ofProfile []link, ofConfig []Hop) []link {
	var links []link
	for _, l := range ofProfile {
		l.number = len(links) + 1
		links = append(links, l)
	}
	for i, hop := range ofConfig {
		hop.Tags, hop.TransitiveTagKeys = maps.Clone(hop.Tags), slices.Clone(hop.TransitiveTagKeys)
		links = append(links, link{Hop: hop, number: len(links) + 1, field: fmt.Sprintf("Config.Hops[%d]", i)})
	}
	return links
}

// openSession opens one session. Only the last is compared with what is
// expected.
func openSession(s setup, src source, key sessionKey, last bool) (*engine, error) {
	if last {
		pinned, err := pin(s.cfg, s.sts, src)
		if err != nil {
			return nil, err
		}
		src, key = pinned, key.then(s.cfg.Expect, s.cfg.VerifyCaller)
	}
	if keys, ok := src.(static); ok {
		// The engine knows these by their type.
		keys.key = key
		return openEngine(s.cfg, keys)
	}
	return openEngine(s.cfg, keyed{src, key})
}

// sessionKey tells sessions apart that must not be shared. It is a digest.
type sessionKey string

// baseKey covers all settings that the base session depends on, and those that
// every session of a Provider does.
func baseKey(s setup, winner *finding) sessionKey {
	c, o := s.cfg, s.sts.api.Options()
	return sessionKey("").then(
		winner.Source, winner.key,
		c.SessionName, s.env(envSessionName), c.Duration, c.audience(), c.SessionPolicy, c.PolicyARNs,
		o.Region, c.FallbackRegions, aws.ToString(o.BaseEndpoint), o.EndpointOptions.UseFIPSEndpoint, o.EndpointOptions.UseDualStackEndpoint,
	)
}

// then is the key of a session that depends on this one and on the parts.
func (k sessionKey) then(parts ...any) sessionKey {
	data, err := json.Marshal(append([]any{k}, parts...))
	if err != nil {
		// A policy that does not marshal is an error elsewhere.
		data = fmt.Append(nil, k, err)
	}
	sum := sha256.Sum256(data)
	return sessionKey(hex.EncodeToString(sum[:]))
}

// keyed is a source that says which sessions it may be shared with.
type keyed struct {
	source
	key sessionKey
}

func (k keyed) shareKey() string { return string(k.key) }

// digest is the source's own; one that never changes if it has none.
func (k keyed) digest() (string, error) {
	if d, ok := k.source.(digester); ok {
		return d.digest()
	}
	return "", nil
}
