package credentials

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// sessionChecks become the pod step by step: the source alone, then each hop on
// top, then with everything that the Config demands. The steps share their
// sessions through the examination's own Pool.
func (x *examination) sessionChecks(ctx context.Context) []Check {
	var (
		checks []Check
		last   *Provider
	)
	for i := range len(x.cfg.Hops) + 1 {
		step := x.cfg
		step.Hops = x.cfg.Hops[:i]
		step.Expect, step.VerifyCaller = Expect{}, false
		name := nameSession
		if i > 0 {
			name = fmt.Sprintf("%s %d", nameHop, i)
		}
		if i > 0 && last == nil {
			checks = append(checks, Check{name, StatusUnknown, "there is no session to start from", ""})
			continue
		}
		check, p := x.sessionCheck(ctx, name, step)
		if p != nil {
			defer p.Close()
		}
		checks = append(checks, check)
		last = p
	}
	return append(checks, x.callerCheck(ctx, last), x.expectedCheck(ctx, last))
}

// sessionCheck gets credentials. The provider comes back if there are some.
func (x *examination) sessionCheck(ctx context.Context, name string, cfg Config) (Check, *Provider) {
	if x.selection.Source == "" {
		return Check{name, StatusUnknown, "no source was selected", ""}, nil
	}
	defer x.under.begin(name)()
	start := time.Now()
	p, err := x.retrieve(ctx, cfg)
	if err != nil {
		evidence, fix := words(err)
		return Check{name, StatusFailure, evidence, fix}, nil
	}
	id, _ := p.Identity()
	return Check{name, StatusOK, describeIdentity(id) + ", got in " + brief(time.Since(start)), ""}, p
}

// retrieve makes a provider and has it retrieve credentials, which only scrub
// sees.
func (x *examination) retrieve(ctx context.Context, cfg Config) (*Provider, error) {
	// The attempts' own error says more than that the time is over.
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout+time.Second)
	defer cancel()
	p, err := New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	creds, err := p.Retrieve(ctx)
	if err != nil {
		p.Close()
		return nil, err
	}
	x.hide(creds.SecretAccessKey, creds.SessionToken)
	return p, nil
}

func describeIdentity(id Identity) string {
	parts := []string{string(id.Source)}
	switch {
	case id.ARN != "":
		parts = append(parts, id.ARN)
	case id.Account != "":
		parts = append(parts, "account "+id.Account)
	}
	if id.Region != "" {
		parts = append(parts, "by STS of "+id.Region)
	}
	if !id.Expires.IsZero() {
		parts = append(parts, "until "+moment(id.Expires))
	}
	return strings.Join(parts, ", ")
}

// callerCheck makes a signed call that needs no permission: the proof that the
// credentials work, and the name that AWS has for us.
func (x *examination) callerCheck(ctx context.Context, p *Provider) Check {
	if p == nil {
		return Check{nameCaller, StatusUnknown, "there are no credentials", ""}
	}
	defer x.under.begin(nameCaller)()
	ctx, cancel := context.WithTimeout(ctx, sessionTimeout)
	defer cancel()
	cfg := x.sdk.Copy()
	cfg.Credentials = p
	out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err == nil {
		return Check{nameCaller, StatusOK, fmt.Sprintf("STS calls us %s", aws.ToString(out.Arn)), ""}
	}
	e, answered := errors.AsType[smithy.APIError](err)
	switch {
	case !answered:
		return Check{nameCaller, StatusWarning, "GetCallerIdentity: " + netWords(err), "try again; look at the connection in this report"}
	case strings.HasPrefix(e.ErrorCode(), "AccessDenied"):
		// No identity policy can deny this call.
		return Check{nameCaller, StatusWarning, "GetCallerIdentity: STS answers " + e.ErrorCode(), "a policy of the VPC endpoint for STS, or of the organization, keeps this call away: allow sts:GetCallerIdentity there"}
	}
	return Check{
		nameCaller, StatusFailure, "GetCallerIdentity: STS answers " + e.ErrorCode(),
		"the credentials do not work: look at the clock in this report, and renew access keys that were given",
	}
}

// expectedCheck compares the identity with the one that the Config pins, as
// every Provider made with that Config does.
func (x *examination) expectedCheck(ctx context.Context, last *Provider) Check {
	switch {
	case x.cfg.Expect == Expect{} && !x.cfg.VerifyCaller:
		return Check{nameExpected, StatusInfo, "not applicable: Config.Expect is empty, anyone will do", ""}
	case last == nil:
		return Check{nameExpected, StatusUnknown, "there are no credentials", ""}
	}
	defer x.under.begin(nameExpected)()
	p, err := x.retrieve(ctx, x.cfg)
	if err != nil {
		evidence, fix := words(err)
		return Check{nameExpected, StatusFailure, evidence, fix}
	}
	defer p.Close()
	id, _ := p.Identity()
	return Check{nameExpected, StatusOK, "it is the one that was expected: " + describeIdentity(id), ""}
}
