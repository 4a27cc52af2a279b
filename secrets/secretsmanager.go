package secrets

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
)

// current is the staging label of the version in use. It is sent even though it
// is the default: policies with a condition on secretsmanager:VersionStage deny
// a request without it.
const current = "AWSCURRENT"

const (
	getSecret  = "GetSecretValue"
	batchGet   = "BatchGetSecretValue"
	maxSecrets = 20  // of a batch
	maxPages   = 100 // of the answer to a batch
)

// readSecrets reads secrets of one Region.
func (s *awsSource) readSecrets(ctx context.Context, at *site, asks []*ask) {
	joint, alone := apart(asks, s.joinable(ctx, at, asks))
	var wg sync.WaitGroup
	for _, batch := range append(pack(joint, maxSecrets), alone...) {
		wg.Go(func() {
			if len(batch) > 1 {
				s.readBatch(ctx, at, batch)
				return
			}
			a := batch[0]
			s.call(ctx, func() { at.readOne(ctx, a) })
		})
	}
	wg.Wait()
}

// joinable returns which secrets may go into a batch: current versions of the
// caller's own account. AWS does not list BatchGetSecretValue among the
// operations that reach into other accounts (Secrets Manager User Guide,
// "Access from a different account"), and it takes no version.
func (s *awsSource) joinable(ctx context.Context, at *site, asks []*ask) func(*ask) bool {
	now, account := time.Now(), ""
	if len(asks) > 1 && slices.ContainsFunc(asks, func(a *ask) bool { return a.ref.IsARN() }) {
		account = at.ownAccount(ctx, at.region)
	}
	denied := at.batchDenied(now)
	return func(a *ask) bool {
		own := !a.ref.IsARN() || a.ref.Account == account
		return !denied && own && a.ref.Version == "" && a.ref.Stage == "" && !at.isSeparate(a.ref, now)
	}
}

// readSecret reads one version of a secret.
func (s *site) readSecret(ctx context.Context, ref Ref) (Value, *ReadError) {
	in := &secretsmanager.GetSecretValueInput{SecretId: aws.String(ref.id())}
	switch {
	case ref.Version != "":
		in.VersionId = &ref.Version
		if ref.Stage != "" {
			in.VersionStage = &ref.Stage
		}
	case ref.Stage != "":
		in.VersionStage = &ref.Stage
	default:
		in.VersionStage = aws.String(current)
	}
	out, err := s.secrets.GetSecretValue(ctx, in)
	if err != nil {
		return Value{}, classify(ref, s.region, getSecret, err)
	}
	return secretValue(ref, s.region, getSecret, &types.SecretValueEntry{
		ARN: out.ARN, Name: out.Name, VersionId: out.VersionId, VersionStages: out.VersionStages,
		CreatedDate: out.CreatedDate, SecretString: out.SecretString, SecretBinary: out.SecretBinary,
	})
}

// secretValue takes a secret from an answer.
func secretValue(ref Ref, region, operation string, out *types.SecretValueEntry) (Value, *ReadError) {
	if (out.SecretString == nil) == (out.SecretBinary == nil) {
		return Value{}, &ReadError{
			Ref: ref.String(), Region: region, Operation: operation, kind: ErrUnavailable,
			Problem: "the answer must hold either a string or binary data, and does not",
		}
	}
	p := &payload{
		data:    out.SecretBinary,
		arn:     aws.ToString(out.ARN),
		name:    aws.ToString(out.Name),
		version: aws.ToString(out.VersionId),
		stages:  out.VersionStages,
		created: aws.ToTime(out.CreatedDate),
		kind:    typeBinary,
	}
	if out.SecretString != nil {
		p.data, p.kind = []byte(*out.SecretString), typeString
	}
	return newValue(p), nil
}

// readBatch reads several secrets with one call. Those that the batch is no way
// to read are then read one by one.
func (s *awsSource) readBatch(ctx context.Context, at *site, batch []*ask) {
	var out batchAnswer
	var err error
	s.call(ctx, func() { out, err = at.getBatch(ctx, batch) })
	refused := batchRefused(err)
	if refused {
		at.denyBatch()
	}
	var again []*ask
	for _, a := range batch {
		entry, failure := out.find(a.ref)
		switch {
		case entry != nil:
			a.answer(secretValue(a.ref, at.region, batchGet, entry))
		case failure != nil:
			a.answer(Value{}, classify(a.ref, at.region, batchGet, failure))
		case err != nil:
			a.answer(Value{}, classify(a.ref, at.region, batchGet, err))
		default:
			a.answer(Value{}, unanswered(a, batchGet))
		}
		if e := a.failed(); e != nil && (refused || e.kind == ErrDenied || e.kind == ErrConfiguration) {
			again = append(again, a)
		}
	}
	// In a batch no stage can be named, which policies may ask for; and one
	// call tells more of a refusal.
	each(ctx, s, again, func(a *ask) {
		a.answer(at.readSecret(ctx, a.ref))
		if err == nil || !refused && a.err != nil {
			at.keepSeparate(a.ref)
		}
	})
}

// batchRefused reports that it is BatchGetSecretValue itself that is refused,
// as roles are that were made for GetSecretValue, or not known.
func batchRefused(err error) bool {
	if err == nil {
		return false
	}
	e := classify(Ref{}, "", batchGet, err)
	return e.kind == ErrDenied || e.Code == "UnknownOperationException"
}

// batchAnswer is all pages of an answer to BatchGetSecretValue.
type batchAnswer struct {
	values []types.SecretValueEntry
	errors []types.APIErrorType
}

func (s *site) getBatch(ctx context.Context, batch []*ask) (batchAnswer, error) {
	in := &secretsmanager.BatchGetSecretValueInput{}
	for _, a := range batch {
		in.SecretIdList = append(in.SecretIdList, a.ref.id())
	}
	var all batchAnswer
	for range maxPages { // a page may be empty and not be the last
		out, err := s.secrets.BatchGetSecretValue(ctx, in)
		if err != nil {
			return all, err
		}
		all.values = append(all.values, out.SecretValues...)
		all.errors = append(all.errors, out.Errors...)
		if in.NextToken = out.NextToken; aws.ToString(in.NextToken) == "" {
			break
		}
	}
	return all, nil
}

// find returns what the answer says of a secret: by the id that was asked for,
// which errors repeat, then by ARN, name, and ARN without the six random
// characters, which is how values tell.
func (b *batchAnswer) find(ref Ref) (*types.SecretValueEntry, smithy.APIError) {
	for i := range b.values {
		v := &b.values[i]
		if names(ref, aws.ToString(v.ARN)) || !ref.IsARN() && aws.ToString(v.Name) == ref.Name {
			return v, nil
		}
	}
	for _, e := range b.errors {
		if id := aws.ToString(e.SecretId); id == ref.id() || names(ref, id) {
			return nil, &smithy.GenericAPIError{Code: aws.ToString(e.ErrorCode), Message: aws.ToString(e.Message)}
		}
	}
	return nil, nil
}

// names reports whether ref is the ARN of a secret, complete or not.
func names(ref Ref, arn string) bool {
	rest, ok := strings.CutPrefix(arn, ref.id())
	return ok && ref.IsARN() && (rest == "" || len(rest) == 7 && !ref.HasSuffix() && hasSuffix("x"+rest))
}
