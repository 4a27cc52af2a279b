package secrets

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// versionAt returns a value with a version that was made at a second.
func versionAt(name string, second int64) Value {
	meta := Meta{Name: "s", Version: name}
	if second != 0 {
		meta.Created = time.Unix(second, 0)
	}
	return NewValue([]byte(name), meta)
}

// TestSeen asks whether a replica may lag, after some versions were believed.
func TestSeen(t *testing.T) {
	t.Parallel()
	a, b, c, undated := versionAt("a", 1), versionAt("b", 2), versionAt("c", 3), versionAt("x", 0)
	for name, test := range map[string]struct {
		believed []Value
		replica  Value
		behind   bool
	}{
		"nothing seen":                     {nil, a, false},
		"nothing seen, no date":            {nil, undated, false},
		"the same":                         {[]Value{b}, b, false},
		"older":                            {[]Value{b}, a, true},
		"newer":                            {[]Value{b}, c, false},
		"other, as old":                    {[]Value{b}, versionAt("d", 2), true},
		"no date":                          {[]Value{b}, undated, true},
		"the same, no date":                {[]Value{b, undated}, undated, false},
		"after a move back":                {[]Value{c, a}, c, true},
		"after a move back, the same":      {[]Value{c, a}, a, false},
		"after a move back, in between":    {[]Value{c, a}, b, true},
		"after a move back, newer than it": {[]Value{b, a}, c, false},
		"the same with another date":       {[]Value{b}, versionAt("b", 1), false},
	} {
		var s seen
		for _, v := range test.believed {
			s = s.believed(v)
		}
		if got := s.behind(test.replica); got != test.behind {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestBelievedEndsDoubts has a version that was doubted begin anew.
func TestBelievedEndsDoubts(t *testing.T) {
	t.Parallel()
	s := seen{version: "b", newest: time.Unix(2, 0), doubted: "a", since: 5}
	want := seen{version: "b", newest: time.Unix(2, 0)}
	if got := s.believed(versionAt("b", 2)); got != want {
		t.Errorf("%+v", got)
	}
}

// TestDoubts asks whether an answer of the secret's own Region may lag, when b
// is held.
func TestDoubts(t *testing.T) {
	t.Parallel()
	const hour, second = instant(time.Hour), instant(time.Second)
	held := state{value: versionAt("b", 2), hard: 2 * hour}
	ended := held
	ended.hard = hour
	doubting := held
	doubting.seen = seen{doubted: "a", since: hour - instant(convergence)}
	for name, test := range map[string]struct {
		state  state
		answer Value
		now    instant
		want   bool
	}{
		"older":                       {held, versionAt("a", 1), hour, true},
		"newer":                       {held, versionAt("c", 3), hour, false},
		"other, as old":               {held, versionAt("d", 2), hour, false},
		"no date":                     {held, versionAt("x", 0), hour, false},
		"the same with another date":  {held, versionAt("b", 1), hour, false},
		"nothing held any more":       {ended, versionAt("a", 1), hour, false},
		"nothing held":                {state{}, versionAt("a", 1), hour, false},
		"still older, after a minute": {doubting, versionAt("a", 1), hour, false},
		"still older, before":         {doubting, versionAt("a", 1), hour - 1, true},
		"another older one":           {doubting, versionAt("z", 1), hour + second, true},
	} {
		if got := test.state.doubts(test.answer, test.now); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestDoubted follows a state through answers that are doubted.
func TestDoubted(t *testing.T) {
	t.Parallel()
	read := time.Unix(946684800, 0)
	st := &state{value: versionAt("b", 2), hard: never, read: read, seen: seen{version: "b", newest: time.Unix(2, 0)}}
	for i, step := range []struct {
		version string
		now     instant
		since   instant
	}{
		{"a", 10, 10}, {"a", 20, 10}, {"z", 30, 30}, {"a", 40, 40},
	} {
		st = landing{now: step.now, at: time.Now()}.doubted(st, versionAt(step.version, 1))
		want := seen{version: "b", newest: time.Unix(2, 0), doubted: step.version, since: step.since}
		if diff := cmp.Diff(want, st.seen, cmp.AllowUnexported(seen{})); diff != "" || st.failures != i+1 || !st.held(step.now) {
			t.Errorf("step %d: %d failures, %s", i, st.failures, diff)
		}
	}
	const text = `secrets: read "s": the answer has version a, which is older than version b that was read before (last read at 2000-01-01T00:00:00Z)`
	if st.err.Error() != text || !errors.Is(st.err, ErrUnavailable) || !errors.Is(st.err, errOlder) {
		t.Error(st.err)
	}
}

func TestHeld(t *testing.T) {
	t.Parallel()
	st := &state{value: versionAt("a", 1), hard: 5}
	if !st.held(4) || st.held(5) || (&state{hard: 5}).held(4) {
		t.Error("a value is held until hard, and no value is not")
	}
}
