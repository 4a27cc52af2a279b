package credentials

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/policy"
)

// The variables of web identity. The EKS webhook sets the first two together.
const (
	envRoleARN     = "AWS_ROLE_ARN"
	envTokenFile   = "AWS_WEB_IDENTITY_TOKEN_FILE"
	envSessionName = "AWS_ROLE_SESSION_NAME"
)

// stsClient is the part of *sts.Client that web identity needs.
type stsClient interface {
	AssumeRoleWithWebIdentity(context.Context, *sts.AssumeRoleWithWebIdentityInput, ...func(*sts.Options)) (*sts.AssumeRoleWithWebIdentityOutput, error)
}

// setting is a value and where it was set.
type setting struct{ name, value string }

// findConfigured looks for web identity in the Config.
func findConfigured(cfg Config) finding {
	return findPair(
		setting{"Config.RoleARN", strings.TrimSpace(cfg.RoleARN)},
		setting{"Config.TokenFile", strings.TrimSpace(cfg.TokenFile)},
		"set both or neither")
}

// findWebIdentity looks for web identity in the environment. Half of it is what
// the EKS webhook leaves when the container defines the other half itself; the
// SDKs then quietly use the node's role.
func findWebIdentity(env environ) finding {
	return findPair(
		setting{envRoleARN, env(envRoleARN)},
		setting{envTokenFile, env(envTokenFile)},
		"remove the one that the container spec sets, and the EKS webhook sets both, or set both yourself")
}

func findPair(role, token setting, remedy string) finding {
	settings := []string{role.name, token.name}
	switch {
	case role.value == "" && token.value == "":
		return absent(SourceWebIdentity, settings...)
	case role.value == "":
		return half(SourceWebIdentity, settings, token.name, role.name, remedy)
	case token.value == "":
		return half(SourceWebIdentity, settings, role.name, token.name, remedy)
	}
	return finding{
		Candidate: Candidate{Source: SourceWebIdentity, Settings: settings},
		open: func(cfg Config, env environ, client stsClient) (source, error) {
			return openWebIdentity(cfg, env, client, role, token.value)
		},
	}
}

// webIdentity exchanges the projected token for a role session.
type webIdentity struct {
	client      stsClient
	roleARN     string
	role        policy.ARN
	tokenFile   string
	audience    string
	sessionName string // "": from the token
	duration    time.Duration
}

func openWebIdentity(cfg Config, env environ, client stsClient, role setting, tokenFile string) (source, error) {
	arn, err := parseRoleARN(role)
	if err != nil {
		return nil, err
	}
	name := setting{"Config.SessionName", cfg.SessionName}
	if name.value == "" {
		name = setting{envSessionName, env(envSessionName)}
	}
	if err := checkSessionName(name); err != nil {
		return nil, err
	}
	return &webIdentity{
		client:      client,
		roleARN:     role.value,
		role:        arn,
		tokenFile:   tokenFile,
		audience:    cfg.audience(),
		sessionName: name.value,
		duration:    cfg.Duration,
	}, nil
}

// fetch reads the token and exchanges it. The token stays in local variables.
func (w *webIdentity) fetch(ctx context.Context) (*grant, error) {
	raw, token, err := readToken(w.tokenFile)
	if err != nil {
		return nil, err
	}
	if err := token.check(w.tokenFile, w.audience, time.Now()); err != nil {
		return nil, err
	}
	in := &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          &w.roleARN,
		RoleSessionName:  new(w.name(token)),
		WebIdentityToken: &raw,
	}
	if w.duration > 0 {
		in.DurationSeconds = new(int32(w.duration / time.Second))
	}
	out, err := w.client.AssumeRoleWithWebIdentity(ctx, in)
	if err != nil {
		return nil, w.refused(token, err)
	}
	g, err := w.grant(token, out, time.Now())
	if err != nil {
		return nil, w.refused(token, err)
	}
	return g, nil
}

func (w *webIdentity) name(t Token) string {
	if w.sessionName != "" {
		return w.sessionName
	}
	return sessionName(t)
}

// grant takes STS's answer apart. One without keys, or whose keys have expired
// already, is no answer.
func (w *webIdentity) grant(t Token, out *sts.AssumeRoleWithWebIdentityOutput, now time.Time) (*grant, error) {
	c := out.Credentials
	if c == nil || aws.ToString(c.AccessKeyId) == "" || aws.ToString(c.SecretAccessKey) == "" || c.Expiration == nil {
		return nil, errors.New("the answer lacks credentials")
	}
	if !c.Expiration.After(now) {
		return nil, errors.New("the answer's credentials have expired already; compare this machine's clock")
	}
	g := &grant{
		creds: aws.Credentials{
			AccessKeyID:     *c.AccessKeyId,
			SecretAccessKey: *c.SecretAccessKey,
			SessionToken:    aws.ToString(c.SessionToken),
			Source:          string(SourceWebIdentity),
			CanExpire:       true,
			Expires:         *c.Expiration,
			AccountID:       w.role.Account,
		},
		identity: w.identity(t, out),
	}
	if g.identity.Account != "" {
		g.creds.AccountID = g.identity.Account
	}
	g.schedule(now)
	return g, nil
}

// identity takes the issuer from the token, whose signature STS has verified by
// now; of the provider STS returns the ARN.
func (w *webIdentity) identity(t Token, out *sts.AssumeRoleWithWebIdentityOutput) Identity {
	id := Identity{
		Source:      SourceWebIdentity,
		AccessKeyID: *out.Credentials.AccessKeyId,
		RoleARN:     w.roleARN,
		Issuer:      t.Issuer,
		Subject:     aws.ToString(out.SubjectFromWebIdentityToken),
		Audience:    aws.ToString(out.Audience),
		Expires:     *out.Credentials.Expiration,
	}
	if u := out.AssumedRoleUser; u != nil {
		id.ARN = aws.ToString(u.Arn)
		id.RoleID, id.SessionName, _ = strings.Cut(aws.ToString(u.AssumedRoleId), ":")
		if arn, err := policy.ParseARN(id.ARN); err == nil {
			id.Account = arn.Account
		}
	}
	return id
}

// refused explains why STS gave no session.
func (w *webIdentity) refused(t Token, err error) error {
	return refusal(w.roleARN, w.role, t, err)
}

var accountID = regexp.MustCompile(`^[0-9]{12}$`)

// parseRoleARN checks the form of a role's ARN (IAM User Guide,
// reference_identifiers, "IAM ARNs"): STS would answer a malformed one with a
// ValidationError or, worse, AccessDenied.
func parseRoleARN(s setting) (policy.ARN, error) {
	arn, err := policy.ParseARN(s.value)
	if err != nil {
		problem := err.Error()
		if e, ok := errors.AsType[*policy.ARNError](err); ok {
			problem = fmt.Sprintf("the part %s: %s", e.Part, e.Problem)
		}
		return arn, &ConfigError{
			Field:   s.name,
			Problem: fmt.Sprintf("%q is not an ARN: %s", s.value, problem),
			Remedy:  roleARNRemedy,
			err:     err,
		}
	}
	if problem := roleProblem(arn); problem != "" {
		return arn, &ConfigError{
			Field:   s.name,
			Problem: fmt.Sprintf("%q is not a role's ARN: %s", s.value, problem),
			Remedy:  roleARNRemedy,
		}
	}
	return arn, nil
}

const roleARNRemedy = "write arn:aws:iam::<account>:role/<name>"

// roleProblem says which part of an ARN keeps it from being a role's.
func roleProblem(arn policy.ARN) string {
	role, isRole := strings.CutPrefix(arn.Resource, "role/")
	switch {
	case arn.Service != "iam":
		return fmt.Sprintf("the part service is %q instead of iam", arn.Service)
	case arn.Region != "":
		return fmt.Sprintf("the part region is %q instead of empty", arn.Region)
	case !accountID.MatchString(arn.Account):
		return fmt.Sprintf("the part account is %q instead of twelve digits", arn.Account)
	case !isRole:
		return fmt.Sprintf("the part resource is %q instead of role/<name>", arn.Resource)
	case role == "" || strings.HasSuffix(role, "/"):
		return "the part resource lacks the role's name"
	}
	return ""
}
