package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
)

// FuzzParseRef checks that the canonical form of a reference is a reference to
// the same and its own canonical form, and that every error tells a place within
// the reference.
func FuzzParseRef(f *testing.F) {
	f.Add("prod/db")
	f.Add("ssm:/prod/db:3#/a/b")
	f.Add("ref+awsssm://prod/db?version=3&mode=singleparam#a%20b")
	f.Add("arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf?version_stage=a%26&region=eu-west-1")
	f.Add("a?role_arn=arn:aws:iam::444455556666:role/a&replica_regions=us-east-1,us-west-2&version_stage=AWSCURRENT")
	f.Add("ssm:/prod/db:good?decrypt=false&region=us-east-1#a")
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
		again, err := secrets.ParseRef(ref.String())
		if err != nil || again != ref || again.String() != ref.String() {
			t.Fatalf("%q is %#v,\n%q is %#v, %v", s, ref, ref, again, err)
		}
		ref.Key = ""
		if bare, _, _ := strings.Cut(again.String(), "#"); bare != ref.String() {
			t.Fatalf("without its key, %q is %q", again, ref)
		}
	})
}
