package credentials

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
)

const profileRemedy = "see AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE, or else ~/.aws"

// readProfile reads a profile, and those that it names as source_profile, from
// the files that the SDK reads. It returns nil if nobody named a profile and
// there is no default one.
func readProfile(ctx context.Context, env environ, name setting) (*config.SharedConfig, *ConfigError) {
	asked := name
	if asked.value == "" {
		asked.value = config.DefaultSharedConfigProfile
	}
	p, err := config.LoadSharedConfigProfile(ctx, asked.value, func(o *config.LoadSharedConfigOptions) {
		if file := env("AWS_CONFIG_FILE"); file != "" {
			o.ConfigFiles = []string{file}
		}
		if file := env("AWS_SHARED_CREDENTIALS_FILE"); file != "" {
			o.CredentialsFiles = []string{file}
		}
	})
	if _, missing := err.(config.SharedConfigProfileNotExistError); missing && name.value == "" {
		return nil, nil
	}
	if err == nil {
		return &p, nil
	}
	if e := profileError(asked, err); e != nil {
		return nil, e
	}
	return nil, &ConfigError{Field: fmt.Sprintf("profile %q", asked.value), Problem: "is not one that the SDK accepts", Remedy: profileRemedy, err: err}
}

// profileError says what the SDK finds wrong in the shared config files. Its
// own text stays behind, for it may quote lines of the credentials file. It is
// nil if err is about something else.
func profileError(name setting, err error) *ConfigError {
	e := &ConfigError{Field: fmt.Sprintf("profile %q", name.value), Remedy: profileRemedy, err: err}
	var (
		missing  config.SharedConfigProfileNotExistError
		chain    config.SharedConfigAssumeRoleError
		noRole   config.CredentialRequiresARNError
		unloaded config.SharedConfigLoadError
	)
	switch {
	case errors.As(err, &chain):
		e.Field, e.Problem = fmt.Sprintf("profile %q", chain.Profile), sourceProblem(chain)
	case errors.As(err, &missing):
		e.Field, e.Problem = name.name, fmt.Sprintf("there is no profile %q", missing.Profile)
	case errors.As(err, &noRole):
		e.Field, e.Problem = fmt.Sprintf("profile %q", noRole.Profile), fmt.Sprintf("has %s, but no role_arn", noRole.Type)
		e.Remedy = "set role_arn in the same profile; variables do not complete a profile"
	case errors.As(err, &unloaded):
		e.Field, e.Problem = fmt.Sprintf("shared config file %q", unloaded.Filename), "cannot be read"
	default:
		e.Problem = untypedProblem(err.Error())
	}
	if e.Problem == "" {
		return nil
	}
	return e
}

func sourceProblem(e config.SharedConfigAssumeRoleError) string {
	if e.Err != nil {
		return "is named as source_profile, but there is no such profile"
	}
	return "is a source_profile, but has no credentials, unless it leads back to itself"
}

// untypedProblem knows the texts for which the SDK has no type, and what they
// mean.
func untypedProblem(text string) string {
	for _, known := range []struct{ part, problem string }{
		{"partial credentials found", "has one of aws_access_key_id and aws_secret_access_key without the other"},
		{"only one credential type", "has more than one of source_profile, credential_source, credential_process and web_identity_token_file"},
		{"failed to find SSO session", "names an sso_session that has no section"},
		{"error fetching config from profile", "has a value that the SDK does not accept"},
	} {
		if strings.Contains(text, known.part) {
			return known.problem
		}
	}
	return ""
}
