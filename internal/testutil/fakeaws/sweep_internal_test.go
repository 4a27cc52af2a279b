package fakeaws

import (
	"fmt"
	"testing"
	"time"
)

// Sessions that expired long ago go, once there are very many; users' keys and
// whatever is younger stay.
func TestSweep(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &state{sessions: map[string]*session{"user": {accessKeyID: "user"}}}
	for i := range minSweep {
		s.issue(&session{accessKeyID: fmt.Sprint(i), expires: now.Add(time.Duration(i-minSweep/2) * time.Hour)})
	}
	if n := len(s.sessions); n < minSweep/2 || n > minSweep/2+3 {
		t.Errorf("%d sessions are left of %d", n, minSweep+1)
	}
	for id, want := range map[string]bool{"user": true, "0": false, fmt.Sprint(minSweep - 1): true, fmt.Sprint(minSweep / 2): true} {
		if got := s.session(id) != nil; got != want {
			t.Errorf("session %s: %v, want %v", id, got, want)
		}
	}
}
