package credentials_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// TestDiagnoseEnvironment is not parallel: it sets variables.
func TestDiagnoseEnvironment(t *testing.T) {
	pod := newPod(t, nil)
	irsa := map[string]string{"AWS_ROLE_ARN": credentialstest.PodRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": pod.TokenFile.Path()}
	podIdentity := map[string]string{
		"AWS_CONTAINER_CREDENTIALS_FULL_URI":     "http://169.254.170.23/v1/credentials",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": pod.TokenFile.Path(),
	}
	tests := map[string]struct {
		env  []map[string]string
		want map[string]finding
	}{
		"IRSA": {
			[]map[string]string{irsa},
			map[string]finding{
				"environment": says(fine, "IRSA: AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE", "Pod Identity: not set"),
				"other SDKs":  says(fine, "minio-go: web identity", "minio-go go on to the next source"),
				"selection":   says(fine, "web identity by AWS_ROLE_ARN"),
				"token file":  says(fine, "AWS_WEB_IDENTITY_TOKEN_FILE"),
				"session":     says(fine),
			},
		},
		"both": {
			[]map[string]string{irsa, podIdentity},
			map[string]finding{
				"environment": says(fine, "IRSA: AWS_ROLE_ARN", "Pod Identity: AWS_CONTAINER_CREDENTIALS_FULL_URI"),
				"other SDKs":  says(fine, "web identity", "minio-go go on"),
				"selection":   says(warned, "web identity", "container endpoint is passed over", "keep one"),
			},
		},
		"role alone": {
			[]map[string]string{{"AWS_ROLE_ARN": credentialstest.PodRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": " \t"}},
			map[string]finding{
				"environment": says(failed, "by half: AWS_ROLE_ARN is set, AWS_WEB_IDENTITY_TOKEN_FILE is not", "white space", "container spec"),
				"other SDKs":  says(warned, "the node's role"),
				"selection":   says(failed, "AWS_WEB_IDENTITY_TOKEN_FILE"),
				"token file":  says(noted),
				"session":     says(unknown),
			},
		},
		"token alone": {
			[]map[string]string{{"AWS_WEB_IDENTITY_TOKEN_FILE": pod.TokenFile.Path()}},
			map[string]finding{
				"environment":     says(failed, "AWS_ROLE_ARN is not"),
				"token claims":    says(fine),
				"token signature": says(fine),
			},
		},
		"Pod Identity without a token": {
			[]map[string]string{{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials"}},
			map[string]finding{
				"environment": says(failed, "by half", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE is not"),
			},
		},
		"Pod Identity without an endpoint": {
			[]map[string]string{{"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": pod.TokenFile.Path()}},
			map[string]finding{
				"environment":    says(failed, "AWS_CONTAINER_CREDENTIALS_FULL_URI is not"),
				"token file":     says(fine, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"),
				"token audience": says(failed, "pods.eks.amazonaws.com"),
			},
		},
		"a profile": {
			[]map[string]string{irsa, {"AWS_PROFILE": "dev", "AWS_CONFIG_FILE": "testdata/config"}},
			map[string]finding{
				"environment": says(fine, `AWS_PROFILE="dev"`),
				"other SDKs":  says(fine),
			},
		},
		"a profile with web identity": {
			[]map[string]string{{"AWS_PROFILE": "web", "AWS_CONFIG_FILE": webProfile(t, pod)}},
			map[string]finding{
				"selection":      says(fine, "profile by"),
				"token file":     says(fine, pod.TokenFile.Path()),
				"token audience": says(fine),
				"session":        says(fine, "assumed-role/pod-role/"),
			},
		},
		"keys": {
			[]map[string]string{{"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": marker}},
			map[string]finding{
				"environment": says(fine, "access keys: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
				"selection":   says(fine, "environment keys"),
				"token file":  says(noted, "not applicable"),
				"session":     says(fine, "environment keys"),
				"caller":      says(failed, "InvalidClientTokenId", "renew access keys"),
			},
		},
		"half a key": {
			[]map[string]string{{"AWS_SECRET_ACCESS_KEY": marker}},
			map[string]finding{
				"environment": says(failed, "AWS_ACCESS_KEY_ID is not", "set both or neither"),
				"session":     says(unknown),
			},
		},
		"proxies": {
			[]map[string]string{irsa, {"HTTPS_PROXY": "http://user:" + marker + "@proxy.example:3128", "NO_PROXY": "localhost"}},
			map[string]finding{
				"proxy": says(noted, `HTTPS_PROXY="http://proxy.example:3128"`, `NO_PROXY="localhost"`),
			},
		},
		"metadata switched off": {
			[]map[string]string{irsa, {"AWS_EC2_METADATA_DISABLED": "TRUE"}},
			map[string]finding{"node role": says(noted, "not looked at")},
		},
		"metadata elsewhere": {
			[]map[string]string{irsa, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://imds.example/"}},
			map[string]finding{"node role": says(fine, "http://imds.example does not answer")},
		},
		"metadata over IPv6": {
			[]map[string]string{irsa, {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv6"}},
			map[string]finding{"node role": says(fine, "fd00:ec2::254")},
		},
		"a bad endpoint": {
			[]map[string]string{irsa, {"AWS_ENDPOINT_URL_STS": "localhost:4566"}},
			map[string]finding{"STS address": says(failed, "AWS_ENDPOINT_URL_STS")},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_REGION", credentialstest.PodRegion)
			for _, env := range test.env {
				setenv(t, env)
			}
			r := credentials.Diagnose(t.Context(), credentials.Config{HTTPClient: pod.AWS.HTTPClient()})
			wantChecks(t, r, test.want)
			if strings.Contains(r.String(), marker) {
				t.Error("the report shows the proxy's password")
			}
		})
	}
}

// What the environment has by half does no harm to a Config that has it all.
func TestDiagnoseHalfBesideConfig(t *testing.T) {
	pod := newPod(t, nil)
	t.Setenv("AWS_ROLE_ARN", credentialstest.PodRoleARN)
	wantChecks(t, credentials.Diagnose(t.Context(), pod.Config()), map[string]finding{
		"environment": says(warned, "by half"),
		"selection":   says(noted, "Config.RoleARN", "incomplete"),
		"session":     says(fine),
	})
}

// A pod with EKS Pod Identity has its token, its source and its role apart.
func TestDiagnosePodIdentity(t *testing.T) {
	pod := newPod(t, &credentialstest.PodOptions{PodIdentity: true})
	setenv(t, pod.Environ())
	r := credentials.Diagnose(t.Context(), pod.Config())
	wantChecks(t, r, map[string]finding{
		"environment":     says(fine, "IRSA: not set", "Pod Identity: AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		"other SDKs":      says(fine, "container endpoint"),
		"selection":       says(fine, "container endpoint by AWS_CONTAINER_CREDENTIALS_FULL_URI"),
		"token file":      says(fine, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "..data"),
		"token audience":  says(fine, "pods.eks.amazonaws.com"),
		"token signature": says(fine, "verified"),
		"session":         says(fine, "container endpoint", credentialstest.PodAccount),
		"caller":          says(fine, "assumed-role/pod-identity-role/"),
	})
	if r.Worst() != noted {
		t.Errorf("worst is %v:\n%v", r.Worst(), r)
	}
}

// webProfile writes a config file with a profile for the pod's role.
func webProfile(t *testing.T, pod *credentialstest.Pod) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	text := "[profile web]\nrole_arn = " + credentialstest.PodRoleARN + "\nweb_identity_token_file = " + pod.TokenFile.Path() + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
