package secrets_test

import (
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
	"too old": func(t *testing.T, store *secrets.Store, _ *variable) {
		_, _ = read(t, store)
		time.Sleep(time.Hour)
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
)

// TestFreshnessContract is the contract of the package documentation: what a
// read finds and what the source would answer decide what the read returns, how
// many fetches it causes, what is held then, and when the next fetch is.
func TestFreshnessContract(t *testing.T) {
	t.Parallel()
	passing := map[string]error{"unavailable": secrets.ErrUnavailable, "identity": secrets.ErrIdentity}
	closing := map[string]error{
		"denied": secrets.ErrDenied, "not found": secrets.ErrNotFound, "deleted": secrets.ErrDeleted,
		"key": secrets.ErrDecryption, "malformed": secrets.ErrConfiguration,
	}
	row := func(situation, name string, answers []secrets.Result, want outcome) {
		t.Run(situation+"/"+name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { contract(t, situation, answers, want) })
		})
	}
	v2 := []secrets.Result{good("v2")}
	row("cold", "value", v2, outcome{"v2", nil, 1, secrets.Fresh, byTTL})
	row("fresh", "value", v2, outcome{"v1", nil, 0, secrets.Fresh, byTTL})
	row("due", "value", v2, outcome{"v1", nil, 1, secrets.Fresh, byTTL})
	row("stale", "value", v2, outcome{"v1", nil, 0, secrets.Stale, first})
	row("stale, retry due", "value", v2, outcome{"v1", nil, 1, secrets.Fresh, byTTL})
	row("too old", "value", v2, outcome{"v2", nil, 1, secrets.Fresh, byTTL})
	row("refused", "value", v2, outcome{"", secrets.ErrDenied, 0, secrets.Refused, first})
	row("refused, retry due", "value", v2, outcome{"v2", nil, 1, secrets.Fresh, byTTL})
	for name, kind := range passing {
		answers := []secrets.Result{bad(kind)}
		row("cold", name, answers, outcome{"", kind, 1, secrets.Absent, first})
		row("fresh", name, answers, outcome{"v1", nil, 0, secrets.Fresh, byTTL})
		row("due", name, answers, outcome{"v1", nil, 1, secrets.Stale, first})
		row("stale", name, answers, outcome{"v1", nil, 0, secrets.Stale, first})
		row("stale, retry due", name, answers, outcome{"v1", nil, 1, secrets.Stale, second})
		row("too old", name, answers, outcome{"", kind, 1, secrets.Absent, first})
		row("refused", name, answers, outcome{"", secrets.ErrDenied, 0, secrets.Refused, first})
		row("refused, retry due", name, answers, outcome{"", kind, 1, secrets.Absent, first})
	}
	for name, kind := range closing {
		answers := []secrets.Result{bad(kind)}
		row("cold", name, answers, outcome{"", kind, 1, secrets.Refused, first})
		row("fresh", name, answers, outcome{"v1", nil, 0, secrets.Fresh, byTTL})
		row("due", name, answers, outcome{"v1", nil, 2, secrets.Refused, first})
		row("stale", name, answers, outcome{"v1", nil, 0, secrets.Stale, first})
		row("stale, retry due", name, answers, outcome{"v1", nil, 2, secrets.Refused, first})
		row("too old", name, answers, outcome{"", kind, 1, secrets.Refused, first})
		row("refused", name, answers, outcome{"", secrets.ErrDenied, 0, secrets.Refused, first})
		row("refused, retry due", name, answers, outcome{"", kind, 1, secrets.Refused, first})
	}
	row("due", "denied once", []secrets.Result{bad(secrets.ErrDenied), good("v2")}, outcome{"v1", nil, 2, secrets.Fresh, byTTL})
	row("due", "denied, then unavailable", []secrets.Result{bad(secrets.ErrDenied), bad(secrets.ErrUnavailable)},
		outcome{"v1", nil, 2, secrets.Stale, first})
	row("due", "an error of no kind", []secrets.Result{bad(errOther)}, outcome{"v1", nil, 1, secrets.Stale, first})
	row("due", "nothing at all", []secrets.Result{{}}, outcome{"v1", nil, 1, secrets.Stale, first})
	row("cold", "an error of no kind", []secrets.Result{bad(errOther)}, outcome{"", secrets.ErrUnavailable, 1, secrets.Absent, first})
}

// outcome is what a read leads to.
type outcome struct {
	value string
	err   error
	calls int
	state secrets.State // when all is done
	next  span          // from the latest fetch to the next
}

func contract(t *testing.T, situation string, answers []secrets.Result, want outcome) {
	v := &variable{result: good("v1")}
	source := &fakeSource{latency: 50 * time.Millisecond, answer: v.answer}
	store := newFake(t, source, secrets.Config{})
	situations[situation](t, store, v)
	before := len(source.calls())
	v.set(answers[0], append(answers[1:], answers[len(answers)-1])...)
	value, err := read(t, store)
	if value != want.value || err != want.err {
		t.Errorf("reads %q, %v; want %q, %v", value, err, want.value, want.err)
	}
	// A second fetch comes after 0.8 to 1 s, or not at all.
	pause := 150 * time.Millisecond
	if want.calls > 1 {
		pause = 1200 * time.Millisecond
	}
	time.Sleep(pause)
	if calls := len(source.calls()) - before; calls != want.calls {
		t.Errorf("makes %d calls, want %d", calls, want.calls)
	}
	if status, _ := store.Status("s"); status.State != want.state {
		t.Errorf("leaves it %v, want %v", status.State, want.state)
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
