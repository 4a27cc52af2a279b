package credentials_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

func TestDiagnoseHealthyPod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		r := credentials.Diagnose(t.Context(), pod.Config())
		if diff := cmp.Diff(checkNames, namesOf(r)); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
		if r.Worst() != noted {
			t.Errorf("worst is %v:\n%v", r.Worst(), r)
		}
		wantChecks(t, r, map[string]finding{
			"environment":       says(noted, "IRSA: not set"),
			"other SDKs":        says(noted, "minio-go: the node's role", "only this program's Config"),
			"selection":         says(fine, "web identity by Config.RoleARN and Config.TokenFile"),
			"proxy":             says(noted, "not applicable"),
			"token file":        says(fine, pod.TokenFile.Path(), "Config.TokenFile", "mode 0600", "..data"),
			"token claims":      says(fine, "system:serviceaccount:testnamespace:testapp", credentialstest.PodIssuer, `pod "testapp-0"`, "node"),
			"token audience":    says(fine, "sts.amazonaws.com"),
			"token expiry":      says(fine, "expires 2000-01-02T00:00:00Z", "24h0m of 24h0m"),
			"issuer":            says(fine, credentialstest.PodIssuer+"/keys"),
			"token signature":   says(fine, "verified with one of the issuer's 1 keys"),
			"STS address":       says(noted, "not applicable", "Config.HTTPClient", "sts.eu-west-1.amazonaws.com"),
			"STS connection":    says(noted, "not applicable"),
			"clock":             says(fine, "agrees"),
			"session":           says(fine, "arn:aws:sts::111122223333:assumed-role/pod-role/", "until 2000-01-01T01:00:00Z"),
			"caller":            says(fine, "arn:aws:sts::111122223333:assumed-role/pod-role/"),
			"expected identity": says(noted, "Config.Expect is empty"),
			"node role":         says(fine, "169.254.169.254 does not answer"),
		})
		if n := count(pod, "AssumeRoleWithWebIdentity"); n != 1 {
			t.Errorf("%d sessions for a diagnosis", n)
		}
	})
}

// TestDiagnoseBrokenPod breaks one thing at a time.
func TestDiagnoseBrokenPod(t *testing.T) {
	t.Parallel()
	trust := credentialstest.PodWorld()
	trust.Accounts[0].Roles[0].Trust = policy.MustParse(strings.Replace(trust.Accounts[0].Roles[0].Trust.String(), "testnamespace:", "other:", 1))
	tests := map[string]struct {
		pod    *credentialstest.PodOptions
		change func(*testing.T, *credentialstest.Pod, *credentials.Config)
		want   map[string]finding
	}{
		"no source": {
			change: func(_ *testing.T, _ *credentialstest.Pod, c *credentials.Config) { c.RoleARN, c.TokenFile = "", "" },
			want: map[string]finding{
				"environment":    says(failed, "not set", "eks.amazonaws.com/role-arn", "recreate the pod"),
				"other SDKs":     says(warned, "the node's role"),
				"selection":      says(failed, "no source of credentials", "recreate the pod"),
				"token file":     says(noted, "not applicable"),
				"token claims":   says(noted),
				"token audience": says(noted),
				"token expiry":   says(noted),
				"issuer":         says(noted),
				"session":        says(unknown, "no source was selected"),
				"caller":         says(unknown),
				"clock":          says(fine),
			},
		},
		"half a Config": {
			change: func(_ *testing.T, _ *credentialstest.Pod, c *credentials.Config) { c.RoleARN = "" },
			want: map[string]finding{
				"selection":   says(failed, "Config.RoleARN", "set both or neither"),
				"token file":  says(fine),
				"environment": says(noted),
				"session":     says(unknown),
			},
		},
		"no Region": {
			change: func(_ *testing.T, _ *credentialstest.Pod, c *credentials.Config) { c.Region = "" },
			want: map[string]finding{
				"selection":      says(failed, "Region", "AWS_REGION"),
				"STS address":    says(failed, "Region"),
				"STS connection": says(unknown),
				"clock":          says(unknown),
			},
		},
		"expired token": {
			pod: &credentialstest.PodOptions{Token: credentialstest.TokenRequest{IssuedAt: bubbleStart.Add(-25 * time.Hour)}},
			want: map[string]finding{
				"token expiry":    says(failed, "expired 1999-12-31T23:00:00Z, 1h0m ago", "kubelet"),
				"token signature": says(fine),
				"session":         says(failed, "has expired"),
			},
		},
		"overdue token": {
			pod: &credentialstest.PodOptions{Token: credentialstest.TokenRequest{IssuedAt: bubbleStart.Add(-20 * time.Hour)}},
			want: map[string]finding{
				"token expiry": says(warned, "4h0m of 24h0m (16 % left)", "should have been renewed", "kubelet"),
				"session":      says(fine),
			},
		},
		"token of the future": {
			pod: &credentialstest.PodOptions{Token: credentialstest.TokenRequest{IssuedAt: bubbleStart.Add(2 * time.Minute)}},
			want: map[string]finding{
				"token expiry": says(warned, "2m in the future", "clock"),
			},
		},
		"wrong audience": {
			pod: &credentialstest.PodOptions{Token: credentialstest.TokenRequest{Audience: []string{"vault"}}},
			want: map[string]finding{
				"token audience": says(failed, `"vault"`, "sts.amazonaws.com", "Config.Audience"),
				"session":        says(failed, "audience"),
			},
		},
		"token of Pod Identity": {
			pod: &credentialstest.PodOptions{Token: credentialstest.TokenRequest{Audience: []string{"pods.eks.amazonaws.com"}}},
			want: map[string]finding{
				"token audience": says(failed, "EKS Pod Identity"),
			},
		},
		"no token file": {
			change: func(t *testing.T, _ *credentialstest.Pod, c *credentials.Config) {
				c.TokenFile = filepath.Join(t.TempDir(), "nowhere")
			},
			want: map[string]finding{
				"token file":      says(failed, "nowhere", "does not exist", "recreate the pod"),
				"token claims":    says(unknown),
				"token audience":  says(unknown),
				"token expiry":    says(unknown),
				"issuer":          says(unknown),
				"token signature": says(unknown),
				"session":         says(failed, "does not exist"),
			},
		},
		"copied token": {
			change: func(t *testing.T, _ *credentialstest.Pod, c *credentials.Config) {
				data, err := os.ReadFile(c.TokenFile)
				if err != nil {
					t.Fatal(err)
				}
				c.TokenFile = filepath.Join(t.TempDir(), "copy")
				if err := os.WriteFile(c.TokenFile, data, 0o644); err != nil {
					t.Fatal(err)
				}
			},
			want: map[string]finding{
				"token file": says(warned, "mode 0644", "never renewed", "subPath"),
				"session":    says(fine),
			},
		},
		"garbage for a token": {
			change: func(t *testing.T, p *credentialstest.Pod, _ *credentials.Config) {
				if err := p.TokenFile.Rotate("garbage " + marker); err != nil {
					t.Fatal(err)
				}
			},
			want: map[string]finding{
				"token file":   says(fine),
				"token claims": says(failed, "is not a JSON Web Token"),
				"session":      says(failed),
			},
		},
		"trust policy": {
			pod: &credentialstest.PodOptions{World: &trust},
			want: map[string]finding{
				"token signature": says(fine),
				"session":         says(failed, "AccessDenied", "trust policy", "pod-role", "system:serviceaccount:testnamespace:testapp", `"Effect":"Allow"`),
				"caller":          says(unknown, "no credentials"),
			},
		},
		"STS down": {
			change: func(_ *testing.T, p *credentialstest.Pod, c *credentials.Config) {
				c.HTTPClient = before(p, func(r *http.Request) (*http.Response, error) {
					if strings.HasPrefix(r.URL.Host, "sts.") {
						return hang(r)
					}
					return nil, nil
				})
			},
			want: map[string]finding{
				"clock":   says(unknown, "no answer in time"),
				"session": says(failed, "STS"),
				"issuer":  says(fine),
			},
		},
		"clock behind": {
			change: shiftDate(10 * time.Minute),
			want: map[string]finding{
				"clock":   says(failed, "10m behind", "chrony"),
				"session": says(fine),
			},
		},
		"clock somewhat ahead": {
			change: shiftDate(-2 * time.Minute),
			want: map[string]finding{
				"clock": says(warned, "2m ahead of"),
			},
		},
		"STS without a Date": {
			change: func(_ *testing.T, p *credentialstest.Pod, c *credentials.Config) {
				c.HTTPClient = before(p, func(r *http.Request) (*http.Response, error) {
					if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Host, "sts.") {
						return response(r, http.StatusOK, "hello"), nil
					}
					return nil, nil
				})
			},
			want: map[string]finding{"clock": says(unknown, "no Date")},
		},
		"caller refused": {
			change: refuseCaller("InvalidClientTokenId"),
			want: map[string]finding{
				"session": says(fine),
				"caller":  says(failed, "InvalidClientTokenId", "clock"),
			},
		},
		"caller denied": {
			change: refuseCaller("AccessDenied"),
			want: map[string]finding{
				"caller": says(warned, "AccessDenied", "VPC endpoint"),
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, test.pod)
				cfg := pod.Config()
				if test.change != nil {
					test.change(t, pod, &cfg)
				}
				r := credentials.Diagnose(t.Context(), cfg)
				if diff := cmp.Diff(checkNames, namesOf(r)); diff != "" {
					t.Errorf("checks (-want +got):\n%s", diff)
				}
				wantChecks(t, r, test.want)
				if strings.Contains(r.String(), marker) {
					t.Error("the report shows the token")
				}
			})
		})
	}
}

// bubbleStart is when every synctest bubble begins.
var bubbleStart = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// shiftDate moves the clock of AWS.
func shiftDate(by time.Duration) func(*testing.T, *credentialstest.Pod, *credentials.Config) {
	return func(_ *testing.T, p *credentialstest.Pod, c *credentials.Config) {
		next := p.AWS.HTTPClient()
		c.HTTPClient = roundTripFunc(func(r *http.Request) (*http.Response, error) {
			resp, err := next.Do(r)
			if err == nil {
				resp.Header.Set("Date", time.Now().Add(by).UTC().Format(http.TimeFormat))
			}
			return resp, err
		})
	}
}

// refuseCaller answers every POST but the exchange of the token.
func refuseCaller(code string) func(*testing.T, *credentialstest.Pod, *credentials.Config) {
	return func(_ *testing.T, p *credentialstest.Pod, c *credentials.Config) {
		c.HTTPClient = before(p, func(r *http.Request) (*http.Response, error) {
			if r.Method == http.MethodPost && r.Header.Get("Authorization") != "" {
				return answer(http.StatusForbidden, code, "")(r)
			}
			return nil, nil
		})
	}
}

// What a token claims is not obeyed by a terminal.
func TestReportIsPrintable(t *testing.T) {
	pod := newPod(t, &credentialstest.PodOptions{Token: credentialstest.TokenRequest{ServiceAccount: "a\x1b[2J\tb\nc"}})
	r := credentials.Diagnose(t.Context(), pod.Config())
	for _, c := range r.Checks {
		if strings.ContainsAny(c.Evidence+c.Fix, "\x1b\t\n") {
			t.Errorf("%s: %q %q", c.Name, c.Evidence, c.Fix)
		}
	}
}
