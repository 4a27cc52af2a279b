package bench

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"gocloud.dev/runtimevar"
	"gocloud.dev/runtimevar/constantvar"

	"github.com/irsakit/irsa/secrets"
)

// many returns the names of n secrets.
func many(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("prod/service-%06d/db", i)
	}
	return list
}

// described is a source that tells of its secrets what Secrets Manager does, in
// strings that are each secret's own, as they are when they come over the wire.
var described = secrets.SourceFunc(func(_ context.Context, ref secrets.Ref) (secrets.Value, error) {
	return secrets.NewValue([]byte(loginJSON), secrets.Meta{
		ARN: fmt.Sprintf("arn:aws:secretsmanager:eu-west-1:222233334444:secret:%s-AbCdEf", ref.Name), Name: string([]byte(ref.Name)),
		Version: fmt.Sprintf("a1b2c3d4-5678-90ab-cdef-%.12s", ref.Name), Stages: []string{"AWSCURRENT"}, Type: "string",
	}), nil
})

// holders are ways to hold secrets. What each returns keeps them in memory.
var holders = []struct {
	name string
	hold func(b *testing.B, names []string) any
}{
	{"irsa", func(b *testing.B, names []string) any { return held(b, secrets.Config{}, names) }},
	{"irsa-handles", func(b *testing.B, names []string) any { return handles(b, secrets.Config{}, names) }},
	{"setec", func(b *testing.B, names []string) any {
		store := setecStore(b, loginJSON, names...)
		for _, name := range names {
			store.Secret(name).Get()
		}
		return store
	}},
	{"runtimevar", func(b *testing.B, names []string) any {
		vars := make([]*runtimevar.Variable, len(names))
		for i := range names {
			vars[i] = constantvar.NewBytes([]byte(loginJSON), runtimevar.StringDecoder)
			if _, err := vars[i].Latest(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		b.Cleanup(func() {
			for _, v := range vars {
				if err := v.Close(); err != nil {
					b.Error(err)
				}
			}
		})
		return vars
	}},
}

// BenchmarkMemory tells what a secret that is held takes beside its bytes: on
// the heap and, where there is a goroutine for each, in stacks.
func BenchmarkMemory(b *testing.B) {
	for _, h := range holders {
		for _, n := range []int{1_000, 10_000, 100_000} {
			b.Run(fmt.Sprintf("%s/secrets=%d", h.name, n), func(b *testing.B) {
				names := many(n)
				for b.Loop() {
					before := memory()
					holder := h.hold(b, names)
					b.ReportMetric(float64(memory()-before)/float64(n)-float64(len(loginJSON)), "B/secret")
					runtime.KeepAlive(holder)
				}
			})
		}
	}
}

// memory is what lives after a collection; the second one empties the pools.
func memory() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// held returns a Store without limits that holds the secrets.
func held(b *testing.B, opts secrets.Config, names []string) *secrets.Store {
	b.Helper()
	opts.MaxEntries, opts.MaxBytes = -1, -1
	store := sourceStore(b, described, opts)
	if _, err := store.GetAll(b.Context(), names...); err != nil {
		b.Fatal(err)
	}
	return store
}

// fleet is a Store with a handle of each secret.
type fleet struct {
	store   *secrets.Store
	handles []*secrets.Handle[login]
}

func handles(b *testing.B, opts secrets.Config, names []string) fleet {
	b.Helper()
	f := fleet{held(b, opts, names), make([]*secrets.Handle[login], len(names))}
	for i, name := range names {
		h, err := secrets.Open[login](b.Context(), f.store, name)
		if err != nil {
			b.Fatal(err)
		}
		f.handles[i] = h
	}
	return f
}
