package credentials_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// An outage that outlasts the session leaves a key in hand that has expired.
// Once the service says so, those who keep asking are served within half a
// minute of STS's return; until then STS is asked a bounded number of times.
func TestRecovery(t *testing.T) {
	t.Parallel()
	// A refresh makes three attempts. For one session there are twelve an hour at
	// most while the service does not answer either. While it rejects the key,
	// which it does for two and a half hours here, there are four a minute.
	const slow, fast = 3 * 12 * 3, 3 * 150 * 4
	for name, test := range map[string]struct {
		down  credentialstest.When
		hop   bool
		calls int // of STS, at most
	}{
		"all of AWS":       {credentialstest.When{}, false, slow},
		"STS":              {credentialstest.When{Service: "sts"}, false, slow + fast},
		"all of AWS, hops": {credentialstest.When{}, true, 2 * slow},
		"STS, hops":        {credentialstest.When{Service: "sts"}, true, 2*slow + fast},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				fake, read := reader(t, test.hop)
				if err := read(); err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Minute)
				before := stsCalls(fake)
				mend := fake.Inject(test.down, credentialstest.Unavailable())
				for began := time.Now(); time.Since(began) < 3*time.Hour; time.Sleep(5 * time.Second) {
					read()
				}
				mend()
				calls := stsCalls(fake) - before
				back := time.Now()
				for read() != nil && time.Since(back) < time.Hour {
					time.Sleep(time.Second)
				}
				t.Logf("%d calls of STS in the outage, well again after %v", calls, time.Since(back))
				if calls == 0 || calls > test.calls {
					t.Errorf("%d calls of STS, want 1 to %d", calls, test.calls)
				}
				if took := time.Since(back); took > 32*time.Second {
					t.Errorf("well again after %v", took)
				}
			})
		})
	}
}

// reader is a pod that reads a secret, itself or as a role that it assumes for
// it as package secrets does.
func reader(t *testing.T, hop bool) (*secretstest.AWS, func() error) {
	t.Helper()
	const arn = "arn:aws:iam::" + secretstest.StoryClusterAccount + ":role/reader"
	all := []credentialstest.Policy{{Name: "all", Document: policy.MustParse(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "sts:AssumeRole"], "Resource": "*"}]}`)}}
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	pod := own.Role("pod-role")
	pod.Boundary, pod.Policies = nil, all
	own.Roles = append(own.Roles, credentialstest.Role{Name: "reader", Policies: all, Trust: policy.MustParse(
		`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + secretstest.StoryRoleARN + `"}, "Action": "sts:AssumeRole"}]}`)})
	fake, err := secretstest.New(w)
	if err != nil {
		t.Fatal(err)
	}
	fake.KeepCalls(1)
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	base, _ := credentials.FromConfig(cfg)
	t.Cleanup(func() { base.Close() })
	if hop {
		assumed, err := credentials.Assume(cfg, credentials.Config{Hops: []credentials.Hop{{RoleARN: arn}}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { assumed.Close() })
		assumed.Configure(&cfg)
	}
	client := secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) { o.Retryer = aws.NopRetryer{} })
	return fake, func() error {
		_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new(secretstest.StoryAppSecretName)})
		return err
	}
}

func stsCalls(fake *secretstest.AWS) int {
	return fake.CallCount("sts", "AssumeRoleWithWebIdentity") + fake.CallCount("sts", "AssumeRole")
}
