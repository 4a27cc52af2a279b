package credentials_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
)

// Every answer takes a second, so that halves of seconds tell what is waited
// for.
func TestDiagnoseWatched(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.Expect.Account = "111122223333"
		cfg.VerifyCaller = true
		cfg.HTTPClient = before(pod, func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(time.Second):
				return nil, nil
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		})
		var (
			mu    sync.Mutex
			under []string
			calls int
		)
		done := make(chan credentials.Report, 1)
		go func() {
			done <- credentials.DiagnoseWatched(t.Context(), cfg, func(names []string) {
				mu.Lock()
				defer mu.Unlock()
				under, calls = names, calls+1
			})
		}()
		for second, want := range [][]string{
			{"clock", "issuer", "node role", "session"},
			{"caller", "token signature"},
			{"expected identity"},
		} {
			time.Sleep(500 * time.Millisecond)
			mu.Lock()
			if diff := cmp.Diff(want, slices.Sorted(slices.Values(under))); diff != "" {
				t.Errorf("in second %d (-want +got):\n%s", second, diff)
			}
			mu.Unlock()
			time.Sleep(500 * time.Millisecond)
		}
		r := <-done
		if len(under) > 0 || calls != 14 {
			t.Errorf("%d calls, at last %q", calls, under)
		}
		if diff := cmp.Diff(checkNames, namesOf(r)); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
	})
}
