package secretstest_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"go.uber.org/goleak"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestMain runs the tests without the AWS settings of whoever runs them.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	goleak.VerifyTestMain(m)
}

// pod starts a fake and returns it with the configuration of the story's pod.
func pod(t *testing.T, w secretstest.World) (*secretstest.AWS, aws.Config) {
	t.Helper()
	fake, err := secretstest.New(w)
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if p, ok := credentials.FromConfig(cfg); ok {
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	return fake, cfg
}

// TestStory reads everything that the story's pod may read.
func TestStory(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, secretstest.Story())
	if n := len(fake.Calls()); n != 0 {
		t.Errorf("%d calls before any was made", n)
	}
	manager, store, keys := secretsmanager.NewFromConfig(cfg), ssm.NewFromConfig(cfg), kms.NewFromConfig(cfg)
	for name, test := range map[string]struct {
		read func(context.Context) (string, error)
		want string
	}{
		"secret of B under a key of C": {func(ctx context.Context) (string, error) {
			out, err := manager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(secretstest.StorySecretARN)})
			if err != nil {
				return "", err
			}
			return *out.SecretString, nil
		}, secretstest.StorySecretString},
		"secret of A by name": {func(ctx context.Context) (string, error) {
			out, err := manager.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(secretstest.StoryAppSecretName)})
			if err != nil {
				return "", err
			}
			return *out.ARN, nil
		}, secretstest.StoryAppSecretARN},
		"parameter": {func(ctx context.Context) (string, error) {
			out, err := store.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(secretstest.StoryParameterName)})
			if err != nil {
				return "", err
			}
			return *out.Parameter.Value, nil
		}, secretstest.StoryParameterValue},
		"secure parameter": {func(ctx context.Context) (string, error) {
			out, err := store.GetParameter(ctx, &ssm.GetParameterInput{
				Name: aws.String(secretstest.StorySecureParameterName), WithDecryption: aws.Bool(true),
			})
			if err != nil {
				return "", err
			}
			return *out.Parameter.Value, nil
		}, secretstest.StorySecureParameterValue},
		"own key": {func(ctx context.Context) (string, error) {
			sealed, err := keys.Encrypt(ctx, &kms.EncryptInput{KeyId: aws.String(secretstest.StoryAppKeyARN), Plaintext: []byte("text")})
			if err != nil {
				return "", err
			}
			out, err := keys.Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(secretstest.StoryAppKeyAlias), CiphertextBlob: sealed.CiphertextBlob})
			if err != nil {
				return "", err
			}
			return string(out.Plaintext), nil
		}, "text"},
		"data key": {func(ctx context.Context) (string, error) {
			out, err := keys.GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: aws.String(secretstest.StoryAppKeyARN), KeySpec: "AES_256"})
			if err != nil {
				return "", err
			}
			return *out.KeyId, nil
		}, secretstest.StoryAppKeyARN},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := test.read(t.Context())
			if err != nil || got != test.want {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}

func TestPutSecretValue(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, secretstest.Story())
	id, err := fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: aws.String("new")})
	if err != nil {
		t.Fatal(err)
	}
	manager := secretsmanager.NewFromConfig(cfg)
	for stage, want := range map[string]string{"AWSCURRENT": "new", "AWSPREVIOUS": secretstest.StorySecretString} {
		out, err := manager.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
			SecretId: aws.String(secretstest.StorySecretARN), VersionStage: &stage,
		})
		if err != nil {
			t.Fatal(err)
		}
		if *out.SecretString != want || (stage == "AWSCURRENT") != (*out.VersionId == id) {
			t.Errorf("%s is version %s, wrong", stage, *out.VersionId)
		}
	}
	if _, err := fake.PutSecretValue("arn:aws:secretsmanager:eu-west-1:222233334444:secret:other", secretstest.Version{String: aws.String("x")}); err == nil {
		t.Error("a secret that is not there has got a version")
	}
}

func TestCalls(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, secretstest.Story())
	if _, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(secretstest.StorySecretARN),
	}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range fake.Calls() {
		got = append(got, c.Service+" "+c.Operation+" "+c.Account+" "+c.Via)
	}
	want := []string{
		"sts AssumeRoleWithWebIdentity 111122223333 ",
		"secretsmanager GetSecretValue 222233334444 ",
		"kms Decrypt 333344445555 secretsmanager.amazonaws.com",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("calls:\n%s", strings.Join(got, "\n"))
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	if _, err := secretstest.New(secretstest.World{Accounts: []secretstest.Account{{}}}); err == nil ||
		!strings.HasPrefix(err.Error(), "secretstest: ") {
		t.Errorf("an account without id: %v", err)
	}
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fake.LoadConfig(t.Context(), secretstest.Pod{}); err == nil || !strings.Contains(err.Error(), "Pod.Dir") {
		t.Errorf("no directory: %v", err)
	}
	bad := secretstest.Pod{Dir: t.TempDir()}
	bad.Token.Cluster = "nowhere"
	if _, err := fake.LoadConfig(t.Context(), bad); err == nil {
		t.Error("a token of a cluster that is not there")
	}
	notDir := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(notDir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: notDir}); err == nil {
		t.Error("a token in a file for a directory")
	}
}

// TestHandler reads the story's secret over a real network connection.
func TestHandler(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, secretstest.Story())
	server := httptest.NewServer(fake.Handler())
	t.Cleanup(server.Close)
	cfg.HTTPClient, cfg.BaseEndpoint = server.Client(), &server.URL
	out, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
		SecretId: aws.String(secretstest.StorySecretARN),
	})
	if err != nil || *out.SecretString != secretstest.StorySecretString {
		t.Errorf("got %v", err)
	}
}
