package credentials

import (
	"errors"
	"time"
)

// How often the token is looked at while a pause runs that a new one ends:
// tokenPause at most, when callers come; tokenPoll in the background.
const (
	tokenPause = time.Second
	tokenPoll  = 30 * time.Second
)

// tokenWatch notices during B and E that the token has been renewed.
type tokenWatch struct {
	source   digester // nil: there is no token
	digest   string   // when the latest refresh began
	checking bool
	checked  time.Time
}

// digest is that of the token; a file that cannot be read has none. e.mu is
// not held.
func (e *engine) digest() string {
	if e.token.source == nil {
		return ""
	}
	digest, err := e.token.source.digest()
	if err != nil {
		return ""
	}
	return digest
}

// watchToken looks at the token if a new one would end a pause. It does so in
// a goroutine of its own, for a file system that hangs must not keep callers
// from what is in hand: the caller after this one has the use of it. e.mu is
// held.
func (e *engine) watchToken(m situation, now time.Time) {
	paused := m.backoff || m.denied && e.deniedForToken()
	if e.token.source == nil || !paused || m.flying || e.token.checking || now.Sub(e.token.checked) < tokenPause {
		return
	}
	e.token.checking = true
	e.running.Go(e.checkToken)
}

// checkToken ends the pauses that a changed token makes pointless.
func (e *engine) checkToken() {
	digest := e.digest()
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.now()
	e.token.checking = false
	e.token.checked = now
	if e.closed || e.flight != nil || digest == e.token.digest {
		return
	}
	e.token.digest = digest
	if e.deniedForToken() {
		e.denied = denial{}
	}
	m := e.situation(now)
	switch {
	case m.phase == phaseValid, m.phase == phaseNone, !m.background:
		e.backoff = time.Time{}
	case m.backoff:
		// B stays until the refresh has ended, so that nobody waits for it.
		e.launch()
	case !e.schedule.due.IsZero():
		e.schedule.due = now
		e.nap(now)
	}
}

// deniedForToken reports whether the error in hand is about the token. e.mu is
// held.
func (e *engine) deniedForToken() bool { return errors.Is(e.denied.err, ErrIdentity) }
