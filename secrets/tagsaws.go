package secrets

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// Tags implements [Finder].
func (s *awsSource) Tags(ctx context.Context, ref Ref) (map[string]string, error) {
	if s.region(ref) == "" {
		return nil, noRegion(ref)
	}
	who, err := s.callerFor(ref)
	if err != nil {
		return nil, err
	}
	defer s.leave(who)
	at := s.site(who, s.region(ref))
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	var tags map[string]string
	var failed *ReadError
	s.call(ctx, func() {
		if ref.service() == ParameterStore {
			tags, failed = at.parameterTags(ctx, ref)
		} else {
			tags, failed = at.secretTags(ctx, ref)
		}
	})
	switch {
	case failed == nil:
		return tags, nil
	case !errors.Is(failed.kind, ErrDenied):
		return nil, failed
	}
	a := &ask{site: at}
	a.ref = ref
	s.call(ctx, func() { err = explain(ctx, a, failed) })
	return nil, err
}

func (s *site) secretTags(ctx context.Context, ref Ref) (map[string]string, *ReadError) {
	out, err := s.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(ref.id())})
	if err != nil {
		return nil, classify(ref, s.region, describeSecret, err)
	}
	tags := make(map[string]string, len(out.Tags))
	for _, t := range out.Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}

// parameterTags asks by name, which is all that AWS takes. From an ARN alone it
// cannot be told whether the name of a parameter of one level has a slash.
func (s *site) parameterTags(ctx context.Context, ref Ref) (map[string]string, *ReadError) {
	tags, failed := s.tagsOfName(ctx, ref, ref.Name)
	if failed != nil && errors.Is(failed.kind, ErrNotFound) && ref.IsARN() && strings.LastIndexByte(ref.Name, '/') == 0 {
		return s.tagsOfName(ctx, ref, ref.Name[1:])
	}
	return tags, failed
}

func (s *site) tagsOfName(ctx context.Context, ref Ref, name string) (map[string]string, *ReadError) {
	out, err := s.parameters.ListTagsForResource(ctx, &ssm.ListTagsForResourceInput{
		ResourceType: types.ResourceTypeForTaggingParameter, ResourceId: aws.String(name),
	})
	if err != nil {
		return nil, classify(ref, s.region, listTags, err)
	}
	tags := make(map[string]string, len(out.TagList))
	for _, t := range out.TagList {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags, nil
}
