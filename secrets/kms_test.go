package secrets_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestDecrypt decrypts what the pod encrypted, and fails to in all ways.
func TestDecrypt(t *testing.T) {
	t.Parallel()
	encryption := map[string]string{"app": "testapp", "env": "prod"}
	for name, test := range map[string]struct {
		breakIt func(w *secretstest.World)
		change  func(c *secrets.Ciphertext)
		want    error
		grants  []grant
	}{
		"by ARN":   {},
		"by alias": {change: func(c *secrets.Ciphertext) { c.KeyID = secretstest.StoryAppKeyAlias }},
		"other context": {
			change: func(c *secrets.Ciphertext) { c.Context = map[string]string{"app": "testapp"} },
			want:   secrets.ErrDecryption,
		},
		"no ciphertext": {change: func(c *secrets.Ciphertext) { c.Blob = []byte(marker) }, want: secrets.ErrDecryption},
		"no key":        {change: func(c *secrets.Ciphertext) { c.KeyID = "" }, want: secrets.ErrConfiguration},
		"nothing":       {change: func(c *secrets.Ciphertext) { c.Blob = nil }, want: secrets.ErrConfiguration},
		"key that is not there": {
			breakIt: func(w *secretstest.World) { role(w).Policies[2].Document.Statements[2].Resource = policy.Strings("*") },
			change:  func(c *secrets.Ciphertext) { c.KeyID = "0987dcba-09fe-87dc-65ba-ab0987654322" }, want: secrets.ErrNotFound,
		},
		"denied": {
			breakIt: func(w *secretstest.World) {
				role(w).Policies[2].Document.Statements[2].Action = policy.Strings("kms:Encrypt")
			},
			want: secrets.ErrDenied,
			grants: []grant{{
				policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
				`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + secretstest.StoryAppKeyARN + `"}`,
			}},
		},
		"foreign key": {
			change: func(c *secrets.Ciphertext) { c.KeyID = secretstest.StoryKeyARN },
			want:   secrets.ErrDenied,
			grants: []grant{{
				policy.KeyPolicy, secretstest.StoryKeyAccount, secretstest.StoryKeyARN,
				`{"Effect":"Allow","Principal":{"AWS":"` + secretstest.StoryRoleARN + `"},"Action":"kms:Decrypt","Resource":"*",` +
					`"Condition":{"StringEquals":{"kms:EncryptionContext:app":"testapp","kms:EncryptionContext:env":"prod"}}}`,
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := secretstest.Story()
			if test.breakIt != nil {
				test.breakIt(&w)
			}
			_, cfg := pod(t, w)
			out, err := kms.NewFromConfig(cfg).Encrypt(t.Context(), &kms.EncryptInput{
				KeyId: new(secretstest.StoryAppKeyARN), Plaintext: []byte(marker), EncryptionContext: encryption,
			})
			if err != nil {
				t.Fatal(err)
			}
			d, err := secrets.NewDecrypter(cfg, secrets.Config{})
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			c := secrets.Ciphertext{KeyID: secretstest.StoryAppKeyARN, Context: maps.Clone(encryption), Blob: out.CiphertextBlob}
			if test.change != nil {
				test.change(&c)
			}
			v, err := d.Decrypt(t.Context(), c)
			if test.want == nil {
				if err != nil || v.Reveal() != marker || v.ARN() != secretstest.StoryAppKeyARN {
					t.Errorf("got %v of %s, %v", v, v.ARN(), err)
				}
				return
			}
			checkKind(t, err, test.want)
			printAll(t, "the error", err)
			if _, ok := errors.AsType[smithy.APIError](err); !ok && !errors.Is(err, secrets.ErrConfiguration) {
				t.Errorf("the SDK's error is lost: %v", err)
			}
			if access, ok := errors.AsType[*secrets.AccessError](err); ok {
				checkGrants(t, access, test.grants)
			}
		})
	}
}

func TestDecrypterConfig(t *testing.T) {
	t.Parallel()
	cfg := script(nil).config()
	cfg.Region = ""
	d, err := secrets.NewDecrypter(cfg, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: "alias/x", Blob: []byte("x")}); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("without Region: %v", err)
	}
	cfg.Credentials = nil
	if _, err := secrets.NewDecrypter(cfg, secrets.Config{}); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("without credentials: %v", err)
	}
}
