package credentials

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// Configure makes p the credentials of cfg, and has the clients that are made
// of cfg from then on call [Provider.Invalidate] when a service rejects the
// access key of a request as expired or invalid. The request is then signed
// anew with fresh credentials and sent once more, if they can be had and its
// body can be sent again. What is denied is not rejected: AccessDenied never
// does that. [LoadConfig] has done all this to its aws.Config.
func (p *Provider) Configure(cfg *aws.Config) {
	cfg.Credentials = p
	r := &rejections{provider: p, futile: make(map[string]time.Time)}
	// A slice of its own: copies of cfg share the array behind it.
	cfg.APIOptions = append(cfg.APIOptions[:len(cfg.APIOptions):len(cfg.APIOptions)], r.addTo)
}

// renewed is engine.renewed of the session that callers get.
func (p *Provider) renewed(ctx context.Context, keyID string) bool {
	return p.engine.Load().renewed(ctx, keyID)
}

// rejectedCode reports whether a service says by its code that it does not
// accept the access key, whatever it is used for.
func rejectedCode(err error) bool {
	e, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch e.ErrorCode() {
	case "ExpiredToken", "ExpiredTokenException", "InvalidToken":
		return true
	}
	return false
}

// rejections is a middleware that repeats a request whose key was rejected. It
// stands before the SDK's retries: each pass through those starts with signing.
type rejections struct {
	provider interface {
		renewed(ctx context.Context, keyID string) bool
	}

	mu sync.Mutex
	// futile is until when a service is not believed any more, because it has
	// rejected a fresh key too. Some services of some regions reject all keys of
	// a kind, and each of their answers would cost a call to STS.
	futile map[string]time.Time
}

const (
	rejectionsID = "irsa.Rejections"
	signerNoteID = "irsa.SignerNote"
)

// addTo adds the middleware to an operation's stack, in the place of that of a
// Provider that was configured before. Operations that are not signed have no
// use for it.
func (r *rejections) addTo(stack *middleware.Stack) error {
	if _, present := stack.Finalize.Get(rejectionsID); present {
		_, err := stack.Finalize.Swap(rejectionsID, r)
		return err
	}
	_, retries := stack.Finalize.Get("Retry")
	_, signs := stack.Finalize.Get("Signing")
	if !retries || !signs {
		return nil
	}
	if err := stack.Finalize.Insert(r, "Retry", middleware.Before); err != nil {
		return err
	}
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc(signerNoteID, noteSigner), "Signing", middleware.After)
}

// withoutRejections takes the middleware out of an operation's stack again.
func withoutRejections(stack *middleware.Stack) error {
	if _, present := stack.Finalize.Get(rejectionsID); !present {
		return nil
	}
	_, err := stack.Finalize.Remove(rejectionsID)
	return err
}

// ID implements middleware.FinalizeMiddleware.
func (r *rejections) ID() string { return rejectionsID }

// HandleFinalize implements middleware.FinalizeMiddleware.
func (r *rejections) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	signer := new(string)
	ctx = middleware.WithStackValue(ctx, signerKey{}, signer)
	out, metadata, err := next.HandleFinalize(ctx, in)
	if !rejectedCode(err) || *signer == "" || r.isFutile(ctx) || !r.provider.renewed(ctx, *signer) || !rewind(in.Request) {
		return out, metadata, err
	}
	out, metadata, err = next.HandleFinalize(ctx, in)
	if rejectedCode(err) {
		r.giveUp(ctx)
	}
	return out, metadata, err
}

func (r *rejections) isFutile(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Before(r.futile[where(ctx)])
}

func (r *rejections) giveUp(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.futile[where(ctx)] = time.Now().Add(between(minBackoff, maxBackoff))
}

// where names the service and the region of a call.
func where(ctx context.Context) string {
	return awsmiddleware.GetServiceID(ctx) + " " + awsmiddleware.GetRegion(ctx)
}

// rewind prepares a request to be sent again.
func rewind(request any) bool {
	r, ok := request.(*smithyhttp.Request)
	return ok && r.RewindStream() == nil
}

// signerKey is of the context value in which noteSigner leaves a key id.
type signerKey struct{}

// noteSigner notes which access key a request has been signed with.
func noteSigner(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	if signer, ok := middleware.GetStackValue(ctx, signerKey{}).(*string); ok {
		*signer = accessKeyOf(in.Request)
	}
	return next.HandleFinalize(ctx, in)
}

// accessKeyOf reads the access key id from the Authorization header, whose
// Credential begins with it (IAM User Guide, "Signature Version 4"). "" if the
// request is signed otherwise.
func accessKeyOf(request any) string {
	r, ok := request.(*smithyhttp.Request)
	if !ok {
		return ""
	}
	_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, ok := strings.Cut(credential, "/")
	if !ok {
		return ""
	}
	return key
}
