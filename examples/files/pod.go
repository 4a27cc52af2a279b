package main

import (
	"os"
	"strings"

	"github.com/irsakit/irsa/credentials"
)

// pod is where this runs.
type pod struct{ namespace, account string }

// namespaceFile is where every pod with a service account finds its namespace.
const namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"

// fill finds out what the command line does not say: from the token that the pod
// has for AWS, else from the files of its service account.
func (p *pod) fill(getenv func(string) string) {
	for _, variable := range []string{"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"} {
		raw, err := os.ReadFile(getenv(variable))
		if err != nil {
			continue // package credentials will say what is wrong with it
		}
		token, err := credentials.ParseTokenUnverified(strings.TrimSpace(string(raw)))
		if err != nil {
			continue
		}
		if p.namespace == "" {
			p.namespace = token.Namespace
		}
		if p.account == "" && p.namespace == token.Namespace {
			p.account = token.ServiceAccount
		}
	}
	if p.namespace == "" {
		if text, err := os.ReadFile(namespaceFile); err == nil {
			p.namespace = strings.TrimSpace(string(text))
		}
	}
}
