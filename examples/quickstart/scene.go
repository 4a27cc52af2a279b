package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// scene is what a play starts from: an AWS, a pod, and what the pod's
// application asks for.
type scene struct {
	world    secretstest.World
	token    credentialstest.TokenRequest
	roleARN  string
	secretID string
	region   string
}

// newScene is the story with nothing broken.
func newScene() scene {
	return scene{
		world: secretstest.Story(),
		token: credentialstest.TokenRequest{
			Namespace:      secretstest.StoryNamespace,
			ServiceAccount: secretstest.StoryServiceAccount,
			Pod:            "testapp-7d4b9c6f5-x2x7k",
		},
		roleARN:  secretstest.StoryRoleARN,
		secretID: secretstest.StorySecretARN,
		region:   secretstest.StoryRegion,
	}
}

// performance is what happened in one play.
type performance struct {
	environment []variable
	token       credentials.Token
	identity    string // ARN from GetCallerIdentity
	secret      secrets.Value
	calls       []credentialstest.Call
	steps       []step
	err         error // what the application saw, if it was refused
}

type variable struct{ name, value string }

type step struct {
	name string
	took time.Duration
}

// play runs the pod's application against a fresh AWS on a loopback listener.
// A refusal is part of the performance; an error means that the stage broke.
func (s scene) play(ctx context.Context) (*performance, error) {
	fake, err := secretstest.New(s.world)
	if err != nil {
		return nil, err
	}
	endpoint, closeServer, err := serve(ctx, fake.Handler())
	if err != nil {
		return nil, err
	}
	defer closeServer()

	dir, err := os.MkdirTemp("", "quickstart-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	raw, err := fake.Token(s.token)
	if err != nil {
		return nil, err
	}
	file, err := credentialstest.NewTokenFile(dir, raw)
	if err != nil {
		return nil, err
	}

	p := &performance{environment: []variable{
		{"AWS_ROLE_ARN", s.roleARN},
		{"AWS_WEB_IDENTITY_TOKEN_FILE", file.Path()},
		{"AWS_REGION", s.region},
		{"AWS_ENDPOINT_URL", endpoint},
	}}
	if err := p.setEnvironment(); err != nil {
		return nil, err
	}
	if p.token, err = credentials.ParseTokenUnverified(raw); err != nil {
		return nil, err
	}
	p.err = p.application(ctx, s.secretID)
	p.calls = fake.Calls()
	return p, nil
}

// application is what runs in the pod: all that a program needs to know of
// this library.
func (p *performance) application(ctx context.Context, secretID string) error {
	var cfg aws.Config
	err := p.step("load the configuration", func() (err error) {
		cfg, err = credentials.LoadConfig(ctx, credentials.Config{})
		return err
	})
	if err != nil {
		return err
	}
	err = p.step("ask STS who we are", func() error {
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
		if err != nil {
			return err
		}
		p.identity = aws.ToString(out.Arn)
		return nil
	})
	if err != nil {
		return err
	}
	return p.step("read the secret", func() error {
		store, err := secrets.New(ctx, cfg, secrets.Config{})
		if err != nil {
			return err
		}
		defer store.Close()
		p.secret, err = store.Get(ctx, secretID)
		return err
	})
}

func (p *performance) step(name string, do func() error) error {
	start := time.Now()
	err := do()
	p.steps = append(p.steps, step{name, time.Since(start)})
	return err
}

// setEnvironment gives the process the environment of the pod and nothing
// else of AWS, so that the machine's own configuration cannot play a part.
func (p *performance) setEnvironment() error {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				return err
			}
		}
	}
	quiet := []variable{{"AWS_CONFIG_FILE", os.DevNull}, {"AWS_SHARED_CREDENTIALS_FILE", os.DevNull}}
	for _, v := range append(quiet, p.environment...) {
		if err := os.Setenv(v.name, v.value); err != nil {
			return err
		}
	}
	return nil
}

// explain decides offline, from the documents alone, what AWS decides.
func (s scene) explain(claims policy.Claims) (policy.AccessReport, error) {
	access, err := s.world.SecretAccess(claims, s.roleARN, s.secretID, s.region)
	if err != nil {
		return policy.AccessReport{}, err
	}
	return access.Evaluate(), nil
}

// serve listens on a free loopback port until the returned function is called.
func serve(ctx context.Context, h http.Handler) (url string, shut func(), err error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, fmt.Errorf("listen on loopback: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // always ErrServerClosed after Close
	}()
	return "http://" + l.Addr().String(), func() {
		_ = server.Close()
		<-done
	}, nil
}
