package secrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// shop is the story's world with secrets and parameters to find, which its pod
// may find and read as far as actions allow it.
func shop(actions ...string) secretstest.World {
	w := secretstest.Story()
	role(&w).Boundary = nil
	role(&w).Policies = []credentialstest.Policy{{Name: "find", Document: &policy.Document{
		Version: policy.Version2012, Statements: []policy.Statement{{
			Effect: policy.Allow, Action: policy.Strings(actions...), Resource: policy.Strings("*"),
		}},
	}}}
	deleted := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets, own.Parameters = nil, nil
	for _, s := range []secretstest.Secret{
		{Name: "shop/db", Tags: map[string]string{"team": "data", "tier": "shop"}},
		{Name: "shop/api", Tags: map[string]string{"team": "web", "tier": "data"}},
		{Name: "shop/api-v2", Tags: map[string]string{"team": "web", "größe": "ß"}},
		{Name: "shop/gone", Tags: map[string]string{"team": "data"}, DeletedDate: &deleted},
		{Name: "shopping"},
		{Name: "ref+odd", Tags: map[string]string{"team": "", "tier": "shop"}},
		{Name: "elsewhere", Region: "us-east-1"},
	} {
		if s.Region == "" {
			s.Region = region
		}
		s.Versions = []secretstest.Version{{String: new(s.Name)}}
		own.Secrets = append(own.Secrets, s)
	}
	for _, p := range []secretstest.Parameter{
		{Name: "/shop/flags/a", Tags: map[string]string{"team": "web"}},
		{Name: "/shop/flags/b-2", Tags: map[string]string{"team": "web", "tier": "shop"}},
		{Name: "/shop/flags/deep/c", Type: "SecureString", KeyID: secretstest.StoryKeyARN},
		{Name: "/shop/license", Tags: map[string]string{"tier": "shop"}},
		{Name: "/shopping/list"},
		{Name: "loglevel", Tags: map[string]string{"team": "web"}},
	} {
		p.Region, p.Value = region, p.Name
		own.Parameters = append(own.Parameters, p)
	}
	return w
}

func TestFind(t *testing.T) {
	t.Parallel()
	re := regexp.MustCompile
	const ssm = secrets.ParameterStore
	for name, test := range map[string]struct {
		query secrets.Query
		want  []string
		calls map[string]int // default: one of ListSecrets
	}{
		"all":           {want: []string{"secretsmanager:ref+odd", "shop/api", "shop/api-v2", "shop/db", "shopping"}},
		"by prefix":     {query: secrets.Query{Path: "shop/"}, want: []string{"shop/api", "shop/api-v2", "shop/db"}},
		"by expression": {query: secrets.Query{Name: re("p{2}|/d")}, want: []string{"shop/db", "shopping"}},
		"by anchored expression": {
			query: secrets.Query{Path: "shop/api", Name: re("^shop/[a-z]+$")}, want: []string{"shop/api"},
		},
		"by tag": {query: secrets.Query{Tags: map[string]string{"team": "data"}}, want: []string{"shop/db"}},
		"by tags": {
			query: secrets.Query{Tags: map[string]string{"team": "web", "tier": "data"}, Path: "shop"}, want: []string{"shop/api"},
		},
		"by tag without value":     {query: secrets.Query{Tags: map[string]string{"team": ""}}, want: []string{"secretsmanager:ref+odd"}},
		"by tag no filter can say": {query: secrets.Query{Tags: map[string]string{"größe": "ß"}}, want: []string{"shop/api-v2"}},
		"by more tags than filters": {
			query: secrets.Query{Path: "s", Tags: map[string]string{"1": "", "2": "", "3": "3", "4": "4", "5": "5", "6": "6", "7": "7"}},
		},
		"by tag's key": {
			query: secrets.Query{TagKeys: []string{"tier"}}, want: []string{"secretsmanager:ref+odd", "shop/api", "shop/db"},
		},
		"by half a tag's key":        {query: secrets.Query{TagKeys: []string{"tie"}}},
		"by tag's key in capitals":   {query: secrets.Query{TagKeys: []string{"Tier"}}},
		"by tag's key as a value":    {query: secrets.Query{TagKeys: []string{"shop"}}},
		"by keys and value":          {query: secrets.Query{Tags: map[string]string{"team": ""}, TagKeys: []string{"tier", "team"}}, want: []string{"secretsmanager:ref+odd"}},
		"by key no filter can say":   {query: secrets.Query{TagKeys: []string{"größe", "team"}}, want: []string{"shop/api-v2"}},
		"by a key that would negate": {query: secrets.Query{TagKeys: []string{"!team"}}},
		"by more keys than filters":  {query: secrets.Query{TagKeys: []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"}}},
		"nothing":                    {query: secrets.Query{Path: "shop/gone"}},
		"elsewhere":                  {query: secrets.Query{Region: "us-east-1"}, want: []string{"elsewhere?region=us-east-1"}},
		"by path": {
			query: secrets.Query{Service: ssm, Path: "/shop/flags"},
			want:  []string{"ssm:/shop/flags/a", "ssm:/shop/flags/b-2", "ssm:/shop/flags/deep/c"},
			calls: map[string]int{"GetParametersByPath": 1},
		},
		"by path with a slash, and expression": {
			query: secrets.Query{Service: ssm, Path: "/shop/flags/", Name: re("^/shop/flags/[a-z0-9-]+$")},
			want:  []string{"ssm:/shop/flags/a", "ssm:/shop/flags/b-2"},
			calls: map[string]int{"GetParametersByPath": 1},
		},
		"parameters by expression": {
			query: secrets.Query{Service: ssm, Name: re("l")},
			want:  []string{"ssm:/shop/flags/a", "ssm:/shop/flags/b-2", "ssm:/shop/flags/deep/c", "ssm:/shop/license", "ssm:/shopping/list", "ssm:loglevel"},
			calls: map[string]int{"GetParametersByPath": 1},
		},
		"parameters of the root": {
			query: secrets.Query{Service: ssm, Path: "//", Name: re("^log")}, want: []string{"ssm:loglevel"},
			calls: map[string]int{"GetParametersByPath": 1},
		},
		"parameters by tag": {
			query: secrets.Query{Service: ssm, Tags: map[string]string{"team": "web"}},
			want:  []string{"ssm:/shop/flags/a", "ssm:/shop/flags/b-2", "ssm:loglevel"},
			calls: map[string]int{"DescribeParameters": 1},
		},
		"parameters by tag's key": {
			query: secrets.Query{Service: ssm, TagKeys: []string{"tier"}},
			want:  []string{"ssm:/shop/flags/b-2", "ssm:/shop/license"},
			calls: map[string]int{"DescribeParameters": 1},
		},
		"parameters by half a tag's key": {
			query: secrets.Query{Service: ssm, TagKeys: []string{"tie"}}, calls: map[string]int{"DescribeParameters": 1},
		},
		"parameters by keys and value": {
			query: secrets.Query{Service: ssm, Tags: map[string]string{"team": "web"}, TagKeys: []string{"team", "tier", "tier"}},
			want:  []string{"ssm:/shop/flags/b-2"},
			calls: map[string]int{"DescribeParameters": 1},
		},
		"parameters by all": {
			query: secrets.Query{Service: ssm, Path: "/shop", Tags: map[string]string{"tier": "shop", "team": "web"}, Name: re("2$")},
			want:  []string{"ssm:/shop/flags/b-2"},
			calls: map[string]int{"DescribeParameters": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, cfg := pod(t, shop("secretsmanager:*", "ssm:*"))
			store := newStore(t, cfg, secrets.Config{})
			got, err := store.Find(t.Context(), test.query)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			want := test.calls
			if want == nil {
				want = map[string]int{"ListSecrets": 1}
			}
			calls := tally(fake)
			delete(calls, assumeToken)
			if !maps.Equal(calls, want) {
				t.Errorf("calls %v, want %v", calls, want)
			}
			if c := store.Stats().Calls; c.SecretsManager+c.ParameterStore != 1 || c.KMS != 0 {
				t.Errorf("counted %+v", c)
			}
			if count(operations(fake), "kms:Decrypt") > 0 {
				t.Error("something was decrypted")
			}
			values, err := store.GetAll(t.Context(), got...)
			locked, _ := errors.AsType[*secrets.AccessError](err)
			if err != nil && (locked == nil || locked.Ref != "ssm:/shop/flags/deep/c") || len(values) < len(got)-1 {
				t.Errorf("%d of %d could be read: %v", len(values), len(got), err)
			}
		})
	}
}

// TestFindFilters checks what AWS is left to look for, so that it need not tell of
// all there is.
func TestFindFilters(t *testing.T) {
	t.Parallel()
	tags := map[string]string{"team": "web", "tier": "a b"}
	keys := []string{"tier", "größe", "!x", "x:y"}
	for want, query := range map[string]secrets.Query{
		`{"Filters":[{"Key":"name","Values":["shop/"]},{"Key":"tag-key","Values":["team"]},{"Key":"tag-value","Values":["web"]},` +
			`{"Key":"tag-key","Values":["tier"]},{"Key":"tag-value","Values":["a b"]},{"Key":"tag-key","Values":["x:y"]}],"MaxResults":100}`: {
			Path: "shop/", Tags: tags, TagKeys: keys,
		},
		`{"MaxResults":50,"ParameterFilters":[{"Key":"Path","Option":"Recursive","Values":["/shop"]},{"Key":"tag:!x"},{"Key":"tag:größe"},` +
			`{"Key":"tag:team","Option":"Equals","Values":["web"]},{"Key":"tag:tier","Option":"Equals","Values":["a b"]},{"Key":"tag:x:y"}]}`: {
			Service: secrets.ParameterStore, Path: "/shop", Tags: tags, TagKeys: keys,
		},
	} {
		var sent any
		cfg := script(func(string) (int, string) { return http.StatusOK, "{}" }).config()
		next := cfg.HTTPClient.(*http.Client).Transport
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
				return nil, err
			}
			return next.RoundTrip(r)
		})}
		if _, err := newStore(t, cfg, secrets.Config{}).Find(t.Context(), query); err != nil {
			t.Error(err)
		}
		got, err := json.Marshal(sent) // with the members in order
		if diff := cmp.Diff(want, string(got)); err != nil || diff != "" {
			t.Errorf("error %v, sent (-want +got):\n%s", err, diff)
		}
	}
}

// TestFindPages finds more than one page has, among pages that are empty.
func TestFindPages(t *testing.T) {
	t.Parallel()
	w := shop("secretsmanager:*", "ssm:*")
	own := w.Account(secretstest.StoryClusterAccount)
	var wantSecrets, wantParameters []string
	for n := range 1000 {
		name := fmt.Sprintf("bulk/%03d", n)
		own.Secrets = append(own.Secrets, secretstest.Secret{Name: name, Region: region, Tags: map[string]string{"n": name}})
		if n%400 == 0 {
			wantSecrets = append(wantSecrets, name)
		}
	}
	for n := range 120 {
		name := fmt.Sprintf("/bulk/%03d", n)
		own.Parameters = append(own.Parameters, secretstest.Parameter{Name: name, Region: region, Value: "x", Tags: map[string]string{"n": name[:7]}})
		if n < 100 {
			wantParameters = append(wantParameters, "ssm:"+name)
		}
	}
	fake, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	for _, q := range []struct {
		query     secrets.Query
		want      []string
		operation string
		calls     int
	}{
		{secrets.Query{Name: regexp.MustCompile("[048]00$")}, wantSecrets, "ListSecrets", 11},
		{secrets.Query{Path: "shop/db"}, []string{"shop/db"}, "ListSecrets", 11},
		{secrets.Query{Service: secrets.ParameterStore, Path: "/bulk", Name: regexp.MustCompile("/0..$")}, wantParameters, "GetParametersByPath", 12},
		{secrets.Query{Service: secrets.ParameterStore, Tags: map[string]string{"n": "/bulk/0"}}, wantParameters, "DescribeParameters", 3},
	} {
		before := tally(fake)[q.operation]
		got, err := store.Find(t.Context(), q.query)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(q.want, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", q.query, diff)
		}
		if n := tally(fake)[q.operation] - before; n != q.calls {
			t.Errorf("%s: %d calls of %s, want %d", q.query, n, q.operation, q.calls)
		}
	}
}

// TestFindInARole looks into another account, and reads there what it finds.
func TestFindInARole(t *testing.T) {
	t.Parallel()
	w, _ := fleet(2, 2, region)
	_, cfg := pod(t, w)
	roles := readers()
	store := newStore(t, cfg, secrets.Config{Roles: roles})
	reader := roles[secretstest.StorySecretAccount].RoleARN
	for service, want := range map[secrets.Service][]string{
		secrets.SecretsManager: {"fleet/0?role_arn=" + reader, "fleet/1?role_arn=" + reader},
		secrets.ParameterStore: {"ssm:/fleet/0?role_arn=" + reader, "ssm:/fleet/1?role_arn=" + reader},
	} {
		q := secrets.Query{Service: service, Role: reader, Path: map[secrets.Service]string{secrets.ParameterStore: "/fleet", secrets.SecretsManager: "fleet"}[service]}
		got, err := store.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		values, err := store.GetAll(t.Context(), got...)
		if err != nil {
			t.Error(err)
		}
		for ref, v := range values {
			if !strings.Contains(v.Reveal(), secretstest.StorySecretAccount) {
				t.Errorf("%s is of another account: %s", ref, v.ARN())
			}
		}
	}
}

// TestPathOverridesDeny finds a parameter whose reading is denied: the list tells
// it, and Get refuses it.
func TestPathOverridesDeny(t *testing.T) {
	t.Parallel()
	w := shop("ssm:*")
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "deny", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"ssm:*","Resource":"arn:aws:ssm:*:*:parameter/shop/license"}}`,
	)})
	_, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	got, err := store.Find(t.Context(), secrets.Query{Service: secrets.ParameterStore, Path: "/shop", Name: regexp.MustCompile("license")})
	if err != nil || len(got) != 1 {
		t.Fatalf("%q, %v", got, err)
	}
	_, err = store.Get(t.Context(), got[0])
	checkKind(t, err, secrets.ErrDenied)
}

// TestFindFallsBack finds by path without the permission for paths.
func TestFindFallsBack(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, shop("ssm:DescribeParameters"))
	store := newStore(t, cfg, secrets.Config{})
	got, err := store.Find(t.Context(), secrets.Query{Service: secrets.ParameterStore, Path: "/shop/flags/deep"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"ssm:/shop/flags/deep/c"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if n := tally(fake); n["GetParametersByPath"] != 1 || n["DescribeParameters"] != 1 {
		t.Errorf("calls %v", n)
	}
}

// TestFindDenied checks that a refusal names the statement to add, and that it
// helps.
func TestFindDenied(t *testing.T) {
	t.Parallel()
	const account = secretstest.StoryClusterAccount
	for name, test := range map[string]struct {
		query     secrets.Query
		operation string
		resource  string // of the statement
		text      []string
	}{
		"secrets": {
			secrets.Query{Path: "shop/", Region: region},
			"secretsmanager:ListSecrets", "*",
			[]string{`find "shop/*?region=eu-west-1" in eu-west-1`, "on *, the only resource that it takes"},
		},
		"path": {
			secrets.Query{Service: secrets.ParameterStore, Path: "/shop/"},
			"ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:" + account + ":parameter/shop",
			[]string{`find "ssm:/shop/*" in eu-west-1`, "on this path"},
		},
		"root": {
			secrets.Query{Service: secrets.ParameterStore},
			"ssm:GetParametersByPath", "arn:aws:ssm:eu-west-1:" + account + ":parameter/",
			[]string{`find "ssm:/*" in eu-west-1`},
		},
		"tags": {
			secrets.Query{Service: secrets.ParameterStore, Tags: map[string]string{"team": "web"}},
			"ssm:DescribeParameters", "*",
			[]string{"on *, the only resource that it takes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := shop("kms:*")
			_, cfg := pod(t, w)
			got, err := newStore(t, cfg, secrets.Config{}).Find(t.Context(), test.query)
			checkKind(t, err, secrets.ErrDenied)
			access, ok := errors.AsType[*secrets.AccessError](err)
			if !ok || got != nil {
				t.Fatalf("%q, %v", got, err)
			}
			if _, ok := errors.AsType[smithy.APIError](err); !ok {
				t.Errorf("the SDK's error is lost: %v", err)
			}
			if access.RoleAccount != account || access.SecretAccount != account || access.Action != test.operation {
				t.Errorf("%+v", access)
			}
			checkGrants(t, access, []grant{{
				policy.IdentityPolicy, account, secretstest.StoryRoleARN,
				`{"Effect":"Allow","Action":"` + test.operation + `","Resource":"` + test.resource + `"}`,
			}})
			for _, part := range append(test.text, test.operation) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
			heal(&w, access.Grants[0])
			_, cfg = pod(t, w)
			if got, err := newStore(t, cfg, secrets.Config{}).Find(t.Context(), test.query); err != nil || len(got) == 0 {
				t.Errorf("with the statement added: %q, %v", got, err)
			}
		})
	}
}

func TestFindErrors(t *testing.T) {
	t.Parallel()
	const ssm = secrets.ParameterStore
	for name, test := range map[string]struct {
		query secrets.Query
		field string
		text  string
	}{
		"service":               {secrets.Query{Service: "kms"}, "Query.Service", `"kms"`},
		"region":                {secrets.Query{Region: "mars"}, "Query.Region", "no Region"},
		"role":                  {secrets.Query{Role: "reader"}, "Query.Role", "ARN of a role"},
		"wildcard":              {secrets.Query{Path: "shop/*"}, "Query.Path", "position 6"},
		"long":                  {secrets.Query{Path: strings.Repeat("x", 513)}, "Query.Path", "513 bytes"},
		"path without slash":    {secrets.Query{Service: ssm, Path: "shop"}, "Query.Path", "begins with a slash"},
		"path with a version":   {secrets.Query{Service: ssm, Path: "/shop:3"}, "Query.Path", "position 6"},
		"long path":             {secrets.Query{Service: ssm, Path: "/" + strings.Repeat("x", 2048)}, "Query.Path", "2049 bytes"},
		"tag without key":       {secrets.Query{Tags: map[string]string{"": "x"}}, `Query.Tags[""]`, "is empty"},
		"long key":              {secrets.Query{Tags: map[string]string{strings.Repeat("ä", 129): "x"}}, "Query.Tags[", "128 characters"},
		"long value":            {secrets.Query{Tags: map[string]string{"x": strings.Repeat("ä", 257)}}, `Query.Tags["x"]`, "256 characters"},
		"no UTF-8":              {secrets.Query{Tags: map[string]string{"x": "\xff"}}, `Query.Tags["x"]`, "UTF-8"},
		"empty tag key":         {secrets.Query{TagKeys: []string{"x", ""}}, "Query.TagKeys[1]", "is empty"},
		"long tag key":          {secrets.Query{TagKeys: []string{strings.Repeat("ä", 129)}}, "Query.TagKeys[0]", "128 characters"},
		"tag key of no UTF-8":   {secrets.Query{TagKeys: []string{"x\xff"}}, "Query.TagKeys[0]", "UTF-8"},
		"parameter's tag alone": {secrets.Query{Service: ssm, Tags: map[string]string{"x": ""}}, `Query.Tags["x"]`, "no value"},
	} {
		store := newFake(t, secrets.Static(nil), secrets.Config{})
		_, err := store.Find(t.Context(), test.query)
		bad, ok := errors.AsType[*secrets.ConfigError](err)
		if !ok || !errors.Is(err, secrets.ErrConfiguration) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.HasPrefix(bad.Field, test.field) || !strings.Contains(bad.Problem, test.text) || len(err.Error()) > 300 {
			t.Errorf("%s: %v", name, err)
		}
	}

	blind := newFake(t, &fakeSource{}, secrets.Config{})
	_, err := blind.Find(t.Context(), secrets.Query{})
	checkKind(t, err, secrets.ErrConfiguration)
	_, err = blind.Tags(t.Context(), "s")
	checkKind(t, err, secrets.ErrConfiguration)

	cfg := script(func(string) (int, string) { return 200, "{}" }).config()
	cfg.Region = ""
	nowhere := newStore(t, cfg, secrets.Config{})
	_, err = nowhere.Find(t.Context(), secrets.Query{})
	checkKind(t, err, secrets.ErrConfiguration)
	_, err = nowhere.Tags(t.Context(), "s")
	checkKind(t, err, secrets.ErrConfiguration)
	_, err = nowhere.Tags(t.Context(), "*")
	checkKind(t, err, secrets.ErrConfiguration)
}

// TestFindAnswers covers what AWS may answer beside what it should.
func TestFindAnswers(t *testing.T) {
	t.Parallel()
	const (
		list   = "ListSecrets"
		path   = "GetParametersByPath"
		endful = `{"SecretList":[{"Name":"a"}],"Parameters":[{"Name":"/a"}]`
	)
	for name, test := range map[string]struct {
		pages []string // the last for ever
		kind  error
		want  int
	}{
		"empty pages":     {[]string{`{"NextToken":"1"}`, `{"NextToken":"2","SecretList":[],"Parameters":[]}`, endful + `}`}, nil, 1},
		"the same twice":  {[]string{endful + `,"NextToken":"1"}`, endful + `}`}, nil, 1},
		"empty token":     {[]string{endful + `,"NextToken":""}`}, nil, 1},
		"no names":        {[]string{`{"SecretList":[{},{"Name":null}],"Parameters":[{},{"Name":""}]}`}, nil, 0},
		"nothing":         {[]string{`{}`}, nil, 0},
		"deleted":         {[]string{`{"SecretList":[{"Name":"a","DeletedDate":1.7e9}]}`}, nil, 0},
		"pages for ever":  {[]string{endful + `,"NextToken":"1"}`}, secrets.ErrUnavailable, 0},
		"bad token":       {[]string{refusal("InvalidNextTokenException", "Invalid NextToken.")}, secrets.ErrUnavailable, 0},
		"bad filter":      {[]string{refusal("InvalidFilterValue", "")}, secrets.ErrConfiguration, 0},
		"bad request":     {[]string{refusal("InvalidParameterException", "")}, secrets.ErrConfiguration, 0},
		"throttled":       {[]string{refusal("ThrottlingException", "Rate exceeded")}, secrets.ErrUnavailable, 0},
		"no session":      {[]string{refusal("ExpiredTokenException", "")}, secrets.ErrIdentity, 0},
		"half an answer":  {[]string{`{"SecretList":[{"Name":"` + marker}, secrets.ErrUnavailable, 0},
		"second page bad": {[]string{endful + `,"NextToken":"1"}`, refusal("ThrottlingException", "")}, secrets.ErrUnavailable, 0},
	} {
		for _, service := range []secrets.Service{secrets.SecretsManager, secrets.ParameterStore} {
			pages, asked := test.pages, 0
			store := newStore(t, script(func(operation string) (int, string) {
				if operation != map[secrets.Service]string{secrets.SecretsManager: list, secrets.ParameterStore: path}[service] {
					t.Errorf("%s: %s", name, operation)
				}
				asked++
				page := pages[0]
				pages = pages[min(1, len(pages)-1):]
				if strings.Contains(page, "__type") {
					return 400, page
				}
				return 200, page
			}).config(), secrets.Config{})
			got, err := store.Find(t.Context(), secrets.Query{Service: service})
			if len(got) != test.want || asked > len(test.pages)+1 {
				t.Errorf("%s, %s: found %q in %d pages", name, service, got, asked)
			}
			if test.kind == nil && err != nil {
				t.Errorf("%s, %s: %v", name, service, err)
			}
			if test.kind != nil {
				checkKind(t, err, test.kind)
				checkSilent(t, name, fmt.Sprintf("%v %+v", err, err))
			}
		}
	}
}

// TestFindWaits checks what a Find that takes long does with time.
func TestFindWaits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		latency time.Duration // of a page, of which there are twenty
		after   time.Duration // when the caller gives up; zero: never
		closed  time.Duration // when the Store is closed; zero: never
		want    error
		took    time.Duration
	}{
		"slow pages":      {latency: 20 * time.Second, took: 400 * time.Second},
		"a page too slow": {latency: 31 * time.Second, want: secrets.ErrUnavailable, took: 30 * time.Second},
		"caller leaves":   {latency: 20 * time.Second, after: 50 * time.Second, want: context.DeadlineExceeded, took: 50 * time.Second},
		"closed":          {latency: 20 * time.Second, closed: 50 * time.Second, want: secrets.ErrClosed, took: 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				page := 0
				cfg := script(func(string) (int, string) {
					if page++; page == 20 {
						return 200, `{"SecretList":[{"Name":"last"}]}`
					}
					return 200, fmt.Sprintf(`{"NextToken":"%d"}`, page)
				}).config()
				cfg.HTTPClient = delayed(cfg.HTTPClient, test.latency)
				store, err := secrets.New(t.Context(), cfg, secrets.Config{})
				if err != nil {
					t.Fatal(err)
				}
				defer store.Close()
				ctx := t.Context()
				if test.after > 0 {
					var cancel func()
					ctx, cancel = context.WithTimeout(ctx, test.after)
					defer cancel()
				}
				if test.closed > 0 {
					time.AfterFunc(test.closed, func() { _ = store.Close() })
				}
				begin := time.Now()
				got, err := store.Find(ctx, secrets.Query{})
				if took := time.Since(begin); took != test.took {
					t.Errorf("took %v, want %v", took, test.took)
				}
				switch {
				case test.want == nil && (err != nil || len(got) != 1):
					t.Errorf("%q, %v", got, err)
				case !errors.Is(err, test.want):
					t.Errorf("%v, want %v", err, test.want)
				case test.want == context.DeadlineExceeded && errors.Is(err, secrets.ErrUnavailable):
					t.Errorf("the caller's end is taken for the service's: %v", err)
				}
				if err := store.Close(); err != nil {
					t.Error(err)
				}
				if _, err := store.Find(t.Context(), secrets.Query{}); !errors.Is(err, secrets.ErrClosed) {
					t.Errorf("closed: %v", err)
				}
			})
		})
	}
}

// TestTags reads tags of secrets and parameters.
func TestTags(t *testing.T) {
	t.Parallel()
	w := shop("secretsmanager:Describe*", "ssm:ListTags*")
	fake, cfg := pod(t, w)
	store := newStore(t, cfg, secrets.Config{})
	const arn = "arn:aws:ssm:eu-west-1:" + secretstest.StoryClusterAccount + ":parameter/"
	for ref, want := range map[string]map[string]string{
		"shop/db": {"team": "data", "tier": "shop"},
		"shop/db?version_stage=AWSPREVIOUS#password": {"team": "data", "tier": "shop"},
		"shopping":                   {},
		"ssm:/shop/license:3#x":      {"tier": "shop"},
		"ssm:loglevel?decrypt=false": {"team": "web"},
		arn + "loglevel":             {"team": "web"},
		arn + "shop/license":         {"tier": "shop"},
		"ssm:/shopping/list":         {},
		"elsewhere?region=us-east-1": {},
	} {
		got, err := store.Tags(t.Context(), ref)
		if err != nil {
			t.Errorf("%s: %v", ref, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s, -want +got:\n%s", ref, diff)
		}
	}
	if c := store.Stats().Calls; c.SecretsManager != 4 || c.ParameterStore != 6 {
		t.Errorf("counted %+v, %v", c, tally(fake))
	}
	for ref, kind := range map[string]error{
		"absent": secrets.ErrNotFound, "ssm:/absent": secrets.ErrNotFound, arn + "absent": secrets.ErrNotFound, "bad name": secrets.ErrConfiguration,
	} {
		_, err := store.Tags(t.Context(), ref)
		if checkKind(t, err, kind); kind != secrets.ErrConfiguration && !strings.HasPrefix(err.Error(), fmt.Sprintf("secrets: read the tags of %q", ref)) {
			t.Errorf("%v", err)
		}
	}

	_, cfg = pod(t, shop("kms:*"))
	store = newStore(t, cfg, secrets.Config{})
	for ref, want := range map[string]grant{
		"shop/db": {
			policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
			`{"Effect":"Allow","Action":"secretsmanager:DescribeSecret","Resource":"` + secretARNOf(t, "shop/db") + `"}`,
		},
		"ssm:/shop/license": {
			policy.IdentityPolicy, secretstest.StoryClusterAccount, secretstest.StoryRoleARN,
			`{"Effect":"Allow","Action":"ssm:ListTagsForResource","Resource":"` + arn + `shop/license"}`,
		},
	} {
		_, err := store.Tags(t.Context(), ref)
		access, ok := errors.AsType[*secrets.AccessError](err)
		if !ok {
			t.Fatalf("%s: %v", ref, err)
		}
		checkGrants(t, access, []grant{want})
	}
}

// secretARNOf is the ARN that the fake gives a secret of shop.
func secretARNOf(t *testing.T, name string) string {
	t.Helper()
	_, cfg := pod(t, shop("secretsmanager:GetSecretValue"))
	v, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return v.ARN()
}

// TestStandInsAreFound searches the sources that stand in for AWS.
func TestStandInsAreFound(t *testing.T) {
	t.Parallel()
	held := map[string]string{"shop/db": "1", "shop/api": "2", "shopping/list": "3", "plain": "3", "with space": "4", "a+b": "5"}
	dir := t.TempDir()
	for name, value := range held {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kubelet(t, dir)
	tagged := secretstest.NewSource(map[string]string{"shop/db": "1", "/shop/db": "1", "plain": "3", "a b": "4"})
	tagged.SetTags("shop/db", map[string]string{"team": "data"})
	for what, test := range map[string]struct {
		source              secrets.Source
		all, path, asParams []string
	}{
		"static":      {secrets.Static(held), []string{"a+b", "plain", "shop/api", "shop/db", "shopping/list"}, []string{"shop/api", "shop/db"}, []string{"ssm:/shop/api", "ssm:/shop/db"}},
		"files":       {secrets.Files(dir), []string{"a+b", "mounted", "plain", "shop/api", "shop/db", "shopping/list"}, []string{"shop/api", "shop/db"}, []string{"ssm:/shop/api", "ssm:/shop/db"}},
		"secretstest": {tagged, []string{"/shop/db", "plain", "shop/db"}, []string{"shop/db"}, []string{"ssm:/shop/db"}},
	} {
		store := newFake(t, test.source, secrets.Config{})
		for _, search := range []struct {
			query secrets.Query
			want  []string
		}{
			{secrets.Query{}, test.all},
			{secrets.Query{Path: "shop/"}, test.path},
			{secrets.Query{Name: regexp.MustCompile("^plain$")}, []string{"plain"}},
			{secrets.Query{Service: secrets.ParameterStore, Path: "/shop"}, test.asParams},
			{secrets.Query{Service: secrets.ParameterStore, Name: regexp.MustCompile("^plain$")}, []string{"ssm:plain"}},
			{secrets.Query{Tags: map[string]string{"team": "web"}}, nil},
			{secrets.Query{TagKeys: []string{"role"}}, nil},
		} {
			got, err := store.Find(t.Context(), search.query)
			if diff := cmp.Diff(search.want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v, -want +got:\n%s", what, search.query, err, diff)
			}
			if values, err := store.GetAll(t.Context(), got...); err != nil || len(values) != len(got) {
				t.Errorf("%s: %d of %d could be read: %v", what, len(values), len(got), err)
			}
		}
		if tags, err := store.Tags(t.Context(), "plain"); err != nil || tags == nil || len(tags) != 0 {
			t.Errorf("%s: tags %v, %v", what, tags, err)
		}
		_, err := store.Tags(t.Context(), "absent")
		checkKind(t, err, secrets.ErrNotFound)
	}
	store := newFake(t, tagged, secrets.Config{})
	for _, q := range []secrets.Query{{Tags: map[string]string{"team": "data"}}, {TagKeys: []string{"team"}}} {
		got, err := store.Find(t.Context(), q)
		if diff := cmp.Diff([]string{"shop/db"}, got); err != nil || diff != "" {
			t.Errorf("%v, -want +got:\n%s", err, diff)
		}
	}
	if tags, err := store.Tags(t.Context(), "shop/db"); err != nil || tags["team"] != "data" {
		t.Errorf("tags %v, %v", tags, err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := secrets.Files(dir).(secrets.Finder).Find(ended, secrets.Query{}); !errors.Is(err, context.Canceled) || errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("without time: %v", err)
	}
	_, err := newFake(t, secrets.Files(filepath.Join(dir, "nowhere")), secrets.Config{}).Find(t.Context(), secrets.Query{})
	checkKind(t, err, secrets.ErrConfiguration)
}

// kubelet mounts a volume with the secret "mounted" in dir.
func kubelet(t *testing.T, dir string) {
	t.Helper()
	version := filepath.Join(dir, "..2026_11_22_00_00_00.1")
	if err := os.Mkdir(version, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(version, "mounted"), []byte("m"), 0o600); err != nil {
		t.Fatal(err)
	}
	for link, target := range map[string]string{"..data": filepath.Base(version), "mounted": "..data/mounted", "broken": "..data/absent"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
}

// delayed has a client's answers take a while.
func delayed(client aws.HTTPClient, latency time.Duration) *http.Client {
	next := client.(*http.Client).Transport
	return &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(latency):
			return next.RoundTrip(r)
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	})}
}
