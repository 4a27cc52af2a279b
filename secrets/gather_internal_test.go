package secrets

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// regional is a source one of whose Regions hangs.
type regional struct{ SourceFunc }

func (regional) group(ref Ref) string { return ref.Region }

// TestRegionsDoNotWaitForEachOther reads from two of them at the same moment.
func TestRegionsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := regional{func(ctx context.Context, ref Ref) (Value, error) {
			if ref.Region == "eu-west-1" {
				<-ctx.Done()
				return Value{}, ctx.Err()
			}
			return NewValue([]byte("x"), Meta{Version: "1"}), nil
		}}
		store, err := NewWithSource(t.Context(), source, Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		go func() {
			_, _ = store.Get(t.Context(), "arn:aws:secretsmanager:eu-west-1:222233334444:secret:a-AbCdEf")
		}()
		start := time.Now()
		_, err = store.Get(t.Context(), "arn:aws:secretsmanager:eu-west-2:222233334444:secret:a-AbCdEf")
		if took := time.Since(start); err != nil || took > 10*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
	})
}

// TestFlushTwice has two readers of many secrets come right after each other,
// before the first batch has left.
func TestFlushTwice(t *testing.T) {
	t.Parallel()
	store, err := NewWithSource(t.Context(), Static(map[string]string{"a": "1", "b": "2"}), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var flights []*flight
	for _, ref := range []string{"a", "b"} {
		sl, err := store.slot(ref)
		if err != nil {
			t.Fatal(err)
		}
		more, err := store.joinAll([]*slot{sl})
		if err != nil {
			t.Fatal(err)
		}
		flights = append(flights, more...)
	}
	for _, f := range flights {
		if <-f.done; f.err != nil {
			t.Error(f.err)
		}
	}
}
