package fakeaws

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const testKeyARN = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"

func TestBackingKey(t *testing.T) {
	t.Parallel()
	key := newIDs(1).backingKey(testKeyARN)
	plaintext := []byte("hunter2")
	tests := map[string]struct {
		key             backingKey
		sealed, opening map[string]string
		opens           bool
	}{
		"no context":         {key: key, opens: true},
		"nil is empty":       {key: key, opening: map[string]string{}, opens: true},
		"same context":       {key: key, sealed: map[string]string{"a": "1", "b": "2"}, opening: map[string]string{"b": "2", "a": "1"}, opens: true},
		"shifted border":     {key: key, sealed: map[string]string{"a": "bc"}, opening: map[string]string{"ab": "c"}},
		"two for one":        {key: key, sealed: map[string]string{"a": "", "b": ""}, opening: map[string]string{"a": "b"}},
		"key of the seed":    {key: newIDs(1).backingKey(testKeyARN), opens: true},
		"key of another":     {key: newIDs(2).backingKey(testKeyARN)},
		"another ARN's key":  {key: newIDs(1).backingKey(testKeyARN + "x")},
		"context disappears": {key: key, sealed: map[string]string{"a": "1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blob := key.encrypt(plaintext, test.sealed)
			if bytes.Contains(blob, plaintext) {
				t.Fatal("the blob shows the plaintext")
			}
			c, err := parseCiphertext(blob)
			if err != nil || c.keyARN != testKeyARN {
				t.Fatalf("key of the blob is %q (%v)", c.keyARN, err)
			}
			got, err := test.key.open(c, test.opening)
			if test.opens != (err == nil) || err == nil && !bytes.Equal(got, plaintext) {
				t.Errorf("opens: %v, want %v", err == nil, test.opens)
			}
		})
	}
}

// What parses is what went in; nothing panics, nothing else opens.
func FuzzParseCiphertext(f *testing.F) {
	key := newIDs(1).backingKey(testKeyARN)
	// Fuzzing runs several processes, in which the blob must be the same.
	head, nonce := key.head(), make([]byte, nonceSize)
	blob := key.aead().Seal(append(slices.Clone(head), nonce...), nonce, []byte("hunter2"), additionalData(head, nil))
	f.Add(blob)
	f.Add(blob[:len(blob)-1])
	f.Add([]byte{})
	f.Add([]byte{1, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := parseCiphertext(data)
		if err != nil {
			return
		}
		whole := bytes.Join([][]byte{c.head, c.nonce, c.sealed}, nil)
		if diff := cmp.Diff(data, whole); diff != "" {
			t.Errorf("parts (-want +got):\n%s", diff)
		}
		if _, err := key.open(c, nil); err == nil && !bytes.Equal(data, blob) {
			t.Error("a forged ciphertext opens")
		}
	})
}
