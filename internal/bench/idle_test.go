//go:build unix

package bench

import (
	"flag"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// window is long enough for figures at two minutes and some, when the runtime
// collects garbage by itself once.
var window = flag.Duration("window", 5*time.Second, "how long BenchmarkIdle watches each case")

// idle are Stores of 100,000 secrets that nobody reads.
var idle = []struct {
	name string
	make func(b *testing.B, names []string) (store *secrets.Store, keep any)
}{
	{"nothing", func(b *testing.B, names []string) (*secrets.Store, any) {
		return sourceStore(b, described, secrets.Config{}), nil
	}},
	{"held", func(b *testing.B, names []string) (*secrets.Store, any) {
		return held(b, secrets.Config{}, names), nil
	}},
	{"preloaded", func(b *testing.B, names []string) (*secrets.Store, any) {
		return sourceStore(b, described, secrets.Config{MaxEntries: -1, MaxBytes: -1, Preload: names}), nil
	}},
	{"handles", func(b *testing.B, names []string) (*secrets.Store, any) {
		f := handles(b, secrets.Config{}, names)
		return f.store, f
	}},
	// The same with a TTL of half the window, for the cost of refreshing: that of
	// the Store and its handles, with next to none for the source.
	{"handles-refreshed", func(b *testing.B, names []string) (*secrets.Store, any) {
		f := handles(b, secrets.Config{TTL: *window / 2}, names)
		return f.store, f
	}},
}

// BenchmarkIdle tells what 100,000 secrets cost while nobody reads them: the
// process's time on CPUs, and how many secrets were fetched. An iteration takes
// as long as -window says.
func BenchmarkIdle(b *testing.B) {
	names := many(100_000)
	for _, c := range idle {
		b.Run(c.name, func(b *testing.B) {
			store, keep := c.make(b, names)
			runtime.GC()
			for b.Loop() {
				used, before := usage(b), store.Stats()
				time.Sleep(*window)
				used, fetched := usage(b)-used, store.Stats().Refs-before.Refs
				minutes := window.Minutes()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(used.Seconds()*1000/minutes, "cpu-ms/min")
				b.ReportMetric(float64(fetched)/minutes, "refs/min")
				if fetched > 0 {
					b.ReportMetric(float64(used.Nanoseconds())/float64(fetched), "cpu-ns/ref")
				}
			}
			runtime.KeepAlive(keep)
		})
	}
}

// usage is the process's time on CPUs so far.
func usage(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
