package credentials

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The variables of access keys.
const (
	envAccessKeyID  = "AWS_ACCESS_KEY_ID"
	envSecretKey    = "AWS_SECRET_ACCESS_KEY"
	envSessionToken = "AWS_SESSION_TOKEN"
	envAccountID    = "AWS_ACCOUNT_ID"
)

// temporaryKeyPrefix begins the ids of access keys that are valid only with a
// session token (IAM User Guide, reference_identifiers, "Understanding unique
// ID prefixes").
const temporaryKeyPrefix = "ASIA"

// keys are the access keys in the environment. The second names are those that
// the SDK for Go takes, too (config.EnvConfig).
func (e environ) keys() (id, secret setting) {
	return e.first(envAccessKeyID, "AWS_ACCESS_KEY"), e.first(envSecretKey, "AWS_SECRET_KEY")
}

// findKeys looks for access keys in the environment.
func findKeys(env environ) finding {
	id, secret := env.keys()
	settings := []string{id.name, secret.name}
	switch {
	case id.value == "" && secret.value == "":
		return keysAbsent(env, settings)
	case id.value == "":
		return half(SourceEnvironment, settings, secret.name, id.name, "set both or neither")
	case secret.value == "":
		return half(SourceEnvironment, settings, id.name, secret.name, "set both or neither")
	case strings.HasPrefix(id.value, temporaryKeyPrefix) && env(envSessionToken) == "":
		return half(SourceEnvironment, settings, "a temporary "+id.name, envSessionToken,
			"set the session token that came with the keys")
	}
	return finding{
		Candidate: Candidate{Source: SourceEnvironment, Settings: settings},
		open:      openKeys,
		key:       []string{id.value, digestOf(secret.value + env(envSessionToken))},
	}
}

func keysAbsent(env environ, settings []string) finding {
	f := absent(SourceEnvironment, settings...)
	if env(envSessionToken) != "" {
		f.Reason += " (" + envSessionToken + " is, and means nothing alone)"
	}
	return f
}

// openKeys takes the keys once: the environment of a process does not change.
func openKeys(s setup) (source, error) {
	id, secret := s.env.keys()
	return newStatic(aws.Credentials{
		AccessKeyID:     id.value,
		SecretAccessKey: secret.value,
		SessionToken:    s.env(envSessionToken),
		Source:          string(SourceEnvironment),
		AccountID:       s.env(envAccountID),
	}), nil
}

// static is a source of credentials that do not expire.
type static struct {
	grant *grant
	key   sessionKey
}

func newStatic(creds aws.Credentials) static {
	return static{grant: &grant{creds: creds, identity: identify(creds)}}
}

func (s static) fetch(context.Context) (*grant, error) { return s.grant, nil }

func (s static) shareKey() string { return string(s.key) }

// identify is all that credentials alone say about who they are.
func identify(creds aws.Credentials) Identity {
	id := Identity{
		Source:      Source(creds.Source),
		AccessKeyID: creds.AccessKeyID,
		Account:     creds.AccountID,
	}
	if creds.CanExpire {
		id.Expires = creds.Expires
	}
	return id
}
