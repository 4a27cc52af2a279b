package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/credentials"
)

// inFlags puts the checks in the words of the command line: what package
// credentials calls by its Config, the command calls by its flags.
func inFlags(checks []credentials.Check) {
	for i := range checks {
		checks[i].Evidence = flagWords(checks[i].Evidence)
		checks[i].Fix = flagWords(checks[i].Fix)
	}
}

// flagNames has those fields that are flags. Others stay as they are: to change
// them is for the application.
var flagNames = strings.NewReplacer(
	"Config.Expect is empty", "neither -expect-account nor -expect-role is given",
	"Config.Expect.Account", "-expect-account",
	"Config.Expect.RoleARN", "-expect-role",
	"Config.Region", "-region",
	"Config.RoleARN", "-role-arn",
	"Config.TokenFile", "-token-file",
	"Config.Audience", "-audience",
	"Config.Profile", "-profile",
)

// hopField is a hop's field, by the hop's number from 0 on.
var hopField = regexp.MustCompile(`Config\.Hops\[(\d)\](\.\w+)?`)

func flagWords(text string) string {
	text = hopField.ReplaceAllStringFunc(text, func(field string) string {
		m := hopField.FindStringSubmatch(field)
		n, _ := strconv.Atoi(m[1]) // it is a digit
		name := "-hop"
		if m[2] == ".ExternalID" {
			name = "-external-id"
		}
		return name + " number " + strconv.Itoa(n+1)
	})
	return flagNames.Replace(text)
}
