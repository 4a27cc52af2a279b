package secrets_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

func TestValue(t *testing.T) {
	t.Parallel()
	v, err := get(t, goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	binary, err := get(t, strings.Replace(goodAnswer, `"SecretString":"`+marker, `"SecretBinary":"AAH/`, 1))
	if err != nil {
		t.Fatal(err)
	}
	if v.ARN() != secretARN || v.Name() != "prod/db" || v.Version() != "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111" ||
		!v.Created().Equal(time.Unix(1.7e9, 0)) || !cmp.Equal(v.Stages(), []string{"AWSCURRENT"}) {
		t.Errorf("%s %s %s %v %v", v.ARN(), v.Name(), v.Version(), v.Created(), v.Stages())
	}
	if got := binary.RevealBytes(); !bytes.Equal(got, []byte{0, 1, 255}) || binary.Reveal() != "\x00\x01\xff" {
		t.Errorf("binary secret is %x", got)
	}
	if v.Equal(binary) || !v.Equal(v) || v.Equal(secrets.Value{}) || v.IsZero() {
		t.Error("values compare wrongly")
	}
	v.RevealBytes()[0]++
	v.Stages()[0] = "AWSPREVIOUS"
	if v.Reveal() != marker || v.Stages()[0] != "AWSCURRENT" {
		t.Error("a value has been changed through its copies")
	}
	var zero secrets.Value
	if !zero.IsZero() || zero.Reveal() != "" || zero.RevealBytes() != nil || zero.ARN() != "" || !zero.Created().IsZero() || zero.String() != "[redacted]" {
		t.Error("the zero Value is not empty")
	}
}
