package fakeaws_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// batch is what came of a BatchGetSecretValue: the names read, and the refusals.
type batch struct {
	Names  []string
	Errors map[string]failure
}

func batchOf(out *secretsmanager.BatchGetSecretValueOutput) batch {
	var b batch
	if out == nil {
		return b
	}
	for _, v := range out.SecretValues {
		b.Names = append(b.Names, *v.Name)
	}
	for _, e := range out.Errors {
		if b.Errors == nil {
			b.Errors = map[string]failure{}
		}
		b.Errors[*e.SecretId] = failure{*e.ErrorCode, *e.Message}
	}
	return b
}

func TestBatchGetSecretValue(t *testing.T) {
	t.Parallel()
	const (
		get      = "secretsmanager:GetSecretValue"
		notFound = "Secrets Manager can't find the specified secret."
	)
	by := func(key string, values ...string) []types.Filter {
		return []types.Filter{{Key: types.FilterNameStringType(key), Values: values}}
	}
	tests := map[string]struct {
		change func(*fakeaws.World)
		in     secretsmanager.BatchGetSecretValueInput
		want   batch
		fails  failure
	}{
		"ids, each with its own outcome": {
			in: secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{
				"prod/db", "nope", ownSecret + "nope-AbCdEf", "deleted", ownSecret + "binary", theSecret,
			}},
			want: batch{Names: []string{"prod/db", "binary"}, Errors: map[string]failure{
				"nope":                    denied(get, "nope", noIdentity+get+" action"),
				ownSecret + "nope-AbCdEf": {"ResourceNotFoundException", notFound},
				"deleted":                 {"InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion."},
				theSecret:                 {"ResourceNotFoundException", notFound},
			}},
		},
		"the batch itself is denied": {
			change: role(allow(`"`+get+`"`, `"*"`)),
			in:     secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"prod/db"}},
			fails: failure{"AccessDeniedException", "User: " + podSession + " is not authorized to perform: " +
				"secretsmanager:BatchGetSecretValue because no identity-based policy allows the secretsmanager:BatchGetSecretValue action"},
		},
		"one is denied": {
			change: role(`{"Version":"2012-10-17","Statement":[` + allowStatement(`"secretsmanager:*"`, `"*"`) +
				`,{"Effect":"Deny","Action":"` + get + `","Resource":"` + ownSecret + `binary-*"}]}`),
			in: secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"prod/db", "binary"}},
			want: batch{Names: []string{"prod/db"}, Errors: map[string]failure{
				"binary": denied(get, ownSecret+"binary-AbCdEf", "with an explicit deny in an identity-based policy"),
			}},
		},
		"filter by name": {
			in:   secretsmanager.BatchGetSecretValueInput{Filters: by("name", "my", "bin")},
			want: batch{Names: []string{"binary", "my-secret"}},
		},
		"filter by what it is not": {
			in:   secretsmanager.BatchGetSecretValueInput{Filters: append(by("name", "!prod", "x"), by("name", "b")...)},
			want: batch{Names: []string{"binary"}},
		},
		"filter by tag": {
			in:   secretsmanager.BatchGetSecretValueInput{Filters: append(by("tag-key", "te"), by("tag-value", "data")...)},
			want: batch{Names: []string{"prod/db"}},
		},
		"a filter leaves out what is marked for deletion": {
			in: secretsmanager.BatchGetSecretValueInput{Filters: by("name", "del")},
		},
		"a filter needs ListSecrets": {
			change: role(allow(`["secretsmanager:BatchGetSecretValue","secretsmanager:GetSecretValue"]`, `"*"`)),
			in:     secretsmanager.BatchGetSecretValueInput{Filters: by("name", "prod")},
			fails: failure{"AccessDeniedException", "User: " + podSession + " is not authorized to perform: " +
				"secretsmanager:ListSecrets because no identity-based policy allows the secretsmanager:ListSecrets action"},
		},
		"neither ids nor filters": {
			fails: failure{"InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both."},
		},
		"MaxResults without filters": {
			in: secretsmanager.BatchGetSecretValueInput{SecretIdList: []string{"a"}, MaxResults: new(int32(3))},
			fails: failure{
				"InvalidParameterException",
				"'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.",
			},
		},
		"a token that is none": {
			in:    secretsmanager.BatchGetSecretValueInput{Filters: by("name", "prod"), NextToken: new("!")},
			fails: failure{"InvalidNextTokenException", "Invalid NextToken."},
		},
		"an attribute that the fake does not filter by": {
			in: secretsmanager.BatchGetSecretValueInput{Filters: by("nothing", "x")},
			fails: failure{"ValidationException", "1 validation error detected: Value 'nothing' at 'filters.member.key' " +
				"failed to satisfy constraint: Member must satisfy enum value set: [description, name, tag-key, tag-value, primary-region, owning-service, all]"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.change != nil {
				f = startData(t, test.change)
			}
			out, err := f.secrets().BatchGetSecretValue(t.Context(), &test.in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.want, batchOf(out)); diff != "" {
				t.Errorf("batch (-want +got):\n%s", diff)
			}
		})
	}
}

func TestBatchGetSecretValuePages(t *testing.T) {
	t.Parallel()
	f := startData(t, func(w *fakeaws.World) {
		w.Accounts[0].Secrets = nil
		for i := range 5 {
			w.Accounts[0].Secrets = append(w.Accounts[0].Secrets, &fakeaws.Secret{
				Name: "s" + strconv.Itoa(i), Region: region, Versions: []*fakeaws.Version{{String: new(marker)}},
			})
		}
	})
	pages := secretsmanager.NewBatchGetSecretValuePaginator(f.secrets(), &secretsmanager.BatchGetSecretValueInput{
		Filters: []types.Filter{{Key: "name", Values: []string{"s"}}}, MaxResults: new(int32(2)),
	})
	var got [][]string
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, batchOf(out).Names)
	}
	if diff := cmp.Diff([][]string{{"s0", "s1"}, {"s2", "s3"}, {"s4"}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestBatchGetSecretValueLimits(t *testing.T) {
	t.Parallel()
	ids := make([]string, 21)
	for i := range ids {
		ids[i] = "s"
	}
	_, err := startData(t).secrets().BatchGetSecretValue(t.Context(), &secretsmanager.BatchGetSecretValueInput{SecretIdList: ids})
	if got := failureOf(err).Code; got != "ValidationException" {
		t.Errorf("got %v, want a ValidationException", err)
	}
}
