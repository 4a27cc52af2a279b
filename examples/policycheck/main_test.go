package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"policycheck": main})
}

// TestScripts runs the commands. $PLANS has the Terraform plans. In the working
// directory are story.json and what is broken of it, the examples of the
// README, and odd files.
func TestScripts(t *testing.T) {
	t.Parallel()
	plans, err := filepath.Abs("testdata/terraform/plans")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(env *testscript.Env) error {
			env.Setenv("PLANS", plans)
			return cmp.Or(writeWorlds(env.WorkDir), writeExamples(env.WorkDir), writeOdd(env.WorkDir))
		},
	})
}

// writeExamples writes the examples of the README: the commands as readme.sh,
// the scenario as scenarios.json.
func writeExamples(dir string) error {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		return err
	}
	var commands, scenario strings.Builder
	for block := range strings.SplitSeq(string(readme), "\n\n") {
		if !strings.HasPrefix(block, "    ") {
			continue
		}
		switch text := strings.TrimSpace(block); {
		case strings.HasPrefix(text, "{"):
			scenario.WriteString(text)
		case !strings.HasPrefix(text, "DENIED"):
			commands.WriteString(text + "\n")
		}
	}
	return cmp.Or(
		os.WriteFile(filepath.Join(dir, "readme.sh"), []byte(commands.String()), 0o600),
		os.WriteFile(filepath.Join(dir, "scenarios.json"), []byte(scenario.String()), 0o600),
	)
}

// writeOdd writes what has characters that a script cannot have: what is typed at
// a terminal, and texts as some editors and shells save them.
func writeOdd(dir string) error {
	const endOfFile = "\x04"
	story, err := os.ReadFile(filepath.Join(dir, "one-secret.json"))
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"paste":        "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity\n" + endOfFile,
		"end":          endOfFile,
		"bom.json":     byteOrderMark + string(story),
		"bom.yaml":     byteOrderMark + "accounts: []\n",
		"bom-doc.json": byteOrderMark + `{"Statement": []}`,
		"utf-16.json":  "\xff\xfe{\x00}\x00",
		"crlf.yaml":    "clusters: []\r\naccounts:\r\n  - roles: 5\r\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// worlds are the story, and the story with one thing wrong.
var worlds = map[string]func(w *secretstest.World){
	"story": func(*secretstest.World) {},
	"trust": func(w *secretstest.World) {
		role := w.Account(secretstest.StoryClusterAccount).Role("pod-role")
		role.Trust = policy.MustParse(strings.Replace(role.Trust.String(), "testnamespace", "testnamespce", 1))
	},
	"secret-policy": func(w *secretstest.World) {
		w.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil
	},
	"key": func(w *secretstest.World) { // of which nothing is known
		w.Account(secretstest.StoryKeyAccount).Keys = nil
	},
	"one-secret": func(w *secretstest.World) {
		w.Account(secretstest.StoryClusterAccount).Secrets = nil
	},
	"audience": func(w *secretstest.World) { // that the provider does not know
		w.Account(secretstest.StoryClusterAccount).OIDCProviders[0].ClientIDs = []string{"other"}
	},
	"default-key": func(w *secretstest.World) {
		w.Account(secretstest.StoryClusterAccount).Secrets = nil
		w.Account(secretstest.StorySecretAccount).Secrets[0].KeyID = ""
	},
	"two-roles": func(w *secretstest.World) {
		a := w.Account(secretstest.StoryClusterAccount)
		other := *a.Role("pod-role")
		other.Name = "other-role"
		a.Roles = append(a.Roles, other)
	},
}

func writeWorlds(dir string) error {
	for name, change := range worlds {
		w := secretstest.Story()
		change(&w)
		data, err := json.Marshal(w)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// TestEvalCorpus gives the cases of package policy to eval as one array, and
// once more with what each case expects turned round, which must fail.
func TestEvalCorpus(t *testing.T) {
	t.Parallel()
	scenarios := corpus(t)
	if len(scenarios) < 100 {
		t.Fatalf("only %d cases", len(scenarios))
	}
	got := evalAll(t, scenarios, nil)
	for i, s := range scenarios {
		want := s["expected"].(map[string]string)["response"]
		if got[i].ID != s["id"] || got[i].Decision != want {
			t.Errorf("case %v: got %s for %s, want %s", s["id"], got[i].Decision, got[i].ID, want)
		}
	}
	for _, s := range scenarios {
		s["expected"] = map[string]string{"response": "Unknown"}
	}
	evalAll(t, scenarios, errVerdict)
}

type line struct{ ID, Decision string }

func evalAll(t *testing.T, scenarios []map[string]any, want error) []line {
	t.Helper()
	in, err := json.Marshal(scenarios)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"eval"}, streams{bytes.NewReader(in), &out, nil}); err != want {
		t.Errorf("eval: %v, want %v", err, want)
	}
	lines := make([]line, len(scenarios))
	dec := json.NewDecoder(&out)
	for i := range lines {
		if err := dec.Decode(&lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	return lines
}

// corpus reads package policy's cases as scenarios.
func corpus(t *testing.T) []map[string]any {
	t.Helper()
	files, err := filepath.Glob("../../policy/testdata/evaluate/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var out []map[string]any
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, scenarioOf(filepath.Base(file), archive))
	}
	return out
}

func scenarioOf(id string, archive *txtar.Archive) map[string]any {
	context := map[string][]string{}
	resource := map[string]string{}
	request := map[string]any{"context": context, "resource": resource}
	s := map[string]any{"id": id, "request": request}
	for header := range strings.Lines(string(archive.Comment)) {
		key, value, _ := strings.Cut(strings.TrimSpace(header), ": ")
		switch key {
		case "principal", "action":
			request[key] = value
		case "resource":
			resource["resource"] = value
		case "account":
			resource["accountId"] = value
		case "decision":
			s["expected"] = map[string]string{"response": value}
		case "context":
			name, v, _ := strings.Cut(value, " = ")
			context[name] = append(context[name], v)
		}
	}
	for _, f := range archive.Files {
		addDocument(s, f.Name, json.RawMessage(f.Data))
	}
	return s
}

func addDocument(s map[string]any, section string, doc json.RawMessage) {
	kind, level, _ := strings.Cut(section, " ")
	fields := map[string]string{
		"identity": "identityPolicies", "boundary": "permissionBoundaries", "endpoint": "endpointPolicies",
		"resource": "resourcePolicy", "session": "sessionPolicy",
		"scp": "serviceControlPolicies", "rcp": "resourceControlPolicies",
	}
	field := fields[kind]
	switch kind {
	case "resource", "session":
		s[field] = doc
	case "scp", "rcp":
		levels, _ := s[field].([]levelJSON)
		if n := len(levels); n == 0 || levels[n-1].OrgIdentifier != level {
			levels = append(levels, levelJSON{OrgIdentifier: level})
		}
		levels[len(levels)-1].Policies = append(levels[len(levels)-1].Policies, doc)
		s[field] = levels
	default:
		list, _ := s[field].([]json.RawMessage)
		s[field] = append(list, doc)
	}
}
