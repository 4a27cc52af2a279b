package secrets_test

import (
	"sync/atomic"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// BenchmarkGet measures a read of a value that is held.
func BenchmarkGet(b *testing.B) {
	var calls atomic.Int64
	store, err := secrets.New(b.Context(), answer(&calls, 200, goodAnswer).config(), secrets.Config{Preload: []string{secretARN}})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := store.Get(b.Context(), secretARN); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("parallel", func(b *testing.B) {
		ctx := b.Context()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := store.Get(ctx, secretARN); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

func TestHeldValueAllocatesNothing(t *testing.T) {
	var calls atomic.Int64
	store := newStore(t, answer(&calls, 200, goodAnswer).config(), secrets.Config{Preload: []string{secretARN}})
	ctx := t.Context()
	if n := testing.AllocsPerRun(1000, func() {
		if _, err := store.Get(ctx, secretARN); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations in a read", n)
	}
}
