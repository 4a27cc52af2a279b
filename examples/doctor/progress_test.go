package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var b strings.Builder
		p := newProgress(&b, time.Minute)
		p.now("asking STS")
		time.Sleep(2500 * time.Millisecond)
		p.now("reading the secret")
		time.Sleep(time.Second)
		p.stop()
		time.Sleep(time.Minute) // nothing is written after the end
		const line = "\r\x1b[K"
		want := line + "asking STS…" + line + "asking STS… 1s of 1m0s at most" + line + "asking STS… 2s of 1m0s at most" +
			line + "reading the secret…" + line + "reading the secret… 3s of 1m0s at most" + line
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

// What is no terminal shows no progress.
func TestNoProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := startProgress(&b, time.Minute)
	p.now("asking STS")
	p.stop()
	if b.Len() > 0 {
		t.Errorf("it shows %q", b.String())
	}
}
