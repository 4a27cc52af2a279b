package fakeaws

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"maps"
	"slices"
)

// A ciphertext blob of the fake is
//
//	version (1 byte) | length of the key's ARN (2 bytes) | ARN | nonce (12) | AES-256-GCM
//
// The head and the encryption context are authenticated with the plaintext:
// as in KMS, the blob names its key, and opens under no other context.
const (
	ciphertextVersion = 1
	ciphertextPrefix  = 3 // version and length
	nonceSize         = 12
)

var errCiphertext = errors.New("not a ciphertext of this key and encryption context")

// ciphertext is a blob taken apart. The parts share the blob's memory.
type ciphertext struct {
	keyARN              string
	head, nonce, sealed []byte
}

// parseCiphertext takes a blob apart without opening it.
func parseCiphertext(blob []byte) (ciphertext, error) {
	if len(blob) < ciphertextPrefix || blob[0] != ciphertextVersion {
		return ciphertext{}, errCiphertext
	}
	end := ciphertextPrefix + int(binary.BigEndian.Uint16(blob[1:]))
	if len(blob) < end+nonceSize {
		return ciphertext{}, errCiphertext
	}
	return ciphertext{
		keyARN: string(blob[ciphertextPrefix:end]),
		head:   blob[:end],
		nonce:  blob[end : end+nonceSize],
		sealed: blob[end+nonceSize:],
	}, nil
}

// backingKey is the key material of one KMS key.
type backingKey struct {
	keyARN string
	secret [32]byte
}

// backingKey derives the material of a key from the seed and the key's ARN,
// so that every fake of one seed opens what another has sealed.
func (g *ids) backingKey(keyARN string) backingKey {
	k := backingKey{keyARN: keyARN}
	_, _ = g.derive("backing key", keyARN).Read(k.secret[:]) // never fails
	return k
}

// encrypt seals the plaintext under a fresh nonce, as kms:Encrypt does: the
// blobs of equal plaintexts differ.
func (k backingKey) encrypt(plaintext []byte, context map[string]string) []byte {
	var nonce [nonceSize]byte
	_, _ = rand.Read(nonce[:]) // never fails
	head := k.head()
	return k.aead().Seal(append(slices.Clone(head), nonce[:]...), nonce[:], plaintext, additionalData(head, context))
}

// open returns the plaintext of a ciphertext that was sealed with this key and
// encryption context.
func (k backingKey) open(c ciphertext, context map[string]string) ([]byte, error) {
	plaintext, err := k.aead().Open(nil, c.nonce, c.sealed, additionalData(c.head, context))
	if err != nil {
		return nil, errCiphertext
	}
	return plaintext, nil
}

// head is the part of the blob before the nonce.
func (k backingKey) head() []byte {
	head := []byte{ciphertextVersion}
	head = binary.BigEndian.AppendUint16(head, uint16(len(k.keyARN)))
	return append(head, k.keyARN...)
}

func (k backingKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.secret[:])
	if err != nil {
		panic(err) // the key has the right size
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the right block size
	}
	return aead
}

// additionalData is the head and the encryption context in an order that does
// not depend on the map's, each string after its length.
func additionalData(head []byte, context map[string]string) []byte {
	data := slices.Clone(head)
	for _, key := range slices.Sorted(maps.Keys(context)) {
		for _, s := range []string{key, context[key]} {
			data = binary.BigEndian.AppendUint32(data, uint32(len(s)))
			data = append(data, s...)
		}
	}
	return data
}
