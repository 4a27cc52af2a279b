package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/examples/internal/podtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"secretexec": main}) // "exec" is a command of the scripts themselves
}

func TestScripts(t *testing.T) {
	t.Parallel()
	// Where it is ignored, as under nohup, programs that are started inherit that,
	// and shells cannot undo it.
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	t.Cleanup(func() { signal.Stop(hangups) })
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: commands,
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Values[fakeKey{}] = &fakeBox{}
			podtest.Isolate(env)
			return nil
		},
	})
}
