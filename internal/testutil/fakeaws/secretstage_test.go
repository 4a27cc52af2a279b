package fakeaws_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

const nextID = "cccccccc-0000-4000-8000-000000000009"

// labels are the labels of a secret's versions by version id.
func labels(t *testing.T, f *fake, arn string) map[string][]string {
	t.Helper()
	versions, err := f.SecretVersions(arn)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, v := range versions {
		found[v.ID] = v.Stages
	}
	return found
}

func TestUpdateSecretVersionStage(t *testing.T) {
	t.Parallel()
	const arn = ownSecret + "prod/db-AbCdEf"
	tests := map[string]struct {
		label, from, to string
		want            map[string][]string
	}{
		"finish a rotation": {
			"AWSCURRENT", currentID, nextID,
			map[string][]string{currentID: {"AWSPREVIOUS"}, nextID: {"AWSPENDING", "AWSCURRENT"}},
		},
		"roll back": {
			"AWSCURRENT", currentID, previousID,
			map[string][]string{previousID: {"AWSCURRENT"}, currentID: {"AWSPREVIOUS"}, nextID: {"AWSPENDING"}},
		},
		"cancel a rotation": {
			"AWSPENDING", nextID, "",
			map[string][]string{currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}},
		},
		"where it is": {
			"AWSCURRENT", "", currentID,
			map[string][]string{currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS"}, nextID: {"AWSPENDING"}},
		},
		"own label": {
			"blue", "", previousID,
			map[string][]string{currentID: {"AWSCURRENT"}, previousID: {"AWSPREVIOUS", "blue"}, nextID: {"AWSPENDING"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if _, err := f.PutSecretValue(arn, fakeaws.Version{ID: nextID, String: new("next"), Stages: []string{"AWSPENDING"}}); err != nil {
				t.Fatal(err)
			}
			if err := f.UpdateSecretVersionStage(arn, test.label, test.from, test.to); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, labels(t, f, arn)); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestUpdateSecretVersionStageErrors(t *testing.T) {
	t.Parallel()
	const arn = ownSecret + "prod/db-AbCdEf"
	tests := map[string]struct {
		arn, label, from, to string
		want                 string
	}{
		"no such secret":       {ownSecret + "nope-AbCdEf", "AWSCURRENT", "", currentID, "ResourceNotFoundException"},
		"not an ARN":           {"prod/db", "AWSCURRENT", "", currentID, "ValidationException"},
		"no such version":      {arn, "AWSCURRENT", currentID, "nope", "ResourceNotFoundException"},
		"version has no value": {arn, "AWSCURRENT", currentID, nextID, "ResourceNotFoundException"},
		"holder not named":     {arn, "AWSCURRENT", "", previousID, "InvalidParameterException"},
		"nobody holds it":      {arn, "blue", currentID, previousID, "InvalidParameterException"},
		"no current":           {arn, "AWSCURRENT", currentID, "", "InvalidParameterException"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if _, err := f.PutSecretValue(arn, fakeaws.Version{ID: nextID, Stages: []string{"AWSPENDING"}}); err != nil {
				t.Fatal(err)
			}
			before := labels(t, f, arn)
			err := f.UpdateSecretVersionStage(test.arn, test.label, test.from, test.to)
			if err == nil || !strings.HasPrefix(err.Error(), test.want+": ") {
				t.Errorf("got %v, want %s", err, test.want)
			}
			if diff := cmp.Diff(before, labels(t, f, arn)); diff != "" {
				t.Errorf("labels have changed all the same:\n%s", diff)
			}
		})
	}
}

// The versions come with their values, whatever kind, and without a policy.
func TestSecretVersions(t *testing.T) {
	t.Parallel()
	f := startData(t)
	const arn = ownSecret + "binary-AbCdEf"
	if _, err := f.PutSecretValue(arn, fakeaws.Version{Binary: []byte{0, 255}}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PutSecretValue(arn, fakeaws.Version{String: new("text")}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.PutSecretValue(arn, fakeaws.Version{Stages: []string{"AWSPENDING"}}); err != nil {
		t.Fatal(err)
	}
	got, err := f.SecretVersions(arn)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		got[i].ID, got[i].Created = "", nil
	}
	want := []fakeaws.Version{
		{Binary: []byte{0, 255}, Stages: []string{"AWSPREVIOUS"}},
		{String: new("text"), Stages: []string{"AWSCURRENT"}},
		{Stages: []string{"AWSPENDING"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	for _, arn := range []string{"binary", ownSecret + "nope-AbCdEf"} {
		if _, err := f.SecretVersions(arn); err == nil {
			t.Errorf("there are versions of %q", arn)
		}
	}
}
