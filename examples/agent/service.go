package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// service is a running agent with all that it stands on.
type service struct {
	settings settings
	log      *slog.Logger
	provider *credentials.Provider
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
	identity := credentials.Config{Region: s.region, VerifyCaller: s.validate, Logger: log}
	if s.outbound > 0 {
		identity.HTTPClient = awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.MaxConnsPerHost = s.outbound })
	}
	cfg, err := credentials.LoadConfig(ctx, identity)
	if err != nil {
		return nil, err
	}
	svc.provider, _ = credentials.FromConfig(cfg) // LoadConfig has put it there
	svc.store, err = secrets.New(ctx, cfg, secrets.Config{
		TTL: max(s.ttl, time.Second), MaxStale: s.own.maxStale, Timeout: s.timeout, MaxEntries: s.cacheSize,
		OnFetch: svc.fetches.Record, Logger: log,
	})
	if err != nil {
		return nil, errors.Join(err, svc.provider.Close())
	}
	c := s.config()
	c.Store, c.Provider, c.Fetches, c.Tokens, c.Logger = svc.store, svc.provider, &svc.fetches, tokens, log
	if svc.agent, err = agent.New(c); err != nil {
		return nil, errors.Join(err, svc.store.Close(), svc.provider.Close())
	}
	return svc, nil
}

// close ends what newService has made; the errors would be those of ending
// sessions.
func (svc *service) close() {
	_ = errors.Join(svc.agent.Close(), svc.store.Close(), svc.provider.Close())
}

// mustWork is the strict start: there are credentials, and all that is preloaded.
func (svc *service) mustWork(ctx context.Context) error {
	if svc.settings.validate {
		if _, err := svc.provider.Retrieve(ctx); err != nil {
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
	background.Go(func() { svc.identify(ctx) })
	background.Go(func() { svc.prefetch(ctx) })
	background.Go(func() {
		svc.load(ctx)
		debug.FreeOSMemory() // the start takes more than what follows
	})
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
		err := svc.provider.WaitReady(ctx)
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

// load reads what is to be preloaded, for as long as it takes.
func (svc *service) load(ctx context.Context) {
	if err := svc.agent.Load(ctx); err != nil && ctx.Err() == nil {
		svc.log.Error("preload has ended", "error", err)
	}
}

// prefetch reads once, as far as there is room, what AWS's agent would.
func (svc *service) prefetch(ctx context.Context) {
	p := svc.settings.prefetch
	refs := p.refs[:min(len(p.refs), int(float64(svc.settings.cacheSize)*p.ratio))]
	if len(refs) == 0 {
		return
	}
	sleep(ctx, time.Duration(p.jitter)*rand.N(time.Second))
	if _, err := svc.store.GetAll(ctx, refs...); err != nil && ctx.Err() == nil {
		svc.log.Warn("not all was prefetched", "error", err)
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
