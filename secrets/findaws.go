package secrets

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	smtypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

// The operations that tell what there is.
const (
	listSecrets        = "ListSecrets"
	describeSecret     = "DescribeSecret"
	byPath             = "GetParametersByPath"
	describeParameters = "DescribeParameters"
	listTags           = "ListTagsForResource"
)

const (
	maxListed    = 100    // secrets of one page
	maxDescribed = 50     // parameters of one page without values
	maxFilters   = 10     // of ListSecrets
	maxListPages = 10_000 // more than the largest account has
)

// finding is one Find at AWS.
type finding struct {
	*awsSource
	*site
	query Query
	refs  []Ref
}

// Find implements [Finder].
func (s *awsSource) Find(ctx context.Context, q Query) ([]Ref, error) {
	region := s.region(q.all())
	if region == "" {
		return nil, &ConfigError{"Query.Region", "is empty, and so is the Region of the aws.Config; set AWS_REGION"}
	}
	who, err := s.callerFor(q.all())
	if err != nil {
		return nil, err
	}
	defer s.leave(who)
	f := &finding{awsSource: s, site: s.site(who, region), query: q}
	var failed *ReadError
	switch {
	case q.Service != ParameterStore:
		failed = f.secretsByList(ctx)
	case len(q.Tags) > 0 || len(q.TagKeys) > 0:
		failed = f.parametersByFilter(ctx)
	default:
		failed = f.parametersByPath(ctx)
		if failed != nil && errors.Is(failed.kind, ErrDenied) {
			other := &finding{awsSource: s, site: f.site, query: q}
			if other.parametersByFilter(ctx) == nil {
				return other.refs, nil
			}
		}
	}
	if failed != nil {
		return nil, f.explained(ctx, failed)
	}
	return f.refs, nil
}

// add notes what a page has.
func (f *finding) add(name string) { f.refs = append(f.refs, f.query.Ref(name)) }

// pages asks for one page after the other, of which some may be empty and yet
// have others behind them. Each has the time of a fetch.
func (f *finding) pages(ctx context.Context, operation string, page func(ctx context.Context, token *string) (next *string, err error)) *ReadError {
	var token *string
	for range maxListPages {
		var next *string
		var err error
		f.call(ctx, func() {
			ctx, cancel := context.WithTimeout(ctx, f.timeout)
			defer cancel()
			next, err = page(ctx, token)
		})
		switch {
		case err != nil:
			return classify(f.query.all(), f.site.region, operation, err)
		case aws.ToString(next) == "":
			return nil
		case token != nil && *token == *next:
			return f.endless(operation)
		}
		token = next
	}
	return f.endless(operation)
}

func (f *finding) endless(operation string) *ReadError {
	return &ReadError{
		Ref: f.query.String(), Region: f.site.region, Operation: operation, kind: ErrUnavailable,
		Problem: "the pages of the answer do not end",
	}
}

// secretsByList finds secrets. What the filters leave is looked at again: AWS
// compares tags' keys and values each on their own, and only how they begin.
func (f *finding) secretsByList(ctx context.Context) *ReadError {
	in := &secretsmanager.ListSecretsInput{Filters: f.query.filters(), MaxResults: aws.Int32(maxListed)}
	return f.pages(ctx, listSecrets, func(ctx context.Context, token *string) (*string, error) {
		in.NextToken = token
		out, err := f.secrets.ListSecrets(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, s := range out.SecretList {
			tags := make(map[string]string, len(s.Tags))
			for _, t := range s.Tags {
				tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
			}
			if name := aws.ToString(s.Name); name != "" && s.DeletedDate == nil && f.query.Selects(name, tags) {
				f.add(name)
			}
		}
		return out.NextToken, nil
	})
}

// filters are what of the query Secrets Manager can look for itself.
func (q Query) filters() []smtypes.Filter {
	var filters []smtypes.Filter
	add := func(key smtypes.FilterNameStringType, value string) {
		if filterable(value) && len(filters) < maxFilters {
			filters = append(filters, smtypes.Filter{Key: key, Values: []string{value}})
		}
	}
	add(smtypes.FilterNameStringTypeName, q.Path)
	for _, key := range q.tagKeys() {
		add(smtypes.FilterNameStringTypeTagKey, key)
		add(smtypes.FilterNameStringTypeTagValue, q.Tags[key])
	}
	return filters
}

// filterable reports whether Secrets Manager takes a value in a filter (API
// reference, Filter), and does not take it for the contrary.
func filterable(value string) bool {
	return value != "" && len(value) <= maxSecretName && value[0] != '!' &&
		only(value, func(c byte) bool { return isAlnum(c) || strings.IndexByte(" :_@/+=.-!", c) >= 0 })
}

// parametersByPath finds parameters with the permission that reading by path
// takes. The values come along; they are not decrypted, and dropped.
func (f *finding) parametersByPath(ctx context.Context) *ReadError {
	in := &ssm.GetParametersByPathInput{
		Path: aws.String(f.query.path()), Recursive: aws.Bool(true), WithDecryption: aws.Bool(false), MaxResults: aws.Int32(maxParameters),
	}
	return f.pages(ctx, byPath, func(ctx context.Context, token *string) (*string, error) {
		in.NextToken = token
		out, err := f.parameters.GetParametersByPath(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, p := range out.Parameters {
			if name := aws.ToString(p.Name); name != "" && f.query.selectsName(name) {
				f.add(name)
			}
		}
		return out.NextToken, nil
	})
}

// path is what GetParametersByPath is asked for.
func (q Query) path() string {
	if path := q.hierarchy(); path != "" {
		return path
	}
	return "/"
}

// parametersByFilter finds parameters by tags, of which Parameter Store compares
// key and value together. A filter without values is for all that have the tag;
// two filters for one key are refused.
func (f *finding) parametersByFilter(ctx context.Context) *ReadError {
	in := &ssm.DescribeParametersInput{MaxResults: aws.Int32(maxDescribed)}
	if path := f.query.hierarchy(); path != "" {
		in.ParameterFilters = append(in.ParameterFilters, ssmtypes.ParameterStringFilter{
			Key: aws.String("Path"), Option: aws.String("Recursive"), Values: []string{path},
		})
	}
	for _, key := range f.query.tagKeys() {
		filter := ssmtypes.ParameterStringFilter{Key: aws.String("tag:" + key)}
		if value, ok := f.query.Tags[key]; ok {
			filter.Option, filter.Values = aws.String("Equals"), []string{value}
		}
		in.ParameterFilters = append(in.ParameterFilters, filter)
	}
	return f.pages(ctx, describeParameters, func(ctx context.Context, token *string) (*string, error) {
		in.NextToken = token
		out, err := f.parameters.DescribeParameters(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, p := range out.Parameters {
			if name := aws.ToString(p.Name); name != "" && f.query.selectsName(name) {
				f.add(name)
			}
		}
		return out.NextToken, nil
	})
}

// explained turns a refusal into an AccessError.
func (f *finding) explained(ctx context.Context, failed *ReadError) error {
	if !errors.Is(failed.kind, ErrDenied) {
		return failed
	}
	where := f.query.all()
	if failed.Operation == byPath {
		where.Name = f.query.path()
	}
	var explained error
	f.call(ctx, func() { explained = f.site.explainList(ctx, where, failed) })
	return explained
}

// explainList is explain for an operation that tells what there is.
func (s *site) explainList(ctx context.Context, where Ref, refused *ReadError) *AccessError {
	e := s.accessError(where, refused)
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	s.lookUpCaller(ctx, e)
	e.SecretAccount = e.RoleAccount
	x := suspect{AccessError: e, service: where.service(), secret: "*"}
	if refused.Operation == byPath {
		x.secret = x.resource(e.Denial.Resource)
	}
	e.Grants = x.grants()
	return e
}
