package secrets

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestClock checks that the clock counts a suspension, which only the wall
// clock shows, and does not follow the wall clock back.
func TestClock(t *testing.T) {
	t.Parallel()
	start := time.Now()
	c := clock{last: start}
	c.advance(start.Add(time.Second))
	if got := c.now(); got != instant(time.Second) {
		t.Fatalf("after a second: %d", got)
	}
	// Without a monotonic reading, the wall clock is all there is.
	c = clock{last: start.Round(0)}
	c.advance(start.Round(0).Add(time.Hour))
	if got := c.now(); got != instant(time.Hour) {
		t.Errorf("after a suspension of an hour: %v", time.Duration(got))
	}
	c.advance(start.Round(0))
	if got := c.now(); got != instant(time.Hour) {
		t.Errorf("with the wall clock set back: %v", time.Duration(got))
	}
}

func TestInstant(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from instant
		d    time.Duration
		want instant
	}{
		"usual":    {5, 7, 12},
		"for ever": {5, math.MaxInt64, never},
		"too far":  {never - 3, 4, never},
		"nothing":  {5, 0, 5},
	} {
		if got := test.from.after(test.d); got != test.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestJitter(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{0, 4, math.MaxInt64} {
		if got := (landing{draw: 0.1}).jitter(d); got != d {
			t.Errorf("jitter(%d) = %d", d, got)
		}
	}
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for range 10_000 {
		got := Config{}.landing(0, 0).jitter(1000)
		low, high = min(low, got), max(high, got)
	}
	if low < 800 || low > 810 || high > 1000 || high < 990 {
		t.Errorf("from %d to %d", low, high)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	var usual []time.Duration
	for failures := range 8 {
		usual = append(usual, Config{}.backoff(failures)/time.Second)
	}
	if want := []time.Duration{2, 4, 8, 16, 32, 60, 60, 60}; !slices.Equal(usual, want) {
		t.Errorf("backs off %d", usual)
	}
	if got := (Config{ErrorTTL: time.Hour}).backoff(30); got != time.Hour {
		t.Errorf("backs off %v", got)
	}
	if got := (Config{ErrorTTL: -1}).backoff(30); got != 0 {
		t.Errorf("backs off %v", got)
	}
}

func TestCompleteKey(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws-cn:kms:cn-north-1:333344445555:key/1234"
	for id, want := range map[string]string{
		"":        "",
		arn:       arn,
		"1234":    arn,
		"alias/x": "",
		"arn:aws:kms:eu-west-1:333344445555:alias/x": "",
	} {
		if got := completeKey(id, "cn-north-1", "333344445555"); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
	}
}

// TestSweep checks that nothing stays which nobody asks for.
func TestSweep(t *testing.T) {
	t.Parallel()
	s := newStore(nil, Config{})
	for name, e := range map[string]struct {
		state  state
		flight *flight
		pins   int
	}{
		"held":       {state: state{hard: 500}},
		"refused":    {state: state{retry: 500}},
		"fetched":    {flight: &flight{}},
		"preloaded":  {pins: 1},
		"over":       {state: state{hard: 100}},
		"never read": {},
	} {
		sl, err := s.slot(strings.ReplaceAll(name, " ", "-"))
		if err != nil {
			t.Fatal(err)
		}
		sl.entry.state.Store(&e.state)
		sl.entry.flight, sl.entry.pins = e.flight, e.pins
	}
	s.sweep(instant(400).after(linger))
	var left []string
	for name := range s.entries {
		if s.slots.find(name) == nil {
			t.Errorf("%s has no slot", name)
		}
		left = append(left, name)
	}
	slices.Sort(left)
	if diff := cmp.Diff([]string{"fetched", "held", "preloaded", "refused"}, left); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"over", "never-read"} {
		if s.slots.find(name) != nil {
			t.Errorf("%s has a slot", name)
		}
	}
}
