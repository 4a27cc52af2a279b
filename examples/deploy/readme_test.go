package deploy_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	must(t, err)
	return string(text)
}

// The kustomization that README shows is one that works, in its own namespace and
// with its own image.
func TestReadmeKustomization(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) == 0 {
		t.Fatal("there is none")
	}
	for _, block := range blocks {
		tr := readTree(t)
		text := strings.ReplaceAll(block[1], "../irsa/examples/deploy/", "../")
		must(t, tr.WriteFile("/shop/kustomization.yaml", []byte(text)))
		r, err := tr.render("shop")
		must(t, err)
		if p := r.check(); len(p) > 0 {
			t.Errorf("problems:\n%s", strings.Join(p, "\n"))
		}
		if len(r.spaces) != 1 || r.spaces[0].Name != "shop" {
			t.Errorf("namespaces %v", r.spaces)
		}
		if image := r.testapp(t).container(t, "agent").Image; !strings.HasPrefix(image, "registry.your.example/irsa@sha256:") {
			t.Errorf("image %s", image)
		}
	}
}

// The commands that README has are right, and the paths are there.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	text := readme(t)
	commands := regexp.MustCompile(`(?m)^    kubectl .* -c (\w+) -- (/\w+)(.*)$`).FindAllStringSubmatch(text, -1)
	if len(commands) < 2 {
		t.Errorf("%d commands", len(commands))
	}
	base := mustRender(t, "base").testapp(t)
	for _, c := range commands {
		base.container(t, c[1])
		if err := misused(t, c[2], strings.Fields(c[3])); err != nil {
			t.Error(err)
		}
	}
	for _, m := range regexp.MustCompile("`((?:base|overlays|components|verify|prometheus|grafana)(?:/[\\w.-]+)*)`").FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Error(err)
		}
	}
	for _, m := range regexp.MustCompile(`examples/deploy/([\w./-]+)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(strings.TrimSuffix(m[1], ".")); err != nil {
			t.Error(err)
		}
	}
	for _, dir := range slices.Concat(directories, []string{"verify", "components/prometheus-operator"}) {
		if !strings.Contains(text, "`"+dir+"`") && !strings.Contains(text, "`"+path.Base(dir)+"`") {
			t.Errorf("%s is not in README", dir)
		}
	}
}
