package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// stage is what a script's world is made of, before it is served.
type stage struct {
	issuer string
	world  secretstest.World
	token  credentialstest.TokenRequest
	env    map[string]string               // added to what the webhook sets; "" unsets
	aws    func(http.Handler) http.Handler // in front of AWS
	oidc   func(http.Handler) http.Handler // in front of the issuer
	node   http.Handler                    // the metadata service; nil: out of reach
}

// broken are the things that can be wrong with a world.
var broken = map[string]func(*stage){
	"healthy": func(*stage) {},
	"no-env": func(s *stage) {
		s.env["AWS_ROLE_ARN"], s.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "", ""
	},
	"half-pair":      func(s *stage) { s.env["AWS_WEB_IDENTITY_TOKEN_FILE"] = "" },
	"expired":        func(s *stage) { s.token.IssuedAt = time.Now().Add(-25 * time.Hour) },
	"overdue":        func(s *stage) { s.token.IssuedAt = time.Now().Add(-21 * time.Hour) },
	"wrong-audience": func(s *stage) { s.token.Audience = []string{"vault"} },
	"issuer-mismatch": func(s *stage) {
		s.oidc = answering("/openid-configuration", `{"issuer":"https://elsewhere.example","jwks_uri":"https://elsewhere.example/keys"}`)
	},
	"foreign-key": func(s *stage) {
		s.oidc = answering("/keys", `{"keys":[{"kty":"EC","kid":"another","crv":"P-256",`+
			`"x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}`) // RFC 7515, A.3
	},
	"trust": func(s *stage) {
		role := s.world.Account(secretstest.StoryClusterAccount).Role("pod-role")
		edit(role.Trust, "testnamespace:testapp", "default:testapp")
	},
	"sts-down": func(s *stage) { s.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1" },
	"skewed":   func(s *stage) { s.aws = dated(10 * time.Minute) },
	"both": func(s *stage) {
		s.env["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials"
		s.env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount/eks-pod-identity-token"
	},
	"node-role": func(s *stage) { s.node = http.HandlerFunc(openNode) },
	"role-policy": func(s *stage) {
		for _, p := range s.world.Account(secretstest.StoryClusterAccount).Role("pod-role").Policies {
			edit(p.Document, "secret:testsecret-AbCdEf", "secret:other-AbCdEf")
		}
	},
	"secret-policy": func(s *stage) { s.world.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil },
	"key-policy": func(s *stage) {
		key := s.world.Account(secretstest.StoryKeyAccount).Keys[0]
		key.Policy.Statements = key.Policy.Statements[:1]
	},
}

// edit changes the text of a document in place.
func edit(d *policy.Document, old, new string) {
	*d = *policy.MustParse(strings.ReplaceAll(d.String(), old, new))
}

// answering is a front that answers for one path.
func answering(suffix, body string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasSuffix(r.URL.Path, suffix) {
				fmt.Fprint(w, body)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// dated is a front whose clock is ahead.
func dated(by time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(&redated{w, by}, r)
		})
	}
}

type redated struct {
	http.ResponseWriter
	by time.Duration
}

func (w *redated) WriteHeader(status int) {
	w.Header().Set("Date", time.Now().Add(w.by).UTC().Format(http.TimeFormat))
	w.ResponseWriter.WriteHeader(status)
}

// openNode is a metadata service with a hop limit that lets a pod in.
func openNode(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token":
		fmt.Fprint(w, "metadata-token")
	case r.Header.Get("X-Aws-Ec2-Metadata-Token") != "metadata-token":
		w.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
		fmt.Fprint(w, "eks-node-role")
	default:
		http.NotFound(w, r) // its credentials above all
	}
}

// worldCommand is "world NAME" in a script: it serves that world on loopback
// and gives the script the environment of its pod.
func worldCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || broken[args[0]] == nil {
		ts.Fatalf("usage: world NAME")
	}
	var issuerHandler atomic.Value
	issuer := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		issuerHandler.Load().(http.Handler).ServeHTTP(w, r)
	}))
	ts.Defer(issuer.Close)

	s := &stage{issuer: issuer.URL + "/id/EXAMPLE", env: map[string]string{}}
	s.aws = func(h http.Handler) http.Handler { return h }
	s.oidc = s.aws
	s.token = credentialstest.TokenRequest{
		Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount, Pod: "testapp-7d4b9c6f5-x2x7k",
	}
	var err error
	s.world, err = storyOf(s.issuer)
	ts.Check(err)
	broken[args[0]](s)

	fake, err := secretstest.New(s.world)
	ts.Check(err)
	issuerHandler.Store(http.HandlerFunc(s.oidc(fake.Handler()).ServeHTTP))
	aws := httptest.NewServer(s.aws(fake.Handler()))
	ts.Defer(aws.Close)
	metadata := "http://127.0.0.1:1"
	if s.node != nil {
		node := httptest.NewServer(s.node)
		ts.Defer(node.Close)
		metadata = node.URL
	}
	raw, err := fake.Token(s.token)
	ts.Check(err)
	file, err := credentialstest.NewTokenFile(ts.MkAbs("projected"), raw)
	ts.Check(err)
	roots := ts.MkAbs("roots.pem")
	ts.Check(os.WriteFile(roots, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: issuer.Certificate().Raw}), 0o600))

	for name, value := range map[string]string{
		"AWS_REGION": secretstest.StoryRegion, "AWS_ENDPOINT_URL": aws.URL,
		"AWS_ROLE_ARN": secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": file.Path(),
		"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata, "SSL_CERT_FILE": roots, "SSL_CERT_DIR": filepath.Dir(roots),
		"SECRET": secretstest.StorySecretARN, "TOKEN": file.Path(),
	} {
		ts.Setenv(name, value)
	}
	for name, value := range s.env {
		ts.Setenv(name, value)
	}
}

// storyOf is the three-account story with another issuer.
func storyOf(issuer string) (secretstest.World, error) {
	text, err := json.Marshal(secretstest.Story())
	if err != nil {
		return secretstest.World{}, err
	}
	bare := func(url string) string { return strings.TrimPrefix(url, "https://") }
	changed := strings.ReplaceAll(string(text), bare(secretstest.StoryIssuer), bare(issuer))
	var world secretstest.World
	return world, json.Unmarshal([]byte(changed), &world)
}
