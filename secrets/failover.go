package secrets

import (
	"context"
	"errors"
	"time"
)

// readAll reads secrets, and those whose Region does not answer from their
// replicas. A replica has the same ARN in another Region; it follows its
// primary with a delay (Secrets Manager User Guide, "Replicate AWS Secrets
// Manager secrets across Regions").
func (s *awsSource) readAll(ctx context.Context, asks []*ask) {
	most := 0
	for _, a := range asks {
		most = max(most, len(s.replicasOf(a.ref)))
	}
	share := s.timeout / time.Duration(1+most)
	s.read(ctx, asks, share)
	s.note(asks)
	for i := range most {
		var elsewhere []*ask
		origin := map[*ask]*ask{}
		for _, a := range asks {
			if replica := s.replica(a, i); replica != nil {
				elsewhere = append(elsewhere, replica)
				origin[replica] = a
			}
		}
		if len(elsewhere) == 0 || ctx.Err() != nil {
			return
		}
		s.read(ctx, elsewhere, share)
		for _, replica := range elsewhere {
			if replica.err == nil && s.accept(origin[replica].ref, replica.value) {
				origin[replica].answer(replica.value, nil)
			}
		}
	}
}

// replicasOf are the Regions in which to look for a secret after its own.
func (s *awsSource) replicasOf(ref Ref) []string {
	if ref.service() != SecretsManager {
		return nil
	}
	if regions := ref.replicas(); regions != nil {
		return regions
	}
	return s.replicas
}

// replica returns the ask for a secret's i-th replica; nil if there is none, or
// its own Region has answered: what is denied or absent there is not to be had
// elsewhere.
func (s *awsSource) replica(a *ask, i int) *ask {
	regions := s.replicasOf(a.ref)
	e := a.failed()
	if e == nil || !errors.Is(e.kind, ErrUnavailable) || i >= len(regions) || regions[i] == a.site.region {
		return nil
	}
	ref := a.ref
	ref.Region = regions[i]
	return &ask{ref: ref, site: s.site(a.site.caller, regions[i])}
}

// note remembers how new the versions are that the primaries gave, of secrets
// that have replicas.
func (s *awsSource) note(asks []*ask) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range asks {
		if a.err == nil && len(s.replicasOf(a.ref)) > 0 {
			s.latest[a.ref] = a.value.Created()
		}
	}
}

// accept reports whether a replica's version is not older than what was served
// before. A version keeps its date of creation in every Region.
func (s *awsSource) accept(ref Ref, v Value) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.Created().Before(s.latest[ref]) {
		return false
	}
	s.latest[ref] = v.Created()
	return true
}
