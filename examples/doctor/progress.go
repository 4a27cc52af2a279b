package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// tick is how often a progress line tells the time.
const tick = time.Second

// progress is a line on a terminal that says what takes time, and how long it
// has taken. Its zero value shows nothing.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	doing string
	began time.Time
	end   chan struct{}
	done  sync.WaitGroup
}

// startProgress shows progress on w if that is a terminal.
func startProgress(w io.Writer, limit time.Duration) *progress {
	if !isTerminal(w) {
		return new(progress)
	}
	return newProgress(w, limit)
}

func newProgress(w io.Writer, limit time.Duration) *progress {
	p := &progress{w: w, began: time.Now(), end: make(chan struct{})}
	p.done.Go(func() {
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-p.end:
				return
			case <-t.C:
				p.show(fmt.Sprintf(" %v of %v at most", time.Since(p.began).Round(time.Second), limit))
			}
		}
	})
	return p
}

// now says what is done from here on.
func (p *progress) now(doing string) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	p.doing = doing
	p.mu.Unlock()
	p.show("")
}

func (p *progress) show(time string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, "\r\x1b[K%s…%s", p.doing, time)
}

// stop takes the line away and waits until nothing more is written.
func (p *progress) stop() {
	if p.w == nil {
		return
	}
	close(p.end)
	p.done.Wait()
	fmt.Fprint(p.w, "\r\x1b[K")
}
