package credentialstest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials/credentialstest"
)

// What the SDK makes of each of the usual faults.
func TestFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fault  credentialstest.Fault
		code   string // of an API error; "" is any other
		status int    // of a response; 0 is none
	}{
		"throttled":            {credentialstest.Throttled(), "Throttling", 400},
		"unavailable":          {credentialstest.Unavailable(), "ServiceUnavailable", 503},
		"failing":              {credentialstest.Failing(), "InternalFailure", 500},
		"connection reset":     {credentialstest.ConnectionReset(), "", 0},
		"lost answer":          {credentialstest.LostAnswer(), "", 0},
		"cut answer":           {credentialstest.CutAnswer(), "", 200},
		"proxy page":           {credentialstest.ProxyPage(http.StatusBadGateway), "UnknownError", 502},
		"proxy page with 200":  {credentialstest.ProxyPage(http.StatusOK), "", 200},
		"hanging":              {credentialstest.Hanging(), "", 0},
		"skewed":               {credentialstest.Skewed(25 * time.Hour), "ExpiredTokenException", 400},
		"issuer unreachable":   {credentialstest.IssuerUnreachable(), "IDPCommunicationError", 400},
		"no verification key":  {credentialstest.NoVerificationKey(), "InvalidIdentityToken", 400},
		"denied":               {credentialstest.Denied(), "AccessDenied", 403},
		"an error of its own":  {credentialstest.Fault{Code: "RegionDisabledException"}, "RegionDisabledException", 403},
		"a status of its own":  {credentialstest.Fault{Code: "Throttling", Status: 429}, "Throttling", 429},
		"slow and unavailable": {credentialstest.Fault{Delay: time.Second, Code: "ServiceUnavailable"}, "ServiceUnavailable", 503},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod, err := credentialstest.NewPod(t.TempDir(), nil)
				if err != nil {
					t.Fatal(err)
				}
				pod.AWS.Inject(credentialstest.When{}, test.fault)
				_, err = assume(t, pod)
				var code string
				if api, ok := errors.AsType[smithy.APIError](err); ok {
					code = api.ErrorCode()
				}
				var status int
				if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
					status = response.HTTPStatusCode()
				}
				if err == nil || code != test.code || status != test.status {
					t.Errorf("code %q, status %d, want %q, %d: %v", code, status, test.code, test.status, err)
				}
			})
		})
	}
}

// assume exchanges the pod's token with the SDK's client, in one attempt.
func assume(t *testing.T, pod *credentialstest.Pod) (*sts.AssumeRoleWithWebIdentityOutput, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient(), RetryMaxAttempts: 1})
	return client.AssumeRoleWithWebIdentity(ctx, &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: new(credentialstest.PodRoleARN), RoleSessionName: new("test"), WebIdentityToken: new(read(t, pod.TokenFile.Path())),
	})
}

func TestSlowAndExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		pod.AWS.KeepCalls(1)
		pod.AWS.Inject(credentialstest.When{Times: 1}, credentialstest.Slow(20*time.Second))
		pod.AWS.Inject(credentialstest.When{Skip: 1}, credentialstest.ExpiredCredentials())
		begin := time.Now()
		for range 2 {
			out, err := assume(t, pod)
			if err != nil {
				t.Fatal(err)
			}
			if late := time.Since(begin); late != 20*time.Second {
				t.Errorf("after %v", late)
			}
			if expired := time.Now().After(*out.Credentials.Expiration); expired != (pod.AWS.CallCount("sts", "AssumeRoleWithWebIdentity") == 2) {
				t.Errorf("expires in %v", time.Until(*out.Credentials.Expiration))
			}
		}
		if n := len(pod.AWS.Calls()); n != 1 {
			t.Errorf("%d calls are kept, want 1", n)
		}
	})
}
