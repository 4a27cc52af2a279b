package fakeaws

import (
	"bytes"
	"reflect"
	"testing"
)

const storedValues = `{"accounts":[{"id":"111122223333",
	"secrets":[
		{"name":"s","region":"eu-west-1","suffix":"AbCdEf","versions":[{"string":"marker"}]},
		{"name":"b","region":"eu-west-1","versions":[{"binary":"bWFya2Vy"}]}],
	"parameters":[
		{"name":"sealed","region":"eu-west-1","type":"SecureString","value":"marker"},
		{"name":"open","region":"eu-west-1","value":"in the open"}]}]}`

// Of what is encrypted at rest the fake holds no plaintext.
func TestSealedAtRest(t *testing.T) {
	t.Parallel()
	a, err := New([]byte(storedValues))
	if err != nil {
		t.Fatal(err)
	}
	_, err = a.PutSecretValue("arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf", Version{String: new("second marker")})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"marker": false, "in the open": true, "AWSCURRENT": true} {
		if got := holdsText(reflect.ValueOf(a.accounts), []byte(text)); got != want {
			t.Errorf("holds %q: %t, want %t", text, got, want)
		}
	}
}

// holdsText searches all that can be reached from v.
func holdsText(v reflect.Value, text []byte) bool {
	switch v.Kind() {
	case reflect.String:
		return bytes.Contains([]byte(v.String()), text)
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && holdsText(v.Elem(), text)
	case reflect.Struct:
		for _, field := range v.Fields() {
			if holdsText(field, text) {
				return true
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if holdsText(key, text) || holdsText(v.MapIndex(key), text) {
				return true
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return bytes.Contains(v.Bytes(), text)
		}
		for i := range v.Len() {
			if holdsText(v.Index(i), text) {
				return true
			}
		}
	}
	return false
}
