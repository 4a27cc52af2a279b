package agent

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// logWindow is the time in which at most maxLines lines of a kind are logged,
	// of at most maxKinds kinds; all that are of others count as of one more.
	logWindow = time.Minute
	maxLines  = 3
	maxKinds  = 200
	// maxKind is how much of a kind's name counts, in bytes.
	maxKind = 1 << 10
)

// quiet logs what clients can cause at will, and leaves out what is too much of
// it: whoever can connect could otherwise fill the node's log. It has no timer:
// how many lines were left out is logged together with the next line of any kind,
// or by flush. It is safe for concurrent use.
type quiet struct {
	to *slog.Logger

	mu    sync.Mutex
	began time.Time      // of the window
	seen  map[string]int // lines of each kind in it, those left out too
}

// warn logs a line, if there have not been too many of its kind.
func (q *quiet) warn(ctx context.Context, kind, message string, args ...any) {
	n, past := q.count(kind, time.Now())
	past.report(ctx, q.to)
	if n <= maxLines {
		q.to.WarnContext(ctx, message, args...)
	}
}

// count returns the how many-th line of its kind in the window one is, and, if it
// is the first of a window, what was before.
func (q *quiet) count(kind string, now time.Time) (n int, past window) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.seen == nil || now.Sub(q.began) >= logWindow {
		past = window{q.began, q.seen}
		q.began, q.seen = now, map[string]int{}
	}
	kind = kind[:min(len(kind), maxKind)]
	if _, known := q.seen[kind]; !known {
		if kind = strings.Clone(kind); len(q.seen) >= maxKinds {
			kind = "all others"
		}
	}
	q.seen[kind]++
	return q.seen[kind], past
}

// flush logs how many lines were left out, and begins another window.
func (q *quiet) flush() {
	q.mu.Lock()
	past := window{q.began, q.seen}
	q.seen = nil
	q.mu.Unlock()
	past.report(context.Background(), q.to)
}

// window is a time that is over.
type window struct {
	began time.Time
	seen  map[string]int
}

// report logs how many lines of each kind were left out.
func (w window) report(ctx context.Context, to *slog.Logger) {
	for _, kind := range slices.Sorted(maps.Keys(w.seen)) {
		if n := w.seen[kind] - maxLines; n > 0 {
			to.WarnContext(ctx, "agent: lines left out", "of", kind, "count", n, "since", w.began)
		}
	}
}

// httpErrors is where net/http logs to. What lines begin with is their kind: of
// what comes then, such as the client's port, no two may be alike.
type httpErrors struct{ *quiet }

// Write implements io.Writer.
func (e httpErrors) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	words := strings.SplitN(text, " ", 3)
	e.warn(context.Background(), strings.Join(words[:min(len(words), 2)], " "), text)
	return len(line), nil
}
