package fakeaws_test

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// by are filters of one attribute.
func by(key string, values ...string) []types.Filter {
	return []types.Filter{{Key: types.FilterNameStringType(key), Values: values}}
}

func TestListSecrets(t *testing.T) {
	t.Parallel()
	const list = "secretsmanager:ListSecrets"
	described := func(w *fakeaws.World) {
		w.Accounts[0].Secrets[1].Description = "Signing key, for the Web shop"
		w.Accounts[0].Secrets[2].Tags = map[string]string{"team": "web", "tier": "data"}
	}
	all := []string{"prod/db", "binary", "own-key", "disabled-key", "lost-key", "my-secret"}
	for name, test := range map[string]struct {
		change func(*fakeaws.World)
		in     secretsmanager.ListSecretsInput
		want   []string
		fails  failure
	}{
		"all":                   {want: all},
		"by prefix":             {in: secretsmanager.ListSecretsInput{Filters: by("name", "prod/")}, want: all[:1]},
		"case counts in a name": {in: secretsmanager.ListSecretsInput{Filters: by("name", "PROD")}},
		"by any of two":         {in: secretsmanager.ListSecretsInput{Filters: by("name", "prod", "my-")}, want: []string{"prod/db", "my-secret"}},
		"by what it is not":     {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "!team")}, want: []string{"binary", "disabled-key", "lost-key", "my-secret"}},
		"by a tag":              {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "tier")}, want: []string{"own-key"}},
		"by a tag's beginning":  {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "te")}, want: []string{"prod/db", "own-key"}},
		"case counts in a tag":  {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "Tier")}},
		"by two tags":           {in: secretsmanager.ListSecretsInput{Filters: append(by("tag-key", "team"), by("tag-key", "app")...)}, want: all[:1]},
		"by either of two tags": {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "tier", "app")}, want: []string{"prod/db", "own-key"}},
		"by description":        {in: secretsmanager.ListSecretsInput{Filters: by("description", "sIGNING")}, want: []string{"binary"}},
		"by Region":             {in: secretsmanager.ListSecretsInput{Filters: by("primary-region", "us-")}},
		"by this Region":        {in: secretsmanager.ListSecretsInput{Filters: by("primary-region", "eu-west")}, want: all},
		"by service":            {in: secretsmanager.ListSecretsInput{Filters: by("owning-service", "rds")}},
		"by words of anything":  {in: secretsmanager.ListSecretsInput{Filters: by("all", "shop SIGN")}, want: []string{"binary"}},
		"by a word too many":    {in: secretsmanager.ListSecretsInput{Filters: by("all", "shop database")}},
		"by no word":            {in: secretsmanager.ListSecretsInput{Filters: by("all", "!data")}, want: []string{"binary", "disabled-key", "lost-key", "my-secret"}},
		"tag keys and values are told apart": {
			in:   secretsmanager.ListSecretsInput{Filters: append(by("tag-key", "team"), by("tag-value", "data")...)},
			want: []string{"prod/db", "own-key"},
		},
		"what is marked for deletion": {
			in:   secretsmanager.ListSecretsInput{IncludePlannedDeletion: new(true), Filters: by("name", "del")},
			want: []string{"deleted"},
		},
		"by name, from the end": {
			in:   secretsmanager.ListSecretsInput{SortBy: types.SortByTypeName, SortOrder: types.SortOrderTypeDesc},
			want: []string{"prod/db", "own-key", "my-secret", "lost-key", "disabled-key", "binary"},
		},
		"allowed on ARNs": {
			change: role(allow(`"secretsmanager:*"`, `"arn:aws:secretsmanager:*:*:secret:*"`)),
			fails: failure{
				"AccessDeniedException",
				"User: " + podSession + " is not authorized to perform: " + list + " " + noIdentity + list + " action",
			},
		},
		"too many": {in: secretsmanager.ListSecretsInput{MaxResults: new(int32(101))}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
		}},
		"no values": {in: secretsmanager.ListSecretsInput{Filters: []types.Filter{{Key: "tag-key", Values: []string{}}}}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '[]' at 'filters.member.values' failed to satisfy constraint: Member must have length greater than or equal to 1",
		}},
		"what no filter can say": {in: secretsmanager.ListSecretsInput{Filters: by("tag-key", "größe")}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value 'größe' at 'filters.member.values.member' failed to satisfy constraint: " +
				`Member must satisfy regular expression pattern: ^!?[a-zA-Z0-9 :_@/+=.\-!]{0,512}$`,
		}},
		"no order": {in: secretsmanager.ListSecretsInput{SortOrder: "up"}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value 'up' at 'sortOrder' failed to satisfy constraint: Member must satisfy enum value set: [asc, desc]",
		}},
		"no token": {in: secretsmanager.ListSecretsInput{NextToken: new("!")}, fails: failure{"InvalidNextTokenException", "Invalid NextToken."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := test.change
			if change == nil {
				change = described
			}
			out, err := startData(t, change).secrets().ListSecrets(t.Context(), &test.in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			var got []string
			for _, s := range out.SecretList {
				got = append(got, *s.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("secrets (-want +got):\n%s", diff)
			}
		})
	}
}

// TestListedSecret checks what is told of a secret.
func TestListedSecret(t *testing.T) {
	t.Parallel()
	out, err := startData(t, func(w *fakeaws.World) { w.Accounts[0].Secrets[0].Description = "of the shop" }).secrets().
		ListSecrets(t.Context(), &secretsmanager.ListSecretsInput{Filters: by("name", "prod")})
	if err != nil {
		t.Fatal(err)
	}
	s := out.SecretList[0]
	if *s.ARN != ownSecret+"prod/db-AbCdEf" || *s.Description != "of the shop" || s.KmsKeyId != nil || s.CreatedDate == nil || s.DeletedDate != nil {
		t.Errorf("%s, %q, key %v, created %v, deleted %v", *s.ARN, *s.Description, s.KmsKeyId, s.CreatedDate, s.DeletedDate)
	}
	if diff := cmp.Diff([]types.Tag{{Key: aws.String("app"), Value: aws.String("db")}, {Key: aws.String("team"), Value: aws.String("data")}},
		s.Tags, cmp.Comparer(func(a, b types.Tag) bool { return *a.Key == *b.Key && *a.Value == *b.Value })); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	want := map[string][]string{currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}, pendingID: {"AWSPENDING"}}
	if diff := cmp.Diff(want, s.SecretVersionsToStages); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// TestListSecretsPages checks that pages of a filtered list can be empty.
func TestListSecretsPages(t *testing.T) {
	t.Parallel()
	f := startData(t, func(w *fakeaws.World) {
		w.Accounts[0].Secrets = nil
		for i := range 7 {
			w.Accounts[0].Secrets = append(w.Accounts[0].Secrets, &fakeaws.Secret{
				Name: strconv.Itoa(i / 3), Suffix: "AbCde" + strconv.Itoa(i), Region: region, Versions: []*fakeaws.Version{{String: new(marker)}},
			})
		}
		for i, s := range w.Accounts[0].Secrets {
			s.Name += "-" + strconv.Itoa(i)
		}
	})
	pages := secretsmanager.NewListSecretsPaginator(f.secrets(), &secretsmanager.ListSecretsInput{
		Filters: by("name", "2"), MaxResults: new(int32(2)),
	})
	var got []int
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, len(out.SecretList))
	}
	if diff := cmp.Diff([]int{0, 0, 0, 1}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}
