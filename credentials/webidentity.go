package credentials

import (
	"context"
	"log/slog"
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
		webhookRemedy)
}

// webhookRemedy is for half of a pair of which the EKS webhook sets both or
// neither.
const webhookRemedy = "remove the one that the container spec sets, and the EKS webhook sets both, or set both yourself"

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
		key:       []string{role.value, token.value},
		open: func(s setup) (source, error) {
			return openWebIdentity(s.cfg, s.env, s.sts, role, token.value)
		},
	}
}

// webIdentity exchanges the projected token for a role session.
type webIdentity struct {
	client      stsClient
	log         *slog.Logger
	roleARN     setting
	role        policy.ARN
	tokenFile   string
	audience    string
	sessionName string // "": from the token
	narrowing   narrowing

	// What a refresh leaves to the next; there is only one at a time.
	duration time.Duration
	overdue  string // digest of the token that was reported last
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
	narrowing, err := narrow("Config", cfg.SessionPolicy, cfg.PolicyARNs, arn)
	if err != nil {
		return nil, err
	}
	return &webIdentity{
		client:      client,
		log:         cfg.logger(),
		roleARN:     role,
		role:        arn,
		tokenFile:   tokenFile,
		audience:    cfg.audience(),
		sessionName: name.value,
		narrowing:   narrowing,
		duration:    cfg.Duration,
	}, nil
}

// fetch exchanges the token, which each attempt reads anew.
func (w *webIdentity) fetch(ctx context.Context) (*grant, error) {
	var g *grant
	var sent string // digest of the token
	err := w.client.pursue(ctx, w.client.regions,
		func(ctx context.Context, region string) error {
			raw, token, err := readSettled(ctx, w.tokenFile)
			if err != nil {
				return err
			}
			sent = digestOf(raw)
			if err := token.check(w.tokenFile, w.audience, time.Now()); err != nil {
				return err
			}
			w.reportOverdue(ctx, token, sent)
			g, err = w.exchange(ctx, region, raw, token)
			return err
		},
		func(e judged) bool { return w.repair(ctx, e, sent) })
	if err != nil {
		return nil, err
	}
	w.client.reportFallback(ctx, w.log, g.identity)
	return g, nil
}

// digest is that of the token on disk.
func (w *webIdentity) digest() (string, error) {
	raw, err := readTokenFile(w.tokenFile)
	if err != nil {
		return "", err
	}
	return digestOf(raw), nil
}

// exchange makes one attempt.
func (w *webIdentity) exchange(ctx context.Context, region, raw string, token Token) (*grant, error) {
	name := w.sessionName
	if name == "" {
		name = sessionName(token)
	}
	out, err := w.client.api.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn:          &w.roleARN.value,
		RoleSessionName:  &name,
		WebIdentityToken: &raw,
		DurationSeconds:  lifetime(w.duration),
		Policy:           w.narrowing.document,
		PolicyArns:       w.narrowing.arns,
	}, w.client.once(region, aws.Credentials{}))
	if err != nil {
		return nil, w.refused(region, token, err)
	}
	now, a := time.Now(), answer{out.Credentials, out.AssumedRoleUser}
	if err := a.check(now); err != nil {
		return nil, w.refused(region, token, err)
	}
	if err := a.checkRole(w.roleARN.name, w.role); err != nil {
		return nil, err
	}
	return a.grant(Identity{
		Source: SourceWebIdentity,
		// STS has verified the token by now; of the provider it returns the ARN.
		Issuer:         token.Issuer,
		Subject:        aws.ToString(out.SubjectFromWebIdentityToken),
		Audience:       aws.ToString(out.Audience),
		Provider:       aws.ToString(out.Provider),
		SourceIdentity: aws.ToString(out.SourceIdentity),
		Region:         region,
	}, w.role, now).timed(out.ResultMetadata), nil
}

// repair reports whether to try again at once: if the kubelet has replaced the
// token that was sent, or if the session may be shorter.
func (w *webIdentity) repair(ctx context.Context, e judged, sent string) bool {
	if e.judgement().reaction == stepDown {
		return lowerDuration(ctx, w.log, w.roleARN.value, &w.duration, e)
	}
	now, err := w.digest()
	return err == nil && now != sent
}

// reportOverdue logs once for each token that should have been replaced.
func (w *webIdentity) reportOverdue(ctx context.Context, t Token, digest string) {
	if digest == w.overdue || !t.RotationOverdue(time.Now()) {
		return
	}
	w.overdue = digest
	w.log.LogAttrs(ctx, slog.LevelWarn, "kubelet is late to renew the service account's token",
		slog.String("file", w.tokenFile),
		slog.Time("issued", t.IssuedAt),
		slog.Time("expires", t.Expiry))
}

// refused explains why STS gave no session.
func (w *webIdentity) refused(region string, t Token, err error) *AssumeRoleError {
	e := &AssumeRoleError{RoleARN: w.roleARN.value, Region: region, Token: t, verdict: silent, err: err}
	r, ok := readReply(err)
	if !ok {
		return e
	}
	e.Code, e.RequestID = r.code, r.requestID
	e.verdict = judge(r.code, r.message, r.status)
	e.Stage = e.verdict.stage
	e.Fault = explain(e, w.role, r.message)
	return e
}
