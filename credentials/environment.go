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

// findKeys looks for access keys in the environment.
func findKeys(env environ) finding {
	settings := []string{envAccessKeyID, envSecretKey}
	id, secret := env(envAccessKeyID), env(envSecretKey)
	switch {
	case id == "" && secret == "":
		return keysAbsent(env, settings)
	case id == "":
		return half(SourceEnvironment, settings, envSecretKey, envAccessKeyID, "set both or neither")
	case secret == "":
		return half(SourceEnvironment, settings, envAccessKeyID, envSecretKey, "set both or neither")
	case strings.HasPrefix(id, temporaryKeyPrefix) && env(envSessionToken) == "":
		return half(SourceEnvironment, settings, "a temporary "+envAccessKeyID, envSessionToken,
			"set the session token that came with the keys")
	}
	return finding{
		Candidate: Candidate{Source: SourceEnvironment, Settings: settings},
		open:      openKeys,
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
func openKeys(_ Config, env environ, _ stsClient) (source, error) {
	g := &grant{
		creds: aws.Credentials{
			AccessKeyID:     env(envAccessKeyID),
			SecretAccessKey: env(envSecretKey),
			SessionToken:    env(envSessionToken),
			Source:          string(SourceEnvironment),
			AccountID:       env(envAccountID),
		},
	}
	g.identity = Identity{
		Source:      SourceEnvironment,
		AccessKeyID: g.creds.AccessKeyID,
		Account:     g.creds.AccountID,
	}
	return static{g}, nil
}

// static is a source of credentials that do not expire.
type static struct{ grant *grant }

func (s static) fetch(context.Context) (*grant, error) { return s.grant, nil }
