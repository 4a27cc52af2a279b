package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/irsakit/irsa/examples/internal/terminal"
)

// tick is how often a progress line tells the time.
const tick = time.Second

// progress is a line on a terminal that says which checks are under way, and how
// long everything has taken. It takes itself away. Its zero value shows nothing.
type progress struct {
	w     io.Writer
	width int // of the line; 0 is without limit
	limit string
	began time.Time

	mu    sync.Mutex
	doing []string

	end  chan struct{}
	done sync.WaitGroup
}

// startProgress shows progress on stderr, if somebody is there who waits: stdout,
// on which the result will be, is a terminal as well.
func startProgress(stdout, stderr io.Writer, limit time.Duration, env func(string) string) *progress {
	if !terminal.Is(stdout) || !terminal.Is(stderr) || env("TERM") == "dumb" {
		return new(progress)
	}
	return newProgress(stderr, terminal.StyleOf(stderr, "", env).Width, limit)
}

func newProgress(w io.Writer, width int, limit time.Duration) *progress {
	p := &progress{w: w, width: width, limit: brief(limit), began: time.Now(), end: make(chan struct{})}
	p.done.Go(func() {
		t := time.NewTicker(tick)
		defer t.Stop()
		for {
			select {
			case <-p.end:
				return
			case <-t.C:
				p.mu.Lock()
				p.show()
				p.mu.Unlock()
			}
		}
	})
	return p
}

// now says which checks are under way from here on.
func (p *progress) now(checks []string) {
	if p.w == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doing = checks
	p.show()
}

// show writes the line anew. It ends before the last column, where some
// terminals begin another.
func (p *progress) show() {
	line := fmt.Sprintf("%v of at most %v: %s…", time.Since(p.began).Truncate(time.Second), p.limit, strings.Join(p.doing, ", "))
	if p.width > 0 {
		line = terminal.Clip(line, p.width-1)
	}
	if len(p.doing) == 0 {
		line = ""
	}
	fmt.Fprint(p.w, "\r\x1b[K"+line)
}

// brief is a duration without seconds where there are none.
func brief(d time.Duration) string {
	text := d.String()
	if d%time.Minute == 0 {
		return strings.TrimSuffix(text, "0s")
	}
	return text
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
