package secrets_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

// watched is what Watch yielded: the secret, "" for none, and the kind of error.
type watched struct {
	secret string
	kind   error
}

func kindOf(err error) error {
	for _, kind := range []error{
		secrets.ErrDenied, secrets.ErrNotFound, secrets.ErrUnavailable, secrets.ErrDecode, secrets.ErrConfiguration, secrets.ErrClosed, context.Canceled,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return err
}

func TestWatch(t *testing.T) {
	following(t, map[string]string{"s": "first"}, func(f followed) {
		var got []watched
		steps := []func(){
			func() { f.source.Put("s", "second") },
			func() { f.source.Fail("s", secrets.ErrUnavailable) },
			func() { f.source.Put("s", "third") },
			func() { f.source.Fail("s", secrets.ErrDenied) },
			func() { f.source.Put("s", "fourth") },
		}
		for v, err := range secrets.Watch(f.Context(), f.store, "s") {
			got = append(got, watched{v.Reveal(), kindOf(err)})
			if len(got) > len(steps) {
				break
			}
			steps[len(got)-1]()
		}
		want := []watched{
			{"first", nil},
			{"second", nil},
			{"second", secrets.ErrUnavailable},
			{"third", nil},
			{"", secrets.ErrDenied},
			{"fourth", nil},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(watched{}), cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
			f.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestWatchEnds(t *testing.T) {
	for name, test := range map[string]struct {
		ref  string
		end  func(f followed, cancel func())
		want []error
	}{
		"context": {"s", func(_ followed, cancel func()) { cancel() }, []error{nil}},
		"store":   {"s", func(f followed, _ func()) { f.store.Close() }, []error{nil, secrets.ErrClosed}},
		"absent":  {"other", func(followed, func()) {}, []error{secrets.ErrNotFound}},
		"no key":  {"s#key", func(followed, func()) {}, []error{secrets.ErrDecode}},
		"no ref":  {"", func(followed, func()) {}, []error{secrets.ErrConfiguration}},
	} {
		t.Run(name, func(t *testing.T) {
			following(t, map[string]string{"s": "first"}, func(f followed) {
				ctx, cancel := context.WithCancel(f.Context())
				defer cancel()
				go func() {
					time.Sleep(time.Hour)
					test.end(f, cancel)
				}()
				var got []error
				for _, err := range secrets.Watch(ctx, f.store, test.ref) {
					got = append(got, kindOf(err))
				}
				if len(got) != len(test.want) {
					f.Fatalf("yielded %v, want %v", got, test.want)
				}
				for i := range got {
					if !errors.Is(got[i], test.want[i]) {
						f.Errorf("yielded %v, want %v", got, test.want)
					}
				}
				time.Sleep(2 * time.Hour)
				synctest.Wait()
			})
		})
	}
}
