package deploy_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pelletier/go-toml/v2"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/yaml"
)

// dashboard is the part of Grafana's model that is in use.
type dashboard struct {
	UID           string `json:"uid"`
	Title         string `json:"title"`
	Description   string
	Tags          []string
	SchemaVersion int  `json:"schemaVersion"`
	Version       int  `json:"version"`
	Editable      bool `json:"editable"`
	Refresh       string
	Timezone      string
	Time          struct{ From, To string }
	Templating    struct {
		List []struct {
			Name, Type, Label, AllValue string
			Query                       any
			Datasource                  datasource
			Refresh, Sort               int
			Multi, IncludeAll           bool
			Current                     any
		}
	}
	Panels []panel
}

type datasource struct{ Type, UID string }

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               datasource
	Collapsed                bool
	Panels                   []panel
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults struct {
			Unit       string
			Min        *float64
			Thresholds *struct {
				Mode  string
				Steps []struct {
					Color string
					Value *float64
				}
			}
		}
		Overrides []any
	}
	Targets []struct {
		RefID        string
		Datasource   datasource
		Expr         string
		LegendFormat string
	}
}

// readRules reads Prometheus's own file, whose format is the operator's, too.
func readRules(t *testing.T) monitoringv1.PrometheusRuleSpec {
	t.Helper()
	text, err := os.ReadFile("prometheus/rules.yaml")
	must(t, err)
	var f monitoringv1.PrometheusRuleSpec
	must(t, yaml.UnmarshalStrict(text, &f))
	return f
}

func readDashboard(t *testing.T) dashboard {
	t.Helper()
	text, err := os.ReadFile("grafana/dashboard.json")
	must(t, err)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var board dashboard
	must(t, d.Decode(&board))
	return board
}

// families are metrics with the labels and the values of these that there are.
type families map[string]map[string][]string

var (
	sample = regexp.MustCompile(`(?m)^([a-z_]+)(?:\{(.*)\})? \S+$`)
	pair   = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"`)
)

// target are the labels that the scrape configuration gives to all.
var target = []string{"job", "namespace", "pod"}

// served reads what /metrics says.
func served(text string) families {
	f := families{"up": {}}
	for _, m := range sample.FindAllStringSubmatch(text, -1) {
		if f[m[1]] == nil {
			f[m[1]] = map[string][]string{}
		}
		for _, p := range pair.FindAllStringSubmatch(m[2], -1) {
			f[m[1]][p[1]] = append(f[m[1]][p[1]], p[3])
		}
	}
	for _, labels := range f {
		for _, name := range target {
			labels[name] = nil
		}
	}
	return f
}

// record adds what a recording rule makes.
func (f families) record(r monitoringv1.Rule) { f[r.Record] = f.labels(r.Expr.String()) }

// labels are those of what an expression comes to: those it is grouped by, none if
// it is one number, and else its metric's.
func (f families) labels(expr string) map[string][]string {
	if !aggregation.MatchString(expr) {
		return f[word.FindString(expr)]
	}
	labels := map[string][]string{}
	if m := grouping.FindStringSubmatch(expr); m != nil {
		for name := range strings.SplitSeq(m[2], ",") {
			labels[strings.TrimSpace(name)] = nil
		}
	}
	return labels
}

var (
	aggregation = regexp.MustCompile(`^(avg|count|max|min|sum)\b`)
	grouping    = regexp.MustCompile(`\b(by|on|without) \(([^)]*)\)`)
	selector    = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)\{([^}]*)\}`)
	duration    = regexp.MustCompile(`\[[^\]]*\]|\boffset \w+`)
	word        = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*`)
)

// functions are those of PromQL that are in use, with its other words.
var functions = []string{"and", "avg", "avg_over_time", "increase", "label_values", "max", "min", "rate", "sum", "time"}

// unknown lists what an expression speaks of that is not there: metrics, labels,
// values of labels that the metric has been seen with, and other words.
func (f families) unknown(expr string) problems {
	var p problems
	var labels, names []string
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for name := range strings.SplitSeq(m[2], ",") {
			labels = append(labels, strings.TrimSpace(name))
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		for _, match := range pair.FindAllStringSubmatch(m[2], -1) {
			values, known := f[m[1]][match[1]]
			if !known {
				p.add("%s has no label %s", m[1], match[1])
			}
			for value := range strings.SplitSeq(match[3], "|") {
				if len(values) > 0 && !slices.Contains(values, value) {
					p.add("%s is never with %s=%q", m[1], match[1], value)
				}
			}
		}
	}
	rest := selector.ReplaceAllString(grouping.ReplaceAllString(expr, ""), "$1")
	for _, name := range word.FindAllString(duration.ReplaceAllString(rest, ""), -1) {
		switch {
		case slices.Contains(functions, name):
		case f[name] == nil:
			p.add("there is no %s", name)
		default:
			names = append(names, name)
		}
	}
	for _, label := range labels {
		for _, name := range names {
			if _, known := f[name][label]; !known {
				p.add("%s has no label %s", name, label)
			}
		}
	}
	if len(names) == 0 && len(p) == 0 {
		p.add("%q has no metric", expr)
	}
	return p
}

// Rules and dashboard speak of nothing that a running agent does not tell.
func TestMetricsExist(t *testing.T) {
	t.Parallel()
	known := served(runAgent(t).metrics(t))
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			for _, p := range known.unknown(r.Expr.String()) {
				t.Errorf("%s: %s", r.Record+r.Alert, p)
			}
			if r.Record != "" {
				known.record(r)
			}
		}
	}
	board := readDashboard(t)
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			expr := strings.ReplaceAll(target.Expr, `=~"$namespace"`, `=~".+"`)
			for _, problem := range known.unknown(expr) {
				t.Errorf("panel %q: %s", p.Title, problem)
			}
			for _, label := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(target.LegendFormat, -1) {
				if _, has := known.labels(expr)[label[1]]; !has {
					t.Errorf("panel %q: the legend has %s", p.Title, label[1])
				}
			}
		}
	}
	for _, v := range board.Templating.List[1:] {
		query := v.Query.(map[string]any)["query"].(string)
		if problems := known.unknown(strings.ReplaceAll(query, ", namespace", "")); len(problems) > 0 {
			t.Errorf("variable %s: %s", v.Name, problems)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	known := families{"a": {"class": {"x"}, "role": nil}}
	for expr, want := range map[string][]string{
		`a{class="x"} > 0`:               {"class", "role"},
		`sum by (role, class) (rate(a))`: {"class", "role"},
		`max(a) / 2`:                     nil,
		`b`:                              nil,
	} {
		if got := slices.Sorted(maps.Keys(known.labels(expr))); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", expr, got, want)
		}
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	known := served("a_total{class=\"x\",role=\"r\"} 1\na_total{class=\"y\",role=\"r\"} 0\nb 2.5e+06\n")
	known.record(monitoringv1.Rule{Record: "class:a:rate5m", Expr: intstr.FromString(`sum by (class) (rate(a_total[5m]))`)})
	for expr, want := range map[string]problems{
		`sum by (class, namespace) (rate(a_total{class=~"x|y"}[5m])) > 0`:  nil,
		`class:a:rate5m{class="x"} / 3 and avg_over_time(b[1d] offset 1h)`: nil,
		`up{job="irsa-agent"} == 0`:                                        nil,
		`c_total`:                                                          {"there is no c_total"},
		`deriv(b[5m])`:                                                     {"there is no deriv"},
		`a_total{class="z"}`:                                               {`a_total is never with class="z"`},
		`a_total{service="z"}`:                                             {"a_total has no label service"},
		`sum by (role) (b)`:                                                {"b has no label role"},
		`class:a:rate5m{role="r"}`:                                         {"class:a:rate5m has no label role"},
		`time()`:                                                           {`"time()" has no metric`},
	} {
		if diff := cmp.Diff(want, known.unknown(expr)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", expr, diff)
		}
	}
}

// The operator's object has the same rules.
func TestPrometheusRule(t *testing.T) {
	t.Parallel()
	r, err := readTree(t).combine("base", "prometheus-operator")
	must(t, err)
	if diff := cmp.Diff(readRules(t), r.rules[0].Spec); diff != "" {
		t.Errorf("rules (-prometheus/rules.yaml +prometheusrule.yaml):\n%s", diff)
	}
}

// Who is woken is told what it means and what to run, and what is to be run runs.
func TestRunbooks(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	command := regexp.MustCompile(`-- (/\w+)(.*)`)
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			if r.Alert == "" {
				continue
			}
			if seen[r.Alert] {
				t.Errorf("%s is there twice", r.Alert)
			}
			seen[r.Alert] = true
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s: severity %q", r.Alert, s)
			}
			runbook := r.Annotations["runbook"]
			if r.Annotations["summary"] == "" || !strings.HasPrefix(runbook, "What it means: ") || !strings.Contains(runbook, "\nFirst: kubectl -n ") {
				t.Errorf("%s: annotations %v", r.Alert, r.Annotations)
			}
			if r.For != nil {
				if _, err := time.ParseDuration(string(*r.For)); err != nil {
					t.Errorf("%s: %v", r.Alert, err)
				}
			}
			commands := command.FindAllStringSubmatch(runbook, -1)
			if len(commands) == 0 {
				t.Errorf("%s: no command of ours in the runbook", r.Alert)
			}
			for _, c := range commands {
				args := strings.Fields(regexp.MustCompile(`{{[^}]*}}`).ReplaceAllString(c[2], "X"))
				if err := misused(t, c[1], args); err != nil {
					t.Errorf("%s: %v", r.Alert, err)
				}
			}
		}
	}
}

// The limit that the alert goes by is what the configuration says.
func TestStaleLimit(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("base/agent.toml")
	must(t, err)
	var config struct {
		IRSA struct {
			MaxStale string `toml:"max_stale"`
		}
	}
	must(t, toml.Unmarshal(text, &config))
	limit, err := time.ParseDuration(config.IRSA.MaxStale)
	must(t, err)
	want := fmt.Sprintf("\nirsa_secrets_stale_limit_seconds %g\n", limit.Seconds())
	if got := runAgent(t).metrics(t); !strings.Contains(got, want) {
		t.Errorf("no %q in\n%s", want, got)
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	board := readDashboard(t)
	if board.UID == "" || board.Title == "" || board.SchemaVersion < 36 {
		t.Errorf("uid %q, title %q, schema version %d", board.UID, board.Title, board.SchemaVersion)
	}
	if v := board.Templating.List[0]; v.Name != "datasource" || v.Type != "datasource" || v.Query != "prometheus" {
		t.Errorf("first variable %+v", v)
	}
	chosen := datasource{"prometheus", "${datasource}"}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	for _, p := range board.Panels {
		if p.ID == 0 || ids[p.ID] {
			t.Errorf("panel %q has id %d", p.Title, p.ID)
		}
		ids[p.ID] = true
		g := p.GridPos
		if g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("panel %q is at %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					t.Fatalf("panel %q is over %q", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource != chosen || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %q: %+v", p.Title, p)
		}
		refs := map[string]bool{}
		for _, target := range p.Targets {
			if target.RefID == "" || refs[target.RefID] || target.Datasource != chosen || !strings.Contains(target.Expr, `{namespace=~"$namespace"}`) {
				t.Errorf("panel %q: %+v", p.Title, target)
			}
			refs[target.RefID] = true
		}
	}
}
