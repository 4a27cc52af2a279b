package credentials

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	"github.com/aws/aws-sdk-go-v2/service/ssooidc"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// providerSource asks a provider of the SDK, without a cache around it: we are the
// cache.
type providerSource struct {
	provider aws.CredentialsProvider
	setting  string
	explain  func(*SourceError)
}

func (s *providerSource) fetch(ctx context.Context) (*grant, error) {
	creds, err := s.provider.Retrieve(ctx)
	e := &SourceError{Source: SourceProfile, Setting: s.setting, kind: ErrUnavailable, err: err}
	switch {
	case err != nil:
		s.explain(e)
		return nil, e
	case !creds.HasKeys():
		e.Problem = "the answer lacks credentials"
		return nil, e
	case creds.CanExpire && !creds.Expires.After(time.Now()):
		e.Problem = "the credentials have expired already"
		return nil, e
	}
	creds.Source = string(SourceProfile)
	return &grant{creds: creds, identity: identify(creds)}, nil
}

// openProcess runs a credential_process.
func openProcess(p *config.SharedConfig) opener {
	return func(s setup) (source, error) {
		return &providerSource{
			provider: processcreds.NewProviderCommand(command(p.CredentialProcess), func(o *processcreds.Options) {
				o.Timeout = -1 // the context of the refresh has one
			}),
			setting: "credential_process of " + profileField(p),
			explain: explainProcess,
		}, nil
	}
}

// command is run by a shell, as in the SDK. A child that it leaves behind holds
// up nobody for long.
func command(line string) processcreds.NewCommandBuilderFunc {
	return func(ctx context.Context) (*exec.Cmd, error) {
		cmd, err := processcreds.DefaultNewCommandBuilder{Args: []string{line}}.NewCommand(ctx)
		if err == nil {
			cmd.WaitDelay = time.Second
		}
		return cmd, err
	}
}

// explainProcess keeps of the cause only how the command ended: the SDK's text
// quotes what it printed, which may be half of the credentials.
func explainProcess(e *SourceError) {
	exit, exited := errors.AsType[*exec.ExitError](e.err)
	switch {
	case errors.Is(e.err, exec.ErrWaitDelay), exited && !exit.Exited():
		e.Problem = "the command was killed, or did not end in time"
	case exited:
		e.Problem = fmt.Sprintf("the command ends with exit code %d", exit.ExitCode())
		e.Remedy = "its messages are on the standard error of this process"
	default:
		e.Problem = "the command does not print the JSON that is asked of it"
		e.Remedy = "see the AWS SDKs and Tools Reference Guide, \"Process credential provider\""
		e.kind = ErrConfiguration
	}
	e.err = nil
	if exited {
		// Without what a later version of the SDK may put into it.
		e.err = &exec.ExitError{ProcessState: exit.ProcessState}
	}
}

// ssoProfile is the SSO of a profile: legacy, or with a session of its own.
type ssoProfile struct {
	*config.SharedConfig
	region, startURL string
}

// ssoOf returns nil if the profile has no SSO credentials. Account and role
// come together or not at all; without them there may be a session for other
// purposes. With sso_session, region and start URL live in its section alone,
// where the SDK for Go lets the profile repeat them.
func ssoOf(p *config.SharedConfig) (*ssoProfile, *ConfigError) {
	sso := &ssoProfile{SharedConfig: p, region: p.SSORegion, startURL: p.SSOStartURL}
	const together = "set all of sso_account_id, sso_role_name and sso_session"
	switch {
	case p.SSOAccountID == "" && p.SSORoleName == "":
		return nil, nil
	case p.SSOAccountID == "":
		return nil, profileProblem(p, "has sso_role_name, but no sso_account_id", together)
	case p.SSORoleName == "":
		return nil, profileProblem(p, "has sso_account_id, but no sso_role_name", together)
	}
	if p.SSOSession != nil {
		if p.SSORegion != "" || p.SSOStartURL != "" {
			return nil, profileProblem(p, "has sso_session and, beside it, sso_region or sso_start_url", "leave them to the session's section")
		}
		sso.region, sso.startURL = p.SSOSession.SSORegion, p.SSOSession.SSOStartURL
	}
	if sso.region == "" || sso.startURL == "" {
		return nil, profileProblem(p, "has SSO without sso_region or without sso_start_url", together)
	}
	return sso, nil
}

func (p *ssoProfile) open(s setup) (source, error) {
	sdk := s.sdk.Copy()
	sdk.Region = p.region
	var session func(*ssocreds.Options)
	if p.SSOSession != nil {
		path, err := ssocreds.StandardCachedTokenFilepath(p.SSOSession.Name)
		if err != nil {
			return nil, homeless(p.SharedConfig, err)
		}
		session = func(o *ssocreds.Options) {
			o.SSOTokenProvider = ssocreds.NewSSOTokenProvider(ssooidc.NewFromConfig(sdk), path)
			o.CachedTokenFilepath = path
		}
	} else {
		session = func(*ssocreds.Options) {}
	}
	return &providerSource{
		provider: ssocreds.New(sso.NewFromConfig(sdk), p.SSOAccountID, p.SSORoleName, p.startURL, session),
		setting:  "SSO of " + profileField(p.SharedConfig),
		explain:  explainLogin("aws sso login --profile " + p.Profile),
	}, nil
}

// openLogin uses the session that "aws login" left.
func openLogin(p *config.SharedConfig) opener {
	return func(s setup) (source, error) {
		path, err := logincreds.StandardCachedTokenFilepath(p.LoginSession, os.Getenv("AWS_LOGIN_CACHE_DIRECTORY"))
		if err != nil {
			return nil, homeless(p, err)
		}
		return &providerSource{
			provider: logincreds.New(signin.NewFromConfig(s.sdk), path, func(o *logincreds.Options) {
				o.RestrictPermissions = s.sdk.RestrictFilePermissions != aws.RestrictFilePermissionsUnrestricted
			}),
			setting: "login session of " + profileField(p),
			explain: explainLogin("aws login --profile " + p.Profile),
		}, nil
	}
}

func homeless(p *config.SharedConfig, err error) *ConfigError {
	e := profileProblem(p, "has a session whose file cannot be looked for", "set HOME")
	e.err = err
	return e
}

// explainLogin tells a session that somebody has to renew from an answer that
// did not come.
func explainLogin(command string) func(*SourceError) {
	return func(e *SourceError) {
		answered, isAnswer := errors.AsType[smithy.APIError](e.err)
		_, unsent := errors.AsType[*smithyhttp.RequestSendError](e.err)
		status := 0
		if r, ok := errors.AsType[*smithyhttp.ResponseError](e.err); ok {
			status = r.HTTPStatusCode()
		}
		switch {
		case unsent, status >= 500, status == http.StatusTooManyRequests, errors.Is(e.err, context.DeadlineExceeded):
			e.Problem = "no answer"
		case status == http.StatusForbidden:
			e.Problem, e.kind = "the account's role is not granted to the session", ErrDenied
		case isAnswer && status != http.StatusUnauthorized:
			e.Problem, e.kind = "the answer is "+safeCode(answered.ErrorCode()), ErrConfiguration
		default:
			e.Problem, e.kind = "there is no valid session", ErrIdentity
			e.Remedy = fmt.Sprintf("run %q", command)
		}
	}
}
