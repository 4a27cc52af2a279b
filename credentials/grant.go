package credentials

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// mandatoryWindow is how long before expiry callers begin to wait.
const mandatoryWindow = time.Minute

// advisoryWindow is how long before expiry refreshing begins, by the lifetime
// that the credentials had at receipt. It leaves at least half of it.
func advisoryWindow(lifetime time.Duration) time.Duration {
	window := time.Hour
	switch {
	case lifetime <= 20*time.Minute:
		window = 5 * time.Minute
	case lifetime < 90*time.Minute:
		window = 15 * time.Minute
	}
	return min(window, lifetime/2)
}

// grant is a set of credentials with its schedule. It does not change.
type grant struct {
	creds     aws.Credentials
	identity  Identity
	advisory  time.Time // refreshing begins
	mandatory time.Time // waiting begins
}

func (g *grant) schedule(now time.Time) {
	window := advisoryWindow(g.creds.Expires.Sub(now))
	g.advisory = g.creds.Expires.Add(-window)
	g.mandatory = g.creds.Expires.Add(-min(window, mandatoryWindow))
}

// credentials are those of g; none if g is nil.
func (g *grant) credentials() aws.Credentials {
	if g == nil {
		return aws.Credentials{}
	}
	return g.creds
}

// phase is a stage in the life of credentials.
type phase uint8

const (
	over      phase = iota // expired, or never had
	fresh                  // before the advisory window
	renewable              // in the advisory window
	ending                 // in the mandatory window
)

// phase returns where now falls. The times compared have no monotonic reading,
// so the wall clock counts, also after the machine slept.
func (g *grant) phase(now time.Time) phase {
	switch {
	case g == nil:
		return over
	case !g.creds.CanExpire || now.Before(g.advisory):
		return fresh
	case now.Before(g.mandatory):
		return renewable
	case now.Before(g.creds.Expires):
		return ending
	}
	return over
}
