package main

import (
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

func TestMain(m *testing.M) { testscript.Main(m, map[string]func(){"files": main}) }

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"world": world, "rotate": rotate, "break": fail, "await": await},
		Setup: func(env *testscript.Env) error {
			env.Values[fakeKey{}] = &fake{}
			env.Setenv("AWS_CONFIG_FILE", os.DevNull)
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
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
	aws, err := secretstest.New(secretstest.Story())
	ts.Check(err)
	of(ts).aws = aws
	server := httptest.NewServer(aws.Handler())
	ts.Defer(server.Close)
	raw, err := aws.Token(credentialstest.TokenRequest{
		Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount, Pod: "testapp-7d4b9c6f5-x2x7k",
	})
	ts.Check(err)
	file, err := credentialstest.NewTokenFile(ts.MkAbs("projected"), raw)
	ts.Check(err)
	for name, value := range map[string]string{
		"AWS_REGION": secretstest.StoryRegion, "AWS_ENDPOINT_URL": server.URL,
		"AWS_ROLE_ARN": secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": file.Path(),
		"SECRET": secretstest.StorySecretARN,
	} {
		ts.Setenv(name, value)
	}
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

// await is "await FILE TEXT": it waits until a file has a text.
func await(ts *testscript.TestScript, _ bool, args []string) {
	var text []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-time.After(5 * time.Millisecond) {
		text, _ = os.ReadFile(ts.MkAbs(args[0]))
		if strings.Contains(string(text), args[1]) {
			return
		}
	}
	ts.Fatalf("%s never had %q; it has\n%s", args[0], args[1], text)
}
