package credentials

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// pinned is a source whose identity is compared before anyone gets the
// credentials.
type pinned struct {
	source
	client stsClient
	expect Expect
	// verify asks STS who the credentials are, once; if the source does not
	// name an identity, each time.
	verify bool
	names  bool
	// What a refresh leaves to the next; there is only one at a time.
	verified bool
}

// pin makes a source that compares what STS answers with cfg.Expect, and asks
// STS once more if cfg.VerifyCaller says so. src is the source of the last
// session of the chain; it is returned as it is if there is nothing to do.
func pin(cfg Config, client stsClient, src source) (source, error) {
	if err := cfg.Expect.check(); err != nil {
		return nil, err
	}
	names := namesIdentity(src)
	switch {
	case cfg.Expect == Expect{} && !cfg.VerifyCaller:
		return src, nil
	case !names && !cfg.VerifyCaller:
		return nil, &ConfigError{
			Field:   "Config.Expect",
			Problem: "the source of credentials does not say who they are",
			Remedy:  "set Config.VerifyCaller, and STS is asked",
		}
	}
	return &pinned{source: src, client: client, expect: cfg.Expect, verify: cfg.VerifyCaller, names: names}, nil
}

// namesIdentity reports whether credentials come with the session's ARN, as
// only STS gives it.
func namesIdentity(src source) bool {
	switch src.(type) {
	case *webIdentity, *hopSource:
		return true
	}
	return false
}

func (p *pinned) fetch(ctx context.Context) (*grant, error) {
	g, err := p.source.fetch(ctx)
	if err != nil {
		return nil, err
	}
	if p.verify && !(p.names && p.verified) {
		if g, err = p.ask(ctx, g); err != nil {
			return nil, err
		}
	}
	if err := p.expect.compare(g.identity); err != nil {
		return nil, err
	}
	p.verified = true
	return g, nil
}

// digest is the source's own, if it has one; one that never changes if not.
func (p *pinned) digest() (string, error) {
	if d, ok := p.source.(digester); ok {
		return d.digest()
	}
	return "", nil
}

// ask has STS say who the credentials are. It returns a grant that says so too.
func (p *pinned) ask(ctx context.Context, g *grant) (*grant, error) {
	var out *sts.GetCallerIdentityOutput
	err := p.client.pursue(ctx, p.client.regions,
		func(ctx context.Context, region string) (err error) {
			out, err = p.client.api.GetCallerIdentity(ctx, nil, p.client.once(region, g.creds))
			if err != nil {
				return newCallerError(err)
			}
			return nil
		},
		func(judged) bool { return false })
	if err != nil {
		return nil, err
	}
	got := aws.ToString(out.Arn)
	if g.identity.ARN != "" && g.identity.ARN != got {
		return nil, &MismatchError{Field: "Config.VerifyCaller", Want: g.identity.ARN, Got: got}
	}
	told := *g
	told.identity = g.identity.named(out)
	told.creds.AccountID = told.identity.Account
	return &told, nil
}

// named is the identity with what GetCallerIdentity says.
func (id Identity) named(out *sts.GetCallerIdentityOutput) Identity {
	id.ARN = aws.ToString(out.Arn)
	id.Account = aws.ToString(out.Account)
	if s, ok := parseSession(id.ARN); ok {
		id.SessionName = s.name
		id.RoleID, _, _ = strings.Cut(aws.ToString(out.UserId), ":")
	}
	return id
}

// newCallerError classes a refusal of GetCallerIdentity, which takes no
// permission: only the credentials can be at fault.
func newCallerError(err error) *CallerError {
	e := &CallerError{verdict: silent, err: err}
	r, ok := readReply(err)
	if !ok {
		return e
	}
	e.Code, e.RequestID = r.code, r.requestID
	e.verdict = judgeSigned(r.code, r.message, r.status)
	return e
}
