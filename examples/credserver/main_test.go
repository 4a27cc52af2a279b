package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/podtest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"credserver": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"world": worldCommand, "outage": outageCommand, "start": startCommand, "end": endCommand, "port": portCommand,
			"get": getCommand, "same": sameCommand,
		},
		Setup: func(env *testscript.Env) error {
			podtest.Isolate(env)
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

// What is announced is good for programs in other directories.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	const arn = "arn:aws:iam::222233334444:role/billing"
	tests := map[string]struct {
		o    options
		want string
	}{
		"token file": {
			options{tokenFile: "token"},
			"export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://[::1]:9911/credentials\n" +
				"export AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=" + filepath.Join(dir, "token") + "\n",
		},
		"roles": {
			options{rolesOnly: true, names: []string{"own", "billing"}, roles: map[string][]credentials.Hop{"billing": {{RoleARN: "x"}, {RoleARN: arn}}}},
			"export AWS_CONTAINER_CREDENTIALS_FULL_URI=http://[::1]:9911/role/NAME\n" +
				"# and AWS_CONTAINER_AUTHORIZATION_TOKEN as it is set for this process\n" +
				"# http://[::1]:9911/role/own is the pod's own identity\n" +
				"# http://[::1]:9911/role/billing is " + arn + "\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got strings.Builder
			announce(&got, "[::1]:9911", test.o)
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Errorf("announced (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFromHere(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:9911": "127.0.0.1:9911", "[::1]:9911": "[::1]:9911", "localhost:9911": "localhost:9911", "10.0.0.7:9911": "10.0.0.7:9911",
		"0.0.0.0:9911": "127.0.0.1:9911", "[::]:9911": "127.0.0.1:9911", ":9911": "127.0.0.1:9911", "a b": "a b",
	} {
		if got := fromHere(addr); got != want {
			t.Errorf("%q is %q from here, want %q", addr, got, want)
		}
	}
}
