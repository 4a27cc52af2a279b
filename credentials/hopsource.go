package credentials

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
)

// hopSource assumes a role with the credentials of the engine before it, which
// keeps them: a chain of any length makes one call for each session that ends.
type hopSource struct {
	client      stsClient
	log         *slog.Logger
	before      *engine
	link        link
	sessionName string // if neither the hop nor the session before has one

	// What a refresh leaves to the next; there is only one at a time.
	duration time.Duration
}

// openHop makes the source of a hop that linkHops has checked. before is the
// engine of the session before it, which is not closed with the source.
func openHop(cfg Config, client stsClient, before *engine, l link) source {
	if l.Region != "" {
		client.regions = []string{l.Region}
	}
	return &hopSource{
		client:      client,
		log:         cfg.logger(),
		before:      before,
		link:        l,
		sessionName: cmp.Or(cfg.SessionName, hostName()),
		duration:    l.Duration,
	}
}

// hostName is the pod's name in a form that session names may have.
func hostName() string {
	host, err := os.Hostname()
	if err != nil || len(host) < minSessionName {
		return "irsa"
	}
	return legalSessionName(host)
}

// caller is who asks for a hop.
type caller struct {
	creds    aws.Credentials
	identity Identity
}

// expired reports credentials that the engine before serves past their end,
// for it cannot renew them.
func (c caller) expired(now time.Time) bool {
	return c.creds.CanExpire && !c.creds.Expires.After(now)
}

// isRoleSession reports whether the caller has been assumed itself, so that
// what it assumes lasts an hour at most (IAM User Guide, "Role chaining"). Of
// temporary keys from elsewhere that is not known: STS will tell.
func (c caller) isRoleSession() bool {
	if _, ok := parseSession(c.identity.ARN); ok {
		return true
	}
	return c.identity.Source == SourceContainer || c.identity.Source == SourceInstanceProfile
}

// errNoCaller ends the attempts: why there is no caller is told by the engine
// before, which has made its own.
var errNoCaller = errors.New("credentials: nobody to ask for the role")

// fetch assumes the role. The credentials before it are taken anew for each
// attempt: that costs nothing while they are valid.
func (h *hopSource) fetch(ctx context.Context) (*grant, error) {
	var g *grant
	var c caller
	var callerErr error
	renewed := false
	err := h.client.pursue(ctx, h.client.regions,
		func(attempt context.Context, region string) (err error) {
			// Not with the attempt's share of the time: this may be the first
			// refresh of the whole chain.
			if c, callerErr = h.caller(ctx, region); callerErr != nil {
				return errNoCaller
			}
			g, err = h.assume(attempt, region, c)
			return err
		},
		func(e judged) bool {
			if e.judgement().reaction == stepDown {
				return lowerDuration(ctx, h.log, h.link.RoleARN, &h.duration, e)
			}
			again := !renewed && h.before.renewed(ctx, c.creds.AccessKeyID)
			renewed = true
			return again
		})
	if err := cmp.Or(callerErr, err); err != nil {
		return nil, err
	}
	h.client.reportFallback(ctx, h.log, g.identity)
	return g, nil
}

// digest is that of the token at the beginning of the chain: with a new one
// the session before can be had again, and so can this.
func (h *hopSource) digest() (string, error) {
	if d, ok := h.before.source.(digester); ok {
		return d.digest()
	}
	return "", nil
}

// caller returns who asks.
func (h *hopSource) caller(ctx context.Context, region string) (caller, error) {
	creds, err := h.before.retrieve(ctx)
	if err != nil && ctx.Err() != nil && !errors.Is(err, ErrClosed) {
		return caller{}, h.refused(region, caller{}, err) // not there in time
	}
	if e, ok := errors.AsType[*NoCredentialsError](err); ok {
		err = e.err // this session has none either, and will say so
	}
	if err != nil {
		return caller{}, err
	}
	c := caller{creds: creds}
	if id := h.before.identity.Load(); id != nil {
		c.identity = *id
	}
	return c, nil
}

// assume makes one attempt.
func (h *hopSource) assume(ctx context.Context, region string, c caller) (*grant, error) {
	h.clamp(ctx, c)
	out, err := h.client.api.AssumeRole(ctx, h.input(c), h.client.once(region, c.creds))
	if err != nil {
		return nil, h.refused(region, c, err)
	}
	now, a := time.Now(), answer{out.Credentials, out.AssumedRoleUser}
	if err := a.check(now); err != nil {
		return nil, h.refused(region, c, err)
	}
	if err := a.checkRole(h.link.setting("RoleARN"), h.link.role); err != nil {
		return nil, err
	}
	id := c.identity
	id.SourceIdentity = cmp.Or(aws.ToString(out.SourceIdentity), h.link.lasting, id.SourceIdentity)
	id.Region = region
	return a.grant(id, h.link.role, now).timed(out.ResultMetadata), nil
}

func (h *hopSource) input(c caller) *sts.AssumeRoleInput {
	in := &sts.AssumeRoleInput{
		RoleArn:           &h.link.RoleARN,
		RoleSessionName:   new(h.name(c)),
		ExternalId:        optional(h.link.ExternalID),
		SourceIdentity:    optional(h.link.SourceIdentity),
		DurationSeconds:   lifetime(h.duration),
		TransitiveTagKeys: h.link.TransitiveTagKeys,
		Policy:            h.link.narrowing.document,
		PolicyArns:        h.link.narrowing.arns,
	}
	for _, key := range slices.Sorted(maps.Keys(h.link.Tags)) {
		in.Tags = append(in.Tags, types.Tag{Key: &key, Value: new(h.link.Tags[key])})
	}
	return in
}

// optional leaves out what is empty: STS does not take an empty external id.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func (h *hopSource) name(c caller) string {
	return cmp.Or(h.link.SessionName, c.identity.SessionName, h.sessionName)
}

// clamp keeps to what STS gives a session that was itself assumed.
func (h *hopSource) clamp(ctx context.Context, c caller) {
	if h.duration <= time.Hour || !c.isRoleSession() {
		return
	}
	h.log.LogAttrs(ctx, slog.LevelWarn, "AWS gives a role that another role assumes one hour at most, asking for that",
		slog.String("role", h.link.RoleARN),
		slog.Duration("configured", h.duration))
	h.duration = time.Hour
}

// refused explains why STS gave no session.
func (h *hopSource) refused(region string, c caller, err error) *AssumeRoleError {
	e := &AssumeRoleError{
		RoleARN: h.link.RoleARN,
		Hop:     h.link.number,
		Caller:  c.identity.ARN,
		Region:  region,
		verdict: silent,
		err:     err,
	}
	r, ok := readReply(err)
	if !ok {
		return e
	}
	e.Code, e.RequestID = r.code, r.requestID
	e.verdict = judgeSigned(r.code, r.message, r.status)
	e.Stage = e.verdict.stage
	if e.verdict.reaction == renew && c.expired(time.Now()) {
		e.verdict.kind = ErrUnavailable
	}
	e.explainHop(h.link, c, strings.TrimSpace(r.message))
	return e
}
