package irsa_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLinked looks into a program with everything that runs in a pod: the linker
// leaves out what it does not use, which one variable that is made at the start
// of every program undoes.
func TestLinked(t *testing.T) {
	t.Parallel()
	readTree(t)
	program := filepath.Join(t.TempDir(), "agent")
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = "examples", append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	run("build", "-o", program, "./agent")
	symbols := run("tool", "nm", program)
	for symbol, want := range map[string]bool{
		"/policy.WebIdentity.Evaluate": true,  // explains what STS refuses
		"/policy.checkSid":             false, // a lint
		"reflect.Value.MethodByName":   false, // with it, no method of any type can be left out
	} {
		if got := strings.Contains(symbols, symbol); got != want {
			t.Errorf("the agent has %s: %t", symbol, got)
		}
	}
}
