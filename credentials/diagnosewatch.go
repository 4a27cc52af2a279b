package credentials

import (
	"context"
	"slices"
	"sync"
)

// DiagnoseWatched is [Diagnose] with word of what it waits for. Each time that a
// check of the network begins or ends, watch is given the names of those under
// way, the longest first; at last none. Its calls come one after the other, from
// several goroutines, and none after the report. The slice is watch's own. It is
// waited for, so it should be quick. Nil: nobody watches.
func DiagnoseWatched(ctx context.Context, cfg Config, watch func(names []string)) Report {
	x := newExamination(cfg)
	x.under.tell = watch
	return x.run(ctx)
}

// underWay are the checks that have begun and not ended. Its zero value tells
// nobody.
type underWay struct {
	tell func(names []string)

	mu    sync.Mutex
	names []string
}

// begin adds a check, and returns what takes it away again.
func (u *underWay) begin(name string) (end func()) {
	if u.tell == nil {
		return func() {}
	}
	u.change(func(names []string) []string { return append(names, name) })
	return func() {
		u.change(func(names []string) []string {
			i := slices.Index(names, name)
			return slices.Delete(names, i, i+1)
		})
	}
}

func (u *underWay) change(by func(names []string) []string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.names = by(u.names)
	u.tell(slices.Clone(u.names))
}
