package credentials_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials"
)

func TestHopSettings(t *testing.T) {
	t.Parallel()
	type hop = credentials.Hop
	many := map[string]string{}
	for i := range 51 {
		many[fmt.Sprint(i)] = ""
	}
	long := strings.Repeat("x", 2048)
	tests := map[string]struct {
		hops  []hop // behind a good first one
		field string
		text  string
	}{
		"no role":                   {[]hop{{}}, "Config.Hops[1].RoleARN", "not an ARN"},
		"user":                      {[]hop{{RoleARN: userName}}, "Config.Hops[1].RoleARN", `"user/bob"`},
		"session name":              {[]hop{{SessionName: "a b"}}, "Config.Hops[1].SessionName", "position 2"},
		"duration":                  {[]hop{{Duration: time.Minute}}, "Config.Hops[1].Duration", "1m0s"},
		"long duration":             {[]hop{{Duration: 13 * time.Hour}}, "Config.Hops[1].Duration", "13h"},
		"region":                    {[]hop{{Region: "eu_west"}}, "Config.Hops[1].Region", "position 3"},
		"short external id":         {[]hop{{ExternalID: "x"}}, "Config.Hops[1].ExternalID", "2 to 1224"},
		"external id with space":    {[]hop{{ExternalID: "x y"}}, "Config.Hops[1].ExternalID", "letters"},
		"long external id":          {[]hop{{ExternalID: long}}, "Config.Hops[1].ExternalID", "2048"},
		"source identity":           {[]hop{{SourceIdentity: "a"}}, "Config.Hops[1].SourceIdentity", `"a"`},
		"source identity of AWS":    {[]hop{{SourceIdentity: "aws:me"}}, "Config.Hops[1].SourceIdentity", "aws:me"},
		"another source identity":   {[]hop{{SourceIdentity: "bob"}}, "Config.Hops[1].SourceIdentity", `earlier hop has set "alice"`},
		"much later":                {[]hop{{}, {}, {SourceIdentity: "bob"}}, "Config.Hops[3].SourceIdentity", "alice"},
		"too many tags":             {[]hop{{Tags: many}}, "Config.Hops[1].Tags", "51 tags"},
		"tags by case":              {[]hop{{Tags: map[string]string{"Team": "", "tEAM": ""}}}, "Config.Hops[1].Tags", "differ by case"},
		"no tag key":                {[]hop{{Tags: map[string]string{"": "x"}}}, `Config.Hops[1].Tags[""]`, "key"},
		"long tag key":              {[]hop{{Tags: map[string]string{long[:129]: "x"}}}, "Config.Hops[1].Tags[", "128"},
		"tag key":                   {[]hop{{Tags: map[string]string{"a&b": "x"}}}, "Config.Hops[1].Tags[", "key"},
		"tag of AWS":                {[]hop{{Tags: map[string]string{"AWS:x": "x"}}}, "Config.Hops[1].Tags[", "aws:"},
		"tag value":                 {[]hop{{Tags: map[string]string{"a": "x;y"}}}, `Config.Hops[1].Tags["a"]`, "value"},
		"long tag value":            {[]hop{{Tags: map[string]string{"a": long[:257]}}}, `Config.Hops[1].Tags["a"]`, "256"},
		"inherited tag":             {[]hop{{Tags: map[string]string{"Team": "x"}}}, `Config.Hops[1].Tags["Team"]`, "inherited"},
		"inherited over a hop":      {[]hop{{}, {Tags: map[string]string{"team": "x"}}}, `Config.Hops[2].Tags["team"]`, "inherited"},
		"transitive without a tag":  {[]hop{{TransitiveTagKeys: []string{"x"}}}, "Config.Hops[1].TransitiveTagKeys[0]", `no tag "x"`},
		"inherited transitive":      {[]hop{{TransitiveTagKeys: []string{"team"}}}, "Config.Hops[1].TransitiveTagKeys[0]", "pass on by themselves"},
		"policy of another account": {[]hop{{PolicyARNs: []string{"arn:aws:iam::aws:policy/A", "arn:aws:iam::111122223333:policy/B"}}}, "Config.Hops[1].PolicyARNs[1]", "222200000001"},
		"policy ARN":                {[]hop{{PolicyARNs: []string{"ReadOnly"}}}, "Config.Hops[1].PolicyARNs[0]", `"ReadOnly"`},
		"eleven policies":           {[]hop{{PolicyARNs: slices.Repeat([]string{"arn:aws:iam::aws:policy/A"}, 11)}}, "Config.Hops[1].PolicyARNs", "11"},
		"long policy":               {[]hop{{SessionPolicy: allow("", long[:1990], "s3:*")}}, "Config.Hops[1].SessionPolicy", "2048"},
		"long policies": {
			[]hop{{SessionPolicy: allow("", long[:1900], "s3:*"), PolicyARNs: slices.Repeat([]string{"arn:aws:iam::aws:policy/ReadOnlyAccess"}, 5)}},
			"Config.Hops[1].SessionPolicy", "PolicyARNs included",
		},
		"policy with principal": {[]hop{{SessionPolicy: allow(userName, "*", "s3:*")}}, "Config.Hops[1].SessionPolicy", "Principal"},
		"policy in Greek":       {[]hop{{SessionPolicy: allow("", "α", "s3:*")}}, "Config.Hops[1].SessionPolicy", `'α'`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := credentials.Config{Region: "eu-west-1", RoleARN: roleARN, TokenFile: "/token", HTTPClient: noNetwork(t)}
			cfg.Hops = append([]hop{{
				RoleARN: hopARN(1), SourceIdentity: "alice",
				Tags: map[string]string{"team": "a", "own": "b"}, TransitiveTagKeys: []string{"team"},
			}}, test.hops...)
			for i := range test.hops {
				if name != "no role" {
					cfg.Hops[i+1].RoleARN = cmp.Or(test.hops[i].RoleARN, hopARN(1))
				}
			}
			_, err := credentials.New(t.Context(), cfg)
			e, ok := errors.AsType[*credentials.ConfigError](err)
			if !ok || !strings.HasPrefix(e.Field, test.field) || !errors.Is(err, credentials.ErrConfiguration) {
				t.Fatalf("error %v, want a ConfigError of %s", err, test.field)
			}
			wantText(t, err, test.text)
		})
	}
}

// What is allowed: an own tag of an earlier hop, the same source identity
// again, limits to the letter.
func TestGoodHopSettings(t *testing.T) {
	t.Parallel()
	key, value := strings.Repeat("k", 128), strings.Repeat("é", 256)
	p := newProvider(t, credentials.Config{
		Region: "eu-west-1", RoleARN: roleARN, TokenFile: "/token", HTTPClient: noNetwork(t),
		Hops: []credentials.Hop{
			{RoleARN: hopARN(1), SourceIdentity: "alice", Tags: map[string]string{"own": "b", key: value}, TransitiveTagKeys: []string{key}},
			{RoleARN: hopARN(2), SourceIdentity: "alice", Tags: map[string]string{"Own": "c"}, ExternalID: strings.Repeat("x", 1224)},
		},
	})
	if got := p.Selection().Source; got != credentials.SourceWebIdentity {
		t.Errorf("source %q", got)
	}
}
