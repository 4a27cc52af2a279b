package main

import (
	"testing"
	"time"
)

// Tries get rarer, but not rarer than what succeeds is written.
func TestRetries(t *testing.T) {
	t.Parallel()
	for refresh, want := range map[time.Duration]time.Duration{
		-1: time.Minute, time.Second: time.Second, 5 * time.Second: 5 * time.Second, time.Hour: time.Minute,
	} {
		out := &output{refresh: refresh}
		retry := firstRetry
		for range 20 {
			retry = out.rarer(retry)
		}
		if retry != want {
			t.Errorf("every %v: %v, want %v", refresh, retry, want)
		}
	}
	if got := (&output{refresh: time.Hour}).rarer(firstRetry); got != 2*firstRetry {
		t.Errorf("the second: %v", got)
	}
}
