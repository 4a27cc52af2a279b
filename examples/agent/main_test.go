package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"agent": main, "bare": bare})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": worldCommand, "outage": outageCommand, "rotate": rotateCommand,
			"start": startCommand, "stop": stopCommand, "get": getCommand, "await": awaitCommand, "login": loginCommand,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("AWS_CONFIG_FILE", os.DevNull)
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Setenv("IRSA_AGENT_TOKEN_FILE", env.WorkDir+"/token")
			env.Values[stageKey{}] = new(stage)
			return nil
		},
	})
}
