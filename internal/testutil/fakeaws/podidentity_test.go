package fakeaws_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

const podTrust = `{"Version": "2012-10-17", "Statement": [{
	"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"]
}]}`

// associated is the world in which the pod has its role by an association; its
// role trusts the service.
func associated(t *testing.T, change func(*fakeaws.World, *fakeaws.Association)) *fakeaws.AWS {
	t.Helper()
	return startChanged(t, func(w *fakeaws.World) {
		w.Accounts[0].Roles[0].Trust = policy.MustParse(podTrust)
		w.Clusters[0].Associations = []fakeaws.Association{{
			Namespace: "testnamespace", ServiceAccount: "testapp", RoleARN: appRole,
		}}
		if change != nil {
			change(w, &w.Clusters[0].Associations[0])
		}
	})
}

// podToken is the token that the agent wants.
var podToken = fakeaws.TokenSpec{
	Namespace: "testnamespace", ServiceAccount: "testapp", Pod: "testapp-0", Audience: []string{"pods.eks.amazonaws.com"},
}

type agentCredentials struct {
	ID         string `json:"AccessKeyId"`
	Secret     string `json:"SecretAccessKey"`
	Account    string `json:"AccountId"`
	Token      string
	Expiration string
}

// askAgent sends a request to the agent.
func askAgent(t *testing.T, client *http.Client, url, token string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", token)
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body strings.Builder
	if _, err := io.Copy(&body, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, body.String()
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	fake := associated(t, nil)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	token := mintFor(t, fake, podToken)
	memory := &http.Client{Transport: fake.Transport()}
	for url, client := range map[string]*http.Client{
		"http://169.254.170.23/v1/credentials":      memory,
		"http://[fd00:ec2::23]/v1/credentials":      memory,
		"http://169.254.170.2/v2/credentials/a?b=c": memory,
		server.URL + "/v1/credentials":              server.Client(),
	} {
		status, body := askAgent(t, client, url, token)
		equal(t, url, status, 200)
		var creds agentCredentials
		if err := json.Unmarshal([]byte(body), &creds); err != nil {
			t.Fatal(err)
		}
		equal(t, "account", creds.Account, "111122223333")
		cfg := with(inMemory(fake), creds.ID, creds.Secret, creds.Token)
		if _, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")}); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
	call := fake.Calls()[0]
	if call.Service != "eks-auth" || call.Operation != "AssumeRoleForPodIdentity" || call.Region != home ||
		call.Principal != "pods.eks.amazonaws.com" || call.Resource != appRole || call.Account != "111122223333" {
		t.Errorf("call %+v", call)
	}
}

// What the agent refuses, and what EKS Auth does.
func TestPodIdentityRefused(t *testing.T) {
	t.Parallel()
	const url = "http://169.254.170.23/v1/credentials"
	spec := func(change func(*fakeaws.TokenSpec)) func(*testing.T, *fakeaws.AWS) string {
		return func(t *testing.T, fake *fakeaws.AWS) string {
			s := podToken
			change(&s)
			return mintFor(t, fake, s)
		}
	}
	text := func(s string) func(*testing.T, *fakeaws.AWS) string {
		return func(*testing.T, *fakeaws.AWS) string { return s }
	}
	good := spec(func(*fakeaws.TokenSpec) {})
	tests := map[string]struct {
		token  func(*testing.T, *fakeaws.AWS) string
		change func(*fakeaws.World, *fakeaws.Association)
		fault  fakeaws.Fault
		status int
		want   string
	}{
		"no token":       {token: text(""), status: 400, want: "cannot be empty"},
		"no JWT":         {token: text("secret-text"), status: 400, want: "cannot be parsed"},
		"expired":        {token: spec(func(s *fakeaws.TokenSpec) { s.IssuedAt = time.Now().Add(-25 * time.Hour) }), status: 400, want: "expired"},
		"not yet valid":  {token: spec(func(s *fakeaws.TokenSpec) { s.IssuedAt = time.Now().Add(time.Hour) }), status: 400, want: "validations"},
		"audience":       {token: spec(func(s *fakeaws.TokenSpec) { s.Audience = nil }), status: 400, want: "(InvalidTokenException)"},
		"other cluster":  {token: spec(func(s *fakeaws.TokenSpec) { s.Cluster = "other" }), status: 404, want: "(ResourceNotFoundException)"},
		"no association": {token: spec(func(s *fakeaws.TokenSpec) { s.ServiceAccount = "else" }), status: 404, want: "(ResourceNotFoundException)"},
		"forged": {token: func(t *testing.T, fake *fakeaws.AWS) string {
			token := good(t, fake)
			return token[:len(token)-8] + "AAAAAAAA"
		}, status: 400, want: "(InvalidTokenException)"},
		"no trust": {token: good, change: func(w *fakeaws.World, _ *fakeaws.Association) {
			w.Accounts[0].Roles[0].Trust.Statements[0].Action = policy.Strings("sts:AssumeRole")
		}, status: 400, want: "(AccessDeniedException): Unauthorized Exception!"},
		"no role": {token: good, change: func(_ *fakeaws.World, a *fakeaws.Association) {
			a.RoleARN += "-gone"
		}, status: 400, want: "(AccessDeniedException)"},
		"session policy with tags": {token: good, change: func(_ *fakeaws.World, a *fakeaws.Association) {
			a.Policy = policy.MustParse(`{"Version": "2012-10-17", "Statement": []}`)
		}, status: 400, want: "(AccessDeniedException)"},
		"throttled":   {token: good, fault: fakeaws.Fault{Code: "Throttling"}, status: 429, want: "(ThrottlingException)"},
		"unavailable": {token: good, fault: fakeaws.Fault{Code: "ServiceUnavailable"}, status: 503, want: "(ServiceUnavailableException)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := associated(t, test.change)
			fake.Inject(fakeaws.When{Service: "eks-auth"}, test.fault)
			status, body := askAgent(t, &http.Client{Transport: fake.Transport()}, url, test.token(t, fake))
			equal(t, "status", status, test.status)
			if !strings.Contains(body, test.want) || strings.Contains(body, "secret-text") {
				t.Errorf("body %q, want %q", body, test.want)
			}
		})
	}
}

// Over loopback, a name that leads there is not the agent's address.
func TestPodIdentityWrongHost(t *testing.T) {
	t.Parallel()
	fake := associated(t, nil)
	r := httptest.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, "http://agent.example/v1/credentials", nil)
	r.Header.Set("Authorization", mintFor(t, fake, podToken))
	w := httptest.NewRecorder()
	fake.ServeHTTP(w, r)
	equal(t, "status", w.Code, 403)
}

// A target role is assumed with the session of the first, with tags that carry
// over and for an hour.
func TestPodIdentityTarget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake := associated(t, func(w *fakeaws.World, a *fakeaws.Association) {
			a.TargetRoleARN, a.ExternalID = hopRole, "4711"
		})
		status, body := askAgent(t, &http.Client{Transport: fake.Transport()}, "http://169.254.170.23/v1/credentials", mintFor(t, fake, podToken))
		equal(t, "status", status, 200)
		var creds agentCredentials
		if err := json.Unmarshal([]byte(body), &creds); err != nil {
			t.Fatal(err)
		}
		expires, err := time.Parse(time.RFC3339, creds.Expiration)
		if err != nil || time.Until(expires) != time.Hour {
			t.Errorf("lasts %v, %v", time.Until(expires), err)
		}
		who, err := sts.NewFromConfig(with(inMemory(fake), creds.ID, creds.Secret, creds.Token)).GetCallerIdentity(t.Context(), nil)
		if err != nil || !strings.HasPrefix(*who.Arn, "arn:aws:sts::222233334444:assumed-role/hop/eks-main-testapp-0-") {
			t.Errorf("caller %v, %v", who, err)
		}
	})
}

// The session has the six tags, unless they are disabled; then it may have a
// policy instead.
func TestPodIdentityTags(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fakeaws.World, *fakeaws.Association)
		want   string // code of a refused read
	}{
		"tagged": {func(*fakeaws.World, *fakeaws.Association) {}, ""},
		"untagged": {func(_ *fakeaws.World, a *fakeaws.Association) {
			a.DisableSessionTags = true
		}, "AccessDeniedException"},
		"limited": {func(w *fakeaws.World, a *fakeaws.Association) {
			a.DisableSessionTags = true
			a.Policy = policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`)
			w.Accounts[0].Roles[0].Policies[0].Document.Statements[0].Condition = nil
		}, "AccessDeniedException"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := associated(t, func(w *fakeaws.World, a *fakeaws.Association) {
				w.Accounts[0].Roles[0].Policies[0].Document = policy.MustParse(`{"Version": "2012-10-17", "Statement": [{
					"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
					"Condition": {"StringEquals": {
						"aws:PrincipalTag/kubernetes-namespace": "testnamespace",
						"aws:PrincipalTag/eks-cluster-name": "main",
						"aws:PrincipalTag/kubernetes-pod-name": "testapp-0"
					}}
				}, {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}`)
				test.change(w, a)
			})
			_, body := askAgent(t, &http.Client{Transport: fake.Transport()}, "http://169.254.170.23/v1/credentials", mintFor(t, fake, podToken))
			var creds agentCredentials
			if err := json.Unmarshal([]byte(body), &creds); err != nil {
				t.Fatal(err)
			}
			cfg := with(inMemory(fake), creds.ID, creds.Secret, creds.Token)
			_, err := secretsmanager.NewFromConfig(cfg).GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{SecretId: new("open")})
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" {
				wantError(t, err, 400, test.want, "")
			}
		})
	}
}

func TestBadAssociations(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*fakeaws.World, *fakeaws.Association)
		want   string
	}{
		"namespace":       {func(_ *fakeaws.World, a *fakeaws.Association) { a.Namespace = "" }, "podIdentityAssociations[0].namespace: a namespace is missing"},
		"service account": {func(_ *fakeaws.World, a *fakeaws.Association) { a.ServiceAccount = "" }, "a service account is missing"},
		"role":            {func(_ *fakeaws.World, a *fakeaws.Association) { a.RoleARN = "role" }, "roleArn: \"role\" is not the ARN of a role"},
		"target role":     {func(_ *fakeaws.World, a *fakeaws.Association) { a.TargetRoleARN = "role" }, "targetRoleArn"},
		"account":         {func(w *fakeaws.World, _ *fakeaws.Association) { w.Clusters[0].Account = "" }, "the cluster's account is missing"},
		"region": {func(w *fakeaws.World, _ *fakeaws.Association) {
			w.Clusters[0].Issuer = "https://issuer.example"
		}, "the cluster's region is missing"},
		"bad region": {func(w *fakeaws.World, _ *fakeaws.Association) { w.Clusters[0].Region = "here" }, "not a Region"},
		"twice": {func(w *fakeaws.World, a *fakeaws.Association) {
			w.Clusters[0].Associations = append(w.Clusters[0].Associations, *a)
		}, "comes twice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := fakeaws.World{Clusters: []*fakeaws.Cluster{{
				Name: "main", Account: "111122223333", Issuer: mainIssuer,
				Associations: []fakeaws.Association{{Namespace: "n", ServiceAccount: "s", RoleARN: appRole}},
			}}}
			test.change(&w, &w.Clusters[0].Associations[0])
			text, err := json.Marshal(w)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fakeaws.New(text); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}
