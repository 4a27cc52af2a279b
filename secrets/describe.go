package secrets

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

const describe = "DescribeSecret"

// readOne answers the ask by a call of its own: with the value that the Store
// holds, if DescribeSecret tells that it is still the one that is asked for, or
// else by reading it.
func (s *site) readOne(ctx context.Context, a *ask) {
	if a.held.IsZero() || s.indescribable.has(a.ref, time.Now()) {
		a.answer(s.readSecret(ctx, a.ref))
		return
	}
	out, err := s.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(a.ref.id())})
	if err == nil && describes(out, a) {
		a.answer(a.held, nil)
		return
	}
	if err != nil {
		switch e := classify(a.ref, s.region, describe, err); {
		case e.kind == ErrDenied, e.Code == "UnknownOperationException":
			s.indescribable.add(a.ref, time.Now())
		case e.kind == ErrUnavailable, e.kind == ErrIdentity:
			// A read would fare no better; when AWS asks for fewer calls, it
			// should not get two in the place of one.
			a.answer(Value{}, e)
			return
		}
	}
	a.answer(s.readSecret(ctx, a.ref))
}

// describes reports whether the answer is of a secret that can be read, in which
// the version held is the one that is asked for.
func describes(out *secretsmanager.DescribeSecretOutput, a *ask) bool {
	if out.DeletedDate != nil || aws.ToString(out.ARN) != a.held.ARN() {
		return false
	}
	labels, ok := out.VersionIdsToStages[a.held.Version()]
	if a.ref.Version != "" && a.ref.Stage == "" {
		return ok
	}
	return slices.Contains(labels, cmp.Or(a.ref.Stage, current))
}
