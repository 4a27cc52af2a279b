// Package podtest puts a command that is tested into the pod of
// [secretstest.Story], with an AWS on loopback.
package podtest

import (
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// Pod is the story's.
type Pod struct {
	AWS *secretstest.AWS
	URL string   // of AWS
	Env []string // what the pod's programs find set, NAME=value

	server *httptest.Server
}

// Start serves a world, which is the story or more, and writes the pod's token
// into dir.
func Start(dir string, world secretstest.World) (*Pod, error) {
	fake, err := secretstest.New(world)
	if err != nil {
		return nil, err
	}
	token, err := fake.Token(credentialstest.TokenRequest{
		Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount, Pod: "testapp-7d4b9c6f5-x2x7k",
	})
	if err != nil {
		return nil, err
	}
	file, err := credentialstest.NewTokenFile(dir, token)
	if err != nil {
		return nil, err
	}
	server := httptest.NewServer(fake.Handler())
	return &Pod{AWS: fake, URL: server.URL, server: server, Env: []string{
		"AWS_REGION=" + secretstest.StoryRegion, "AWS_ENDPOINT_URL=" + server.URL,
		"AWS_ROLE_ARN=" + secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file.Path(),
	}}, nil
}

// Close ends the AWS.
func (p *Pod) Close() { p.server.Close() }

// Enter is Start for a script, which has the pod's environment from then on and
// SECRET, the ARN of the story's secret. It ends with the script.
func Enter(ts *testscript.TestScript, world secretstest.World) *secretstest.AWS {
	dir := ts.MkAbs("projected")
	ts.Check(os.RemoveAll(dir)) // of the world before
	p, err := Start(dir, world)
	ts.Check(err)
	ts.Defer(p.Close)
	for _, kv := range append(p.Env, "SECRET="+secretstest.StorySecretARN) {
		name, value, _ := strings.Cut(kv, "=")
		ts.Setenv(name, value)
	}
	return p.AWS
}

// Isolate keeps from a script what this machine has configured for AWS.
func Isolate(env *testscript.Env) {
	env.Setenv("AWS_CONFIG_FILE", os.DevNull)
	env.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
	env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
}
