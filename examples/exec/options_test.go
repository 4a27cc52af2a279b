package main

import (
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The last word counts, and a prefix is that of the -env-all before it.
func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-on-change", "restart", "-on-change", "signal=SIGHUP", "-grace", "0s", "-env-all", "a", "-env-all", "b", "-env-prefix", "B_", "true"})
	if err != nil {
		t.Fatal(err)
	}
	if o.restart || o.signal != syscall.SIGHUP || o.grace != 0 {
		t.Errorf("restart %v, signal %v, grace %v", o.restart, o.signal, o.grace)
	}
	if diff := cmp.Diff([]binding{{ref: "a"}, {ref: "b", prefix: "B_"}}, o.members, cmp.AllowUnexported(binding{})); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	for _, last := range []string{"restart", "none"} {
		o, err := parse([]string{"-on-change", "signal=HUP", "-on-change", last, "true"})
		if err != nil || o.restart != (last == "restart") || o.signal != 0 {
			t.Errorf("%s: %v, %+v", last, err, o)
		}
	}
}
