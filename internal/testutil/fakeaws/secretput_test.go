package fakeaws_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// A rotation, step by step: an AWSPENDING version without value, then with
// one, then as AWSCURRENT.
func TestPutSecretValueRotation(t *testing.T) {
	t.Parallel()
	f := startData(t)
	const arn = ownSecret + "prod/db-AbCdEf"
	const newID = "cccccccc-0000-4000-8000-000000000009"
	steps := []struct {
		put  fakeaws.Version
		want map[string][]string
	}{
		{
			put: fakeaws.Version{ID: newID, Stages: []string{"AWSPENDING"}},
			want: map[string][]string{
				currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}, newID: {"AWSPENDING"},
			},
		},
		{
			put: fakeaws.Version{ID: newID, String: new("next"), Stages: []string{"AWSPENDING"}},
			want: map[string][]string{
				currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}, newID: {"AWSPENDING"},
			},
		},
		{
			put: fakeaws.Version{ID: newID, String: new("next")},
			want: map[string][]string{
				currentID: {"AWSPREVIOUS"}, newID: {"AWSPENDING", "AWSCURRENT"},
			},
		},
	}
	for i, step := range steps {
		id, err := f.PutSecretValue(arn, step.put)
		if err != nil || id != newID {
			t.Fatalf("step %d: %q, %v", i, id, err)
		}
		out, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new("prod/db")})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(step.want, out.VersionIdsToStages); diff != "" {
			t.Errorf("step %d: labels (-want +got):\n%s", i, diff)
		}
	}
	for stage, want := range map[string]string{"AWSCURRENT": "next", "AWSPENDING": "next", "AWSPREVIOUS": "current " + marker} {
		out, err := f.secrets().GetSecretValue(t.Context(),
			&secretsmanager.GetSecretValueInput{SecretId: new("prod/db"), VersionStage: &stage})
		if err != nil {
			t.Fatal(err)
		}
		if *out.SecretString != want {
			t.Errorf("%s is not the value that was put", stage)
		}
	}
}

func TestPutSecretValue(t *testing.T) {
	t.Parallel()
	f := startData(t)
	const arn = ownSecret + "binary-AbCdEf"
	first, err := f.PutSecretValue(arn, fakeaws.Version{String: new("one")})
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.PutSecretValue(arn, fakeaws.Version{String: new("two")})
	if err != nil {
		t.Fatal(err)
	}
	out, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new("binary")})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{first: {"AWSPREVIOUS"}, second: {"AWSCURRENT"}}
	if diff := cmp.Diff(want, out.VersionIdsToStages); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func TestPutSecretValueErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		arn  string
		put  fakeaws.Version
		want string
	}{
		"no such secret":       {arn: ownSecret + "nope-AbCdEf", put: fakeaws.Version{String: new("x")}, want: "ResourceNotFoundException"},
		"no such account":      {arn: "arn:aws:secretsmanager:eu-west-1:999999999999:secret:a-AbCdEf", put: fakeaws.Version{String: new("x")}, want: "ResourceNotFoundException"},
		"not an ARN":           {arn: "prod/db", want: "ValidationException"},
		"no value":             {arn: ownSecret + "binary-AbCdEf", want: "InvalidParameterException"},
		"both kinds of value":  {arn: ownSecret + "binary-AbCdEf", put: fakeaws.Version{String: new("x"), Binary: []byte("x")}, want: "InvalidParameterException"},
		"another value":        {arn: ownSecret + "prod/db-AbCdEf", put: fakeaws.Version{ID: currentID, String: new("x")}, want: "ResourceExistsException"},
		"another kind of same": {arn: ownSecret + "prod/db-AbCdEf", put: fakeaws.Version{ID: currentID, Binary: []byte("current " + marker)}, want: "ResourceExistsException"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := startData(t).PutSecretValue(test.arn, test.put)
			if err == nil || !strings.HasPrefix(err.Error(), test.want+": ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// Readers see one whole version or the other while values are put.
func TestPutSecretValueConcurrently(t *testing.T) {
	t.Parallel()
	f := startData(t)
	const arn = ownSecret + "binary-AbCdEf"
	if _, err := f.PutSecretValue(arn, fakeaws.Version{String: new("0")}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if _, err := f.PutSecretValue(arn, fakeaws.Version{String: new(strconv.Itoa(i))}); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			_, err := f.secrets().GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new(arn)})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	out, err := f.secrets().DescribeSecret(t.Context(), &secretsmanager.DescribeSecretInput{SecretId: new(arn)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.VersionIdsToStages) != 2 {
		t.Errorf("labels are %v, want one AWSCURRENT and one AWSPREVIOUS", out.VersionIdsToStages)
	}
}
