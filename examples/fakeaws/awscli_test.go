package main

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// awsCLI is the AWS CLI in a pod of the fake's world.
type awsCLI struct {
	endpoint string
	env      []string
}

// startFake runs the command on a world and returns its endpoint and a token.
func startFake(t *testing.T, args ...string) (endpoint, token string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	tokenFile := filepath.Join(t.TempDir(), "token")
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		args := append([]string{"-listen", "127.0.0.1:0", "-token-file", tokenFile}, args...)
		err := run(ctx, args, in)
		in.CloseWithError(err)
		done <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("fakeaws: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("fakeaws said nothing: %v", err)
	}
	raw, err := os.ReadFile(tokenFile)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "fakeaws listening on ")), string(raw)
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
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(), // the CLI caches role credentials under HOME
		"AWS_REGION=" + secretstest.StoryRegion,
		"AWS_DEFAULT_REGION=" + secretstest.StoryRegion,
		"AWS_PAGER=",
	}}
}

// with returns the CLI with more environment.
func (c awsCLI) with(env ...string) awsCLI {
	c.env = append(append([]string(nil), c.env...), env...)
	return c
}

// run calls the CLI and decodes its answer.
func (c awsCLI) run(t *testing.T, answer any, args ...string) {
	t.Helper()
	out, stderr, err := c.exec(t, args)
	if err != nil {
		t.Fatalf("aws %s %s: %v\n%s", args[0], args[1], err, stderr)
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("aws %s %s: %v", args[0], args[1], err)
	}
}

// refused calls the CLI, which must fail with the code and the sentence that
// AWS has for it.
func (c awsCLI) refused(t *testing.T, code, sentence string, args ...string) {
	t.Helper()
	_, stderr, err := c.exec(t, args)
	if err == nil {
		t.Fatalf("aws %s %s: not refused", args[0], args[1])
	}
	if !strings.Contains(stderr, "An error occurred ("+code+")") || !strings.Contains(stderr, ": "+sentence) {
		t.Errorf("aws %s %s: refused with %q, want %s: %s", args[0], args[1], stderr, code, sentence)
	}
}

func (c awsCLI) exec(t *testing.T, args []string) (stdout []byte, stderr string, err error) {
	cmd := exec.CommandContext(t.Context(), "aws", append([]string{"--endpoint-url", c.endpoint, "--output", "json"}, args...)...)
	cmd.Env = c.env
	var errText strings.Builder
	cmd.Stderr = &errText
	stdout, err = cmd.Output()
	return stdout, errText.String(), err
}

// knowsEndpointURL reports whether the CLI reads AWS_ENDPOINT_URL, as it does
// since 1.29.0 and 2.13.0; --endpoint-url does not reach the STS call behind
// AWS_WEB_IDENTITY_TOKEN_FILE.
func (c awsCLI) knowsEndpointURL(t *testing.T) bool {
	t.Helper()
	out, _, err := c.exec(t, []string{"--version"})
	var major, minor int
	if _, scanErr := fmt.Sscanf(string(out), "aws-cli/%d.%d", &major, &minor); err != nil || scanErr != nil {
		t.Fatalf("aws --version: %q: %v", out, errors.Join(err, scanErr))
	}
	return major == 1 && minor >= 29 || major == 2 && minor >= 13 || major > 2
}

// session is what STS hands out.
type session struct {
	Credentials struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		SessionToken    string
	}
	AssumedRoleUser struct{ Arn string }
}

func (s session) environ() []string {
	return []string{
		"AWS_ACCESS_KEY_ID=" + s.Credentials.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + s.Credentials.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + s.Credentials.SessionToken,
	}
}

func assumeRole(token string) []string {
	return []string{
		"sts", "assume-role-with-web-identity", "--role-arn", secretstest.StoryRoleARN,
		"--role-session-name", "cli", "--web-identity-token", token,
	}
}

const sessionARN = "arn:aws:sts::111122223333:assumed-role/pod-role/cli"

func TestAWSCLI(t *testing.T) {
	t.Parallel()
	endpoint, token := startFake(t)
	cli := newCLI(t, endpoint)
	var s session
	cli.run(t, &s, assumeRole(token)...)
	if s.AssumedRoleUser.Arn != sessionARN {
		t.Errorf("assumed %q", s.AssumedRoleUser.Arn)
	}
	pod := cli.with(s.environ()...)

	t.Run("who am I", func(t *testing.T) {
		t.Parallel()
		var who struct{ Account, Arn string }
		pod.run(t, &who, "sts", "get-caller-identity")
		if who.Arn != sessionARN || who.Account != secretstest.StoryClusterAccount {
			t.Errorf("got %+v", who)
		}
	})
	t.Run("secret of another account", func(t *testing.T) {
		t.Parallel()
		var secret struct{ ARN, SecretString string }
		pod.run(t, &secret, "secretsmanager", "get-secret-value", "--secret-id", secretstest.StorySecretARN)
		if secret.ARN != secretstest.StorySecretARN || secret.SecretString != secretstest.StorySecretString {
			t.Errorf("got the wrong secret, ARN %q", secret.ARN)
		}
	})
	t.Run("parameter", func(t *testing.T) {
		t.Parallel()
		var answer struct{ Parameter struct{ Type, Value string } }
		pod.run(t, &answer, "ssm", "get-parameter", "--with-decryption", "--name", secretstest.StorySecureParameterName)
		if p := answer.Parameter; p.Type != "SecureString" || p.Value != secretstest.StorySecureParameterValue {
			t.Errorf("got the wrong parameter of type %q", p.Type)
		}
	})
	t.Run("ciphertext", func(t *testing.T) {
		t.Parallel()
		testCLIDecrypt(t, pod)
	})
	t.Run("as the webhook sets it up", func(t *testing.T) {
		t.Parallel()
		file := filepath.Join(t.TempDir(), "token")
		if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
			t.Fatal(err)
		}
		if !cli.knowsEndpointURL(t) {
			t.Skip("this version of the AWS CLI does not know AWS_ENDPOINT_URL")
		}
		webhook := cli.with(
			"AWS_ROLE_ARN="+secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE="+file,
			"AWS_ROLE_SESSION_NAME=cli", "AWS_ENDPOINT_URL="+endpoint,
		)
		var who struct{ Arn string }
		webhook.run(t, &who, "sts", "get-caller-identity")
		if who.Arn != sessionARN {
			t.Errorf("got %q", who.Arn)
		}
	})
}

func testCLIDecrypt(t *testing.T, pod awsCLI) {
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("attack at dawn"), 0o600); err != nil {
		t.Fatal(err)
	}
	var sealed struct{ CiphertextBlob []byte }
	pod.run(t, &sealed, "kms", "encrypt", "--key-id", secretstest.StoryAppKeyAlias,
		"--plaintext", "fileb://"+plain, "--encryption-context", "purpose=test")
	blob := filepath.Join(t.TempDir(), "blob")
	if err := os.WriteFile(blob, sealed.CiphertextBlob, 0o600); err != nil {
		t.Fatal(err)
	}
	var opened struct {
		KeyID     string `json:"KeyId"`
		Plaintext string
	}
	pod.run(t, &opened, "kms", "decrypt", "--ciphertext-blob", "fileb://"+blob, "--encryption-context", "purpose=test")
	if opened.KeyID != secretstest.StoryAppKeyARN || opened.Plaintext != base64.StdEncoding.EncodeToString([]byte("attack at dawn")) {
		t.Errorf("decrypted to something else under key %q", opened.KeyID)
	}
	pod.refused(t, "InvalidCiphertextException", "", "kms", "decrypt",
		"--ciphertext-blob", "fileb://"+blob, "--encryption-context", "purpose=other")
}

func TestAWSCLIRefusedByIdentity(t *testing.T) {
	t.Parallel()
	endpoint, token := startFake(t)
	cli := newCLI(t, endpoint)

	cli.refused(t, policy.CodeInvalidIdentityToken, policy.MessageInvalidJWT, assumeRole(tamper(t, token))...)
	cli.refused(t, policy.CodeExpiredToken, "Token expired: current date/time ",
		assumeRole(mint(t, endpoint, "testapp", `{"spec":{"expirationSeconds":-60}}`))...)
	cli.refused(t, policy.CodeInvalidIdentityToken, "Incorrect token audience",
		assumeRole(mint(t, endpoint, "testapp", `{"spec":{"audiences":["vault"]}}`))...)
	cli.refused(t, policy.CodeAccessDenied, "Not authorized to perform sts:AssumeRoleWithWebIdentity",
		assumeRole(mint(t, endpoint, "neighbour", ""))...)
}

func TestAWSCLIRefusedBySignature(t *testing.T) {
	t.Parallel()
	endpoint, token := startFake(t)
	cli := newCLI(t, endpoint)
	var s session
	cli.run(t, &s, assumeRole(token)...)
	s.Credentials.SecretAccessKey = strings.Repeat("x", 40)
	forger := cli.with(s.environ()...)
	const sentence = "The request signature we calculated does not match the signature you provided."
	forger.refused(t, "SignatureDoesNotMatch", sentence, "sts", "get-caller-identity")
	forger.refused(t, "InvalidSignatureException", sentence,
		"secretsmanager", "get-secret-value", "--secret-id", secretstest.StorySecretARN)
}

func TestAWSCLIRefusedByPolicy(t *testing.T) {
	t.Parallel()
	const user = "User: " + sessionARN + " is not authorized to perform: secretsmanager:GetSecretValue on resource: " + secretstest.StorySecretARN
	worlds := map[string]struct {
		spoil    func(*secretstest.World)
		sentence string
	}{
		"role's policy": {
			func(w *secretstest.World) { w.Accounts[0].Roles[0].Policies = nil },
			user + " because no identity-based policy allows the secretsmanager:GetSecretValue action",
		},
		"secret's policy": {
			func(w *secretstest.World) { w.Accounts[1].Secrets[0].Policy = nil },
			user + " because no resource-based policy allows the secretsmanager:GetSecretValue action",
		},
		"key policy": {
			func(w *secretstest.World) {
				w.Accounts[2].Keys[0].Policy.Statements = w.Accounts[2].Keys[0].Policy.Statements[:1]
			},
			"Access to KMS is not allowed",
		},
		"service control policy": {
			func(w *secretstest.World) {
				w.Accounts[0].SCPs[0][0].Document = policy.MustParse(`{"Version": "2012-10-17", "Statement": [
					{"Effect": "Allow", "Action": "*", "Resource": "*"},
					{"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]}`)
			},
			user + " with an explicit deny in a service control policy",
		},
	}
	for name, tc := range worlds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world := secretstest.Story()
			tc.spoil(&world)
			endpoint, token := startFake(t, "-world", writeWorld(t, world))
			cli := newCLI(t, endpoint)
			var s session
			cli.run(t, &s, assumeRole(token)...)
			cli.with(s.environ()...).refused(t, "AccessDeniedException", tc.sentence, "secretsmanager", "get-secret-value", "--secret-id", secretstest.StorySecretARN)
		})
	}
}

// A rotation by hand, as one does it on call.
func TestAWSCLIPut(t *testing.T) {
	t.Parallel()
	world := secretstest.Story()
	world.Accounts[0].Roles[0].Policies = append(world.Accounts[0].Roles[0].Policies, credentialstest.Policy{
		Name: "rotate", Document: policy.MustParse(`{"Version": "2012-10-17", "Statement":
			{"Effect": "Allow", "Action": "secretsmanager:PutSecretValue", "Resource": "` + secretstest.StoryAppSecretARN + `"}}`),
	})
	world.Accounts[0].Roles[0].Boundary = nil
	endpoint, token := startFake(t, "-world", writeWorld(t, world))
	cli := newCLI(t, endpoint)
	var s session
	cli.run(t, &s, assumeRole(token)...)
	pod := cli.with(s.environ()...)

	var put struct {
		VersionID     string `json:"VersionId"`
		VersionStages []string
	}
	pod.run(t, &put, "secretsmanager", "put-secret-value", "--secret-id", secretstest.StoryAppSecretName, "--secret-string", "the next one")
	if !slices.Equal(put.VersionStages, []string{"AWSCURRENT"}) {
		t.Errorf("labels %q", put.VersionStages)
	}
	for stage, want := range map[string]string{"AWSCURRENT": "the next one", "AWSPREVIOUS": "session-signing-key"} {
		var got struct{ SecretString string }
		pod.run(t, &got, "secretsmanager", "get-secret-value", "--secret-id", secretstest.StoryAppSecretName, "--version-stage", stage)
		if got.SecretString != want {
			t.Errorf("%s is another value", stage)
		}
	}
	pod.refused(t, "AccessDeniedException", "User: "+sessionARN+" is not authorized to perform: secretsmanager:PutSecretValue",
		"secretsmanager", "put-secret-value", "--secret-id", secretstest.StorySecretARN, "--secret-string", "x")
}

func writeWorld(t *testing.T, w secretstest.World) string {
	t.Helper()
	text, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "world.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// tamper changes the token's claims and keeps its signature.
func tamper(t *testing.T, token string) string {
	t.Helper()
	parts := strings.Split(token, ".")
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	forged := strings.ReplaceAll(string(claims), "testapp", "admin")
	if forged == string(claims) {
		t.Fatal("nothing to tamper with")
	}
	parts[1] = base64.RawURLEncoding.EncodeToString([]byte(forged))
	return strings.Join(parts, ".")
}

// mint asks the cluster for a token, as kubectl create token does.
func mint(t *testing.T, endpoint, serviceAccount, body string) string {
	t.Helper()
	url := endpoint + "/api/v1/namespaces/testnamespace/serviceaccounts/" + serviceAccount + "/token"
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer tokenRequest
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("mint: %s: %v", resp.Status, err)
	}
	return answer.Status.Token
}
