package credentialstest_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials/credentialstest"
)

// containerCredentials asks the agent as the SDK does.
func containerCredentials(t *testing.T, pod *credentialstest.Pod, endpoint, token string) (aws.Credentials, error) {
	t.Helper()
	return endpointcreds.New(endpoint, func(o *endpointcreds.Options) {
		o.HTTPClient, o.AuthorizationToken, o.Retryer = pod.AWS.HTTPClient(), token, aws.NopRetryer{}
	}).Retrieve(t.Context())
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{PodIdentity: true})
		if err != nil {
			t.Fatal(err)
		}
		env := pod.Environ()
		if env["AWS_ROLE_ARN"] != "" || !strings.HasSuffix(env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], "/eks-pod-identity-token") {
			t.Errorf("environment %v", env)
		}
		if cfg := pod.Config(); cfg.RoleARN != "" || cfg.TokenFile != "" {
			t.Error("a config of web identity")
		}
		creds, err := containerCredentials(t, pod, env["AWS_CONTAINER_CREDENTIALS_FULL_URI"], read(t, pod.TokenFile.Path()))
		if err != nil {
			t.Fatal(err)
		}
		if creds.AccountID != credentialstest.PodAccount || time.Until(creds.Expires) != 6*time.Hour {
			t.Errorf("account %q, lifetime %v", creds.AccountID, time.Until(creds.Expires))
		}
		client := sts.New(sts.Options{Region: credentialstest.PodRegion, HTTPClient: pod.AWS.HTTPClient(), Credentials: fixed(creds)})
		who, err := client.GetCallerIdentity(t.Context(), nil)
		if err != nil || !strings.HasPrefix(*who.Arn, "arn:aws:sts::111122223333:assumed-role/pod-identity-role/eks-cluster-testapp-0-") {
			t.Errorf("caller %v, %v", who, err)
		}
		if n := pod.AWS.CallCount("eks-auth", "AssumeRoleForPodIdentity"); n != 1 {
			t.Errorf("%d calls of EKS Auth", n)
		}
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		if _, err := containerCredentials(t, pod, "http://[fd00:ec2::23]/v1/credentials", read(t, pod.TokenFile.Path())); err != nil {
			t.Error(err)
		}
	})
}

func TestPodEnviron(t *testing.T) {
	t.Parallel()
	pod, err := credentialstest.NewPod(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	env := pod.Environ()
	if env["AWS_ROLE_ARN"] != credentialstest.PodRoleARN || env["AWS_WEB_IDENTITY_TOKEN_FILE"] != pod.TokenFile.Path() {
		t.Errorf("environment %v", env)
	}
	second, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{AWS: pod.AWS})
	if err != nil || second.AWS != pod.AWS {
		t.Errorf("a pod in an AWS that there is: %v", err)
	}
}
