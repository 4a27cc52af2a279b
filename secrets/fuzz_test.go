package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// FuzzParseRef checks that a reference which parses is made up of its parts,
// and that every error tells a place within the reference.
func FuzzParseRef(f *testing.F) {
	f.Add("prod/db")
	f.Add("arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf")
	for _, bad := range badRefs {
		f.Add(bad.ref)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := secrets.ParseRef(s)
		if err != nil {
			bad, ok := errors.AsType[*secrets.RefError](err)
			if !ok || bad.Position < 1 || bad.Position > len(s)+1 || bad.Part == "" {
				t.Fatalf("%q: %#v", s, err)
			}
			return
		}
		again := ref.Name
		if ref.IsARN() {
			again = strings.Join([]string{"arn", ref.Partition, "secretsmanager", ref.Region, ref.Account, "secret", ref.Name}, ":")
		}
		if again != s || ref.String() != s {
			t.Fatalf("%q parses to %#v", s, ref)
		}
	})
}
