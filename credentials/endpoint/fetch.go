package endpoint

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
)

// lender is a provider that can be asked for a minimum of life, as
// [credentials.Provider] can.
type lender interface {
	RetrieveMin(context.Context, time.Duration) (aws.Credentials, error)
}

// role is one of the identities that are served.
type role struct {
	provider aws.CredentialsProvider
	renewAt  time.Duration
	min      time.Duration

	mu   sync.Mutex // guards what follows
	key  string     // id of the latest access key
	life time.Duration
}

// fetch returns credentials that can be handed out.
func (r *role) fetch(ctx context.Context) (aws.Credentials, error) {
	creds, err := r.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	if err := checkComplete(creds); err != nil {
		return aws.Credentials{}, err
	}
	if !creds.CanExpire || creds.SessionToken == "" {
		return aws.Credentials{}, &UnusableError{
			Problem: "the provider gives lasting keys, which this contract has no form for; serve a role that they may assume",
			kind:    credentials.ErrConfiguration,
		}
	}
	creds, err = r.renew(ctx, creds)
	if d := left(creds); d < r.min {
		return aws.Credentials{}, tooShort(d, err)
	}
	return creds, nil
}

// renew returns better credentials than those at hand if these end soon, or
// what kept them away.
func (r *role) renew(ctx context.Context, creds aws.Credentials) (aws.Credentials, error) {
	p, ok := r.provider.(lender)
	want := r.target(creds)
	if !ok || time.Until(creds.Expires) >= want {
		return creds, nil
	}
	longer, err := p.RetrieveMin(ctx, want)
	if err != nil {
		// What came may be better all the same. It is at hand: this does not wait
		// unless creds are of no use.
		longer, _ = r.provider.Retrieve(ctx)
	}
	if checkComplete(longer) != nil {
		return creds, err
	}
	r.target(longer)
	return longer, err
}

// target is how much life to ask for. A source that never gives as much as
// RenewAt would be asked for each request, so it is half of what these
// credentials had when they were first seen if that is less.
func (r *role) target(creds aws.Credentials) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != creds.AccessKeyID {
		r.key, r.life = creds.AccessKeyID, time.Until(creds.Expires)
	}
	return max(min(r.renewAt, r.life/2), r.min)
}

// checkComplete refuses credentials that are none.
func checkComplete(creds aws.Credentials) error {
	if creds.AccessKeyID != "" && creds.SecretAccessKey != "" {
		return nil
	}
	return &UnusableError{Problem: "the provider gives an empty key", kind: credentials.ErrUnavailable}
}

// tooShort is for credentials with too little life. Cause, if there is one, is
// what kept better ones away.
func tooShort(d time.Duration, cause error) error {
	e := &UnusableError{Problem: "they expire in " + d.Round(time.Second).String(), kind: credentials.ErrUnavailable, err: cause}
	if d <= 0 {
		e.Problem = fmt.Sprintf("by this machine's clock they expired %v ago", -d.Round(time.Second))
	}
	if l, ok := errors.AsType[*credentials.LifetimeError](cause); ok && len(l.Unwrap()) > 1 {
		e.err = l.Unwrap()[1] // its own text says the same again
	}
	return e
}
