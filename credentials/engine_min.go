package credentials

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// retrieveMin is [Provider.RetrieveMin]. It waits for two refreshes at most:
// one that retrieve has to wait for anyway, and one for the sake of d.
func (e *engine) retrieveMin(ctx context.Context, d time.Duration) (aws.Credentials, error) {
	if _, err := e.retrieve(ctx); err != nil {
		return aws.Credentials{}, err
	}
	creds, f, err := e.extend(d)
	if f == nil {
		return creds, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return aws.Credentials{}, departed(ctx)
	}
	return e.extended(f, d)
}

// extend returns the credentials in hand if they last for d, or else a refresh
// that may bring such.
func (e *engine) extend(d time.Duration) (aws.Credentials, *flight, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return aws.Credentials{}, nil, ErrClosed
	}
	now := e.now()
	left := e.current.left(now)
	switch m := e.situation(now); {
	case left >= d:
		return e.current.creds, nil, nil
	case m.flying:
	case m.backoff || m.denied:
		return aws.Credentials{}, nil, tooShort(left, d, e.lastErr)
	case m.phase == phaseValid && e.current.lifetime < d:
		// The source gave less a short time ago.
		return aws.Credentials{}, nil, tooShort(left, d, nil)
	}
	return aws.Credentials{}, e.launch(), nil
}

// extended returns what a refresh has brought.
func (e *engine) extended(f *flight, d time.Duration) (aws.Credentials, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	left := e.current.left(e.now())
	switch {
	case e.closed:
		return aws.Credentials{}, ErrClosed
	case f.cause != nil, left < d:
		return aws.Credentials{}, tooShort(left, d, f.cause)
	}
	return e.current.creds, nil
}

// tooShort is the error of credentials that do not last for d. Without a cause
// the source does not give more.
func tooShort(left, d time.Duration, cause error) *LifetimeError {
	e := &LifetimeError{Want: d, Got: left, kind: ErrConfiguration}
	if cause != nil {
		e.kind, e.err = class(cause), cause
	}
	return e
}
