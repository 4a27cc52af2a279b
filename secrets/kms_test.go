package secrets_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

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
		"denied, by alias": {
			breakIt: func(w *secretstest.World) {
				role(w).Policies[2].Document.Statements[2].Action = policy.Strings("kms:Encrypt")
			},
			change: func(c *secrets.Ciphertext) { c.KeyID = secretstest.StoryAppKeyAlias },
			want:   secrets.ErrDenied,
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

// TestDecryptNamesTheKey looks at what is sent, and where: the key, so that what
// another has encrypted is refused, and the whole context, in the key's Region.
func TestDecryptNamesTheKey(t *testing.T) {
	t.Parallel()
	var host string
	var sent struct {
		KeyID             string `json:"KeyId"`
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		host = r.URL.Host
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			return nil, err
		}
		return script(func(string) (int, string) { return 200, `{"KeyId":"arn","Plaintext":"AAA="}` }).RoundTrip(r)
	})}
	d, err := secrets.NewDecrypter(cfg, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	encryption := map[string]string{"app": "testapp"}
	for id, want := range map[string]string{
		"arn:aws:kms:us-east-2:111122223333:key/1234": "kms.us-east-2.amazonaws.com",
		"1234":    "kms.eu-west-1.amazonaws.com",
		"alias/k": "kms.eu-west-1.amazonaws.com",
	} {
		v, err := d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: id, Context: encryption, Blob: []byte("blob")})
		if err != nil || v.Reveal() != "\x00\x00" || v.Name() != id || v.ARN() != "arn" {
			t.Errorf("%s: %q of %s, %v", id, v.Reveal(), v.ARN(), err)
		}
		if host != want || sent.KeyID != id || string(sent.CiphertextBlob) != "blob" || !maps.Equal(sent.EncryptionContext, encryption) {
			t.Errorf("%s: sent %+v to %s", id, sent, host)
		}
	}
}

// TestDecryptAsAnotherRole decrypts with a key of an account in Config.Roles.
func TestDecryptAsAnotherRole(t *testing.T) {
	t.Parallel()
	w, _ := fleet(0, 0)
	fake, cfg := pod(t, w)
	key := &w.Account(secretstest.StoryKeyAccount).Keys[0]
	arn := "arn:aws:kms:eu-west-1:" + secretstest.StoryKeyAccount + ":key/" + key.ID
	d, err := secrets.NewDecrypter(cfg, secrets.Config{Roles: readers()})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	_, err = d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: arn, Blob: []byte(marker)})
	if read, ok := errors.AsType[*secrets.ReadError](err); !ok || read.Ref != arn || !errors.Is(err, secrets.ErrDecryption) {
		t.Errorf("got %v", err)
	}
	if n := tally(fake); n["AssumeRole"] != 1 || n["Decrypt"] != 1 {
		t.Errorf("calls %v", n)
	}
}

func TestDecryptTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := script(nil).config()
		cfg.HTTPClient = &http.Client{Transport: hanging{}}
		d, err := secrets.NewDecrypter(cfg, secrets.Config{Timeout: 7 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close()
		start := time.Now()
		_, err = d.Decrypt(t.Context(), secrets.Ciphertext{KeyID: "alias/k", Blob: []byte("x")})
		checkKind(t, err, secrets.ErrUnavailable)
		if took := time.Since(start).Round(10 * time.Millisecond); took != 7*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
	})
}
