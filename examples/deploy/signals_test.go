package deploy_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// series are the samples of /metrics, by name and labels.
type series map[string]float64

func (a agent) series(t *testing.T) series {
	t.Helper()
	s := series{}
	for _, m := range regexp.MustCompile(`(?m)^(\w+(?:\{.*\})?) (\S+)$`).FindAllStringSubmatch(a.metrics(t), -1) {
		v, err := strconv.ParseFloat(m[2], 64)
		must(t, err)
		s[m[1]] = v
	}
	return s
}

// readSecret reads the story's secret as the application does, from AWS if that is asked
// for.
func (a agent) readSecret(t *testing.T, more string) {
	t.Helper()
	get(t, a.url+"/secretsmanager/get?secretId="+secretstest.StorySecretARN+more, a.read(t, "/var/run/irsa/token"))
}

const anew = "&refreshNow=true"

// ofRole is a series of the pod's role.
func ofRole(name, more string) string {
	return "irsa_credentials_" + name + `{role_arn="` + secretstest.StoryRoleARN + `"` + more + "}"
}

// Whatever the rules and the dashboard are to tell of moves what they look at: for
// an agent that starts in a world that is so, or by what happens to one that is well.
func TestSignals(t *testing.T) {
	t.Parallel()
	const pods, keys = secretstest.StoryClusterAccount, secretstest.StoryKeyAccount
	for name, test := range map[string]struct {
		world func(*secretstest.World)
		fault func(*secretstest.AWS)
		then  func(*testing.T, agent)
		moves []string
	}{
		"all is well": {
			moves: []string{
				ofRole("refreshes_total", ""), ofRole("expiry_timestamp_seconds", ""), ofRole("last_success_timestamp_seconds", ""),
				ofRole("refresh_duration_seconds_sum", ""), ofRole("refresh_duration_seconds_count", ""),
				`irsa_secrets{state="fresh"}`, "irsa_agent_ready", "irsa_secrets_max_age_seconds",
				`irsa_upstream_calls_total{service="secretsmanager"}`, `irsa_upstream_calls_total{service="ssm"}`, "irsa_upstream_cost_dollars_total",
			},
		},
		"a read from the cache": {
			then:  func(t *testing.T, a agent) { a.readSecret(t, "") },
			moves: []string{"irsa_cache_hits_total", `irsa_agent_requests_total{route="secret",status="200"}`},
		},
		"a read from AWS": {
			then: func(t *testing.T, a agent) { a.readSecret(t, anew) },
			moves: []string{
				"irsa_cache_misses_total", `irsa_upstream_calls_total{service="secretsmanager"}`, "irsa_upstream_cost_dollars_total",
				"irsa_secrets_fetch_duration_seconds_count",
			},
		},
		"a rotation": {
			then: func(t *testing.T, a agent) {
				_, err := a.fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{String: new("next")})
				must(t, err)
				a.readSecret(t, anew)
			},
			moves: []string{"irsa_secrets_changes_total"},
		},
		"STS is away": {
			fault: func(fake *secretstest.AWS) {
				fake.Inject(credentialstest.When{Service: "sts"}, credentialstest.Unavailable())
			},
			moves: []string{ofRole("refresh_failures_total", `,class="unavailable"`)},
		},
		"the role is not there": {
			world: func(w *secretstest.World) { w.Account(pods).Roles = nil },
			moves: []string{ofRole("refresh_failures_total", `,class="denied"`)},
		},
		"the account does not know the cluster": {
			world: func(w *secretstest.World) { w.Account(pods).OIDCProviders = nil },
			moves: []string{ofRole("refresh_failures_total", `,class="identity"`)},
		},
		"another audience": {
			world: func(w *secretstest.World) { w.Account(pods).OIDCProviders[0].ClientIDs = []string{"another"} },
			moves: []string{ofRole("audience_mismatches_total", ""), ofRole("refresh_failures_total", `,class="identity"`)},
		},
		"a key is rejected": {
			then: func(t *testing.T, a agent) {
				a.fake.Inject(credentialstest.When{Service: "secretsmanager", Times: 1}, credentialstest.Fault{Code: "ExpiredTokenException"})
				a.readSecret(t, anew)
			},
			moves: []string{ofRole("rejected_total", ""), ofRole("refreshes_total", "")},
		},
		"Secrets Manager is away": {
			then: func(t *testing.T, a agent) {
				a.fake.Inject(credentialstest.When{Service: "secretsmanager"}, credentialstest.Unavailable())
				a.readSecret(t, anew)
				a.readSecret(t, "")
			},
			moves: []string{
				`irsa_secrets{state="stale"}`, "irsa_secrets_max_stale_age_seconds", "irsa_cache_stale_reads_total",
				`irsa_secrets_fetch_errors_total{class="unavailable"}`,
			},
		},
		"the secret's policy is gone": {
			world: func(w *secretstest.World) { w.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil },
			moves: []string{`irsa_secrets_fetch_errors_total{class="denied"}`, `irsa_secrets{state="refused"}`},
		},
		"the key's policy is gone": {
			world: func(w *secretstest.World) { w.Account(keys).Keys[0].Policy = nil },
			moves: []string{"irsa_kms_denied_total", `irsa_secrets_fetch_errors_total{class="denied"}`},
		},
		"KMS throttles": {
			fault: func(fake *secretstest.AWS) {
				fake.Inject(credentialstest.When{Service: "secretsmanager"}, credentialstest.Fault{
					Code: "ThrottlingException", Message: "You have exceeded the rate at which you may call KMS.",
				})
			},
			moves: []string{"irsa_kms_throttled_total", "irsa_secrets_throttled_total", `irsa_secrets_fetch_errors_total{class="unavailable"}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, before := secretstest.Story(), series{}
			if test.world != nil {
				test.world(&world)
			}
			s := baseStage(t, world)
			if test.fault != nil {
				test.fault(s.fake)
			}
			a := s.startAgent(t)
			if test.then != nil {
				a.awaitReady(t)
				before = a.series(t)
				test.then(t, a)
			}
			for _, name := range test.moves {
				a.awaitMore(t, name, before[name])
			}
		})
	}
}

// awaitMore waits for a sample above what it was.
func (a agent) awaitMore(t *testing.T, name string, before float64) {
	t.Helper()
	for range 600 { // another process decides, on a machine that may be busy
		if a.series(t)[name] > before {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s is not above %g\n%s", name, before, a)
}
