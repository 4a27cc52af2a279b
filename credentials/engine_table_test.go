package credentials

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// How a caller is answered.
const (
	gotNew     = "new credentials"
	gotCached  = "the credentials in hand"
	gotError   = "the source's error itself"
	gotNothing = "no credentials, with the source's error"
	gotContext = "the context's error"
)

// Where in the life of an hour's credentials each state is entered. B and E
// last to the end of a test.
var stateTimes = map[phase]time.Duration{
	phaseValid:     10 * time.Minute,
	phaseAdvisory:  46 * time.Minute,
	phaseMandatory: 59 * time.Minute,
	phaseExpired:   60 * time.Minute,
}

// before is what has happened already when the caller comes.
type before uint8

const (
	beforeNothing before = iota
	beforeB
	beforeE
	beforeFlight // of another caller, which ends after 10 s
)

// cell is one of the table in credentials.md, section 4.
type cell struct {
	phase    phase
	before   before
	behind   bool                   // in the background
	source   func() (*grant, error) // nil: fresh
	leaves   bool                   // the caller's context ends after a second
	want     string
	contacts int // by the caller
	waits    time.Duration
	b, e     bool // set afterwards
	limited  int
}

func tableOfSection4() map[string]cell {
	const flight = 10 * time.Second
	return map[string]cell{
		"N fresh":            {phase: phaseNone, want: gotNew, contacts: 1},
		"N transient":        {phase: phaseNone, source: passing, want: gotNothing, contacts: 1},
		"N stale":            {phase: phaseNone, source: stale, want: gotNothing, contacts: 1},
		"N terminal":         {phase: phaseNone, source: terminally, want: gotError, contacts: 1, e: true},
		"N flying":           {phase: phaseNone, before: beforeFlight, want: gotNew, waits: flight},
		"N flying transient": {phase: phaseNone, before: beforeFlight, source: passing, want: gotNothing, contacts: 1, waits: 2 * flight, e: true},
		"N flying terminal":  {phase: phaseNone, before: beforeFlight, source: terminally, want: gotError, waits: flight, e: true},
		"N leaves":           {phase: phaseNone, leaves: true, want: gotContext, contacts: 1, waits: time.Second},
		"N flying leaves":    {phase: phaseNone, before: beforeFlight, leaves: true, want: gotContext, waits: time.Second},
		"N+E fresh":          {phase: phaseNone, before: beforeE, want: gotError, e: true},
		"N+E transient":      {phase: phaseNone, before: beforeE, source: passing, want: gotError, e: true},
		"N+E terminal":       {phase: phaseNone, before: beforeE, source: terminally, want: gotError, e: true},
		"N+E leaves":         {phase: phaseNone, before: beforeE, leaves: true, want: gotError, e: true},

		"V fresh":     {phase: phaseValid, want: gotCached},
		"V transient": {phase: phaseValid, source: passing, want: gotCached},
		"V terminal":  {phase: phaseValid, source: terminally, want: gotCached},
		"V stale":     {phase: phaseValid, source: stale, want: gotCached},
		"V flying":    {phase: phaseValid, before: beforeFlight, want: gotCached},
		"V leaves":    {phase: phaseValid, leaves: true, want: gotCached},
		"V+B":         {phase: phaseValid, before: beforeB, want: gotCached, b: true},
		"V+E":         {phase: phaseValid, before: beforeE, want: gotCached, e: true},

		"A fresh":           {phase: phaseAdvisory, want: gotNew, contacts: 1},
		"A transient":       {phase: phaseAdvisory, source: passing, want: gotCached, contacts: 1, b: true},
		"A stale":           {phase: phaseAdvisory, source: stale, want: gotCached, contacts: 1, b: true},
		"A lapsing":         {phase: phaseAdvisory, source: lapsing, want: gotCached, contacts: 1, b: true},
		"A terminal":        {phase: phaseAdvisory, source: terminally, want: gotError, contacts: 1, e: true},
		"A flying":          {phase: phaseAdvisory, before: beforeFlight, want: gotCached},
		"A flying terminal": {phase: phaseAdvisory, before: beforeFlight, source: terminally, want: gotCached},
		"A flying leaves":   {phase: phaseAdvisory, before: beforeFlight, leaves: true, want: gotCached},
		"A leaves":          {phase: phaseAdvisory, leaves: true, want: gotCached, contacts: 1, waits: time.Second},
		"A leaves terminal": {phase: phaseAdvisory, leaves: true, source: terminally, want: gotCached, contacts: 1, waits: time.Second},
		"A+B fresh":         {phase: phaseAdvisory, before: beforeB, want: gotCached, b: true, limited: 1},
		"A+B transient":     {phase: phaseAdvisory, before: beforeB, source: passing, want: gotCached, b: true, limited: 1},
		"A+B terminal":      {phase: phaseAdvisory, before: beforeB, source: terminally, want: gotCached, b: true, limited: 1},
		"A+B leaves":        {phase: phaseAdvisory, before: beforeB, leaves: true, want: gotCached, b: true, limited: 1},
		"A+E fresh":         {phase: phaseAdvisory, before: beforeE, want: gotError, e: true},
		"A+E transient":     {phase: phaseAdvisory, before: beforeE, source: passing, want: gotError, e: true},
		"A+E terminal":      {phase: phaseAdvisory, before: beforeE, source: terminally, want: gotError, e: true},
		"A+E leaves":        {phase: phaseAdvisory, before: beforeE, leaves: true, want: gotError, e: true},

		"M fresh":            {phase: phaseMandatory, want: gotNew, contacts: 1},
		"M transient":        {phase: phaseMandatory, source: passing, want: gotCached, contacts: 1, b: true},
		"M stale":            {phase: phaseMandatory, source: stale, want: gotCached, contacts: 1, b: true},
		"M terminal":         {phase: phaseMandatory, source: terminally, want: gotError, contacts: 1, e: true},
		"M flying":           {phase: phaseMandatory, before: beforeFlight, want: gotNew, waits: flight},
		"M flying transient": {phase: phaseMandatory, before: beforeFlight, source: passing, want: gotCached, waits: flight, b: true, limited: 1},
		"M flying terminal":  {phase: phaseMandatory, before: beforeFlight, source: terminally, want: gotError, waits: flight, e: true},
		"M leaves":           {phase: phaseMandatory, leaves: true, want: gotContext, contacts: 1, waits: time.Second},
		"M flying leaves":    {phase: phaseMandatory, before: beforeFlight, leaves: true, want: gotContext, waits: time.Second},
		"M+B fresh":          {phase: phaseMandatory, before: beforeB, want: gotCached, b: true, limited: 1},
		"M+B transient":      {phase: phaseMandatory, before: beforeB, source: passing, want: gotCached, b: true, limited: 1},
		"M+B terminal":       {phase: phaseMandatory, before: beforeB, source: terminally, want: gotCached, b: true, limited: 1},
		"M+B leaves":         {phase: phaseMandatory, before: beforeB, leaves: true, want: gotCached, b: true, limited: 1},
		"M+E fresh":          {phase: phaseMandatory, before: beforeE, want: gotError, e: true},
		"M+E transient":      {phase: phaseMandatory, before: beforeE, source: passing, want: gotError, e: true},
		"M+E terminal":       {phase: phaseMandatory, before: beforeE, source: terminally, want: gotError, e: true},
		"M+E leaves":         {phase: phaseMandatory, before: beforeE, leaves: true, want: gotError, e: true},

		"X fresh":            {phase: phaseExpired, want: gotNew, contacts: 1},
		"X transient":        {phase: phaseExpired, source: passing, want: gotCached, contacts: 1, b: true},
		"X stale":            {phase: phaseExpired, source: stale, want: gotCached, contacts: 1, b: true},
		"X terminal":         {phase: phaseExpired, source: terminally, want: gotError, contacts: 1, e: true},
		"X flying":           {phase: phaseExpired, before: beforeFlight, want: gotNew, waits: flight},
		"X flying transient": {phase: phaseExpired, before: beforeFlight, source: passing, want: gotCached, waits: flight, b: true, limited: 1},
		"X flying terminal":  {phase: phaseExpired, before: beforeFlight, source: terminally, want: gotError, waits: flight, e: true},
		"X leaves":           {phase: phaseExpired, leaves: true, want: gotContext, contacts: 1, waits: time.Second},
		"X flying leaves":    {phase: phaseExpired, before: beforeFlight, leaves: true, want: gotContext, waits: time.Second},
		"X+B fresh":          {phase: phaseExpired, before: beforeB, want: gotCached, b: true, limited: 1},
		"X+B transient":      {phase: phaseExpired, before: beforeB, source: passing, want: gotCached, b: true, limited: 1},
		"X+B terminal":       {phase: phaseExpired, before: beforeB, source: terminally, want: gotCached, b: true, limited: 1},
		"X+B leaves":         {phase: phaseExpired, before: beforeB, leaves: true, want: gotCached, b: true, limited: 1},
		"X+E fresh":          {phase: phaseExpired, before: beforeE, want: gotError, e: true},
		"X+E transient":      {phase: phaseExpired, before: beforeE, source: passing, want: gotError, e: true},
		"X+E terminal":       {phase: phaseExpired, before: beforeE, source: terminally, want: gotError, e: true},
		"X+E leaves":         {phase: phaseExpired, before: beforeE, leaves: true, want: gotError, e: true},

		// The background changes one row.
		"A behind fresh":              {phase: phaseAdvisory, behind: true, want: gotCached},
		"A behind terminal":           {phase: phaseAdvisory, behind: true, source: terminally, want: gotCached},
		"A behind flying":             {phase: phaseAdvisory, behind: true, before: beforeFlight, want: gotCached},
		"A+B behind":                  {phase: phaseAdvisory, behind: true, before: beforeB, want: gotCached, b: true},
		"A+E behind":                  {phase: phaseAdvisory, behind: true, before: beforeE, want: gotCached, e: true},
		"N behind transient":          {phase: phaseNone, behind: true, source: passing, want: gotNothing, contacts: 1},
		"V behind":                    {phase: phaseValid, behind: true, want: gotCached},
		"M behind flying":             {phase: phaseMandatory, behind: true, before: beforeFlight, want: gotNew, waits: flight},
		"M behind flying, transient":  {phase: phaseMandatory, behind: true, before: beforeFlight, source: passing, want: gotCached, waits: flight, b: true, limited: 1},
		"M behind flying, terminal":   {phase: phaseMandatory, behind: true, before: beforeFlight, source: terminally, want: gotError, waits: flight, e: true},
		"M+B behind":                  {phase: phaseMandatory, behind: true, before: beforeB, want: gotCached, b: true, limited: 1},
		"M+E behind":                  {phase: phaseMandatory, behind: true, before: beforeE, want: gotError, e: true},
		"X+B behind":                  {phase: phaseExpired, behind: true, before: beforeB, want: gotCached, b: true, limited: 1},
		"X+E behind":                  {phase: phaseExpired, behind: true, before: beforeE, want: gotError, e: true},
		"X behind flying, and leaves": {phase: phaseExpired, behind: true, before: beforeFlight, leaves: true, want: gotContext, waits: time.Second},
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	for name, c := range tableOfSection4() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { c.check(t) })
		})
	}
}

func (c cell) check(t *testing.T) {
	e, src := openScripted(t, Refresh{OnDemand: !c.behind})
	var old string
	if c.phase != phaseNone {
		old = c.enter(t, e)
	}
	prepared := make(chan struct{})
	defer func() { <-prepared }()
	c.prepare(t, e, src, prepared)
	e.ready.Store(nil) // as at the end of a lease: the table decides
	calls, limited := src.count(), e.snapshot().RateLimited
	ctx := t.Context()
	if c.leaves {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second)
		defer cancel()
	}
	start := time.Now()
	creds, err := e.retrieve(ctx)
	if waited := time.Since(start); waited != c.waits {
		t.Errorf("the caller waited %v, want %v", waited, c.waits)
	}
	if got := how(creds.AccessKeyID, old, err); got != c.want {
		t.Errorf("got %s (%v), want %s", got, err, c.want)
	}
	if b, denied := e.overlays(); b != c.b || denied != c.e {
		t.Errorf("B %v, E %v, want %v and %v", b, denied, c.b, c.e)
	}
	if n := src.count() - calls; n != c.contacts {
		t.Errorf("%d contacts, want %d", n, c.contacts)
	}
	if n := e.snapshot().RateLimited - limited; n != c.limited {
		t.Errorf("%d rate-limited answers, want %d", n, c.limited)
	}
}

// enter brings the engine into the cell's phase and returns the key in hand.
// What the background would have done until then, it has not done yet.
func (c cell) enter(t *testing.T, e *engine) string {
	t.Helper()
	creds, err := e.retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	e.schedule.stop()
	e.schedule.due = time.Time{}
	e.mu.Unlock()
	time.Sleep(stateTimes[c.phase])
	return creds.AccessKeyID
}

// prepare does what has to have happened before the caller comes. It closes
// done when nobody else uses the engine any more.
func (c cell) prepare(t *testing.T, e *engine, src *scripted, done chan struct{}) {
	t.Helper()
	lead := func() {
		if c.phase == phaseValid || c.phase == phaseAdvisory {
			e.retrieveMin(t.Context(), time.Hour) // refreshes there too
			return
		}
		e.retrieve(t.Context())
	}
	switch c.before {
	case beforeB:
		src.set(passing, 0)
		lead()
	case beforeE:
		src.set(terminally, 0)
		lead()
	}
	src.set(c.source, 0)
	if c.leaves {
		src.set(c.source, 10*time.Second)
	}
	if c.before != beforeFlight {
		close(done)
		return
	}
	src.set(c.source, 10*time.Second)
	go func() {
		defer close(done)
		lead()
	}()
	synctest.Wait()
}

// how describes an answer.
func how(key, old string, err error) string {
	switch {
	case err == nil && key != "" && key == old:
		return gotCached
	case err == nil && key != "":
		return gotNew
	case key != "":
		return "credentials beside an error"
	case errors.Is(err, context.DeadlineExceeded):
		return gotContext
	case err == error(errForGood):
		return gotError
	}
	if e, ok := errors.AsType[*NoCredentialsError](err); ok && errors.Is(e, ErrUnavailable) && (errors.Is(e, errPassing) || errors.Is(e, errStale)) {
		return gotNothing
	}
	return "something else"
}

// What cannot be brought about at will: B and E at once, and a refresh under
// way in spite of them.
func TestOrderOfMoves(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		backoff, denied bool
		want            map[phase]move
	}{
		"B":       {true, false, map[phase]move{phaseValid: serve, phaseAdvisory: limit, phaseMandatory: limit, phaseExpired: limit}},
		"E":       {false, true, map[phase]move{phaseNone: refuse, phaseValid: serve, phaseAdvisory: refuse, phaseMandatory: refuse, phaseExpired: refuse}},
		"B and E": {true, true, map[phase]move{phaseNone: refuse, phaseValid: serve, phaseAdvisory: limit, phaseMandatory: limit, phaseExpired: limit}},
	} {
		for p, want := range test.want {
			for _, flying := range []bool{false, true} {
				if got := (situation{phase: p, backoff: test.backoff, denied: test.denied, flying: flying}).move(); got != want {
					t.Errorf("%s in phase %d, flying %v: move %d, want %d", name, p, flying, got, want)
				}
			}
		}
	}
	if got := (situation{phase: phaseNone, backoff: true}).move(); got != lead {
		t.Errorf("without credentials: move %d, want %d", got, lead)
	}
}

// The pauses are uniform: B over 300 to 600 s, E over 1 to 5.
func TestPauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		source    func() (*grant, error)
		low, high time.Duration
		until     func(*engine) time.Time
	}{
		"B": {passing, 300 * time.Second, 600 * time.Second, func(e *engine) time.Time { return e.backoff }},
		"E": {terminally, time.Second, 5 * time.Second, func(e *engine) time.Time { return e.denied.until }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				least, most := time.Hour, time.Duration(0)
				for range 300 {
					e, src := openScripted(t, Refresh{OnDemand: true})
					cell{phase: phaseMandatory}.enter(t, e)
					src.set(test.source, 0)
					e.retrieve(t.Context())
					pause := time.Until(test.until(e))
					least, most = min(least, pause), max(most, pause)
				}
				tenth := (test.high - test.low) / 10
				if least < test.low || most > test.high || least > test.low+tenth || most < test.high-tenth {
					t.Errorf("pauses from %v to %v", least, most)
				}
			})
		})
	}
}

// The events beside Retrieve.
func TestEvents(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]phase{"V": phaseValid, "A": phaseAdvisory, "M": phaseMandatory, "X": phaseExpired} {
		for source, want := range map[string]cell{
			"fresh":     {want: gotNew, contacts: 1},
			"transient": {source: passing, want: gotCached, contacts: 1, b: true},
			"terminal":  {source: terminally, want: gotError, contacts: 1, e: true},
			"flying":    {before: beforeFlight, want: gotNew, waits: 10 * time.Second},
			"B":         {before: beforeB, want: gotCached, b: true, limited: 1},
			"E":         {before: beforeE, want: gotError, e: true},
		} {
			for mode, behind := range map[string]bool{"on demand": false, "behind": true} {
				t.Run("invalidated in "+name+" "+source+" "+mode, func(t *testing.T) {
					t.Parallel()
					c := want
					c.phase, c.behind = p, behind
					if p == phaseExpired && c.before == beforeB { // a useless key ends it
						c = cell{phase: p, behind: behind, before: beforeB, want: gotNew, contacts: 1}
					}
					synctest.Test(t, func(t *testing.T) { c.checkInvalidated(t) })
				})
			}
		}
	}
}

// checkInvalidated is check with the key rejected by a service before.
func (c cell) checkInvalidated(t *testing.T) {
	e, src := openScripted(t, Refresh{OnDemand: !c.behind})
	old := c.enter(t, e)
	done := make(chan struct{})
	defer func() { <-done }()
	c.prepare(t, e, src, done)
	bBefore, eBefore := e.overlays()
	if e.invalidate("another key") || !e.invalidate(old) || !e.invalidate(old) {
		t.Error("the wrong key was invalidated, or the right one was not")
	}
	if b, denied := e.overlays(); b != (bBefore && c.phase != phaseExpired) || denied != eBefore {
		t.Errorf("invalidation left B %v, E %v", b, denied)
	}
	calls, limited := src.count(), e.snapshot().RateLimited
	start := time.Now()
	creds, err := e.retrieve(t.Context())
	if got := how(creds.AccessKeyID, old, err); got != c.want || time.Since(start) != c.waits {
		t.Errorf("got %s (%v) after %v, want %s after %v", got, err, time.Since(start), c.want, c.waits)
	}
	if b, denied := e.overlays(); b != c.b || denied != c.e || src.count()-calls != c.contacts || e.snapshot().RateLimited-limited != c.limited {
		t.Errorf("B %v, E %v, %d contacts, %d rate-limited", b, denied, src.count()-calls, e.snapshot().RateLimited-limited)
	}
	if e.snapshot().Invalidations != 1 {
		t.Errorf("%d invalidations, want 1", e.snapshot().Invalidations)
	}
	if c.before == beforeB {
		time.Sleep(maxBackoff)
		if creds, err := e.retrieve(t.Context()); err != nil || creds.AccessKeyID == old {
			t.Errorf("after the backoff, which does the rest: %v", err)
		}
	}
}

func TestInvalidateWithoutCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		if e.invalidate("") || e.invalidate("key-1") {
			t.Error("there is nothing to invalidate")
		}
		if _, err := e.retrieve(t.Context()); err != nil || src.count() != 1 {
			t.Errorf("%d contacts, %v", src.count(), err)
		}
	})
}

// When a pause is over, the state's own row holds again.
func TestPausesEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		source func() (*grant, error)
		pause  time.Duration
	}{"B": {passing, maxBackoff}, "E": {terminally, maxDenial}} {
		for state, p := range map[string]phase{"A": phaseAdvisory, "M": phaseMandatory, "X": phaseExpired} {
			t.Run(state+"+"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					e, src := openScripted(t, Refresh{OnDemand: true})
					old := cell{phase: p}.enter(t, e)
					src.set(test.source, 0)
					e.retrieve(t.Context())
					src.set(nil, 0)
					time.Sleep(test.pause)
					creds, err := e.retrieve(t.Context())
					if how(creds.AccessKeyID, old, err) != gotNew || src.count() != 3 {
						t.Errorf("%v after %d contacts", err, src.count())
					}
					if b, denied := e.overlays(); b || denied {
						t.Error("success left B or E")
					}
				})
			})
		}
	}
}

// Success clears B and E, whatever set them meanwhile.
func TestSuccessClears(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{OnDemand: true})
		cell{phase: phaseMandatory}.enter(t, e)
		src.set(nil, 10*time.Second)
		go e.retrieve(t.Context())
		synctest.Wait()
		e.mu.Lock()
		e.backoff = time.Now().Add(time.Hour)
		e.denied = denial{err: errForGood, until: e.backoff}
		e.mu.Unlock()
		time.Sleep(11 * time.Second)
		if b, denied := e.overlays(); b || denied {
			t.Errorf("B %v, E %v", b, denied)
		}
	})
}

// What does not expire stays, until a service rejects it.
func TestWithoutExpiry(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Refresh{"on demand": {OnDemand: true, MaxStale: -1}, "behind": {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, r)
				src.set(func() (*grant, error) { return session(src.count(), 0), nil }, 0)
				first, _ := e.retrieve(t.Context())
				time.Sleep(1000 * time.Hour)
				if creds, err := e.retrieve(t.Context()); creds != first || err != nil || src.count() != 1 {
					t.Errorf("%d contacts, %v", src.count(), err)
				}
				if creds, err := e.retrieveMin(t.Context(), 1000*time.Hour); creds != first || err != nil {
					t.Errorf("they do not last: %v", err)
				}
				e.invalidate(first.AccessKeyID)
				if creds, err := e.retrieve(t.Context()); creds == first || err != nil || src.count() != 2 {
					t.Errorf("%d contacts, %v", src.count(), err)
				}
			})
		})
	}
}

// Failures without credentials: the first is repeated at once, the others are
// spaced. All callers share them.
func TestFailuresWithoutCredentials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{})
		src.set(passing, time.Second)
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if _, err := e.retrieve(t.Context()); !errors.Is(err, errPassing) {
					t.Errorf("error %v", err)
				}
			})
		}
		all.Wait()
		if src.count() != 2 {
			t.Errorf("%d contacts, want 2", src.count())
		}
		src.set(passing, 0)
		start := time.Now()
		for time.Since(start) < time.Minute {
			e.retrieve(t.Context())
			time.Sleep(10 * time.Millisecond)
		}
		if n := src.count(); n < 6 || n > 30 {
			t.Errorf("%d contacts in a minute", n)
		}
		src.set(nil, 0)
		time.Sleep(3 * maxDenial)
		if _, err := e.retrieve(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
