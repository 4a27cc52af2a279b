package irsa_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const module = "github.com/irsakit/irsa"

// pkg is what `go list -json` says about a package.
type pkg struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string // all that it reaches; without tests
	Module       *struct {
		Path string
		Main bool
	}
}

// direct returns what the package and its tests import themselves.
func (p pkg) direct() []string {
	return slices.Concat(p.Imports, p.TestImports, p.XTestImports)
}

// graph holds packages by import path.
type graph map[string]pkg

// rule is a direction that imports must not take.
type rule struct {
	name string
	// from selects the packages that the rule binds.
	from func(path string) bool
	// edges are the imports that the rule looks at.
	edges func(pkg) []string
	// forbidden selects the packages that they must not reach.
	forbidden func(pkg) bool
}

// rules are the walls of the house. CONTRIBUTING.md draws them.
var rules = []rule{
	{
		name:      "policy reaches only the standard library",
		from:      within(module + "/policy"),
		edges:     reached,
		forbidden: func(p pkg) bool { return !p.Standard && !within(module+"/policy")(p.ImportPath) },
	},
	{
		name:      "credentials does not reach secrets",
		from:      within(module + "/credentials"),
		edges:     reached,
		forbidden: named(module + "/secrets"),
	},
	{
		name:      "the library reaches neither testing nor the fake",
		from:      library,
		edges:     reached,
		forbidden: named("testing", module+"/internal/testutil"),
	},
	{
		name:      "the fake reaches policy but nothing that is tested with it",
		from:      within(module + "/internal/testutil"),
		edges:     reached,
		forbidden: named(module+"/credentials", module+"/secrets"),
	},
	{
		name:      "examples import no internal package",
		from:      within(module + "/examples"),
		edges:     pkg.direct,
		forbidden: named(module + "/internal"),
	},
}

func reached(p pkg) []string { return p.Deps }

// within reports whether a path is root or lies below it.
func within(root string) func(string) bool {
	return func(path string) bool { return path == root || strings.HasPrefix(path, root+"/") }
}

func named(roots ...string) func(pkg) bool {
	return func(p pkg) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return within(root)(p.ImportPath) })
	}
}

// library reports whether users build a package into their programs.
func library(path string) bool {
	return within(module)(path) && !strings.HasSuffix(path, "test") &&
		!within(module+"/examples")(path) && !within(module+"/internal/testutil")(path)
}

// violations lists the edges of g that a rule forbids, in order.
func violations(g graph, rules []rule) []string {
	var found []string
	for _, r := range rules {
		for path, p := range g {
			if !r.from(path) {
				continue
			}
			for _, dep := range r.edges(p) {
				to := g[dep]
				to.ImportPath = dep
				if r.forbidden(to) {
					found = append(found, fmt.Sprintf("%s: %s -> %s", r.name, path, dep))
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestDependencyDirections(t *testing.T) {
	t.Parallel()
	g := list(t, ".", "./...")
	maps.Copy(g, list(t, "examples", "./..."))
	for _, root := range []string{"/policy", "/credentials", "/secrets", "/examples/quickstart"} {
		if _, ok := g[module+root]; !ok {
			t.Errorf("go list does not know %s: the rules would hold of nothing", module+root)
		}
	}
	for _, v := range violations(g, rules) {
		t.Error(v)
	}
}

// TestRulesForbid breaks each rule once, on paper.
func TestRulesForbid(t *testing.T) {
	t.Parallel()
	const sdk = "github.com/aws/aws-sdk-go-v2/aws"
	tests := map[string]struct {
		from pkg
		rule string // "" where the edge is allowed
	}{
		"policy, standard library": {
			from: pkg{ImportPath: module + "/policy", Deps: []string{"strings"}},
		},
		"policy, SDK": {
			from: pkg{ImportPath: module + "/policy", Deps: []string{sdk}},
			rule: "policy reaches only the standard library",
		},
		"below policy, credentials": {
			from: pkg{ImportPath: module + "/policy/arn", Deps: []string{module + "/credentials"}},
			rule: "policy reaches only the standard library",
		},
		"credentials, SDK and policy": {
			from: pkg{ImportPath: module + "/credentials", Deps: []string{sdk, module + "/policy"}},
		},
		"credentialstest, secrets": {
			from: pkg{ImportPath: module + "/credentials/credentialstest", Deps: []string{module + "/secrets"}},
			rule: "credentials does not reach secrets",
		},
		"secrets, credentials": {
			from: pkg{ImportPath: module + "/secrets", Deps: []string{module + "/credentials"}},
		},
		"secrets, testing": {
			from: pkg{ImportPath: module + "/secrets", Deps: []string{"testing"}},
			rule: "the library reaches neither testing nor the fake",
		},
		"credentials, fake": {
			from: pkg{ImportPath: module + "/credentials", Deps: []string{module + "/internal/testutil/fakeaws"}},
			rule: "the library reaches neither testing nor the fake",
		},
		"secretstest, fake and testing": {
			from: pkg{ImportPath: module + "/secrets/secretstest", Deps: []string{module + "/internal/testutil/fakeaws", "testing"}},
		},
		"fake, policy": {
			from: pkg{ImportPath: module + "/internal/testutil/fakeaws", Deps: []string{module + "/policy"}},
		},
		"fake, credentials": {
			from: pkg{ImportPath: module + "/internal/testutil/fakeaws", Deps: []string{module + "/credentials"}},
			rule: "the fake reaches policy but nothing that is tested with it",
		},
		"example, internal at second hand": {
			from: pkg{
				ImportPath: module + "/examples/quickstart",
				Imports:    []string{module + "/secrets/secretstest"},
				Deps:       []string{module + "/internal/testutil/fakeaws"},
			},
		},
		"example, internal": {
			from: pkg{ImportPath: module + "/examples/quickstart", Imports: []string{module + "/internal/testutil/fakeaws"}},
			rule: "examples import no internal package",
		},
		"test of an example, internal": {
			from: pkg{ImportPath: module + "/examples/quickstart", XTestImports: []string{module + "/internal/testutil"}},
			rule: "examples import no internal package",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := graph{
				test.from.ImportPath: test.from,
				"strings":            {ImportPath: "strings", Standard: true},
				"testing":            {ImportPath: "testing", Standard: true},
			}
			var broken []string
			for _, v := range violations(g, rules) {
				name, _, _ := strings.Cut(v, ": ")
				broken = append(broken, name)
			}
			var want []string
			if test.rule != "" {
				want = []string{test.rule}
			}
			if diff := cmp.Diff(want, broken); diff != "" {
				t.Errorf("broken rules (-want +got):\n%s", diff)
			}
		})
	}
}

// TestModules compares the modules that users of the library build with a list
// that is kept by hand, so that a new one is a decision and not an accident.
func TestModules(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/modules.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range list(t, ".", "./...") {
		if p.Module != nil && !p.Module.Main {
			got = append(got, p.Module.Path)
		}
	}
	slices.Sort(got)
	want := strings.Fields(string(text))
	if diff := cmp.Diff(want, slices.Compact(got)); diff != "" {
		t.Errorf("modules in the build differ from testdata/modules.txt (-listed +built):\n%s", diff)
	}
}

// list asks the go command about the packages of a module and all that they
// reach, outside the workspace, as users meet them.
func list(t *testing.T, dir string, patterns ...string) graph {
	t.Helper()
	readTree(t)
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-json"}, patterns...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd, err, stderr.String())
	}
	g := graph{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return g
		} else if err != nil {
			t.Fatal(err)
		}
		g[p.ImportPath] = p
	}
}

// readTree opens every directory with Go files in this process. The go command
// caches test results by the files that the test itself opens; what a child
// reads would go unnoticed, and this test pass from memory.
func readTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(path) > 1 && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
