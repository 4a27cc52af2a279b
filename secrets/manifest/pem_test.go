package manifest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"
)

// chain makes a leaf, an intermediate and a root certificate, in PEM.
func chain(t *testing.T) (leaf, intermediate, root string) {
	t.Helper()
	var signer *x509.Certificate
	var signerKey *ecdsa.PrivateKey
	texts := make([]string, 0, 3)
	for i, name := range []string{"root", "intermediate", "leaf"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true, IsCA: name != "leaf",
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), SubjectKeyId: []byte{byte(i)},
		}
		if name == "leaf" {
			c.DNSNames, c.EmailAddresses = []string{"a.shop", "b.shop"}, []string{"ops@shop"}
			c.IPAddresses, c.URIs = []net.IP{{10, 0, 0, 1}}, []*url.URL{{Scheme: "spiffe", Host: "shop"}}
		}
		if signer == nil {
			signer, signerKey = c, key
		}
		der, err := x509.CreateCertificate(rand.Reader, c, signer, key.Public(), signerKey)
		if err != nil {
			t.Fatal(err)
		}
		if signer, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		signerKey = key
		texts = append(texts, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	}
	return texts[2], texts[1], texts[0]
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	leaf, intermediate, root := chain(t)
	other, _, _ := chain(t)
	key := "-----BEGIN EC PRIVATE KEY-----\nAQID\n-----END EC PRIVATE KEY-----\n"
	values := map[string]string{
		"all": root + "some text\n" + leaf + key + intermediate, "two": leaf + intermediate, "root": root, "leaf": leaf, "strangers": leaf + other,
		"key": key, "broken": "-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n", "many": strings.Repeat(leaf, 21), "same": leaf + leaf,
		"headers": "-----BEGIN X-----\na: b\n\nAQID\n-----END X-----\n",
	}
	for text, want := range map[string]string{
		`{{ .all | filterPEM "CERTIFICATE" }}`:         root + leaf + intermediate,
		`{{ .all | filterPEM "ec private key" }}`:      key,
		`{{ .all | filterPEM "RSA PRIVATE KEY" }}`:     "",
		`{{ "" | filterPEM "RSA PRIVATE KEY" }}`:       "",
		`{{ .headers | filterPEM "X" }}`:               "-----BEGIN X-----\na: b\n\nAQID\n-----END X-----\n",
		`{{ .all | filterCertChain "leaf" }}`:          leaf,
		`{{ .all | filterCertChain "intermediate" }}`:  intermediate,
		`{{ .all | filterCertChain "root" }}`:          root,
		`{{ .two | filterCertChain "intermediate" }}`:  intermediate,
		`{{ .two | filterCertChain "root" }}`:          "",
		`{{ .root | filterCertChain "leaf" }}`:         "",
		`{{ .root | filterCertChain "root" }}`:         root,
		`{{ .leaf | filterCertChain "intermediate" }}`: "",
		`{{ certSANs .leaf | join "," }}`:              "a.shop,b.shop,10.0.0.1,ops@shop,spiffe://shop",
	} {
		if got, err := execute(t, text, values); err != nil || got != strings.TrimSuffix(want, "\n") && got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		`{{ .strangers | filterCertChain "leaf" }}`: "no single chain",
		`{{ .same | filterCertChain "leaf" }}`:      "no single chain",
		`{{ .broken | filterCertChain "leaf" }}`:    "a certificate that cannot be parsed",
		`{{ .key | filterCertChain "leaf" }}`:       "no certificate in PEM",
		`{{ .many | filterCertChain "leaf" }}`:      "more than twenty",
		`{{ .leaf | filterCertChain "middle" }}`:    "something other than leaf, intermediate and root",
	} {
		if got, err := execute(t, text, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}
