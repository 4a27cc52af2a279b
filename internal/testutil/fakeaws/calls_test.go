package fakeaws_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

func TestCalls(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	token := mint(t, fake)
	cfg := exchange(t, inMemory(fake), token)
	client := secretsmanager.NewFromConfig(cfg)
	if _, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")}); err != nil {
		t.Fatal(err)
	}
	_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("shut")})
	denial := "User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp is not authorized to perform: secretsmanager:GetSecretValue " +
		"on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:shut-AbCdEf because no identity-based policy allows the secretsmanager:GetSecretValue action"
	wantError(t, err, 400, "AccessDeniedException", denial)

	const session = "arn:aws:sts::111122223333:assumed-role/pod-role/testapp"
	want := []fakeaws.Call{
		{
			Service: "sts", Operation: "AssumeRoleWithWebIdentity", Region: home, Account: "111122223333", Resource: appRole,
			Principal: "arn:aws:iam::111122223333:oidc-provider/" + strings.TrimPrefix(mainIssuer, "https://"),
		},
		{
			Service: "secretsmanager", Operation: "GetSecretValue", Region: home, Principal: session, Account: "111122223333",
			Resource: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:open-AbCdEf",
		},
		{
			Service: "kms", Operation: "Decrypt", Region: home, Principal: session, Account: "111122223333",
			Via: "secretsmanager.amazonaws.com",
		},
		{
			Service: "secretsmanager", Operation: "GetSecretValue", Region: home, Principal: session, Account: "111122223333",
			Resource:  "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shut-AbCdEf",
			ErrorCode: "AccessDeniedException", ErrorMessage: denial,
		},
	}
	calls := fake.Calls()
	ids := map[string]bool{}
	for i := range calls {
		ids[calls[i].RequestID] = true
		if calls[i].Via != "" {
			calls[i].Resource = "" // the id of the AWS managed key is the seed's
		}
	}
	equal(t, "request ids", len(ids), len(calls))
	if diff := cmp.Diff(want, calls, cmpopts.IgnoreFields(fakeaws.Call{}, "Time", "Duration", "RequestID")); diff != "" {
		t.Error(diff)
	}
	text := fmt.Sprintf("%+v", calls)
	for _, secret := range []string{token, "sesame"} {
		if strings.Contains(text, secret) {
			t.Error("the record shows a token or secret")
		}
	}
	if d := calls[0].Duration; d <= 0 || d > time.Minute {
		t.Errorf("duration is %v", d)
	}
}

// An unsigned call's region is that of the host it arrived at; over loopback
// there is none.
func TestRegionOfUnsignedCall(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"sts.eu-west-1.amazonaws.com":                             "eu-west-1",
		"sts.us-east-2.amazonaws.com":                             "us-east-2",
		"sts-fips.us-west-2.amazonaws.com":                        "us-west-2",
		"sts.us-west-1.api.aws":                                   "us-west-1",
		"vpce-0a1b2c3d-4e5f6a7b.sts.eu-west-3.vpce.amazonaws.com": "eu-west-3",
		"sts.amazonaws.com":                                       "us-east-1",
	} {
		fake := start(t, identities)
		cfg := inMemory(fake)
		cfg.BaseEndpoint = new("https://" + host)
		exchange(t, cfg, mint(t, fake))
		equal(t, host, fake.Calls()[0].Region, want)
	}
	fake := start(t, identities)
	exchange(t, loopback(t, fake), mint(t, fake))
	equal(t, "loopback", fake.Calls()[0].Region, "")
}

func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	const n = 1000
	fake := start(t, identities)
	cfg := exchange(t, inMemory(fake), mint(t, fake))
	client := sts.NewFromConfig(cfg)
	token := mint(t, fake)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() {
			var err error
			if i%2 == 0 {
				_, err = client.GetCallerIdentity(t.Context(), nil)
			} else {
				_, err = client.AssumeRoleWithWebIdentity(t.Context(), webIdentity(token))
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	equal(t, "GetCallerIdentity", fake.CallCount("sts", "GetCallerIdentity"), n/2)
	equal(t, "AssumeRoleWithWebIdentity", fake.CallCount("sts", "AssumeRoleWithWebIdentity"), n/2+1)
	keys := map[string]bool{}
	for _, call := range fake.Calls() {
		keys[call.RequestID] = true
	}
	equal(t, "request ids", len(keys), n+1)
}

func TestKeepCalls(t *testing.T) {
	t.Parallel()
	fake := start(t, identities)
	client := sts.NewFromConfig(with(inMemory(fake), userKey, userSecret, ""))
	call := func(n int) {
		for range n {
			if _, err := client.GetCallerIdentity(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	call(5)
	all := fake.Calls()
	fake.KeepCalls(3)
	if diff := cmp.Diff(all[2:], fake.Calls()); diff != "" {
		t.Errorf("the last three (-want +got):\n%s", diff)
	}
	call(21)
	equal(t, "kept", len(fake.Calls()), 3)
	equal(t, "counted", fake.CallCount("sts", "GetCallerIdentity"), 26)
	fake.KeepCalls(0)
	call(7)
	equal(t, "kept without bound", len(fake.Calls()), 10)
}
