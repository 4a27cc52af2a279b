package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

func TestNewValue(t *testing.T) {
	t.Parallel()
	data := []byte(marker)
	meta := secrets.Meta{ARN: secretARN, Name: "prod/db", Version: "7", Stages: []string{"AWSCURRENT"}, Created: time.Unix(1.7e9, 0)}
	v := secrets.NewValue(data, meta)
	clear(data)
	meta.Stages[0] = "AWSPREVIOUS"
	if v.Reveal() != marker || v.ARN() != secretARN || v.Name() != "prod/db" || v.Version() != "7" ||
		!v.Created().Equal(time.Unix(1.7e9, 0)) || !cmp.Equal(v.Stages(), []string{"AWSCURRENT"}) {
		t.Errorf("%s %s %s %v", v.ARN(), v.Name(), v.Version(), v.Stages())
	}
	if empty := secrets.NewValue(nil, secrets.Meta{}); empty.IsZero() || empty.Reveal() != "" {
		t.Error("an empty secret is none")
	}
}

func TestDestroy(t *testing.T) {
	t.Parallel()
	v := secrets.NewValue([]byte(marker), secrets.Meta{Name: "s"})
	clone := v.Clone()
	shared := clone
	if clone.Name() != "s" || clone.Reveal() != marker {
		t.Error("a clone is not what it was cloned from")
	}
	clone.Destroy()
	if !clone.IsZero() || clone.Reveal() != "" {
		t.Error("a destroyed value has something left")
	}
	if shared.Reveal() != strings.Repeat("\x00", len(marker)) {
		t.Error("the bytes of a destroyed clone are not wiped")
	}
	if v.Reveal() != marker {
		t.Error("what it was cloned from is wiped")
	}
	other := v
	other.Destroy()
	if !other.IsZero() || v.Reveal() != marker {
		t.Error("shared bytes are wiped")
	}
	var zero secrets.Value
	zero.Destroy()
	if c := zero.Clone(); !c.IsZero() {
		t.Error("a clone of the zero Value is a secret")
	}
}

func TestValueInJSON(t *testing.T) {
	t.Parallel()
	var doc struct{ Text, Number, Flag, Object secrets.Value }
	err := json.Unmarshal([]byte(`{"Text":"`+marker+`\n","Number":12345678901234567890,"Flag":false,"Object":{"a": [1]}}`), &doc)
	if err != nil || doc.Text.Reveal() != marker+"\n" || doc.Number.Reveal() != "12345678901234567890" ||
		doc.Flag.Reveal() != "false" || doc.Object.Reveal() != `{"a": [1]}` {
		t.Errorf("%v", err)
	}
	printAll(t, "a document", doc)
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &doc); !errors.Is(err, secrets.ErrDecode) {
		t.Errorf("redacted values are read back: %v", err)
	}
	kept := doc.Text
	doc.Text.Destroy()
	if kept.Reveal() == marker+"\n" {
		t.Error("the decoder's own bytes are not wiped")
	}
}

// TestGob checks that what gob wrote cannot be taken for a secret.
func TestGob(t *testing.T) {
	t.Parallel()
	type message struct{ Password secrets.Value }
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(message{secrets.NewValue([]byte(marker), secrets.Meta{})}); err != nil {
		t.Fatal(err)
	}
	checkSilent(t, "gob", b.String())
	var m message
	if err := gob.NewDecoder(&b).Decode(&m); err == nil && !m.Password.IsZero() {
		t.Error("a redacted value is read back as a secret")
	}
}
