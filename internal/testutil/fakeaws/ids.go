package fakeaws

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
)

// The alphabets of AWS's ids.
const (
	upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // unique ids and access key ids are base 32
	alphanumeric      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// ids makes identifiers that a seed repeats. Its methods may be used
// concurrently.
type ids struct {
	seed uint64

	mu   sync.Mutex
	next *rand.ChaCha8
}

func newIDs(seed uint64) *ids {
	g := &ids{seed: seed}
	g.next = g.derive("sequence")
	return g
}

// derive returns a generator that depends on the seed and the labels alone, so
// that a resource keeps its ids whatever else the world holds and whoever
// asks first. It is for one goroutine.
func (g *ids) derive(labels ...string) *rand.ChaCha8 {
	h := sha256.New()
	_ = binary.Write(h, binary.BigEndian, g.seed)
	for _, l := range labels {
		fmt.Fprintf(h, "%d:%s", len(l), l)
	}
	return rand.NewChaCha8([32]byte(h.Sum(nil)))
}

// uuid is the next UUID, for a request or a token.
func (g *ids) uuid() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return uuid(g.next)
}

// credentials are the next temporary access key.
func (g *ids) credentials() (accessKeyID, secretAccessKey, token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return letters(g.next, "ASIA", 16, upperAlphanumeric),
		letters(g.next, "", 40, alphanumeric+"+/"),
		letters(g.next, "IQoJb3JpZ2luX2Vj", 240, alphanumeric+"+/")
}

// letters returns prefix and n letters of the alphabet.
func letters(source *rand.ChaCha8, prefix string, n int, alphabet string) string {
	r := rand.New(source)
	var b strings.Builder
	b.WriteString(prefix)
	for range n {
		b.WriteByte(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

// uuid returns a UUID of version 4.
func uuid(source *rand.ChaCha8) string {
	var b [16]byte
	_, _ = source.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
