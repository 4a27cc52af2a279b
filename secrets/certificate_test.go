package secrets_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// mint makes a self-signed certificate and its key, in PEM.
func mint(t *testing.T, name string) (certificate, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, data []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}))
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", pkcs8)
}

// object is a JSON object of pairs of names and texts.
func object(t *testing.T, pairs ...string) string {
	t.Helper()
	members := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		members[pairs[i]] = pairs[i+1]
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOpenCertificate(t *testing.T) {
	t.Parallel()
	leaf, key := mint(t, "leaf")
	chain, _ := mint(t, "issuer")
	for name, test := range map[string]struct {
		secret string
		ref    string
		length int // of the chain
	}{
		"bundle":            {leaf + chain + key, "s", 2},
		"key first":         {key + leaf, "s", 1},
		"with text between": {"Bag Attributes\n" + key + "subject=leaf\n" + leaf, "s", 1},
		"Kubernetes":        {object(t, "tls.crt", leaf+chain, "tls.key", key), "s", 2},
		"ACM":               {object(t, "PrivateKey", strings.TrimSpace(key), "Certificate", strings.TrimSpace(leaf), "CertificateChain", chain), "s", 2},
		"short names":       {object(t, "cert", leaf, "key", key, "chain", chain), "s", 2},
		"in a member":       {object(t, "bundle", leaf+key), "s#bundle", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, err := open[tls.Certificate](t, test.secret, test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if len(cert.Certificate) != test.length || cert.Leaf.Subject.CommonName != "leaf" || cert.PrivateKey == nil {
				t.Errorf("%d certificates of %q", len(cert.Certificate), cert.Leaf.Subject)
			}
			pointer, err := open[*tls.Certificate](t, test.secret, test.ref)
			if err != nil || len(pointer.Certificate) != test.length {
				t.Errorf("by pointer: %v", err)
			}
		})
	}
}

func TestCertificateErrors(t *testing.T) {
	t.Parallel()
	leaf, key := mint(t, "leaf")
	_, other := mint(t, "other")
	for name, test := range map[string]struct{ secret, want string }{
		"nothing":          {marker, "has neither a certificate nor a private key in PEM"},
		"no key":           {leaf, "has no private key in PEM"},
		"no certificate":   {key, "has no certificate in PEM"},
		"another's key":    {leaf + other, "do not belong together"},
		"garbage within":   {"-----BEGIN CERTIFICATE-----\nTUFSS0VS\n-----END CERTIFICATE-----\n" + key, "one of them is malformed"},
		"encrypted":        {leaf + strings.ReplaceAll(key, "PRIVATE", "ENCRYPTED PRIVATE"), "encrypted with a pass phrase"},
		"encrypted, old":   {leaf + strings.Replace(key, "KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: x\n\n", 1), "encrypted with a pass phrase"},
		"no members":       {object(t, "a", leaf), "has neither"},
		"null":             {`{"tls.crt":null}`, "has null in its member tls.crt"},
		"no JSON":          {`{"tls.crt":` + marker, "is not JSON"},
		"ambiguous":        {`{"tls.key":"a","tls.key":"b"}`, "is ambiguous JSON"},
		"not a PEM member": {`{"tls.crt":5,"tls.key":6}`, "has neither"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := open[tls.Certificate](t, test.secret, "s")
			if !errors.Is(err, secrets.ErrDecode) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if err != nil {
				printAll(t, "the error", err)
			}
		})
	}
}
