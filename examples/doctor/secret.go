package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

// The names of the checks of a secret.
const (
	secretCheck = "secret"
	keyCheck    = "secret's key"
)

// notReached is said of a key whose secret cannot be read.
const notReached = "not looked at, since the secret comes first"

// readSecret reads a secret as an application would. The explanation is that of
// a refusal: the documents at fault, with the statements to add.
func readSecret(ctx context.Context, cfg credentials.Config, ref string) (checks []credentials.Check, explanation string) {
	value, err := get(ctx, cfg, ref)
	switch {
	case err == nil:
		return []credentials.Check{
			{Name: secretCheck, Status: credentials.StatusOK, Evidence: describe(value)},
			{Name: keyCheck, Status: credentials.StatusOK, Evidence: "the secret was decrypted"},
		}, ""
	case lacksIdentity(err):
		return unread(), ""
	}
	if e, ok := errors.AsType[*secrets.AccessError](err); ok {
		return refused(e), e.Explain()
	}
	c := credentials.Check{Name: secretCheck, Status: credentials.StatusFailure, Evidence: strings.TrimPrefix(err.Error(), "secrets: ")}
	switch {
	case errors.Is(err, secrets.ErrNotFound):
		c.Fix = "look at the name, and whether it is of this account and Region: any other secret needs its ARN"
	case errors.Is(err, secrets.ErrConfiguration):
		c.Fix = "give the secret's name, or its ARN"
	default:
		c.Fix = "look whether Secrets Manager of the Region can be reached: its VPC endpoint, security groups, proxy"
	}
	return []credentials.Check{c, {Name: keyCheck, Evidence: notReached}}, ""
}

// unread is said without credentials, the lack of which is told before.
func unread() []credentials.Check {
	return []credentials.Check{
		{Name: secretCheck, Evidence: "there are no credentials to read it with"},
		{Name: keyCheck, Evidence: notReached},
	}
}

func get(ctx context.Context, cfg credentials.Config, ref string) (secrets.Value, error) {
	loaded, err := credentials.LoadConfig(ctx, cfg)
	if err != nil {
		return secrets.Value{}, &identityError{err}
	}
	if p, ok := credentials.FromConfig(loaded); ok {
		defer p.Close()
	}
	if _, err := loaded.Credentials.Retrieve(ctx); err != nil {
		return secrets.Value{}, &identityError{err}
	}
	store, err := secrets.New(ctx, loaded, secrets.Config{})
	if err != nil {
		return secrets.Value{}, err
	}
	defer store.Close()
	return store.Get(ctx, ref)
}

// identityError is the lack of credentials, which the checks before explain.
type identityError struct{ error }

func lacksIdentity(err error) bool {
	_, ok := errors.AsType[*identityError](err)
	return ok
}

// describe tells everything about a value but the value.
func describe(v secrets.Value) string {
	return fmt.Sprintf("%s: %d bytes, version %s, %s", v.ARN(), len(v.RevealBytes()), v.Version(), strings.Join(v.Stages(), ", "))
}

// refused divides a refusal between the secret and its key: Secrets Manager
// asks KMS only for who may read the secret.
func refused(e *secrets.AccessError) []credentials.Check {
	var fixes []string
	for _, g := range e.Grants {
		fixes = append(fixes, fmt.Sprintf("%s: %s", place(g), g.Explanation))
	}
	failed := credentials.Check{
		Status:   credentials.StatusFailure,
		Evidence: fmt.Sprintf("%s is denied: %s", e.Action, e.Denial),
		Fix:      strings.Join(fixes, "; or "),
	}
	if !strings.HasPrefix(e.Action, "kms:") {
		failed.Name = secretCheck
		return []credentials.Check{failed, {Name: keyCheck, Evidence: notReached}}
	}
	failed.Name = keyCheck
	return []credentials.Check{{Name: secretCheck, Status: credentials.StatusOK, Evidence: e.Operation + " is allowed; the key is in the way"}, failed}
}

// place says which document in which account is meant.
func place(g secrets.Grant) string {
	text := g.Kind.String()
	if g.Document != "" {
		text += " of " + g.Document
	}
	if g.Account != "" {
		text += " in account " + g.Account
	}
	return text
}
