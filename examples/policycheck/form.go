package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
)

// form is what a file holds, by its content.
type form int

const (
	unclearForm  form = iota // nothing that tells
	documentForm             // a policy document
	worldForm                // a description of accounts
	planForm                 // a Terraform plan
)

// worldLine is a line that a description of accounts in YAML has.
var worldLine = regexp.MustCompile(`(?m)^(accounts|clusters)[ \t]*:`)

// formOf tells the form of a text by the members that it has.
func formOf(data []byte) form {
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) && worldLine.Match(data) {
			return worldForm
		}
		return unclearForm
	}
	has := func(name string) bool { return members[name] != nil }
	switch {
	case has("Statement"):
		return documentForm
	case has("accounts"), has("clusters"):
		return worldForm
	case has("format_version"):
		return planForm
	}
	return unclearForm
}

// expect returns an error if a text is clearly of another form than wanted.
func expect(wanted form, name string, data []byte) error {
	problem := ""
	switch got := formOf(data); {
	case got == wanted:
	case got == documentForm:
		problem = "a policy document, for policycheck lint; want a description of accounts, or a plan with -terraform"
	case got == worldForm:
		problem = "a description of accounts: give it without -terraform"
	case got == planForm:
		problem = "a Terraform plan: give it with -terraform"
	}
	if problem == "" {
		return nil
	}
	return fmt.Errorf("%w: %s is %s", errUsage, name, problem)
}
