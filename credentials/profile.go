package credentials

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
)

// findProfile looks for credentials in a profile of the shared config files;
// name is that of Config.Profile or of the environment. The SDK reads the
// files; which of what they say counts, and how, is ours where it differs (see
// profileChain). A profile that holds no credentials only serves settings such
// as the Region, and is not configured here.
func findProfile(ctx context.Context, cfg Config, env environ, name setting) finding {
	settings := []string{name.name}
	selected, err := readProfile(ctx, env, name)
	switch {
	case err != nil:
		return wrong(SourceProfile, settings, err)
	case selected == nil:
		return absent(SourceProfile, name.name)
	}
	if name.value == "" {
		settings = []string{fmt.Sprintf("profile %q", selected.Profile)}
	}
	chain := profileChain{cfg: cfg, env: env}
	if err := chain.walk(selected); err != nil {
		return wrong(SourceProfile, settings, err)
	}
	if chain.base == nil {
		f := absent(SourceProfile, settings...)
		f.Reason = fmt.Sprintf("profile %q holds settings but no credentials", selected.Profile)
		return f
	}
	slices.Reverse(chain.hops)
	return finding{
		Candidate: Candidate{Source: SourceProfile, Settings: settings},
		open:      chain.base,
		key:       append([]string{env("AWS_CONFIG_FILE"), env("AWS_SHARED_CREDENTIALS_FILE")}, chain.key...),
		hops:      chain.hops,
		asRole:    selected.RoleARN != "",
	}
}

// profileChain is what a profile leads to: the base credentials, and the roles
// to assume from there.
type profileChain struct {
	cfg Config
	env environ

	visited []string
	hops    []link // those of the selected profile first
	base    opener // nil: there are no credentials
	key     []string
}

// walk follows source_profile down to the base. Where the SDK for Go is laxer
// than the other SDKs, which it would make another identity of, their rules
// hold:
//   - In profiles after the first, complete static keys end the walk and are
//     the base, even beside a role_arn; Go would assume that role, too.
//   - A profile that is met again is a loop, even if it has keys; Go takes the
//     keys. Only one that names itself means its own keys.
//   - A role_arn needs source_profile, credential_source or
//     web_identity_token_file; Go goes on to the profile's other credentials,
//     the container endpoint and the node's role.
func (c *profileChain) walk(p *config.SharedConfig) *ConfigError {
	first := len(c.visited) == 0
	if slices.Contains(c.visited, p.Profile) {
		return profileProblem(p, "is its own source_profile by way of others", "end the chain in a profile with credentials")
	}
	c.visited = append(c.visited, p.Profile)
	switch {
	case !first && p.Credentials.HasKeys():
		c.keys(p)
		return nil
	case p.Source != nil:
		return c.follow(p)
	case p.RoleARN == "":
		return c.leaf(p, first)
	case p.CredentialSource != "":
		if err := c.hop(p); err != nil {
			return err
		}
		return c.named(p)
	case p.WebIdentityTokenFile != "":
		return c.webIdentity(p)
	}
	return profileProblem(p, "has role_arn, but none of source_profile, credential_source and web_identity_token_file",
		"say whose credentials assume the role")
}

// follow adds the role of a profile and goes on to its source_profile.
func (c *profileChain) follow(p *config.SharedConfig) *ConfigError {
	if err := c.hop(p); err != nil {
		return err
	}
	if p.SourceProfileName != p.Profile {
		return c.walk(p.Source)
	}
	if !p.Source.Credentials.HasKeys() {
		return profileProblem(p, "names itself as source_profile, but has no keys", "add the keys, or name another profile")
	}
	c.keys(p.Source)
	return nil
}

func (c *profileChain) keys(p *config.SharedConfig) {
	creds := p.Credentials
	creds.Source = string(SourceProfile)
	c.key = []string{p.Profile, creds.AccessKeyID, digestOf(creds.SecretAccessKey + creds.SessionToken)}
	c.base = func(setup) (source, error) { return newStatic(creds), nil }
}

// hop adds the role of a profile. Session name and external ID are its own.
func (c *profileChain) hop(p *config.SharedConfig) *ConfigError {
	if p.MFASerial != "" {
		return profileProblem(p, "has mfa_serial", "a service has nobody to ask for the code: use a role that does not need one")
	}
	duration, err := profileDuration(p)
	if err != nil {
		return err
	}
	c.hops = append(c.hops, link{
		Hop: Hop{
			RoleARN:     p.RoleARN,
			SessionName: p.RoleSessionName,
			ExternalID:  p.ExternalID,
			Duration:    duration,
		},
		field:     profileField(p),
		ofProfile: true,
	})
	return nil
}

// profileDuration is duration_seconds, which the SDK reads as zero if it is no
// number, and passes over below 16 minutes.
func profileDuration(p *config.SharedConfig) (time.Duration, *ConfigError) {
	if p.RoleDurationSeconds == nil {
		return 0, nil
	}
	d := *p.RoleDurationSeconds
	if d == 0 {
		return 0, profileProblem(p, "has a duration_seconds that is no number above zero", "write seconds, such as 3600")
	}
	err, _ := errors.AsType[*ConfigError](checkDuration(profileField(p)+".duration_seconds", d))
	return d, err
}

// webIdentity takes a token and a role as the base; it is not a hop. The
// environment does not complete it.
func (c *profileChain) webIdentity(p *config.SharedConfig) *ConfigError {
	duration, err := profileDuration(p)
	if err != nil {
		return err
	}
	name := setting{profileField(p) + ".role_session_name", p.RoleSessionName}
	if e, ok := errors.AsType[*ConfigError](checkSessionName(name)); ok {
		return e
	}
	role := setting{profileField(p) + ".role_arn", p.RoleARN}
	c.key = []string{p.Profile, p.RoleARN, p.WebIdentityTokenFile, p.RoleSessionName, duration.String()}
	c.base = func(s setup) (source, error) {
		if s.cfg.SessionName == "" {
			s.cfg.SessionName = p.RoleSessionName
		}
		if s.cfg.Duration == 0 {
			s.cfg.Duration = duration
		}
		none := func(string) string { return "" }
		return openWebIdentity(s.cfg, none, s.sts, role, p.WebIdentityTokenFile)
	}
	return nil
}

// named takes the base from a credential_source. Environment means the keys in
// the environment and nothing else there.
func (c *profileChain) named(p *config.SharedConfig) *ConfigError {
	var f finding
	switch p.CredentialSource {
	case "Environment":
		f = findKeys(c.env)
	case "EcsContainer":
		f = findContainer(c.env)
	case "Ec2InstanceMetadata":
		if !c.cfg.AllowInstanceProfile {
			return profileProblem(p, "has credential_source Ec2InstanceMetadata, but Config.AllowInstanceProfile is not set",
				"the node's role is shared by all pods on it: use another source, or allow it")
		}
		f = findInstance(c.env)
	default:
		return profileProblem(p, fmt.Sprintf("has the credential_source %q", p.CredentialSource),
			"write Environment, EcsContainer or Ec2InstanceMetadata")
	}
	if e, ok := errors.AsType[*ConfigError](f.err); ok {
		return e
	}
	if f.open == nil {
		return profileProblem(p, fmt.Sprintf("has credential_source %s, but %s", p.CredentialSource, f.Reason), "set them, or name another source")
	}
	c.base, c.key = f.open, append([]string{p.CredentialSource}, f.key...)
	return nil
}

// leaf takes the base from a profile without a role, in the order of the SDK.
func (c *profileChain) leaf(p *config.SharedConfig, first bool) *ConfigError {
	sso, err := ssoOf(p)
	switch {
	case p.Credentials.HasKeys():
		c.keys(p)
		return nil
	case err != nil:
		return err
	case sso != nil:
		c.base = sso.open
	case p.LoginSession != "":
		c.base = openLogin(p)
	case p.CredentialProcess != "":
		c.base = openProcess(p)
	case !first:
		return profileProblem(p, "is a source_profile, but has no credentials", "add credentials, or name another profile")
	}
	c.key = []string{p.Profile}
	return nil
}

func profileField(p *config.SharedConfig) string { return fmt.Sprintf("profile %q", p.Profile) }

func profileProblem(p *config.SharedConfig, problem, remedy string) *ConfigError {
	return &ConfigError{Field: profileField(p), Problem: problem, Remedy: remedy}
}
