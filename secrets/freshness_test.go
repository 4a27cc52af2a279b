package secrets_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// situations lead a Store to what a read may find of the secret s.
var situations = map[string]func(t *testing.T, store *secrets.Store, v *variable){
	"cold": func(*testing.T, *secrets.Store, *variable) {},
	"fresh": func(t *testing.T, store *secrets.Store, _ *variable) {
		_, _ = read(t, store)
	},
	"due": func(t *testing.T, store *secrets.Store, _ *variable) {
		_, _ = read(t, store)
		time.Sleep(5*time.Minute + 2*time.Second)
	},
	"stale": func(t *testing.T, store *secrets.Store, v *variable) {
		_, _ = read(t, store)
		time.Sleep(5*time.Minute + 2*time.Second)
		v.set(bad(secrets.ErrUnavailable))
		_, _ = read(t, store)
		time.Sleep(200 * time.Millisecond)
	},
	"stale, retry due": func(t *testing.T, store *secrets.Store, v *variable) {
		_, _ = read(t, store)
		time.Sleep(5*time.Minute + 2*time.Second)
		v.set(bad(secrets.ErrUnavailable))
		_, _ = read(t, store)
		time.Sleep(4 * time.Second)
	},
	"doubted, retry due": func(t *testing.T, store *secrets.Store, v *variable) {
		_, _ = read(t, store)
		time.Sleep(5*time.Minute + 2*time.Second)
		v.set(good("v0"))
		for range 45 { // five answers, the first at once and the last after half a minute
			_, _ = read(t, store)
			time.Sleep(time.Second)
		}
		time.Sleep(time.Minute)
	},
	"too old": func(t *testing.T, store *secrets.Store, _ *variable) {
		_, _ = read(t, store)
		time.Sleep(time.Hour)
	},
	"too old, retry due": func(t *testing.T, store *secrets.Store, v *variable) {
		_, _ = read(t, store)
		time.Sleep(time.Hour)
		v.set(bad(secrets.ErrUnavailable))
		_, _ = read(t, store)
		time.Sleep(4 * time.Second)
	},
	"refused": func(t *testing.T, store *secrets.Store, v *variable) {
		v.set(bad(secrets.ErrDenied))
		_, _ = read(t, store)
	},
	"refused, retry due": func(t *testing.T, store *secrets.Store, v *variable) {
		v.set(bad(secrets.ErrDenied))
		_, _ = read(t, store)
		time.Sleep(4 * time.Second)
	},
}

// span is a range of time. The Store's clock moves once a second, so that what
// is due after 1.6 to 2 s happens after 0.6 to 3 s.
type span struct{ from, to time.Duration }

var (
	byTTL  = span{4*time.Minute - time.Second, 5*time.Minute + 2*time.Second}
	first  = span{600 * time.Millisecond, 3200 * time.Millisecond}  // backoff of 2 s
	second = span{2200 * time.Millisecond, 5200 * time.Millisecond} // of 4 s
	sixth  = span{47 * time.Second, 62 * time.Second}               // of a minute, after all others
)

// outcome is what a read leads to.
type outcome struct {
	value string
	err   error
	calls int
	then  string        // the version held when all is done
	state secrets.State // at that time
	next  span          // from the latest fetch to the next
}

// errStaleIdentity is of a value too old because there are no credentials.
var errStaleIdentity = errors.Join(secrets.ErrStale, secrets.ErrIdentity)

// TestFreshnessContract is the contract of the package documentation: what a
// read finds and what would be answered decide what the read returns, how many
// calls it causes, what is held then, and when the next fetch is. All is played
// with a Source that says so, and with AWS's over the wire.
func TestFreshnessContract(t *testing.T) {
	t.Parallel()
	const fresh, stale, absent, refused = secrets.Fresh, secrets.Stale, secrets.Absent, secrets.Refused
	passing := map[string]error{"unavailable": secrets.ErrUnavailable, "identity": secrets.ErrIdentity}
	tooOld := map[string]error{"unavailable": secrets.ErrStale, "identity": errStaleIdentity}
	closing := map[string]error{
		"denied": secrets.ErrDenied, "not found": secrets.ErrNotFound, "deleted": secrets.ErrDeleted,
		"key": secrets.ErrDecryption, "malformed": secrets.ErrConfiguration,
	}
	for name, open := range map[string]func() upstream{"source": newFakeUpstream, "wire": newWire} {
		row := func(situation, answer string, answers []secrets.Result, want outcome) {
			play(t, name+"/"+situation+"/"+answer, open, situation, answers, "", want)
		}
		v2 := []secrets.Result{good("v2")}
		row("cold", "value", v2, outcome{"v2", nil, 1, "v2", fresh, byTTL})
		row("fresh", "value", v2, outcome{"v1", nil, 0, "v1", fresh, byTTL})
		row("due", "value", v2, outcome{"v1", nil, 1, "v2", fresh, byTTL})
		row("stale", "value", v2, outcome{"v1", nil, 0, "v1", stale, first})
		row("stale, retry due", "value", v2, outcome{"v1", nil, 1, "v2", fresh, byTTL})
		row("doubted, retry due", "value", v2, outcome{"v1", nil, 1, "v2", fresh, byTTL})
		row("too old", "value", v2, outcome{"v2", nil, 1, "v2", fresh, byTTL})
		row("too old, retry due", "value", v2, outcome{"v2", nil, 1, "v2", fresh, byTTL})
		row("refused", "value", v2, outcome{"", secrets.ErrDenied, 0, "", refused, first})
		row("refused, retry due", "value", v2, outcome{"v2", nil, 1, "v2", fresh, byTTL})

		v0 := []secrets.Result{good("v0")}
		row("due", "older value", v0, outcome{"v1", nil, 1, "v1", stale, first})
		row("stale, retry due", "older value", v0, outcome{"v1", nil, 1, "v1", stale, second})
		row("doubted, retry due", "older value", v0, outcome{"v1", nil, 1, "v0", fresh, byTTL})
		row("too old", "older value", v0, outcome{"v0", nil, 1, "v0", fresh, byTTL})

		for name, kind := range passing {
			answers := []secrets.Result{bad(kind)}
			row("cold", name, answers, outcome{"", kind, 1, "", absent, first})
			row("fresh", name, answers, outcome{"v1", nil, 0, "v1", fresh, byTTL})
			row("due", name, answers, outcome{"v1", nil, 1, "v1", stale, first})
			row("stale", name, answers, outcome{"v1", nil, 0, "v1", stale, first})
			row("stale, retry due", name, answers, outcome{"v1", nil, 1, "v1", stale, second})
			row("too old", name, answers, outcome{"", tooOld[name], 1, "", absent, first})
			row("too old, retry due", name, answers, outcome{"", tooOld[name], 1, "", absent, first})
			row("refused", name, answers, outcome{"", secrets.ErrDenied, 0, "", refused, first})
			row("refused, retry due", name, answers, outcome{"", kind, 1, "", absent, first})
		}
		for name, kind := range closing {
			answers := []secrets.Result{bad(kind)}
			row("cold", name, answers, outcome{"", kind, 1, "", refused, first})
			row("fresh", name, answers, outcome{"v1", nil, 0, "v1", fresh, byTTL})
			row("due", name, answers, outcome{"v1", nil, 2, "", refused, first})
			row("stale", name, answers, outcome{"v1", nil, 0, "v1", stale, first})
			row("stale, retry due", name, answers, outcome{"v1", nil, 2, "", refused, first})
			row("too old", name, answers, outcome{"", kind, 1, "", refused, first})
			row("refused", name, answers, outcome{"", secrets.ErrDenied, 0, "", refused, first})
			row("refused, retry due", name, answers, outcome{"", kind, 1, "", refused, first})
		}
		row("due", "denied once", []secrets.Result{bad(secrets.ErrDenied), good("v2")}, outcome{"v1", nil, 2, "v2", fresh, byTTL})
		row("due", "denied, then unavailable", []secrets.Result{bad(secrets.ErrDenied), bad(secrets.ErrUnavailable)},
			outcome{"v1", nil, 2, "v1", stale, first})
	}
	row := func(situation, answer string, answers []secrets.Result, want outcome) {
		play(t, "source/"+situation+"/"+answer, newFakeUpstream, situation, answers, "", want)
	}
	row("due", "an error of no kind", []secrets.Result{bad(errOther)}, outcome{"v1", nil, 1, "v1", stale, first})
	row("due", "nothing at all", []secrets.Result{{}}, outcome{"v1", nil, 1, "v1", stale, first})
	row("cold", "an error of no kind", []secrets.Result{bad(errOther)}, outcome{"", secrets.ErrUnavailable, 1, "", absent, first})

	// Its own Region answers like this, the replica with a version.
	down, denied := []secrets.Result{bad(secrets.ErrUnavailable)}, []secrets.Result{bad(secrets.ErrDenied)}
	replica := func(situation string, own []secrets.Result, version string, want outcome) {
		play(t, "replica/"+situation+"/"+version, newWireWithReplica, situation, own, version, want)
	}
	replica("cold", down, "v0", outcome{"v0", nil, 2, "v0", fresh, byTTL})
	replica("due", down, "v1", outcome{"v1", nil, 2, "v1", fresh, byTTL})
	replica("due", down, "v2", outcome{"v1", nil, 2, "v2", fresh, byTTL})
	replica("due", down, "v0", outcome{"v1", nil, 2, "v1", stale, first})
	replica("stale, retry due", down, "v1", outcome{"v1", nil, 2, "v1", fresh, byTTL})
	replica("doubted, retry due", down, "v0", outcome{"v1", nil, 2, "v1", stale, sixth})
	replica("too old", down, "v1", outcome{"v1", nil, 2, "v1", fresh, byTTL})
	replica("too old", down, "v0", outcome{"", secrets.ErrStale, 2, "", absent, first})
	replica("too old, retry due", down, "v0", outcome{"", secrets.ErrStale, 2, "", absent, first})
	replica("too old, retry due", down, "v2", outcome{"v2", nil, 2, "v2", fresh, byTTL})
	replica("due", denied, "v2 unasked", outcome{"v1", nil, 2, "", refused, first})

	described := func(situation, answer string, answers []secrets.Result, want outcome) {
		play(t, "described/"+situation+"/"+answer, newDescribedWire, situation, answers, "", want)
	}
	described("cold", "value", []secrets.Result{good("v2")}, outcome{"v2", nil, 1, "v2", fresh, byTTL})
	described("due", "unchanged", []secrets.Result{good("v1")}, outcome{"v1", nil, 1, "v1", fresh, byTTL})
	described("due", "value", []secrets.Result{good("v2")}, outcome{"v1", nil, 2, "v2", fresh, byTTL})
	described("due", "older value", []secrets.Result{good("v0")}, outcome{"v1", nil, 2, "v1", stale, first})
	described("due", "unavailable", down, outcome{"v1", nil, 1, "v1", stale, first})
	described("due", "denied", denied, outcome{"v1", nil, 3, "", refused, first})
	described("stale, retry due", "unchanged", []secrets.Result{good("v1")}, outcome{"v1", nil, 1, "v1", fresh, byTTL})
	described("too old", "value", []secrets.Result{good("v2")}, outcome{"v2", nil, 1, "v2", fresh, byTTL})
}

// upstream is what a Store reads from in the contract: v answers, after 50 ms.
type upstream interface {
	open(t *testing.T, v *variable) *secrets.Store
	calls() []fetched
	replica(version string) // has the replica give a version from now on
}

func play(t *testing.T, name string, open func() upstream, situation string, answers []secrets.Result, replica string, want outcome) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { contract(t, open(), situation, answers, replica, want) })
	})
}

func contract(t *testing.T, source upstream, situation string, answers []secrets.Result, replica string, want outcome) {
	v := &variable{result: good("v1")}
	store := source.open(t, v)
	situations[situation](t, store, v)
	before := len(source.calls())
	v.set(answers[0], append(answers[1:], answers[len(answers)-1])...)
	source.replica(replica)
	value, err := store.Get(t.Context(), "s")
	checkOutcome(t, value, err, want)
	// A second fetch comes after 0.8 to 1 s, or not at all.
	pause := 250 * time.Millisecond
	if want.calls > 1 && closes(answers[0].Err) {
		pause = 1300 * time.Millisecond
	}
	time.Sleep(pause)
	if calls := len(source.calls()) - before; calls != want.calls {
		t.Errorf("makes %d calls, want %d", calls, want.calls)
	}
	if status, _ := store.Status("s"); status.State != want.state || status.Version != want.then {
		t.Errorf("leaves it %v at %q, want %v at %q", status.State, status.Version, want.state, want.then)
	}
	calls := source.calls()
	last := calls[len(calls)-1].at
	for len(source.calls()) == len(calls) && time.Since(last) <= want.next.to {
		_, _ = read(t, store)
		time.Sleep(50 * time.Millisecond)
	}
	if next := time.Since(last); next < want.next.from || next > want.next.to {
		t.Errorf("next fetch after %v, want %v to %v", next, want.next.from, want.next.to)
	}
}

// closes reports whether an error is a refusal, which ends a value.
func closes(err error) bool {
	return err != nil && !errors.Is(err, secrets.ErrUnavailable) && !errors.Is(err, secrets.ErrIdentity)
}

func checkOutcome(t *testing.T, value secrets.Value, err error, want outcome) {
	t.Helper()
	stale := errors.Is(want.err, secrets.ErrStale)
	if want.err == secrets.ErrStale {
		want.err = secrets.ErrUnavailable
	}
	if value.Reveal() != want.value || (err == nil) != (want.err == nil) || errors.Is(err, secrets.ErrStale) != stale {
		t.Errorf("reads %q, %v; want %q, %v", value.Reveal(), err, want.value, want.err)
	}
	if err != nil && !errors.Is(want.err, kind(t, err)) {
		t.Errorf("the error is %v, want %v", err, want.err)
	}
}
