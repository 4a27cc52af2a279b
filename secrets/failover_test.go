package secrets_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

const (
	replicated    = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:db-AbCdEf"
	replicaRegion = "us-east-1"
)

// twoRegions is Story with a secret that has a replica.
func twoRegions(primary, replica []secretstest.Version) secretstest.World {
	w := secretstest.Story()
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "all", Document: policy.MustParse(all)})
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets = append(own.Secrets,
		secretstest.Secret{Name: "db", Region: region, Suffix: "AbCdEf", Versions: primary},
		secretstest.Secret{Name: "db", Region: replicaRegion, Suffix: "AbCdEf", Versions: replica})
	return w
}

func dated(value string, created time.Time) secretstest.Version {
	return secretstest.Version{String: &value, Created: &created, Stages: []string{"AWSCURRENT"}}
}

// TestFailover reads a secret whose own Region goes wrong in many ways.
func TestFailover(t *testing.T) {
	t.Parallel()
	old, now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	atHome := credentialstest.When{Service: "secretsmanager", Region: region}
	for name, test := range map[string]struct {
		ref     string // default: replicated
		replica time.Time
		fault   credentialstest.Fault
		config  []string
		want    string // value, or
		err     error
		regions []string // of the calls that met the secret; nil: not looked at
	}{
		"primary answers":     {replica: old, want: "primary", regions: []string{region}},
		"primary is down":     {replica: old, fault: credentialstest.Fault{Code: "InternalServiceError"}, want: "replica"},
		"primary is silent":   {replica: old, fault: credentialstest.Fault{Delay: -1}, want: "replica"},
		"primary throttles":   {replica: old, fault: credentialstest.Fault{Code: "ThrottlingException"}, want: "replica"},
		"by name":             {ref: "db", replica: old, fault: credentialstest.Fault{Reset: true}, want: "replica"},
		"replicas of the ref": {ref: replicated + "?replica_regions=us-west-2," + replicaRegion, config: []string{"us-west-2"}, replica: old, fault: credentialstest.Fault{Reset: true}, want: "replica"},
		"no replica":          {config: []string{"us-west-2"}, replica: old, fault: credentialstest.Fault{Reset: true}, err: secrets.ErrUnavailable},
		"the same Region":     {config: []string{region}, replica: old, fault: credentialstest.Fault{Reset: true}, err: secrets.ErrUnavailable},
		"denied": { // a peer fails over here
			replica: old, fault: credentialstest.Fault{Code: "AccessDeniedException"}, err: secrets.ErrDenied, regions: []string{region},
		},
		"not found": {replica: old, fault: credentialstest.Fault{Code: "ResourceNotFoundException"}, err: secrets.ErrNotFound, regions: []string{region}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				fake, err := secretstest.New(twoRegions(
					[]secretstest.Version{dated("primary", now)}, []secretstest.Version{dated("replica", test.replica)}))
				if err != nil {
					t.Fatal(err)
				}
				cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
				if err != nil {
					t.Fatal(err)
				}
				p, _ := credentials.FromConfig(cfg)
				defer p.Close()
				if test.config == nil {
					test.config = []string{replicaRegion}
				}
				if test.ref == "" {
					test.ref = replicated
				}
				source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{ReplicaRegions: test.config})
				if test.fault != (credentialstest.Fault{}) {
					fake.Inject(atHome, test.fault)
				}
				start := time.Now()
				r := fetch(t, source, test.ref)[test.ref]
				if took := time.Since(start); took > 30*time.Second {
					t.Errorf("took %v", took)
				}
				if !errors.Is(r.Err, test.err) || r.Value.Reveal() != test.want {
					t.Errorf("got %q, %v", r.Value.Reveal(), r.Err)
				}
				if read, ok := errors.AsType[*secrets.ReadError](r.Err); ok && read.Region != region {
					t.Errorf("the error is of %s: %v", read.Region, read)
				}
				if test.regions == nil {
					return
				}
				var asked []string
				for _, c := range fake.Calls() {
					if strings.HasPrefix(c.Operation, "GetSecret") {
						asked = append(asked, c.Region)
					}
				}
				if !slices.Equal(asked, test.regions) {
					t.Errorf("asked in %q", asked)
				}
			})
		})
	}
}

func TestBadReplicaRegions(t *testing.T) {
	t.Parallel()
	for field, opts := range map[string]secrets.Config{
		"Config.ReplicaRegions":        {ReplicaRegions: []string{"Mars"}},
		`Config.Roles["222233334444"]`: {Roles: map[string]credentials.Hop{"222233334444": {RoleARN: "reader"}}},
		`Config.Roles["prod"]`:         {Roles: map[string]credentials.Hop{"prod": {RoleARN: "arn:aws:iam::222233334444:role/reader"}}},
	} {
		_, err := secrets.New(t.Context(), script(nil).config(), opts)
		if config, ok := errors.AsType[*secrets.ConfigError](err); !ok || config.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
