package secrets

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"strings"
)

// certificateMembers are the names under which secrets in JSON have a
// certificate, the rest of its chain, and its key: those of Kubernetes, of ACM's
// ExportCertificate, and common ones.
var certificateMembers = [][]string{
	{"tls.crt", "Certificate", "certificate", "cert"},
	{"CertificateChain", "certificateChain", "certificate_chain", "chain", "ca_bundle"},
	{"tls.key", "PrivateKey", "privateKey", "private_key", "key"},
}

// decodeCertificate makes a certificate of a secret that is a PEM bundle, or JSON
// with PEM in the members that certificateMembers names. The first certificate is
// the leaf. No error of crypto/tls is kept.
func decodeCertificate(v Value) (tls.Certificate, error) {
	bundle := v.RevealBytes()
	if bytes.HasPrefix(bytes.TrimSpace(bundle), []byte("{")) {
		var problem string
		if bundle, problem = joinMembers(bundle); problem != "" {
			return tls.Certificate{}, &DecodeError{Problem: problem}
		}
	}
	defer clear(bundle)
	if problem := checkBundle(bundle); problem != "" {
		return tls.Certificate{}, &DecodeError{Problem: problem}
	}
	cert, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		return tls.Certificate{}, &DecodeError{
			Problem: "is a certificate and a key that do not belong together, or one of them is malformed; the leaf must come before its chain",
		}
	}
	return cert, nil
}

// joinMembers returns the PEM in the members of a JSON object as one bundle.
func joinMembers(data []byte) (bundle []byte, problem string) {
	defer clear(data)
	var members map[string]json.RawMessage
	if problem := decodeJSON(data, &members); problem != "" {
		return nil, problem
	}
	for _, names := range certificateMembers {
		for _, name := range names {
			if raw, ok := members[name]; ok {
				text, problem := member(raw)
				if problem != "" {
					return nil, "has null in its member " + name
				}
				bundle = append(append(bundle, text...), '\n')
				break
			}
		}
	}
	return bundle, ""
}

// checkBundle says what PEM blocks are missing or of no use.
func checkBundle(bundle []byte) (problem string) {
	var certificates, keys int
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "CERTIFICATE":
			certificates++
		case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
			return "has a private key that is encrypted with a pass phrase"
		case block.Type == "PRIVATE KEY", strings.HasSuffix(block.Type, " PRIVATE KEY"):
			keys++
		}
	}
	switch {
	case certificates == 0 && keys == 0:
		return "has neither a certificate nor a private key in PEM"
	case certificates == 0:
		return "has no certificate in PEM"
	case keys == 0:
		return "has no private key in PEM"
	}
	return ""
}
