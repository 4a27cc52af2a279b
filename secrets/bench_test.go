package secrets_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// full returns a Store that holds n secrets, and their references.
func full(tb testing.TB, n int) (*secrets.Store, []string) {
	tb.Helper()
	refs := make([]string, n)
	for i := range refs {
		refs[i] = fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/service-%06d/db-AbCdEf", i)
	}
	source := secrets.SourceFunc(func(_ context.Context, ref secrets.Ref) (secrets.Value, error) {
		return secrets.NewValue([]byte(`{"username":"app","password":"0123456789abcdef"}`), secrets.Meta{
			ARN: ref.String(), Name: ref.Name, Version: "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", Stages: []string{"AWSCURRENT"},
		}), nil
	})
	store := newFake(tb, source, secrets.Config{TTL: time.Hour, MaxEntries: -1, MaxBytes: -1})
	if _, err := store.GetAll(tb.Context(), refs...); err != nil {
		tb.Fatal(err)
	}
	for range 2000 { // readers see the secrets without a lock from some reads on
		if _, err := store.Get(tb.Context(), refs[0]); err != nil {
			tb.Fatal(err)
		}
	}
	return store, refs
}

// BenchmarkGet measures a read of a value that is held, among others.
func BenchmarkGet(b *testing.B) {
	for _, n := range []int{1, 200, 100_000} {
		store, refs := full(b, n)
		ctx := b.Context()
		b.Run(fmt.Sprintf("secrets=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := store.Get(ctx, refs[n/2]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkGetParallel measures the same from many goroutines.
func BenchmarkGetParallel(b *testing.B) {
	store, refs := full(b, 200)
	ctx := b.Context()
	for _, n := range []int{1, 2, 4, 8, 16} {
		b.Run(fmt.Sprintf("goroutines=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			b.SetParallelism(max(1, n/runtime.GOMAXPROCS(0)))
			if n < runtime.GOMAXPROCS(0) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(n))
			}
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if _, err := store.Get(ctx, refs[7]); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkGetKey measures a read of a part of a secret.
func BenchmarkGetKey(b *testing.B) {
	store, refs := full(b, 200)
	ctx := b.Context()
	ref := refs[7] + "#password"
	for range 2000 {
		if _, err := store.Get(ctx, ref); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := store.Get(ctx, ref); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad measures the first read of 100,000 secrets, and what one of
// them takes in memory.
func BenchmarkLoad(b *testing.B) {
	const n = 100_000
	for b.Loop() {
		before, start := heap(), time.Now()
		store, refs := full(b, n)
		b.ReportMetric(float64(heap()-before)/n, "B/secret")
		b.ReportMetric(float64(time.Since(start))/n, "ns/secret")
		runtime.KeepAlive(refs)
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestHeldValueAllocatesNothing(t *testing.T) {
	store, refs := full(t, 200)
	ctx := t.Context()
	for _, ref := range []string{refs[3], refs[3] + "#password"} {
		if n := testing.AllocsPerRun(3000, func() {
			if _, err := store.Get(ctx, ref); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("%v allocations in a read of %s", n, ref)
		}
		if n := testing.AllocsPerRun(3000, func() {
			if st, _ := store.Status(ref); st.State != secrets.Fresh {
				t.Error(st.State)
			}
		}); n != 0 {
			t.Errorf("%v allocations in the status of %s", n, ref)
		}
	}
}

// TestPlainReferencesAllocateLittle is about those without settings, which
// servers parse with every request.
func TestPlainReferencesAllocateLittle(t *testing.T) {
	for ref, most := range map[string]float64{
		"prod/db": 0,
		"arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db-AbCdEf": 1, // it is put together again
	} {
		if n := testing.AllocsPerRun(100, func() {
			if r, err := secrets.ParseRef(ref); err != nil || r.String() != ref {
				t.Error(r, err)
			}
		}); n > most {
			t.Errorf("%v allocations for %s", n, ref)
		}
	}
}
