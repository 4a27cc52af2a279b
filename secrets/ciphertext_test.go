package secrets_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestCiphertext reads parameters with and without decryption at once, as a pod
// that may not use the key.
func TestCiphertext(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	role(&w).Boundary = nil
	role(&w).Policies = []credentialstest.Policy{{Name: "read", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:GetParameters","Resource":"*"}}`,
	)}}
	own := w.Account(secretstest.StoryClusterAccount)
	own.Parameters = []secretstest.Parameter{
		{Name: "/app/plain", Region: region, Value: "info"},
		{Name: "/app/list", Region: region, Type: "StringList", Value: "a,b"},
		{Name: "/app/locked", Region: region, Type: "SecureString", Value: marker, KeyID: secretstest.StoryKeyARN},
	}
	fake, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	got, err := store.GetAll(t.Context(), "ssm:/app/plain", "ssm:/app/plain?decrypt=false", "ssm:/app/list?decrypt=false", "ssm:/app/locked?decrypt=false")
	if err != nil {
		t.Fatal(err)
	}
	if n := tally(fake)["GetParameters"]; n != 2 {
		t.Errorf("%d calls, want one for each kind of decryption", n)
	}
	types := map[string]string{}
	for ref, v := range got {
		types[ref] = v.Type() + ", " + v.DataType()
	}
	want := map[string]string{
		"ssm:/app/plain": "String, text", "ssm:/app/plain?decrypt=false": "String, text",
		"ssm:/app/list?decrypt=false": "StringList, text", "ssm:/app/locked?decrypt=false": "SecureString, text",
	}
	if diff := cmp.Diff(want, types); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	sealed := got["ssm:/app/locked?decrypt=false"].Reveal()
	if _, err := base64.StdEncoding.DecodeString(sealed); err != nil || strings.Contains(sealed, marker) {
		t.Errorf("not a ciphertext in base64: %v", err)
	}
	if v := got["ssm:/app/list?decrypt=false"].Reveal(); v != "a,b" {
		t.Errorf("a list that is not encrypted is %q", v)
	}
	// The two are kept apart, and the one that needs the key is refused.
	_, err = store.Get(t.Context(), "ssm:/app/locked")
	checkKind(t, err, secrets.ErrDenied)
	if v, err := store.Get(t.Context(), "ssm:/app/locked?decrypt=false"); err != nil || v.Reveal() != sealed {
		t.Errorf("after the refusal: %v", err)
	}
}

// TestTypes checks what the sources say of what they read.
func TestTypes(t *testing.T) {
	t.Parallel()
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets = append(own.Secrets, secretstest.Secret{
		Name: "binary", Region: region, Versions: []secretstest.Version{{Binary: []byte{0, 1, 255}}},
	})
	own.Secrets = append(own.Secrets, secretstest.Secret{
		Name: "text", Region: region, Versions: []secretstest.Version{{String: new("x")}},
	})
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "all", Document: policy.MustParse(all)})
	role(&w).Boundary = nil
	_, cfg := pod(t, w)
	awsSource, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	dir := t.TempDir()
	held := map[string]string{"text": "x", "binary": "\x00\x01\xff"}
	for name, value := range held {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for what, source := range map[string]secrets.Source{
		"AWS": awsSource, "static": secrets.Static(held), "files": secrets.Files(dir), "secretstest": secretstest.NewSource(held),
	} {
		for _, name := range []string{"text", "binary"} {
			want := map[string]string{"text": "string", "binary": "binary"}[name]
			v, err := fetchOne(t, source, name)
			if err != nil || v.Type() != want || v.DataType() != "" || v.Reveal() != held[name] {
				t.Errorf("%s: %s is %q, %q: %v", what, name, v.Type(), v.DataType(), err)
			}
			if what == "AWS" {
				continue
			}
			v, err = fetchOne(t, source, "ssm:"+name)
			if err != nil || v.Type() != "String" || v.DataType() != "text" {
				t.Errorf("%s: parameter %s is %q, %q: %v", what, name, v.Type(), v.DataType(), err)
			}
		}
	}
	made := secrets.NewValue(nil, secrets.Meta{Type: "SecureString", DataType: "aws:ec2:image"})
	if clone := made.Clone(); clone.Type() != "SecureString" || clone.DataType() != "aws:ec2:image" {
		t.Errorf("a clone is %q, %q", clone.Type(), clone.DataType())
	}
	if zero := (secrets.Value{}); zero.Type() != "" || zero.DataType() != "" {
		t.Error("the zero Value has a type")
	}
}

// TestVersionOnTheWire checks how a version is asked for: by id, by label, or by
// both, which must then agree.
func TestVersionOnTheWire(t *testing.T) {
	t.Parallel()
	const id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
	for query, want := range map[string]map[string]string{
		"":                           {"SecretId": "prod/db", "VersionStage": "AWSCURRENT"},
		"?version_stage=AWSPREVIOUS": {"SecretId": "prod/db", "VersionStage": "AWSPREVIOUS"},
		"?version_id=" + id:          {"SecretId": "prod/db", "VersionId": id},
		"?version_id=" + id + "&version_stage=AWSPENDING": {"SecretId": "prod/db", "VersionId": id, "VersionStage": "AWSPENDING"},
		"?version_stage=AWSCURRENT&version_id=" + id:      {"SecretId": "prod/db", "VersionId": id, "VersionStage": "AWSCURRENT"},
	} {
		sent := make(map[string]string)
		cfg := script(func(string) (int, string) { return http.StatusOK, goodAnswer }).config()
		next := cfg.HTTPClient.(*http.Client).Transport
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			if err := json.Unmarshal(body, &sent); err != nil {
				return nil, err
			}
			return next.RoundTrip(r)
		})}
		if _, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), "prod/db"+query); err != nil {
			t.Error(err)
		}
		if !maps.Equal(sent, want) {
			t.Errorf("%q: sent %v, want %v", query, sent, want)
		}
	}
}
