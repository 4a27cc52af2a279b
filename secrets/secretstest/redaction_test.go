package secretstest_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/irsakit/irsa/internal/testutil/redaction"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

const planted = "MARKER-s3cr3t-7f1e"

// TestRedaction prints every type that the package exports. It is to be taught
// each new one. What describes a world shows the secrets that its author wrote
// there; what runs one does not.
func TestRedaction(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	w.Account(secretstest.StorySecretAccount).Secrets[0].Versions[0].String = new(`{"username":"app","password":"` + planted + `"}`)
	cluster := w.Account(secretstest.StoryClusterAccount)
	for i := range cluster.Parameters {
		cluster.Parameters[i].Value = planted
	}
	fake, cfg := pod(t, w)
	for _, id := range []string{secretstest.StorySecretARN, "absent"} {
		_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		redaction.Check(t, "the error of a read", err, planted)
	}
	if _, err := ssm.NewFromConfig(cfg).GetParameters(t.Context(), &ssm.GetParametersInput{
		Names: []string{secretstest.StoryParameterName, secretstest.StorySecureParameterName}, WithDecryption: aws.Bool(true),
	}); err != nil {
		t.Fatal(err)
	}
	rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{
		Next: func(string) (string, error) { return planted, nil },
	})
	if err := rotation.Run(); err != nil {
		t.Fatal(err)
	}
	source := secretstest.NewSource(map[string]string{"s": planted})
	source.Fail("refused", secrets.ErrDenied)

	const world = "is what the author of a test writes down, with secrets made up for it"
	redaction.CheckTypes(t, ".", redaction.Table{
		"AWS":            redaction.Samples{fake},
		"Account":        world,
		"Harness":        redaction.Samples{secretstest.Harness{}},
		"Key":            redaction.Samples{cluster.Keys[0]},
		"Parameter":      world,
		"Pod":            redaction.Samples{secretstest.Pod{Dir: t.TempDir()}},
		"Rotation":       redaction.Samples{rotation},
		"RotationConfig": redaction.Samples{secretstest.RotationConfig{Next: func(string) (string, error) { return planted, nil }}},
		"RotationStep":   redaction.Samples{secretstest.SetSecret},
		"Secret":         world,
		"Source":         redaction.Samples{source},
		"Subject":        redaction.Samples{secretstest.Subject{Source: source, Put: func(string, string) error { return errors.New(planted) }}},
		"Version":        world,
		"World":          world,
	}, planted)
	redaction.Check(t, "the log of calls", fake.Calls(), planted)
}

// TestErrorsQuoteNoSecret goes through the errors of the package with secrets in
// all that it is given.
func TestErrorsQuoteNoSecret(t *testing.T) {
	t.Parallel()
	broken := secretstest.Story()
	broken.Accounts[1].Secrets[0].Versions = []secretstest.Version{{String: new(planted), Binary: []byte(planted)}}
	_, bothErr := secretstest.New(broken)
	broken = secretstest.Story()
	broken.Accounts[0].Parameters[0].Type, broken.Accounts[0].Parameters[0].Value = "Map", planted
	_, typeErr := secretstest.New(broken)
	var w secretstest.World
	memberErr := w.UnmarshalJSON([]byte(`{"accounts":[{"id":"111122223333","secrets":[{"name":"s","region":"eu-west-1","versions":[{"string":["` + planted + `"]}]}]}]}`))
	syntaxErr := w.UnmarshalJSON([]byte(`{"accounts":"` + planted))
	fake, _ := pod(t, secretstest.Story())
	_, putErr := fake.PutSecretValue("arn:aws:secretsmanager:eu-west-1:111122223333:secret:absent-AbCdEf", secretstest.Version{String: new(planted)})
	_, formErr := fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: new(planted), Binary: []byte(planted)})
	_, stepErr := fake.Rotation(secretstest.StoryAppSecretARN+"x", secretstest.RotationConfig{}).Step()
	source := secretstest.NewSource(map[string]string{"s": planted})
	source.Fail("s", secrets.ErrDeleted)
	store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	_, deletedErr := store.Get(t.Context(), "s")
	_, absentErr := store.Get(t.Context(), "t")
	for name, err := range map[string]error{
		"a version of two forms": bothErr, "a type that there is not": typeErr, "a list for a string": memberErr,
		"no JSON": syntaxErr, "a put to what is not there": putErr, "a put of two forms": formErr,
		"a rotation of what is not there": stepErr, "a failing source": deletedErr, "an absent secret": absentErr,
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		redaction.Check(t, name, err, planted)
	}
}
