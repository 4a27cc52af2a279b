package agent

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// SetTTL has values be too old after less than the second that they are always
// good for.
func (a *Agent) SetTTL(d time.Duration) { a.ttl = d }

// SameToken reports whether two tokens are of one value.
func SameToken(a, b Token) bool { return a.made && a.digest == b.digest }

// AgeRole has a role not been used for longer than an hour.
func (a *Agent) AgeRole(arn string) {
	a.roles.mu.Lock()
	defer a.roles.mu.Unlock()
	a.roles.used[arn].last = a.roles.used[arn].last.Add(-2 * idleRole)
}

// UsesRole reports whether a role has a place.
func (a *Agent) UsesRole(arn string) bool {
	a.roles.mu.Lock()
	defer a.roles.mu.Unlock()
	return a.roles.used[arn] != nil
}

// KnowRole has a role given credentials before.
func (a *Agent) KnowRole(arn string) {
	a.roles.mu.Lock()
	defer a.roles.mu.Unlock()
	a.roles.used[arn] = &roleUse{last: time.Now(), known: true}
}

// StayHere is for a look at its effect.
var StayHere = stayHere

// KernelBuffer is what the kernel is told.
const KernelBuffer = kernelBuffer

// Server is what Serve serves with.
func (a *Agent) Server() *http.Server { return a.server() }

// AgeSessions has all sessions ended by time.
func (a *Agent) AgeSessions() {
	a.sessions.mu.Lock()
	defer a.sessions.mu.Unlock()
	for id, s := range a.sessions.open {
		s.ends = s.ends.Add(-2 * sessionTime)
		a.sessions.open[id] = s
	}
}

// The parts that are tested by themselves.
var (
	Unescape     = unescape
	Resolve      = resolve
	Glob         = glob
	AppendEpoch  = appendEpoch
	AppendSecret = appendSecret
	Invalidated  = invalidated
)

// AppendString is appendString.
func AppendString[T string | []byte](b []byte, s T) []byte { return appendString(b, s) }

// ParseSecret parses a request for a secret; status is 0 if it is one.
func ParseSecret(path, query string) (ref secrets.Ref, status int, body string) {
	a := &Agent{roles: roles{max: 1}}
	var id *string
	switch a.route(path) {
	case RouteSecret:
	case RoutePath:
		text, ok := strings.CutPrefix(resolve(path), a.config.pathPrefix())
		if !ok {
			return ref, 404, "not found"
		}
		id = &text
	default:
		return ref, 404, "not found"
	}
	o, bad := a.parseSecret(id, query)
	if bad != nil {
		return ref, bad.status, string(bad.body)
	}
	return o.ref, 0, ""
}

// Finder looks for a token in a request that has one.
func Finder(c Config, sent string) func() bool {
	k, err := newKeyring(c)
	if err != nil {
		panic(err)
	}
	h := http.Header{"X-Vault-Token": {sent}}
	return func() bool { return k.find(h) != nil }
}

// ConnLifetime is how long a connection is served.
func (a *Agent) ConnLifetime() time.Duration { return a.config.connLifetime() }

// PageOf is the page and the form with a text in all places of theirs that can hold
// what others have written; places is how many these are.
func PageOf(text string) (page, form string, places int) {
	all := view{
		Now: time.Now(),
		Identity: &credentials.Identity{
			Source: credentials.Source(text), ARN: text, RoleARN: text, Account: text,
			Subject: text, Issuer: text, Audience: text, Region: text,
		},
		Snapshot: Snapshot{Sessions: []credentials.SessionStats{
			{RoleARN: text, LastError: text},
			{Source: credentials.Source(text)},
		}},
		Secrets: []row{
			{Status: secrets.Status{Ref: text, Version: text}, Explain: text},
			{Status: secrets.Status{Ref: text, Version: text, Err: errors.New(text)}},
		},
	}
	var m, login markup
	all.write(&m)
	(&view{Login: true, Wrong: text}).write(&login)
	return m.String(), login.String(), 8 + 3 + 6
}

// Known is how many targets of requests an Agent remembers.
func Known(a *Agent) int {
	a.orders.mu.RLock()
	defer a.orders.mu.RUnlock()
	return len(a.orders.parsed)
}

// MaxRoom is what all connections may take together.
const MaxRoom = maxRoom

// Taken is what they take.
func Taken(a *Agent) int64 { return a.room.taken.Load() }
