package secrets

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// group has the Store make a Fetch of its own for what has the same Regions to
// ask, so that one that does not answer holds up no other secret. No batch spans
// two Regions.
func (s *awsSource) group(ref Ref) string {
	return s.region(ref) + " " + strings.Join(s.replicasOf(ref), " ")
}

// readAll reads secrets, and those whose Region does not answer from their
// replicas. A replica has the same ARN in another Region (Secrets Manager User
// Guide, "Replicate AWS Secrets Manager secrets across Regions"). Each Region
// gets an equal part of what is left of the time.
func (s *awsSource) readAll(ctx context.Context, asks []*ask) {
	replicas := 0
	for _, a := range asks {
		replicas = max(replicas, len(s.replicasOf(a.ref)))
	}
	end := time.Now().Add(s.timeout)
	s.read(ctx, asks, s.timeout/time.Duration(1+replicas))
	for i := range replicas {
		elsewhere := map[*ask]*ask{}
		for _, a := range asks {
			if replica := s.replica(a, i); replica != nil {
				elsewhere[a] = replica
			}
		}
		if len(elsewhere) == 0 {
			return
		}
		s.read(ctx, slices.Collect(maps.Values(elsewhere)), time.Until(end)/time.Duration(replicas-i))
		for a, replica := range elsewhere {
			a.takeOver(replica)
		}
	}
}

// replicasOf are the Regions in which to look for a secret after its own.
func (s *awsSource) replicasOf(ref Ref) []string {
	if ref.service() != SecretsManager {
		return nil
	}
	regions := ref.replicas()
	if regions == nil {
		regions = s.replicas
	}
	return slices.DeleteFunc(slices.Clone(regions), func(region string) bool { return region == s.region(ref) })
}

// replica returns the ask for a secret's i-th replica; nil if there is none, or
// its own Region has answered: what is denied or absent there is not to be had
// elsewhere.
func (s *awsSource) replica(a *ask, i int) *ask {
	regions := s.replicasOf(a.ref)
	e := a.failed()
	if e == nil || !errors.Is(e.kind, ErrUnavailable) || i >= len(regions) {
		return nil
	}
	ref := a.ref
	ref.Region = regions[i]
	return &ask{want: want{ref: ref}, site: s.site(a.site.caller, regions[i])}
}

// takeOver answers the ask with what its replica gave, if that is to be
// believed.
func (a *ask) takeOver(replica *ask) {
	switch {
	case replica.err != nil:
	case a.seen.behind(replica.value):
		a.failed().Problem += "; its replica in " + replica.site.region + " has an older version"
	default:
		a.answer(replica.value, nil)
	}
}
