package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/irsakit/irsa/credentials"
)

// Prometheus's own parser and linter take what /metrics says, and the README has
// the same metrics.
func TestMetrics(t *testing.T) {
	t.Parallel()
	_, text := ask(t, startHolding(t).health+"/metrics", "")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v %v", problems, err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := names(string(readme), "(?m)^\\| `(irsa_[a-z_]+)` \\| (?:counter|gauge|summary) \\|")
	served := names(text, "(?m)^# TYPE (irsa_[a-z_]+) ")
	if diff := cmp.Diff(documented, served); diff != "" {
		t.Errorf("metrics (-README +served):\n%s", diff)
	}
}

func names(text, expression string) []string {
	var out []string
	for _, m := range regexp.MustCompile(expression).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func TestSamples(t *testing.T) {
	t.Parallel()
	d := &metric{"a_total", counter, "What it is.", []string{"x", "y"}}
	s := &metric{"b_seconds", summary, "How long.", nil}
	m := samples{}
	m.count(d, 2, "q\"u\\o\nte", "")
	m.add(d, 0.5, "a", "b")
	m.sum(s, 1.25, 3)
	want := `# HELP a_total What it is.
# TYPE a_total counter
a_total{x="a",y="b"} 0.5
a_total{x="q\"u\\o\nte",y=""} 2
# HELP b_seconds How long.
# TYPE b_seconds summary
b_seconds_count 3
b_seconds_sum 1.25
`
	if diff := cmp.Diff(want, string(m.text())); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

// Two sessions of a role are one series; the one that ends first counts.
func TestSessionsByRole(t *testing.T) {
	t.Parallel()
	soon, late := time.Unix(1000, 0), time.Unix(2000, 0)
	one := credentials.SessionStats{RoleARN: "r", Refreshes: 1, Failures: credentials.Failures{Denied: 1}, Expires: late, LastSuccess: soon}
	other := credentials.SessionStats{RoleARN: "r", Refreshes: 2, Failures: credentials.Failures{Identity: 1}, Expires: soon, LastSuccess: late}
	lasting := credentials.SessionStats{RoleARN: "r"}
	want := map[string]credentials.SessionStats{
		"r": {RoleARN: "r", Refreshes: 3, Failures: credentials.Failures{Denied: 1, Identity: 1}, Expires: soon, LastSuccess: late},
		"s": {RoleARN: "s"},
	}
	for _, order := range [][]credentials.SessionStats{{one, other, lasting}, {lasting, other, one}} {
		if diff := cmp.Diff(want, byRole(append(order, credentials.SessionStats{RoleARN: "s"}))); diff != "" {
			t.Errorf("roles (-want +got):\n%s", diff)
		}
	}
}
