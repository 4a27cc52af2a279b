package credentials_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// metadata is a metadata service of scripted answers, by path.
type metadata struct {
	noToken bool // version 2 is refused; version 1 answers
	answers map[string]string
	status  int
	asked   []string
}

func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.asked = append(m.asked, r.Method+" "+r.URL.Path)
	switch {
	case r.URL.Path == "/latest/api/token" && m.noToken:
		w.WriteHeader(http.StatusForbidden)
	case r.URL.Path == "/latest/api/token":
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
		io.WriteString(w, "token")
	case m.status != 0:
		w.WriteHeader(m.status)
	default:
		answer, ok := m.answers[strings.TrimPrefix(r.URL.Path, "/latest/meta-data/iam/security-credentials/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
		}
		io.WriteString(w, answer)
	}
}

func instanceConfig() credentials.Config {
	return credentials.Config{Region: "eu-west-1", Sources: []credentials.Source{credentials.SourceInstanceProfile}, AllowInstanceProfile: true}
}

func nodeAnswer(code string, life time.Duration) string {
	return fmt.Sprintf(`{"Code":%q,"AccessKeyId":"ASIANODE","SecretAccessKey":%q,"Token":"t","Expiration":%q}`,
		code, marker, time.Now().Add(life).UTC().Format(time.RFC3339))
}

// The SDK cuts the expiry to an hour; it is true here. Proxies stay out of it.
func TestInstanceProfile(t *testing.T) {
	m := &metadata{answers: map[string]string{"": "node-role\nother\n", "node-role": nodeAnswer("Success", 6*time.Hour)}}
	server := httptest.NewServer(m)
	defer server.Close()
	setenv(t, map[string]string{"AWS_EC2_METADATA_SERVICE_ENDPOINT": server.URL, "HTTP_PROXY": "http://192.0.2.1:3128"})
	for name, cfg := range map[string]credentials.Config{"default client": instanceConfig(), "SDK's client": instanceConfig()} {
		if name == "SDK's client" {
			cfg.HTTPClient = awshttp.NewBuildableClient()
		}
		p := newProvider(t, cfg)
		creds := retrieve(t, p)
		if left := time.Until(creds.Expires); left < 5*time.Hour || creds.AccessKeyID != "ASIANODE" || creds.Source != string(credentials.SourceInstanceProfile) {
			t.Errorf("%s: source %q, expires in %v", name, creds.Source, left)
		}
		if id, ok := p.Identity(); !ok || id.Source != credentials.SourceInstanceProfile || id.ARN != "" || !id.Expires.Equal(creds.Expires) {
			t.Errorf("identity %+v", id)
		}
	}
}

func TestInstanceProfileErrors(t *testing.T) {
	tests := map[string]struct {
		m    metadata
		kind error
		text []string
	}{
		"no role":     {metadata{}, credentials.ErrConfiguration, []string{"the node has no role"}},
		"empty list":  {metadata{answers: map[string]string{"": "\n"}}, credentials.ErrConfiguration, []string{"the node has no role"}},
		"role gone":   {metadata{answers: map[string]string{"": "r"}}, credentials.ErrConfiguration, []string{"the node has no role"}},
		"code":        {metadata{answers: map[string]string{"": "r", "r": nodeAnswer("AssumeRoleUnauthorizedAccess", time.Hour)}}, credentials.ErrUnavailable, []string{"AssumeRoleUnauthorizedAccess"}},
		"code to see": {metadata{answers: map[string]string{"": "r", "r": nodeAnswer("not "+marker, time.Hour)}}, credentials.ErrUnavailable, nil},
		"garbage":     {metadata{answers: map[string]string{"": "r", "r": marker}}, credentials.ErrUnavailable, []string{"no credentials"}},
		"expired":     {metadata{answers: map[string]string{"": "r", "r": nodeAnswer("Success", -time.Hour)}}, credentials.ErrUnavailable, []string{"expired already"}},
		"refused":     {metadata{status: http.StatusForbidden}, credentials.ErrConfiguration, []string{"refuses"}},
		// Version 1 would answer; it is not asked.
		"version 1": {metadata{noToken: true, answers: map[string]string{"": "r", "r": nodeAnswer("Success", time.Hour)}}, credentials.ErrUnavailable, []string{"version 2"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&test.m)
			defer server.Close()
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
			_, err := newProvider(t, instanceConfig()).Retrieve(t.Context())
			wantText(t, err, append(test.text, "instance profile")...)
			if e, ok := errors.AsType[*credentials.SourceError](err); !ok || e.Source != credentials.SourceInstanceProfile || !errors.Is(err, test.kind) || e.RetryableError() {
				t.Errorf("error %v, want a SourceError that is %v", err, test.kind)
			}
			for _, request := range test.m.asked {
				if test.m.noToken && strings.HasPrefix(request, "GET") {
					t.Errorf("%s without a token", request)
				}
			}
		})
	}
}

// A pod two hops away waits until it gives up: the remedy says why.
func TestInstanceProfileOutOfReach(t *testing.T) {
	fake := newPod(t, nil).AWS
	synctest.Test(t, func(t *testing.T) {
		cfg := instanceConfig()
		cfg.HTTPClient = fake.NewIMDS(credentialstest.Node{RoleARN: credentialstest.NodeRoleARN, Distance: 2}).HTTPClient()
		p, err := credentials.New(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		_, err = p.Retrieve(t.Context())
		wantText(t, err, "does not answer in its version 2", "hop limit")
		if !errors.Is(err, credentials.ErrUnavailable) {
			t.Errorf("not ErrUnavailable: %v", err)
		}
	})
}

func TestInstanceProfileOnRequestAlone(t *testing.T) {
	instance := []credentials.Source{credentials.SourceInstanceProfile}
	tests := map[string]struct {
		cfg  credentials.Config
		env  map[string]string
		text []string
	}{
		"not allowed": {cfg: credentials.Config{Sources: instance}, text: []string{"Config.Sources[0]", "AllowInstanceProfile"}},
		"disabled":    {cfg: credentials.Config{AllowInstanceProfile: true}, env: map[string]string{"AWS_EC2_METADATA_DISABLED": "True"}, text: []string{"AWS_EC2_METADATA_DISABLED is true"}},
		"not listed":  {cfg: credentials.Config{AllowInstanceProfile: true, Sources: []credentials.Source{credentials.SourceContainer}}, text: []string{"no source"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			setenv(t, test.env)
			test.cfg.Region, test.cfg.HTTPClient = "eu-west-1", noNetwork(t)
			_, err := credentials.New(t.Context(), test.cfg)
			wantText(t, err, test.text...)
		})
	}
}
