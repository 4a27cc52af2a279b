package secrets

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// times are the fields of a state that say when.
type times struct {
	fresh, early, soft, hard, sure, retry time.Duration // since the answer
	read                                  string
	failures                              int
}

// TestStates computes what follows a state at a moment: the answer has arrived
// at second 1000, five seconds after the fetch began, and the jitter is 10 %.
func TestStates(t *testing.T) {
	t.Parallel()
	const (
		now   = instant(1000 * time.Second)
		s     = time.Second
		m     = time.Minute
		eons  = time.Duration(never - now)
		month = 30 * 24 * time.Hour
	)
	value := NewValue([]byte("x"), Meta{Version: "v1"})
	held := &state{
		value: value, read: time.Unix(1, 0), fresh: now - 1, early: now - 1, soft: now - 1,
		hard: now.after(30 * m), sure: now.after(7 * m), failures: 2,
	}
	soon := *held
	soon.hard = now.after(3 * s)
	ended := *held
	ended.hard = now
	retried := *held
	retried.failures = 0
	passing := &ReadError{kind: ErrUnavailable}
	for name, test := range map[string]struct {
		config Config
		before *state
		value  Value // if it brings one
		err    error
		want   times
	}{
		"value": {Config{}, new(state), value, nil, times{270 * s, 240 * s, 270 * s, 3594 * s, 3594 * s, -1000 * s, "now", 0}},
		"other value": {
			Config{TTL: 10 * m, MaxStale: time.Hour},
			held, NewValue(nil, Meta{Version: "v2"}), nil,
			times{540 * s, 480 * s, 540 * s, 3594 * s, 3594 * s, -1000 * s, "now", 0},
		},
		"same value, not read": {Config{}, held, value, nil, times{270 * s, 240 * s, 270 * s, 3594 * s, 7 * m, -1000 * s, "now", 0}},
		"MaxStale bounds the TTL": {
			Config{TTL: 10 * s, MaxStale: 10 * s},
			held, NewValue(nil, Meta{}), nil,
			times{4900 * time.Millisecond, 4900 * time.Millisecond, 4900 * time.Millisecond, 4900 * time.Millisecond, 4900 * time.Millisecond, -1000 * s, "now", 0},
		},
		"MaxStale below the clock's steps": {
			Config{TTL: time.Millisecond, MaxStale: time.Millisecond},
			new(state), value, nil,
			times{-5*s + 1, -5*s + 1, -5*s + 1, -5*s + 1, -5*s + 1, -1000 * s, "now", 0},
		},
		"no limits": {
			Config{TTL: -1}, new(state), value, nil, times{eons, eons, eons, eons, eons, -1000 * s, "now", 0},
		},
		"no limit of staleness": {
			Config{MaxStale: -1}, new(state), value, nil, times{270 * s, 240 * s, 270 * s, eons, eons, -1000 * s, "now", 0},
		},
		"long TTL": {
			Config{TTL: month},
			new(state), value, nil,
			times{month / 10 * 9, month / 5 * 4, month / 10 * 9, 2*month - 6*s, 2*month - 6*s, -1000 * s, "now", 0},
		},
		"passing failure": {
			Config{}, held, Value{}, passing, times{-1000 * s, 7200 * time.Millisecond, 7200 * time.Millisecond, 30 * m, 7 * m, 7200 * time.Millisecond, "then", 3},
		},
		"first passing failure": {
			Config{}, &retried, Value{}, passing, times{-1000 * s, 1800 * time.Millisecond, 1800 * time.Millisecond, 30 * m, 7 * m, 1800 * time.Millisecond, "then", 1},
		},
		"passing failure, shortly before MaxStale": {
			Config{}, &soon, Value{}, passing, times{-1000 * s, 3 * s, 3 * s, 3 * s, 7 * m, 3 * s, "then", 3},
		},
		"passing failure, at MaxStale": {
			Config{},
			&ended,
			Value{},
			passing,
			times{-1000 * s, 3600 * time.Millisecond, -1000 * s, -1000 * s, -1000 * s, 3600 * time.Millisecond, "then", 3},
		},
		"refusal": {
			Config{},
			held,
			Value{},
			&ReadError{kind: ErrNotFound},
			times{-1000 * s, 3600 * time.Millisecond, -1000 * s, -1000 * s, -1000 * s, 3600 * time.Millisecond, "then", 3},
		},
		"first read fails": {
			Config{ErrorTTL: 10 * s}, new(state), Value{}, passing, times{-1000 * s, 9 * s, -1000 * s, -1000 * s, -1000 * s, 9 * s, "never", 1},
		},
	} {
		l := landing{Config: test.config, now: now, sent: now - instant(5*s), at: time.Unix(2, 0), draw: 0.5}
		var got *state
		if test.err == nil {
			got = l.succeeded(test.before, test.value, false)
		} else {
			got = l.failed(test.before, test.err)
		}
		after := times{
			fresh: time.Duration(got.fresh - now), early: time.Duration(got.early - now), soft: time.Duration(got.soft - now),
			hard: time.Duration(got.hard - now), sure: time.Duration(got.sure - now), retry: time.Duration(got.retry - now),
			read: map[int64]string{1: "then", 2: "now", time.Time{}.Unix(): "never"}[got.read.Unix()], failures: got.failures,
		}
		if diff := cmp.Diff(test.want, after, cmp.AllowUnexported(times{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if !errors.Is(got.err, test.err) || got.value.IsZero() != (got.hard == 0) {
			t.Errorf("%s: %v, %d bytes", name, got.err, len(got.value.RevealBytes()))
		}
	}
}

// TestExpiredState keeps all but the value.
func TestExpiredState(t *testing.T) {
	t.Parallel()
	read := time.Unix(946684800, 0)
	st := &state{
		value: NewValue([]byte("x"), Meta{Version: "v1"}), seen: seen{version: "v1"}, read: read, hard: 5,
		err: &ReadError{Ref: "s", kind: ErrIdentity, Problem: "none"}, failures: 3, fresh: math.MaxInt64,
	}
	got := st.expired("s")
	if !got.value.IsZero() || got.seen != st.seen || got.read != read || got.failures != 3 || got.fresh != 0 {
		t.Errorf("%+v", got)
	}
	if !errors.Is(got.err, ErrStale) || !errors.Is(got.err, ErrIdentity) {
		t.Error(got.err)
	}
	const want = `secrets: read "s": none (last read at 2000-01-01T00:00:00Z); what was read last is older than Config.MaxStale`
	if got.err.Error() != want {
		t.Errorf("%q", got.err)
	}
}

// TestSince copies an error of ours, and leaves others and a first read's alone.
func TestSince(t *testing.T) {
	t.Parallel()
	old := &ReadError{Ref: "s", kind: ErrUnavailable}
	read := time.Unix(1, 0)
	if got := since(old, time.Time{}); got != old {
		t.Errorf("got %v", got)
	}
	if got, ok := since(old, read).(*ReadError); !ok || got == old || got.LastSuccess != read || !old.LastSuccess.IsZero() {
		t.Errorf("got %v, left %v", got, old)
	}
	if got := since(ErrDenied, read); got != ErrDenied {
		t.Errorf("got %v", got)
	}
}
