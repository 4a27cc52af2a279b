package secrets

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const (
	getParameters = "GetParameters"
	maxParameters = 10 // of one call
)

// readParameters reads parameters of one Region. One that is denied, or whose
// key is, fails the call for all, so that these are then read one by one.
func (s *awsSource) readParameters(ctx context.Context, at *site, asks []*ask) {
	now := time.Now()
	joint, alone := apart(asks, func(a *ask) bool { return !at.isSeparate(a.ref, now) })
	var wg sync.WaitGroup
	for _, batch := range append(pack(joint, maxParameters), alone...) {
		wg.Go(func() {
			var failed *ReadError
			s.call(ctx, func() { failed = at.readParameters(ctx, batch) })
			if len(batch) == 1 || failed == nil || failed.Code == "" || !final(failed) {
				return
			}
			each(ctx, s, batch, func(a *ask) {
				if failed := at.readParameters(ctx, []*ask{a}); failed != nil && final(failed) {
					at.keepSeparate(a.ref)
				}
			})
		})
	}
	wg.Wait()
}

// readParameters reads parameters with one call, decrypted all or none. It
// returns why that failed as a whole; nil if it did not, even if some of the
// parameters are not there, which AWS calls a success.
func (s *site) readParameters(ctx context.Context, batch []*ask) *ReadError {
	in := &ssm.GetParametersInput{WithDecryption: aws.Bool(!batch[0].ref.Ciphertext)}
	for _, a := range batch {
		in.Names = append(in.Names, a.ref.id()+a.ref.selector())
	}
	out, err := s.parameters.GetParameters(ctx, in)
	if err != nil {
		for _, a := range batch {
			a.answer(Value{}, classify(a.ref, s.region, getParameters, err))
		}
		return batch[0].failed()
	}
	for i, a := range batch {
		if slices.Contains(out.InvalidParameters, in.Names[i]) {
			a.answer(Value{}, classify(a.ref, s.region, getParameters, &types.ParameterNotFound{}))
		} else {
			a.answer(s.parameter(a, out.Parameters))
		}
	}
	return nil
}

// parameter takes a parameter from an answer, which has neither the order of
// the request nor the selectors in its names.
func (s *site) parameter(a *ask, found []types.Parameter) (Value, *ReadError) {
	for _, p := range found {
		id, selector := aws.ToString(p.Name), aws.ToString(p.Selector)
		if a.ref.IsARN() {
			id = aws.ToString(p.ARN)
		}
		version := strconv.FormatInt(p.Version, 10)
		if selector == "" && version == a.ref.Version {
			selector = a.ref.selector() // stand-ins for AWS leave it out
		}
		if id != a.ref.id() || selector != a.ref.selector() || p.Value == nil {
			continue
		}
		value := &payload{
			data:    []byte(*p.Value),
			arn:     aws.ToString(p.ARN),
			name:    aws.ToString(p.Name),
			version: version,
			created: aws.ToTime(p.LastModifiedDate),
			kind:    string(p.Type),
			format:  aws.ToString(p.DataType),
		}
		if label := strings.TrimPrefix(selector, ":"); label != "" && label != version {
			value.stages = []string{label}
		}
		return newValue(value), nil
	}
	return Value{}, unanswered(a, getParameters)
}
