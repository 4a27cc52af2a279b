package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/examples/internal/podtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"secretexec": main}) // "exec" is a command of the scripts themselves
}

func TestScripts(t *testing.T) {
	t.Parallel()
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
