package main

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"credserver": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": worldCommand, "outage": outageCommand, "start": startCommand, "stop": stopCommand,
			"get": getCommand, "same": sameCommand,
		},
		Setup: func(env *testscript.Env) error {
			env.Setenv("AWS_CONFIG_FILE", os.DevNull)
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			env.Setenv("AWS_EC2_METADATA_DISABLED", "true")
			env.Values[stageKey{}] = new(stage)
			return nil
		},
	})
}

func TestParseHop(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::222233334444:role/billing"
	tests := map[string]struct {
		text string
		want credentials.Hop
		ok   bool
	}{
		"bare": {arn, credentials.Hop{RoleARN: arn}, true},
		"all": {
			arn + ",external-id=a,session-name=b,source-identity=c,duration=30m,region=eu-west-1",
			credentials.Hop{RoleARN: arn, ExternalID: "a", SessionName: "b", SourceIdentity: "c", Duration: 30 * 60e9, Region: "eu-west-1"},
			true,
		},
		"external id with commas": {arn + ",external-id=a,b=c,session-name=s", credentials.Hop{RoleARN: arn, ExternalID: "a,b=c", SessionName: "s"}, true},
		"role with a comma":       {arn + ",x", credentials.Hop{RoleARN: arn + ",x"}, true},
		"empty setting":           {arn + ",external-id=", credentials.Hop{RoleARN: arn}, false},
		"no duration":             {arn + ",duration=long", credentials.Hop{RoleARN: arn}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := parseHop(test.text)
			if diff := cmp.Diff(test.want, got); diff != "" || (err == nil) != test.ok {
				t.Errorf("error %v, hop (-want +got):\n%s", err, diff)
			}
		})
	}
}
