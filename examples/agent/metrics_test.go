package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// Prometheus's own parser and linter take what /metrics says, and the README has
// the same metrics.
func TestMetrics(t *testing.T) {
	t.Parallel()
	_, text := ask(t, startHolding(t).health+"/metrics", "")
	text += fileSamples(t)
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

// fileSamples are those of credentials in a file, of which a pod has none.
func fileSamples(t *testing.T) string {
	file := newCredentialsFile(filepath.Join(t.TempDir(), "credentials"), slog.New(slog.DiscardHandler))
	if err := os.WriteFile(file.path, []byte(credentialsText("ASIAONE")+"x_security_token_expires = 2026-11-22T12:30:00Z\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := file.Retrieve(t.Context()); err != nil {
		t.Fatal(err)
	}
	m := samples{}
	m.file(file)
	return string(m.text())
}

// The limit is told whether or not it is set, and is the one that README has.
func TestStaleLimit(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"":                               time.Hour,
		"ttl_seconds = 0":                time.Hour,
		"ttl_seconds = 2400":             80 * time.Minute,
		"[irsa]\nmax_stale = \"10m\"":    10 * time.Minute,
		"[irsa]\nmax_stale = \"26h30m\"": 1590 * time.Minute,
	} {
		s := defaults()
		if err := s.read("agent.toml", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got := s.maxStale(); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
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

// Each number is in the series that is named for it.
func TestCredentialSamples(t *testing.T) {
	t.Parallel()
	m := samples{}
	m.credentials([]credentials.SessionStats{{
		RoleARN: "r", Refreshes: 1, Failures: credentials.Failures{Configuration: 2, Identity: 3, Denied: 4, Unavailable: 5},
		AudienceMismatches: 6, ServedExpired: 7, Invalidations: 8, Latency: credentials.Latency{Count: 9, Total: 1500 * time.Millisecond},
		Expires: time.Unix(11, 5e8), LastSuccess: time.Unix(12, 0),
	}})
	want := []string{
		`irsa_credentials_audience_mismatches_total{role_arn="r"} 6`,
		`irsa_credentials_expiry_timestamp_seconds{role_arn="r"} 11.5`,
		`irsa_credentials_last_success_timestamp_seconds{role_arn="r"} 12`,
		`irsa_credentials_refresh_duration_seconds_count{role_arn="r"} 9`,
		`irsa_credentials_refresh_duration_seconds_sum{role_arn="r"} 1.5`,
		`irsa_credentials_refresh_failures_total{role_arn="r",class="configuration"} 2`,
		`irsa_credentials_refresh_failures_total{role_arn="r",class="denied"} 4`,
		`irsa_credentials_refresh_failures_total{role_arn="r",class="identity"} 3`,
		`irsa_credentials_refresh_failures_total{role_arn="r",class="unavailable"} 5`,
		`irsa_credentials_refreshes_total{role_arn="r"} 1`,
		`irsa_credentials_rejected_total{role_arn="r"} 8`,
		`irsa_credentials_served_expired_total{role_arn="r"} 7`,
	}
	if diff := cmp.Diff(want, values(m)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

func TestStoreSamples(t *testing.T) {
	t.Parallel()
	m := samples{}
	m.store(agent.Snapshot{
		Reads: 7, Hits: 5,
		Store: secrets.Stats{
			StaleReads: 3, Evictions: 4, Bytes: 5, Changes: 6,
			ErrorsByClass: secrets.ErrorCounts{Identity: 11, Denied: 12, NotFound: 13, Deleted: 14, Decryption: 15, Configuration: 16, Unavailable: 17},
			Calls:         secrets.Calls{SecretsManager: 200_000, ParameterStore: 22, KMS: 23},
		},
		Fetches: agent.FetchCounts{Throttled: 31, KMSDenied: 32, KMSThrottled: 33, Took: credentials.Latency{Count: 34, Total: 35 * time.Second}},
	})
	want := []string{
		"irsa_cache_bytes 5",
		"irsa_cache_evictions_total 4",
		"irsa_cache_hits_total 5",
		"irsa_cache_misses_total 2",
		"irsa_cache_stale_reads_total 3",
		"irsa_kms_denied_total 32",
		"irsa_kms_throttled_total 33",
		"irsa_secrets_changes_total 6",
		`irsa_secrets_fetch_duration_seconds_count 34`,
		`irsa_secrets_fetch_duration_seconds_sum 35`,
		`irsa_secrets_fetch_errors_total{class="configuration"} 16`,
		`irsa_secrets_fetch_errors_total{class="decryption"} 15`,
		`irsa_secrets_fetch_errors_total{class="deleted"} 14`,
		`irsa_secrets_fetch_errors_total{class="denied"} 12`,
		`irsa_secrets_fetch_errors_total{class="identity"} 11`,
		`irsa_secrets_fetch_errors_total{class="not_found"} 13`,
		`irsa_secrets_fetch_errors_total{class="unavailable"} 17`,
		"irsa_secrets_throttled_total 31",
		`irsa_upstream_calls_total{service="kms"} 23`,
		`irsa_upstream_calls_total{service="secretsmanager"} 200000`,
		`irsa_upstream_calls_total{service="ssm"} 22`,
		"irsa_upstream_cost_dollars_total 1.000069",
	}
	if diff := cmp.Diff(want, values(m)); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

// What is not held has no age, and a name is told only if that is asked for.
func TestSecretSamples(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	held := []secrets.Status{
		{Ref: "a", State: secrets.Fresh, Read: now.Add(-20 * time.Second)},
		{Ref: "b", State: secrets.Stale, Read: now.Add(-10 * time.Second), Failures: 2},
		{Ref: "c", State: secrets.Refused, Read: now.Add(-time.Hour), Failures: 1},
		{Ref: "d", State: secrets.Fresh, Read: now.Add(time.Second)}, // a clock that was set back
	}
	together := []string{
		"irsa_secrets_max_age_seconds 20",
		"irsa_secrets_max_stale_age_seconds 10",
		`irsa_secrets{state="absent"} 0`,
		`irsa_secrets{state="fresh"} 2`,
		`irsa_secrets{state="refused"} 1`,
		`irsa_secrets{state="stale"} 1`,
	}
	apart := []string{
		`irsa_secret_age_seconds{ref="a"} 20`,
		`irsa_secret_age_seconds{ref="b"} 10`,
		`irsa_secret_age_seconds{ref="d"} 0`,
		`irsa_secret_failed_fetches{ref="a"} 0`,
		`irsa_secret_failed_fetches{ref="b"} 2`,
		`irsa_secret_failed_fetches{ref="c"} 1`,
		`irsa_secret_failed_fetches{ref="d"} 0`,
		`irsa_secret_state{ref="a",state="fresh"} 1`,
		`irsa_secret_state{ref="b",state="stale"} 1`,
		`irsa_secret_state{ref="c",state="refused"} 1`,
		`irsa_secret_state{ref="d",state="fresh"} 1`,
	}
	for names, want := range map[bool][]string{false: together, true: slices.Concat(apart, together)} {
		m := samples{}
		m.secrets(held, names, now)
		if diff := cmp.Diff(want, values(m)); diff != "" {
			t.Errorf("with names %v (-want +got):\n%s", names, diff)
		}
	}
}

// values are the samples in order, without what is said of them.
func values(m samples) []string {
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(m.text())), "\n"), func(line string) bool { return line[0] == '#' })
	slices.Sort(lines)
	return lines
}
