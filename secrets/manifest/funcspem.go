package manifest

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"strings"
	text "text/template"
)

var pemFunctions = text.FuncMap{
	"filterPEM":       filterPEM,
	"filterCertChain": filterCertChain,
	"certSANs":        certSANs,
}

// blocks are the PEM blocks in s, whatever stands before them.
func blocks(s string) []*pem.Block {
	var all []*pem.Block
	for rest := []byte(s); ; {
		if at := bytes.Index(rest, []byte("-----BEGIN")); at >= 0 {
			rest = rest[at:]
		}
		var b *pem.Block
		if b, rest = pem.Decode(rest); b == nil {
			return all
		}
		all = append(all, b)
	}
}

// filterPEM keeps the blocks of one type, such as CERTIFICATE.
func filterPEM(kind, s string) (string, error) {
	all := blocks(s)
	if len(all) == 0 && s != "" {
		return "", problem("is given text that is not PEM")
	}
	var out bytes.Buffer
	for _, b := range all {
		if strings.EqualFold(b.Type, kind) && pem.Encode(&out, b) != nil {
			return "", problem("is given PEM with headers that cannot be written")
		}
	}
	return out.String(), nil
}

// filterCertChain keeps a part of a chain of certificates: leaf, intermediate or
// root.
func filterCertChain(part, s string) (string, error) {
	chain, err := certificates(s)
	if err != nil {
		return "", err
	}
	chain, err = ordered(chain)
	if err != nil {
		return "", err
	}
	var kept []*x509.Certificate
	switch last := len(chain) - 1; part {
	case "leaf":
		if !isRoot(chain[0]) {
			kept = chain[:1]
		}
	case "intermediate":
		kept = chain[1:]
		if isRoot(chain[last]) && last > 0 {
			kept = chain[1:last]
		}
	case "root":
		if isRoot(chain[last]) {
			kept = chain[last:]
		}
	default:
		return "", problem("is asked for something other than leaf, intermediate and root")
	}
	var out strings.Builder
	for _, c := range kept {
		out.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return out.String(), nil
}

func certificates(s string) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for _, b := range blocks(s) {
		if b.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, problem("is given a certificate that cannot be parsed")
		}
		all = append(all, c)
	}
	if len(all) == 0 || len(all) > 20 {
		return nil, problem("is given no certificate in PEM, or more than twenty")
	}
	return all, nil
}

// ordered puts each certificate before the one that signed it.
func ordered(certs []*x509.Certificate) ([]*x509.Certificate, error) {
	signer := func(c *x509.Certificate) int {
		for i, other := range certs {
			if other != c && bytes.Equal(c.RawIssuer, other.RawSubject) && c.CheckSignatureFrom(other) == nil {
				return i
			}
		}
		return -1
	}
	signs := map[int]bool{}
	for _, c := range certs {
		signs[signer(c)] = true
	}
	var chain []*x509.Certificate
	for i := range certs {
		if signs[i] {
			continue
		}
		if chain != nil {
			return nil, problem("is given certificates that are no single chain")
		}
		for next := i; next >= 0 && len(chain) < len(certs); next = signer(certs[next]) {
			chain = append(chain, certs[next])
		}
	}
	if len(chain) != len(certs) {
		return nil, problem("is given certificates that are no single chain")
	}
	return chain, nil
}

// isRoot reports whether a certificate names no other as its signer.
func isRoot(c *x509.Certificate) bool {
	return len(c.AuthorityKeyId) == 0 || bytes.Equal(c.AuthorityKeyId, c.SubjectKeyId)
}

// certSANs are the names that a certificate is for.
func certSANs(s string) ([]string, error) {
	certs, err := certificates(s)
	if err != nil {
		return nil, err
	}
	names := certs[0].DNSNames
	for _, ip := range certs[0].IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, certs[0].EmailAddresses...)
	for _, uri := range certs[0].URIs {
		names = append(names, uri.String())
	}
	return names, nil
}
