package agent

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// Snapshot is what an [Agent] has done since it was made, and what it holds. It
// holds nothing secret.
type Snapshot struct {
	Requests []RequestCount // those that are not zero
	// Reads are the secrets asked for with a valid token. Hits are those of them
	// that were answered without waiting for AWS.
	Reads, Hits int64
	// Connections are open now. TurnedAway are those that were beyond the limit,
	// CutShort those closed since large requests took too much memory.
	Connections, TurnedAway, CutShort int64
	Watches                           int64 // under way
	Roles                             int   // in use
	Ready                             bool
	Store                             secrets.Stats    // errors by class, calls and what they cost
	Secrets                           []secrets.Status // how old each secret is
	// Sessions are those of Config.Provider, and after them the roles that were
	// assumed for secrets.
	Sessions []credentials.SessionStats
	Fetches  FetchCounts // zero without Config.Fetches
}

// RequestCount is how many requests of a route had a status. A status of zero is
// that of a client which left before the answer.
type RequestCount struct {
	Route  Route
	Status int
	Count  int64
}

// Snapshot returns what the Agent has done. It takes time in proportion to the
// number of secrets held.
func (a *Agent) Snapshot() Snapshot {
	s := Snapshot{
		Requests: a.requests.list(),
		Reads:    a.reads.Load(), Hits: a.hits.Load(),
		Connections: a.conns.Load(), TurnedAway: a.turnedAway.Load(), CutShort: a.room.cutShort.Load(),
		Watches: a.watches.Load(), Roles: a.roles.count(), Ready: a.Ready(),
		Store: a.store.Stats(), Secrets: a.store.Statuses(),
	}
	if a.config.Provider != nil {
		s.Sessions = a.config.Provider.Stats().Sessions
	}
	s.Sessions = append(s.Sessions, s.Store.Sessions...)
	if a.config.Fetches != nil {
		s.Fetches = a.config.Fetches.Counts()
	}
	return s
}

// requestCounts counts requests by route and status.
type requestCounts [routes][600]atomic.Int64

func (c *requestCounts) add(route Route, status int) {
	if status < 0 || status >= len(c[route]) {
		status = http.StatusInternalServerError
	}
	c[route][status].Add(1)
}

func (c *requestCounts) list() []RequestCount {
	var out []RequestCount
	for route := range routes {
		for status := range c[route] {
			if n := c[route][status].Load(); n > 0 {
				out = append(out, RequestCount{route, status, n})
			}
		}
	}
	return out
}

// Fetches counts what becomes of the secrets that a Store fetches, behind the
// reads too. Its zero value is ready: set secrets.Config.OnFetch to its Record
// and Config.Fetches to its address. It is safe for concurrent use.
type Fetches struct {
	mu     sync.Mutex
	counts FetchCounts
}

// FetchCounts are secrets fetched, by what became of them.
type FetchCounts struct {
	Succeeded, Failed int64
	Changed           int64 // of those that succeeded, another version
	Throttled         int64 // of those that failed, for there were too many calls
	KMSDenied         int64 // of those that failed, for the key was not allowed to be used
	KMSThrottled      int64 // of those throttled, by KMS
	Took              credentials.Latency
}

// Record counts one fetch; it is a function for secrets.Config.OnFetch.
func (f *Fetches) Record(x secrets.Fetched) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c := &f.counts
	c.Took.Count++
	c.Took.Total += x.Took
	c.Took.Last, c.Took.Max = x.Took, max(c.Took.Max, x.Took)
	if x.Err == nil {
		c.Succeeded++
		if x.Changed {
			c.Changed++
		}
		return
	}
	c.Failed++
	if e, ok := errors.AsType[*secrets.AccessError](x.Err); ok && strings.HasPrefix(e.Action, "kms:") {
		c.KMSDenied++
	}
	throttled, byKMS := throttling(x.Err)
	if throttled {
		c.Throttled++
	}
	if byKMS {
		c.KMSThrottled++
	}
}

// Counts returns what was counted.
func (f *Fetches) Counts() FetchCounts {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}

// throttling reports whether AWS has asked for fewer calls, and whether it was
// KMS, which Secrets Manager and Parameter Store call on the reader's behalf and
// whose words they pass on.
func throttling(err error) (throttled, byKMS bool) {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false, false
	}
	switch api.ErrorCode() {
	case "ThrottlingException", "ThrottledException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded":
		return true, strings.Contains(strings.ToLower(api.ErrorMessage()), "kms")
	}
	return false, false
}

// age is how long ago a secret was read; zero if it never was.
func age(st secrets.Status, now time.Time) time.Duration {
	if st.Read.IsZero() {
		return 0
	}
	return now.Sub(st.Read)
}
