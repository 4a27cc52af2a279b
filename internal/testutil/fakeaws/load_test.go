package fakeaws_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

func TestWorldRefused(t *testing.T) {
	t.Parallel()
	// In an account, with a marker where secret values are.
	account := func(members string) string {
		return `{"clusters":[],"accounts":[{"id":"111122223333",` + members + `}]}`
	}
	const trust = `"trustPolicy":{"Statement":[]}`
	tests := map[string]struct {
		world string
		want  []string // parts of the error
	}{
		"not JSON":           {"{\n  \"accounts\": x}", []string{"line 2, column 15"}},
		"empty":              {"", []string{"line 1"}},
		"an array":           {"[]", []string{"top level: want an object"}},
		"unknown member":     {`{"acounts":[]}`, []string{`top level: unknown member "acounts"`}},
		"unknown deep":       {account(`"roles":[{"name":"r","trust":{}}]`), []string{`accounts[0].roles[0]: unknown member "trust"`}},
		"member twice":       {account(`"users":[],"users":[]`), []string{`accounts[0]: member "users" comes twice`}},
		"not a string":       {account(`"roles":[{"name":4711}]`), []string{"accounts[0].roles[0].name: want a string"}},
		"not an integer":     {account(`"parameters":[{"version":"marker"}]`), []string{"accounts[0].parameters[0].version: want an integer"}},
		"not a bool":         {account(`"keys":[{"disabled":"marker"}]`), []string{"accounts[0].keys[0].disabled: want true or false"}},
		"not base64":         {account(`"secrets":[{"versions":[{"binary":"!marker"}]}]`), []string{"accounts[0].secrets[0].versions[0].binary: want a base64 string"}},
		"not strings":        {account(`"secrets":[{"tags":["marker"]}]`), []string{"accounts[0].secrets[0].tags: want an object of strings"}},
		"not a seed":         {`{"seed":-1}`, []string{"seed: want an integer"}},
		"not an array":       {account(`"roles":{}`), []string{"accounts[0].roles: want an array"}},
		"not a time":         {account(`"secrets":[{"deletedDate":"marker"}]`), []string{"accounts[0].secrets[0].deletedDate: want a time"}},
		"policy syntax":      {account(`"roles":[{"name":"r","trustPolicy":{"Statement":[{"Effect":"Alow"}]}}]`), []string{"accounts[0].roles[0].trustPolicy: policy: line 1", "/Statement/0"}},
		"null":               {`{"clusters":[null],"accounts":[null]}`, []string{"clusters[0]: null", "accounts[0]: null"}},
		"null inside":        {account(`"users":[null],"roles":[null],"secrets":[null,{"name":"s","region":"eu-west-1","versions":[null]}],"parameters":[null],"keys":[null]`), []string{"users[0]: null", "roles[0]: null", "secrets[0]: null", "secrets[1].versions[0]: null", "parameters[0]: null", "keys[0]: null"}},
		"account id":         {`{"accounts":[{"id":"1234"},{"id":""}]}`, []string{`accounts[0].id: "1234" is not an account id of twelve digits`, "accounts[1].id: an account id of twelve digits is missing"}},
		"account twice":      {`{"accounts":[{"id":"111122223333"},{"id":"111122223333"}]}`, []string{`accounts[1].id: account "111122223333" comes twice`}},
		"partition":          {account(`"partition":"aws-mars"`), []string{`accounts[0].partition: "aws-mars" is not a partition`}},
		"cluster":            {`{"clusters":[{"name":"","issuer":"http://x","algorithm":"HS256","account":"1"}]}`, []string{"clusters[0].name: a name is missing", `clusters[0].issuer: "http://x" is not an https URL`, `clusters[0].algorithm: "HS256"`, "clusters[0].account"}},
		"cluster twice":      {`{"clusters":[{"name":"c","issuer":"https://x"},{"name":"c","issuer":"https://x"}]}`, []string{`clusters[1].name: cluster "c" comes twice`, `clusters[1].issuer: issuer "https://x" comes twice`}},
		"provider":           {account(`"oidcProviders":[{"url":""},{"url":"https://x?y"},{"url":"https://z"},{"url":"https://z"}]`), []string{"oidcProviders[0].url: an https URL is missing", "oidcProviders[1].url", `oidcProviders[3].url: provider in 111122223333 "https://z" comes twice`}},
		"user":               {account(`"users":[{"name":"a b","accessKeyId":"short"}]`), []string{`users[0].name: "a b" is not a user name`, `users[0].accessKeyId: "short"`, "users[0].secretAccessKey: a secret access key is missing"}},
		"role without trust": {account(`"roles":[{"name":"r"}]`), []string{"accounts[0].roles[0].trustPolicy: the document is missing"}},
		"role":               {account(`"roles":[{"name":"r",` + trust + `,"path":"apps","uniqueId":"AIDA","maxSessionDuration":60}]`), []string{`roles[0].path: "apps"`, `roles[0].uniqueId: "AIDA"`, "roles[0].maxSessionDuration: 60"}},
		"role twice":         {account(`"roles":[{"name":"r",` + trust + `},{"name":"R",` + trust + `}]`), []string{"accounts[0].roles[1].name: "}},
		"role policies":      {account(`"roles":[{"name":"r",` + trust + `,"policies":[{"name":""},{"name":"p","document":{"Statement":[]}},{"name":"p","document":{"Statement":[]}}],"permissionsBoundary":{"name":"b"}}]`), []string{"roles[0].policies[0].name: a name is missing", "roles[0].policies[0].document: the document is missing", `roles[0].policies[2].name: policy "p" comes twice`, "roles[0].permissionsBoundary.name: a boundary is a managed policy", "roles[0].permissionsBoundary.document"}},
		"guardrails":         {account(`"serviceControlPolicies":[[{"name":"s"}]],"resourceControlPolicies":[[{"name":"r"}]]`), []string{"serviceControlPolicies[0][0].document", "resourceControlPolicies[0][0].document"}},
		"secret":             {account(`"secrets":[{"name":"a b","region":"","suffix":"x","kmsKeyId":"alias/x"}]`), []string{`secrets[0].name: "a b"`, "secrets[0].region: a Region is missing", `secrets[0].suffix: "x"`, `secrets[0].kmsKeyId: "alias/x" is not the ARN of a KMS key`}},
		"versions":           {account(`"secrets":[{"name":"s","region":"eu-west-1","versions":[{"id":"v","string":"marker","binary":"bWFya2Vy","stages":["A"]},{"id":"v","stages":["A"]}]}]`), []string{"versions[0]: both string and binary are set", `versions[1].id: version "v" comes twice`, `versions[1].stages: stage "A" is at two versions`, "secrets[0].versions: no version has stage AWSCURRENT"}},
		"partition of data":  {account(`"partition":"aws-cn","keys":[{"id":"1234abcd-12ab-34cd-56ef-1234567890ab","region":"eu-west-1"}]`), []string{`keys[0].region: "eu-west-1" is not in the account's partition aws-cn`}},
		"parameter":          {account(`"parameters":[{"name":"a b","region":"mars","type":"Text","keyId":"x","version":-1}]`), []string{"parameters[0].name", "parameters[0].region", "parameters[0].type", "parameters[0].value: a value is missing", "parameters[0].keyId: only a SecureString has a key", "parameters[0].version: -1 is negative"}},
		"key":                {account(`"keys":[{"id":"x","region":"eu-west-1","aliases":["app"]}]`), []string{`keys[0].id: "x"`, `keys[0].aliases[0]: "app" is not an alias`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := fakeaws.New([]byte(test.world))
			if err == nil {
				t.Fatal("New has taken it")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v\nwant %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "marker") {
				t.Errorf("%v shows a value", err)
			}
		})
	}
}

func TestWorldPolicySyntax(t *testing.T) {
	t.Parallel()
	_, err := fakeaws.New([]byte(`{"accounts":[{"id":"111122223333","roles":[{"name":"r","trustPolicy":{"Version":1}}]}]}`))
	if e, ok := errors.AsType[*policy.SyntaxError](err); !ok || e.Position.Column == 0 {
		t.Errorf("got %v, want a policy.SyntaxError with its position", err)
	}
}

// A world survives the trip through JSON, in which the public fakes and the
// command's files hand it over.
func TestWorldRoundTrip(t *testing.T) {
	t.Parallel()
	var world fakeaws.World
	if err := json.Unmarshal([]byte(identities), &world); err != nil {
		t.Fatal(err)
	}
	again, err := json.Marshal(world)
	if err != nil {
		t.Fatal(err)
	}
	start(t, string(again))
}

// The seed alone determines ids.
func TestSeed(t *testing.T) {
	t.Parallel()
	keys := map[uint64]string{}
	for _, seed := range []uint64{7, 7, 8} {
		fake := startChanged(t, func(w *fakeaws.World) { w.Seed = seed })
		cfg := exchange(t, inMemory(fake), mint(t, fake))
		credentials, err := cfg.Credentials.Retrieve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if known := keys[seed]; known != "" && known != credentials.AccessKeyID {
			t.Errorf("seed %d gave %s, then %s", seed, known, credentials.AccessKeyID)
		}
		keys[seed] = credentials.AccessKeyID
	}
	if keys[7] == keys[8] {
		t.Error("two seeds give the same key")
	}
}
