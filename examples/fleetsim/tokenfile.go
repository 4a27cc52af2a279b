package main

import (
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
)

// The projected token of a pod on EKS: valid for a day, renewed once 80 % of
// that has passed (Kubernetes, pkg/kubelet/token).
const (
	tokenLifetime = 24 * time.Hour
	renewAfter    = tokenLifetime / 5 * 4
)

// tokenFile is a pod's token, kept as its kubelet would.
type tokenFile struct {
	world  *credentialstest.AWS
	pod    string
	file   *credentialstest.TokenFile
	issued time.Time
}

func (t *tokenFile) create(dir string) error {
	token, err := t.mint()
	if err != nil {
		return err
	}
	t.file, err = credentialstest.NewTokenFile(dir, token)
	return err
}

func (t *tokenFile) path() string { return t.file.Path() }

func (t *tokenFile) rotateIfDue() error {
	if time.Since(t.issued) < renewAfter {
		return nil
	}
	token, err := t.mint()
	if err != nil {
		return err
	}
	return t.file.Rotate(token)
}

func (t *tokenFile) mint() (string, error) {
	t.issued = time.Now()
	return t.world.Token(credentialstest.TokenRequest{
		Namespace:      credentialstest.PodNamespace,
		ServiceAccount: credentialstest.PodServiceAccount,
		Pod:            t.pod,
		Lifetime:       tokenLifetime,
	})
}
