package main

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const (
	// credentialsLook is how often a file is read if nothing else has it read.
	credentialsLook = time.Minute
	// ownerTimeout bounds the question whose credentials are.
	ownerTimeout = 10 * time.Second
)

// owner is whose credentials are, as STS says.
type owner struct {
	key     string // id of the key that STS was asked with
	arn     string
	account string
	problem string // why STS does not say; empty: it does
}

// apiError is what AWS answers that does not do what it is asked for.
type apiError interface {
	error
	ErrorCode() string
}

// watch reads the file now and then until ctx ends, so that what is told of it is
// never old. If there is a client, STS is asked once whose new keys are. Nothing
// waits for the answer, or depends on it.
func (f *credentialsFile) watch(ctx context.Context, client *sts.Client) {
	look := time.NewTicker(credentialsLook)
	defer look.Stop()
	for ctx.Err() == nil {
		_, _ = f.Retrieve(ctx) // who needs them is told why there are none
		select {
		case <-f.changed:
			if client != nil {
				f.identify(ctx, client)
			}
		case <-look.C:
		case <-ctx.Done():
		}
	}
}

// identify asks STS whose the keys read last are.
func (f *credentialsFile) identify(ctx context.Context, client *sts.Client) {
	f.mu.Lock()
	creds := f.last
	f.mu.Unlock()
	bounded, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	out, err := client.GetCallerIdentity(bounded, nil, func(o *sts.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil })
	})
	o := owner{key: creds.AccessKeyID}
	switch {
	case ctx.Err() != nil:
		return
	case err != nil: // whose text may repeat what was sent
		o.problem = "there is no answer"
		if e, ok := errors.AsType[apiError](err); ok {
			o.problem = e.ErrorCode()
		}
		f.log.InfoContext(ctx, "STS does not say whose the credentials are", "file", f.path, "key", o.key, "problem", o.problem)
	default:
		o.arn, o.account = aws.ToString(out.Arn), aws.ToString(out.Account)
		f.log.InfoContext(ctx, "whose the credentials are", "file", f.path, "key", o.key, "arn", o.arn)
	}
	f.mu.Lock()
	f.owner = o
	f.mu.Unlock()
}
