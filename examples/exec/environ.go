package main

import (
	"maps"
	"slices"
	"strings"
)

// awsIdentity are the variables by which the SDKs find credentials.
var awsIdentity = map[string]bool{
	"AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_SESSION_TOKEN": true, "AWS_SECURITY_TOKEN": true,
	"AWS_ACCESS_KEY": true, "AWS_SECRET_KEY": true, "AWS_CREDENTIAL_EXPIRATION": true, "AWS_CREDENTIAL_FILE": true,
	"AWS_ROLE_ARN": true, "AWS_ROLE_SESSION_NAME": true, "AWS_WEB_IDENTITY_TOKEN_FILE": true,
	"AWS_CONTAINER_CREDENTIALS_FULL_URI": true, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": true,
	"AWS_CONTAINER_AUTHORIZATION_TOKEN": true, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": true,
	"AWS_PROFILE": true, "AWS_DEFAULT_PROFILE": true, "AWS_CONFIG_FILE": true, "AWS_SHARED_CREDENTIALS_FILE": true,
}

// bearer begins the names of variables that hold the API key of one service.
const bearer = "AWS_BEARER_TOKEN_"

func isIdentity(name string) bool { return awsIdentity[name] || strings.HasPrefix(name, bearer) }

// isName tells names that every shell takes for a variable (POSIX, 3.216).
func isName(s string) bool {
	for i, c := range []byte(s) {
		if letter := c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z'; !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// name is the variable for a member.
func (b binding) name(member string) string {
	if !b.upper {
		return b.prefix + member
	}
	return b.prefix + strings.Map(func(c rune) rune {
		if c < 0x80 && (isName(string(c)) || '0' <= c && c <= '9') {
			return c
		}
		return '_'
	}, strings.ToUpper(member))
}

// environ is the environment of the program.
func (s *snapshot) environ(env []string, strip bool) []string {
	var child []string
	for _, setting := range env {
		name, _, _ := strings.Cut(setting, "=")
		if _, replaced := s.vars[name]; !replaced && (!strip || !isIdentity(name)) {
			child = append(child, setting)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.vars)) {
		child = append(child, name+"="+s.vars[name].Reveal())
	}
	return child
}
