package policy

import (
	"fmt"
	"strings"
)

// secretSuffix is what Secrets Manager appends to the name of a secret in its
// ARN (Secrets Manager User Guide, whats-in-a-secret).
var secretSuffix = lazily(`-[A-Za-z0-9]{6}$`)

// referenceFault says what is wrong with the name or ARN that the application
// asks for, nil if it leads to the secret.
func (a SecretAccess) referenceFault() *Fault {
	problem := a.referenceProblem()
	if problem == "" {
		return nil
	}
	written := a.Request
	if written == "" {
		written = a.Secret.ARN
	}
	f := &Fault{
		Link: SecretLink, Kind: SecretReference, Account: accountOf(a.Role.ARN), Document: written,
		Problem: problem,
		Remedy:  "Let the application ask for the complete ARN " + a.Secret.ARN + ".",
	}
	if a.Request == "" {
		f.Remedy = "Give the secret's complete ARN, which ends in a hyphen and six characters (aws secretsmanager describe-secret)."
	}
	return f
}

func (a SecretAccess) referenceProblem() string {
	secret, err := ParseARN(a.Secret.ARN)
	name, isSecret := strings.CutPrefix(secret.Resource, "secret:")
	switch {
	case err != nil || !isSecret || secret.Service != "secretsmanager":
		return fmt.Sprintf("%q is not the ARN of a secret.", a.Secret.ARN)
	case a.Request == "" || a.Request == a.Secret.ARN:
		return ""
	case strings.HasPrefix(a.Request, "arn:"):
		return arnProblemOf(a.Request, secret)
	}
	return a.nameProblem(secret, secretSuffix().ReplaceAllString(name, ""))
}

// nameProblem is about a reference by name, which Secrets Manager looks up in
// the account and Region of the caller (GetSecretValue, SecretId).
func (a SecretAccess) nameProblem(secret ARN, name string) string {
	const asks = "The application asks for %q by name, and a name is looked up in "
	caller := accountOf(a.Role.ARN)
	switch {
	case caller != secret.Account:
		return fmt.Sprintf(asks+"the caller's own account, %s; the secret is in account %s.", a.Request, caller, secret.Account)
	case a.Region != "" && a.Region != secret.Region:
		return fmt.Sprintf(asks+"the client's Region, %s; the secret is in %s.", a.Request, a.Region, secret.Region)
	case a.Request != name:
		return fmt.Sprintf("The application asks for %q, but the secret's name is %q.", a.Request, name)
	}
	return ""
}

// arnProblemOf is about a reference by ARN, which may lack the suffix.
func arnProblemOf(request string, secret ARN) string {
	asked, err := ParseARN(request)
	if err != nil {
		return fmt.Sprintf("The application asks for %q, which is not an ARN: %v.", request, err)
	}
	var wrong []string
	for _, part := range []struct{ name, asked, real string }{
		{"partition", asked.Partition, secret.Partition},
		{"service", asked.Service, secret.Service},
		{"Region", asked.Region, secret.Region},
		{"account", asked.Account, secret.Account},
	} {
		if part.asked != part.real {
			wrong = append(wrong, fmt.Sprintf("%s %q instead of %q", part.name, part.asked, part.real))
		}
	}
	if asked.Resource != secret.Resource && asked.Resource != secretSuffix().ReplaceAllString(secret.Resource, "") {
		wrong = append(wrong, fmt.Sprintf("%q instead of %q", asked.Resource, secret.Resource))
	}
	if wrong == nil {
		return ""
	}
	return fmt.Sprintf("The ARN that the application asks for is not the secret's: it has %s.", strings.Join(wrong, ", "))
}
