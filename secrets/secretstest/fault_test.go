package secretstest_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

func TestInject(t *testing.T) {
	t.Parallel()
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		t.Fatal(err)
	}
	fake.KeepCalls(1)
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	provider, _ := credentials.FromConfig(cfg)
	defer provider.Close()
	client := secretsmanager.NewFromConfig(cfg, func(o *secretsmanager.Options) { o.RetryMaxAttempts = 1 })
	read := func() string {
		_, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new(secretstest.StorySecretARN)})
		if api, ok := errors.AsType[smithy.APIError](err); ok {
			return api.ErrorCode()
		}
		if err != nil {
			t.Fatal(err)
		}
		return "ok"
	}
	when := credentialstest.When{Service: "secretsmanager", Resource: secretstest.StorySecretARN}
	remove := fake.Inject(when, credentialstest.Throttled())
	if got := read(); got != "ThrottlingException" {
		t.Errorf("throttled: %s", got)
	}
	remove()
	if got := read(); got != "ok" {
		t.Errorf("without fault: %s", got)
	}
	fake.InjectFunc(func(c credentialstest.Call) credentialstest.Fault {
		if c.Operation == "GetSecretValue" {
			return credentialstest.Failing()
		}
		return credentialstest.Fault{}
	})
	if got := read(); got != "InternalServiceError" {
		t.Errorf("failing: %s", got)
	}
	if n := fake.CallCount("secretsmanager", "GetSecretValue"); n != 3 || len(fake.Calls()) != 1 {
		t.Errorf("%d calls counted and %d kept, want 3 and 1", n, len(fake.Calls()))
	}
}
