package fakeaws_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// where are filters of parameters.
func where(key, option string, values ...string) []types.ParameterStringFilter {
	f := types.ParameterStringFilter{Key: &key, Values: values}
	if option != "" {
		f.Option = &option
	}
	return []types.ParameterStringFilter{f}
}

// tagged gives parameters tags, and the pod what their operations take.
func tagged(w *fakeaws.World) {
	role(allow(`["ssm:DescribeParameters","ssm:ListTagsForResource","ssm:GetParameter*"]`, `"*"`))(w)
	w.Accounts[0].Parameters[0].Tags = map[string]string{"team": "data", "tier": "web"}
	w.Accounts[0].Parameters[2].Tags = map[string]string{"team": "data-lake"}
	w.Accounts[0].Parameters[6].Tags = map[string]string{"team": "web"}
}

func TestDescribeParameters(t *testing.T) {
	t.Parallel()
	const describe = "ssm:DescribeParameters"
	all := []string{"/app/db/own-key", "/app/db/password", "/app/host", "/app/hosts", "/sealed/c-key", "/sealed/disabled", "plain"}
	badOption := func(option, options string) failure {
		return failure{"InvalidFilterOption", "The following filter option is not valid: " + option + ". Valid options include: [" + options + "]."}
	}
	for name, test := range map[string]struct {
		change func(*fakeaws.World)
		in     ssm.DescribeParametersInput
		want   []string
		fails  failure
	}{
		"all":             {want: all},
		"shared":          {in: ssm.DescribeParametersInput{Shared: new(true)}},
		"by name":         {in: ssm.DescribeParametersInput{ParameterFilters: where("Name", "", "/app/host", "plain")}, want: []string{"/app/host", "plain"}},
		"by prefix":       {in: ssm.DescribeParametersInput{ParameterFilters: where("Name", "BeginsWith", "/app/h")}, want: all[2:4]},
		"by a part":       {in: ssm.DescribeParametersInput{ParameterFilters: where("Name", "Contains", "db")}, want: all[:2]},
		"by path":         {in: ssm.DescribeParametersInput{ParameterFilters: where("Path", "", "/app")}, want: all[2:4]},
		"by path, deeply": {in: ssm.DescribeParametersInput{ParameterFilters: where("Path", "Recursive", "/app")}, want: all[:4]},
		"by root":         {in: ssm.DescribeParametersInput{ParameterFilters: where("Path", "OneLevel", "/")}, want: all[6:]},
		"by type":         {in: ssm.DescribeParametersInput{ParameterFilters: where("Type", "Equals", "StringList")}, want: []string{"/app/hosts"}},
		"by key":          {in: ssm.DescribeParametersInput{ParameterFilters: where("KeyId", "", "alias/aws/ssm")}, want: []string{"/app/db/password"}},
		"by tier":         {in: ssm.DescribeParametersInput{ParameterFilters: where("Tier", "", "Advanced")}},
		"by data type":    {in: ssm.DescribeParametersInput{ParameterFilters: where("DataType", "", "text")}, want: all},
		"by tag":          {in: ssm.DescribeParametersInput{ParameterFilters: where("tag:team", "Equals", "data")}, want: []string{"/app/host"}},
		"by tag's prefix": {in: ssm.DescribeParametersInput{ParameterFilters: where("tag:team", "BeginsWith", "data")}, want: []string{"/app/db/password", "/app/host"}},
		"by tag's key":    {in: ssm.DescribeParametersInput{ParameterFilters: where("tag:tier", "")}, want: []string{"/app/host"}},
		"by all of these": {
			in: ssm.DescribeParametersInput{ParameterFilters: append(where("tag:team", "", "data", "web"), where("Path", "Recursive", "/app")...)}, want: []string{"/app/host"},
		},
		"allowed on ARNs": {
			change: role(allow(`"`+describe+`"`, `"`+ownParam+`/*"`)),
			fails:  denied(describe, "arn:aws:ssm:eu-west-1:111122223333:*", noIdentity+describe+" action"),
		},
		"too many": {in: ssm.DescribeParametersInput{MaxResults: new(int32(51))}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '51' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 50",
		}},
		"no attribute":      {in: ssm.DescribeParametersInput{ParameterFilters: where("Label", "", "x")}, fails: failure{Code: "InvalidFilterKey"}},
		"one tag twice":     {in: ssm.DescribeParametersInput{ParameterFilters: append(where("tag:team", "", "x"), where("tag:team", "")...)}, fails: failure{Code: "InvalidFilterKey"}},
		"no tag":            {in: ssm.DescribeParametersInput{ParameterFilters: where("tag:", "", "x")}, fails: failure{Code: "InvalidFilterKey"}},
		"no comparison":     {in: ssm.DescribeParametersInput{ParameterFilters: where("Path", "Equals", "/")}, fails: badOption("Equals", "OneLevel, Recursive")},
		"part of a tag":     {in: ssm.DescribeParametersInput{ParameterFilters: where("tag:team", "Contains", "a")}, fails: badOption("Contains", "Equals, BeginsWith")},
		"no value":          {in: ssm.DescribeParametersInput{ParameterFilters: where("Name", "")}, fails: failure{"InvalidFilterValue", "The following filter value is not valid: []."}},
		"no token of AWS's": {in: ssm.DescribeParametersInput{NextToken: new("!")}, fails: failure{"InvalidNextToken", "The specified token isn't valid."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := test.change
			if change == nil {
				change = tagged
			}
			out, err := startData(t, change).parameters().DescribeParameters(t.Context(), &test.in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			var got []string
			for _, p := range out.Parameters {
				got = append(got, *p.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

// TestDescribedParameter checks what is told of a parameter, and that pages are
// cut before they are filtered.
func TestDescribedParameter(t *testing.T) {
	t.Parallel()
	pages := ssm.NewDescribeParametersPaginator(startData(t, tagged).parameters(),
		&ssm.DescribeParametersInput{ParameterFilters: where("KeyId", "", "alias/aws/ssm", ownKey), MaxResults: new(int32(1))})
	var got []types.ParameterMetadata
	n := 0
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		n++
		got = append(got, out.Parameters...)
	}
	if n != 7 || len(got) != 2 {
		t.Fatalf("%d pages with %d parameters, want 7 with 2", n, len(got))
	}
	own, p := got[0], got[1]
	if *own.KeyId != ownKey || *p.ARN != ownParam+"/app/db/password" || *p.KeyId != "alias/aws/ssm" || p.Type != types.ParameterTypeSecureString ||
		p.Version != 1 || p.Tier != types.ParameterTierStandard || *p.DataType != "text" || p.LastModifiedDate == nil {
		t.Errorf("%+v, under its own key: %s", p, *own.KeyId)
	}
}

func TestListTagsForResource(t *testing.T) {
	t.Parallel()
	const list = "ssm:ListTagsForResource"
	badID := failure{Code: "InvalidResourceId"} // of which the SDK drops the message
	for name, test := range map[string]struct {
		change   func(*fakeaws.World)
		id, kind string
		want     map[string]string
		fails    failure
	}{
		"two":            {id: "/app/host", want: map[string]string{"team": "data", "tier": "web"}},
		"without slash":  {id: "plain", want: map[string]string{"team": "web"}},
		"none":           {id: "/app/hosts", want: map[string]string{}},
		"a slash more":   {id: "/plain", fails: badID},
		"absent":         {id: "/nope", fails: badID},
		"something else": {id: "/app/host", kind: "Document", fails: badID},
		"of no kind": {id: "/app/host", kind: "Thing", fails: failure{
			"ValidationException", "1 validation error detected: Value 'Thing' at 'resourceType' failed to satisfy constraint: Member must satisfy enum value set: " +
				"[Document, ManagedInstance, MaintenanceWindow, Parameter, PatchBaseline, OpsItem, OpsMetadata, Automation, Association]",
		}},
		"denied": {
			change: role(allow(`"ssm:Get*"`, `"*"`)), id: "/app/host",
			fails: denied(list, ownParam+"/app/host", noIdentity+list+" action"),
		},
		"by its tags": {
			change: func(w *fakeaws.World) {
				tagged(w)
				role(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:*","Resource":"*",
					"Condition":{"StringEquals":{"ssm:resourceTag/tier":"web","aws:ResourceTag/team":"data"}}}}`)(w)
			},
			id: "/app/host", want: map[string]string{"team": "data", "tier": "web"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change, kind := test.change, types.ResourceTypeForTagging(test.kind)
			if change == nil {
				change = tagged
			}
			if kind == "" {
				kind = types.ResourceTypeForTaggingParameter
			}
			out, err := startData(t, change).parameters().ListTagsForResource(t.Context(),
				&ssm.ListTagsForResourceInput{ResourceId: &test.id, ResourceType: kind})
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			got := map[string]string{}
			for _, tag := range out.TagList {
				got[*tag.Key] = *tag.Value
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("tags (-want +got):\n%s", diff)
			}
		})
	}
}

// TestParameterTagsInConditions checks that policies see a parameter's tags when
// it is read.
func TestParameterTagsInConditions(t *testing.T) {
	t.Parallel()
	f := startData(t, func(w *fakeaws.World) {
		tagged(w)
		role(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ssm:Get*","Resource":"*",
			"Condition":{"StringEquals":{"ssm:resourceTag/team":"data"}}}}`)(w)
	})
	for name, want := range map[string]string{"/app/host": "", "plain": "AccessDeniedException", "/app/hosts": "AccessDeniedException"} {
		_, err := f.parameters().GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
		if got := failureOf(err).Code; got != want {
			t.Errorf("GetParameter %s: %v", name, err)
		}
		_, err = f.parameters().GetParameters(t.Context(), &ssm.GetParametersInput{Names: []string{name}})
		if got := failureOf(err).Code; got != want {
			t.Errorf("GetParameters %s: %v", name, err)
		}
	}
}
