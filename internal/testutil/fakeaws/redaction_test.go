package fakeaws_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// Neither errors nor the log of calls hold a value, wherever it came from.
func TestNothingSecretInCallsAndErrors(t *testing.T) {
	t.Parallel()
	f := startData(t)
	var said strings.Builder
	note := func(err error) {
		if err != nil {
			said.WriteString(err.Error())
		}
	}
	_, err := f.PutSecretValue(ownSecret+"prod/db-AbCdEf", fakeaws.Version{ID: currentID, String: new(marker)})
	note(err)
	for _, id := range []string{"prod/db", "own-key", "disabled-key", "deleted", theSecret} {
		_, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: &id})
		note(err)
	}
	for _, name := range []string{"/app/db/password", "/sealed/c-key", "/sealed/disabled"} {
		_, err := f.parameters().GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name, WithDecryption: new(true)})
		note(err)
	}
	for _, plaintext := range []string{marker, strings.Repeat(marker, 1000)} {
		for _, key := range []string{ownKey, offKey} {
			_, err := f.keys().Encrypt(t.Context(), &kms.EncryptInput{KeyId: &key, Plaintext: []byte(plaintext)})
			note(err)
		}
	}
	_, err = f.keys().Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: []byte(strings.Repeat(marker, 1000))})
	note(err)
	calls, err := json.Marshal(f.Calls())
	if err != nil {
		t.Fatal(err)
	}
	said.Write(calls)
	for _, form := range []string{marker, base64.StdEncoding.EncodeToString([]byte(marker))[:8]} {
		if strings.Contains(said.String(), form) {
			t.Errorf("a value shows as %q", form)
		}
	}
	if f.CallCount("kms", "Decrypt") == 0 || !strings.Contains(said.String(), "DisabledException") {
		t.Error("the test has not seen the calls")
	}
}
