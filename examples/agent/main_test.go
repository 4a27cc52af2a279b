package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/examples/internal/podtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"agent": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": worldCommand, "outage": outageCommand, "rotate": rotateCommand,
			"start": startCommand, "end": endCommand, "get": getCommand, "await": awaitCommand, "login": loginCommand,
			"session": sessionCommand, "asked": askedCommand, "last": lastCommand,
		},
		Setup: func(env *testscript.Env) error {
			podtest.Isolate(env)
			env.Setenv("IRSA_AGENT_TOKEN_FILE", env.WorkDir+"/token")
			env.Values[stageKey{}] = new(stage)
			return nil
		},
	})
}
