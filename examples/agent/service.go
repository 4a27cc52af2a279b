package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// service is a running agent with all that it stands on.
type service struct {
	settings settings
	log      *slog.Logger
	source   aws.CredentialsProvider
	provider *credentials.Provider // the same; nil if it is a file
	file     *credentialsFile      // the same; nil unless it is one
	callers  *sts.Client           // is asked whose the file's are; nil: nobody is
	store    *secrets.Store
	fetches  agent.Fetches
	agent    *agent.Agent
	// known is set once there have been credentials, or if nobody is to check.
	known atomic.Bool
}

// newService makes no call to AWS.
func newService(ctx context.Context, s settings, tokens []agent.Token, log *slog.Logger) (*service, error) {
	svc := &service{settings: s, log: log}
	svc.known.Store(!s.validate)
	cfg, err := s.awsConfig(ctx, log)
	if err != nil {
		return nil, err
	}
	svc.source = cfg.Credentials
	svc.provider, _ = credentials.FromConfig(cfg)
	svc.file, _ = cfg.Credentials.(*credentialsFile)
	if svc.file != nil && s.validate {
		svc.callers = sts.NewFromConfig(cfg)
	}
	svc.store, err = secrets.New(ctx, cfg, secrets.Config{
		TTL: max(s.ttl, time.Second), MaxStale: s.maxStale(), Timeout: s.timeout, MaxEntries: s.cacheSize,
		OnFetch: svc.fetches.Record, Logger: log,
	})
	if err != nil {
		return nil, errors.Join(err, svc.closeProvider())
	}
	c := s.config()
	c.Store, c.Fetches, c.Tokens, c.Logger = svc.store, &svc.fetches, tokens, log
	if c.Provider = svc.provider; svc.file != nil {
		c.Provider = svc.file
	}
	if svc.agent, err = agent.New(c); err != nil {
		return nil, errors.Join(inConfiguration(err), svc.store.Close(), svc.closeProvider())
	}
	return svc, nil
}

// inConfiguration names a setting of package agent as the configuration does.
func inConfiguration(err error) error {
	e, ok := errors.AsType[*agent.ConfigError](err)
	if !ok {
		return err
	}
	field := strings.Replace(e.Field, "Config.Headers", "ssrf_headers", 1)
	if own, ok := strings.CutPrefix(field, "Config."); ok {
		field = "irsa." + strings.ToLower(own)
	}
	return fmt.Errorf("configuration: %s %s", field, e.Problem)
}

// close ends what newService has made; the errors would be those of ending
// sessions.
func (svc *service) close() {
	_ = errors.Join(svc.agent.Close(), svc.store.Close(), svc.closeProvider())
}

func (svc *service) closeProvider() error {
	if svc.provider == nil {
		return nil
	}
	return svc.provider.Close()
}

// mustWork is the strict start: there are credentials, and all that is preloaded.
func (svc *service) mustWork(ctx context.Context) error {
	if svc.settings.validate {
		if _, err := svc.source.Retrieve(ctx); err != nil {
			return fmt.Errorf("strict start: %w", err)
		}
		svc.known.Store(true)
	}
	if _, err := svc.store.GetAll(ctx, svc.settings.own.preload...); err != nil {
		return fmt.Errorf("strict start: %w", err)
	}
	return nil
}

// serve answers until ctx ends; up is called once it does. Probes are answered
// to the end of the drain.
func (svc *service) serve(ctx context.Context, l listeners, up func() error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var background sync.WaitGroup
	background.Go(func() {
		svc.identify(ctx)
		svc.prefetch(ctx)
	})
	background.Go(func() {
		svc.load(ctx)
		debug.FreeOSMemory() // the start takes more than what follows
	})
	if svc.file != nil {
		background.Go(func() { svc.file.watch(ctx, svc.callers) })
	}
	defer background.Wait()

	stopHealth := svc.serveHealth(l.health)
	ended := make(chan error)
	for _, one := range l.serving() {
		go func() { ended <- svc.agent.Serve(ctx, one) }()
	}
	errs := []error{up()}
	if errs[0] != nil {
		cancel()
	}
	for range l.serving() {
		errs = append(errs, <-ended)
		cancel() // one that fails ends the other
	}
	cancel()
	return errors.Join(append(errs, stopHealth())...)
}

// identify waits for the first credentials. The agent is not ready before there
// are some; what keeps them away may be mended without a restart.
func (svc *service) identify(ctx context.Context) {
	for wait := time.Second; !svc.known.Load(); wait = min(2*wait, time.Minute) {
		err := svc.waitReady(ctx)
		if err == nil {
			svc.known.Store(true)
			return
		}
		if ctx.Err() != nil {
			return
		}
		svc.log.Error("there are no credentials", "error", err)
		sleep(ctx, wait)
	}
}

func (svc *service) waitReady(ctx context.Context) error {
	if svc.provider != nil {
		return svc.provider.WaitReady(ctx)
	}
	_, err := svc.source.Retrieve(ctx)
	return err
}

// load reads what is to be preloaded, for as long as it takes.
func (svc *service) load(ctx context.Context) {
	if err := svc.agent.Load(ctx); err != nil && ctx.Err() == nil {
		svc.log.Error("preload has ended", "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
