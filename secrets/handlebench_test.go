package secrets_test

import (
	"runtime"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// BenchmarkHandleValue measures the hot path of an application.
func BenchmarkHandleValue(b *testing.B) {
	store, err := secrets.NewWithSource(b.Context(), secrets.Static(map[string]string{
		"s": `{"username":"app","password":"x","host":"db","port":5432,"dbname":"d"}`,
	}), secrets.Config{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	benchmarkValue[string](b, "string", store)
	benchmarkValue[secrets.Value](b, "Value", store)
	benchmarkValue[*secrets.Login](b, "pointer", store)
	benchmarkValue[secrets.Login](b, "login", store)
}

func benchmarkValue[T any](b *testing.B, name string, store *secrets.Store) {
	h, err := secrets.Open[T](b.Context(), store, "s")
	if err != nil {
		b.Fatal(err)
	}
	defer h.Close()
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			h.Value()
		}
	})
	b.Run(name+"/parallel", func(b *testing.B) {
		b.RunParallel(func(pb *testing.PB) {
			var v T
			for pb.Next() {
				v = h.Value()
			}
			runtime.KeepAlive(v)
		})
	})
}

func TestHandleValueAllocatesNothing(t *testing.T) {
	h, err := secrets.Open[string](t.Context(), staticStore(t, marker), "s")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if n := testing.AllocsPerRun(1000, func() {
		if h.Value() == "" || h.Version() == "" || h.Err() != nil {
			t.Error("nothing there")
		}
		if _, err := h.Load(); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations in a read", n)
	}
}
