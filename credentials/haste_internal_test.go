package credentials

import (
	"testing"
	"testing/synctest"
	"time"
)

// A key that has expired and that a service has rejected ends B once, and the
// pauses after it double up to half a minute.
func TestHaste(t *testing.T) {
	t.Parallel()
	for mode, onDemand := range map[string]bool{"on demand": true, "behind": false} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				e, src := openScripted(t, Refresh{OnDemand: onDemand})
				old := cell{phase: phaseExpired}.enter(t, e)
				src.set(passing, 0)
				e.retrieve(t.Context())
				if left := time.Until(e.backoff); left < minBackoff {
					t.Errorf("before the rejection B lasts %v", left)
				}
				calls := src.count()
				for n := range 10 {
					e.invalidate(old)
					creds, err := e.retrieve(t.Context())
					if creds.AccessKeyID != old || err != nil || src.count() != calls+n+1 {
						t.Errorf("%q and %v after %d contacts", creds.AccessKeyID, err, src.count()-calls)
					}
					e.invalidate(old) // ends no second pause
					whole := min(time.Second<<n, 30*time.Second)
					left := time.Until(e.backoff)
					if left < whole/2 || left > whole {
						t.Errorf("pause %d is %v, want %v to %v", n, left, whole/2, whole)
					}
					e.schedule.stop() // the callers are to make the attempts
					time.Sleep(left)
				}
				src.set(nil, 0)
				if creds, err := e.retrieve(t.Context()); creds.AccessKeyID == old || err != nil || e.haste != (haste{}) {
					t.Errorf("%q and %v, haste %+v", creds.AccessKeyID, err, e.haste)
				}
			})
		})
	}
}

// Rejected before it expires, a key may still be of use elsewhere: the pauses
// are the long ones until it has expired and is rejected again.
func TestHasteBeforeExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e, src := openScripted(t, Refresh{OnDemand: true})
		old := cell{phase: phaseMandatory}.enter(t, e)
		e.invalidate(old)
		src.set(passing, 0)
		e.retrieve(t.Context())
		if left := time.Until(e.backoff); left < minBackoff {
			t.Errorf("B lasts %v", left)
		}
		time.Sleep(2 * time.Minute)
		calls := src.count()
		if e.retrieve(t.Context()); src.count() != calls {
			t.Error("the expiry alone ends B")
		}
		e.invalidate(old)
		if e.retrieve(t.Context()); src.count() != calls+1 || time.Until(e.backoff) > time.Second {
			t.Errorf("%d contacts, B lasts %v", src.count()-calls, time.Until(e.backoff))
		}
	})
}
