package secrets

import (
	"math"
	"slices"
	"testing"
	"time"
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
		if got := jitter(d); got != d {
			t.Errorf("jitter(%d) = %d", d, got)
		}
	}
	low, high := time.Duration(math.MaxInt64), time.Duration(0)
	for range 10_000 {
		got := jitter(1000)
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
	s := &Store{}
	entries := map[string]*entry{}
	for name, e := range map[string]struct {
		state  state
		flight *flight
	}{
		"held":       {state{hard: 500}, nil},
		"refused":    {state{retry: 500}, nil},
		"fetched":    {state{}, &flight{}},
		"over":       {state{hard: 100}, nil},
		"never read": {state{}, nil},
	} {
		entries[name] = &entry{flight: e.flight}
		entries[name].state.Store(&e.state)
	}
	s.entries.Store(&entries)
	s.sweep(instant(400).after(linger))
	left := *s.entries.Load()
	if len(left) != 3 || left["held"] == nil || left["refused"] == nil || left["fetched"] == nil {
		t.Errorf("left: %v", left)
	}
	if len(entries) != 5 {
		t.Error("the map has been changed under its readers")
	}
}
