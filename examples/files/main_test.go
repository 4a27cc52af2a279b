package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"files": main}) }

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"world": world, "rotate": rotate, "break": fail, "await": await, "gone": gone},
		Condition: func(cond string) (bool, error) {
			if cond == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Setup: func(env *testscript.Env) error {
			env.Values[fakeKey{}] = &fake{}
			podtest.Isolate(env)
			return nil
		},
	})
}

// fakeKey finds the fake of a script, which "world" fills.
type (
	fakeKey struct{}
	fake    struct {
		aws  *secretstest.AWS
		mend func()
	}
)

func of(ts *testscript.TestScript) *fake { return ts.Value(fakeKey{}).(*fake) }

// world serves the story on loopback and gives the script the environment of its
// pod. Its secrets have tags.
func world(ts *testscript.TestScript, _ bool, _ []string) {
	of(ts).aws = podtest.Enter(ts, secretstest.Story())
}

// rotate is "rotate VALUE": it gives the app's secret a new version.
func rotate(ts *testscript.TestScript, _ bool, args []string) {
	_, err := of(ts).aws.PutSecretValue(secretstest.StoryAppSecretARN, secretstest.Version{String: &args[0]})
	ts.Check(err)
}

// fail is "break CODE": Secrets Manager answers everything with that code, until
// "! break".
func fail(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		of(ts).mend()
		return
	}
	of(ts).mend = of(ts).aws.Inject(credentialstest.When{Service: "secretsmanager"}, credentialstest.Fault{Code: args[0], Status: 400})
}

// await is "await FILE PATTERN": it waits until a file has what matches.
func await(ts *testscript.TestScript, _ bool, args []string) {
	var text []byte
	pattern := regexp.MustCompile(args[1])
	if !within(func() bool {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		return pattern.Match(text)
	}) {
		ts.Fatalf("%s never had %q; it has\n%s", args[0], args[1], text)
	}
}

// gone is "gone FILE": it waits until there is no such file.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	if !within(func() bool {
		_, err := os.Stat(ts.MkAbs(args[0]))
		return errors.Is(err, fs.ErrNotExist)
	}) {
		ts.Fatalf("%s is still there", args[0])
	}
}

// within reports whether something comes true before long.
func within(done func() bool) bool {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		if done() {
			return true
		}
	}
	return false
}
