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
		p := newProgress(&b, 42, time.Minute)
		p.now([]string{"issuer"})
		p.now([]string{"issuer", "session", "clock"})
		time.Sleep(1500 * time.Millisecond)
		p.now(nil)
		p.now([]string{"secret", "secret's key"})
		time.Sleep(time.Second)
		p.stop()
		time.Sleep(time.Minute) // nothing is written after the end
		const line = "\r\x1b[K"
		want := line + "0s of at most 1m: issuer…" +
			line + "0s of at most 1m: issuer, session, clock…" + // 41 columns
			line + "1s of at most 1m: issuer, session, clock…" +
			line +
			line + "1s of at most 1m: secret, secret's key…" +
			line + "2s of at most 1m: secret, secret's key…" + line
		if diff := cmp.Diff(want, b.String()); diff != "" {
			t.Errorf("progress (-want +got):\n%s", diff)
		}
	})
}

// What is no terminal shows no progress.
func TestNoProgress(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	p := startProgress(&b, &b, time.Minute, func(string) string { return "" })
	p.now([]string{"issuer"})
	p.stop()
	if b.Len() > 0 {
		t.Errorf("it shows %q", b.String())
	}
}
