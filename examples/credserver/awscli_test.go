package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// awsCLI is the AWS CLI without an identity of its own.
type awsCLI struct {
	endpoint string
	env      []string
}

// newCLI finds the AWS CLI. The gate installs it and sets CI; elsewhere its
// absence skips the test.
func newCLI(t *testing.T, endpoint string) awsCLI {
	t.Helper()
	if _, err := exec.LookPath("aws"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("the AWS CLI is not on the PATH")
		}
		t.Skip("the AWS CLI is not on the PATH")
	}
	return awsCLI{endpoint: endpoint, env: []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "AWS_PAGER=", "AWS_EC2_METADATA_DISABLED=true",
		"AWS_REGION=" + secretstest.StoryRegion, "AWS_DEFAULT_REGION=" + secretstest.StoryRegion,
	}}
}

// run calls the CLI with more environment and decodes its answer.
func (c awsCLI) run(t *testing.T, env []string, answer any, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "aws", append([]string{"--endpoint-url", c.endpoint, "--output", "json"}, args...)...)
	cmd.Env = append(append([]string(nil), c.env...), env...)
	out, err := cmd.Output()
	if err != nil {
		e, _ := errors.AsType[*exec.ExitError](err)
		t.Fatalf("aws %s %s: %v\n%s", args[0], args[1], err, e.Stderr)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("aws %s %s: %v", args[0], args[1], err)
	}
}

// readsTokenFile reports whether the CLI reads
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE, as it does since 1.30.0 and 2.15.0 (EKS
// User Guide, "Use pod identity with the AWS SDK").
func (c awsCLI) readsTokenFile(t *testing.T) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "aws", "--version")
	cmd.Env = c.env
	out, err := cmd.Output()
	var major, minor int
	if _, scanErr := fmt.Sscanf(string(out), "aws-cli/%d.%d", &major, &minor); err != nil || scanErr != nil {
		t.Fatalf("aws --version: %q: %v", out, errors.Join(err, scanErr))
	}
	return major == 1 && minor >= 30 || major == 2 && minor >= 15 || major > 2
}

// wantStory asks who the CLI is, and reads the secret of the other account.
func (c awsCLI) wantStory(t *testing.T, env ...string) {
	t.Helper()
	var who struct{ Arn string }
	c.run(t, env, &who, "sts", "get-caller-identity")
	if !strings.HasPrefix(who.Arn, "arn:aws:sts::111122223333:assumed-role/pod-role/") {
		t.Errorf("it is %q", who.Arn)
	}
	var secret struct{ SecretString string }
	c.run(t, env, &secret, "secretsmanager", "get-secret-value", "--secret-id", secretstest.StorySecretARN)
	if secret.SecretString != secretstest.StorySecretString {
		t.Error("it reads another secret")
	}
}

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	pod, err := podtest.Start(filepath.Join(t.TempDir(), "projected"), world())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pod.Close)
	cli := newCLI(t, pod.URL)
	start := func(t *testing.T, env []string, args ...string) *child {
		t.Helper()
		env = append(append([]string{"PATH=" + os.Getenv("PATH")}, pod.Env...), env...)
		server, err := startChild(env, append([]string{"-listen", "127.0.0.1:0"}, args...))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := server.End(); err != nil {
				t.Errorf("credserver: %v\n%s", err, server.stderr.String())
			}
		})
		return server
	}

	t.Run("token in the environment", func(t *testing.T) {
		t.Parallel()
		const token = envToken + "=a-token-of-both-sides"
		server := start(t, []string{token})
		cli.wantStory(t, append(server.exports, token)...)
	})
	t.Run("token in a file", func(t *testing.T) {
		t.Parallel()
		if !cli.readsTokenFile(t) {
			t.Skip("this version of the AWS CLI does not know " + envTokenFile)
		}
		file := filepath.Join(t.TempDir(), "token")
		server := start(t, nil, "-token-file", file)
		cli.wantStory(t, server.exports...)
		next := file + ".next"
		if err := os.WriteFile(next, []byte("the-token-that-comes-next"), 0o440); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(next, file); err != nil {
			t.Fatal(err)
		}
		cli.wantStory(t, server.exports...)
	})
	t.Run("credential_process", func(t *testing.T) {
		t.Parallel()
		path, err := exec.LookPath("credserver")
		if err != nil {
			t.Fatal(err)
		}
		// The pod's variables are for credserver alone: the CLI would use them.
		config := filepath.Join(t.TempDir(), "config")
		text := "[default]\ncredential_process = env " + strings.Join(pod.Env, " ") + " " + path + " process\n"
		if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cli.wantStory(t, "AWS_CONFIG_FILE="+config)
	})
}
