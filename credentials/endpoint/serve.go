package endpoint

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
)

// The limits of [Server.Serve]. An SDK sends some hundred bytes at once, and
// reads an answer as soon as there is one.
const (
	headerTimeout  = 2 * time.Second
	answerTimeout  = 5 * time.Second
	maxHeader      = 8 << 10
	maxConnections = 128
	drainTimeout   = 3 * time.Second
)

// Listen listens on a TCP address, such as "127.0.0.1:9911", for [Server.Serve].
// The error is a *[credentials.ConfigError], as for Serve, or of the network.
func (s *Server) Listen(ctx context.Context, addr string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	if err := s.checkListener(l.Addr()); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Serve answers on l until ctx ends or l fails, then lets the requests under way
// finish for three seconds. It begins by asking each provider, so that the first
// client need not wait. Each connection has one request, whose header must arrive
// within two seconds and be below 8 KiB or so. With more than 128 connections the
// oldest is cut: whoever is served is gone by then. Serve closes l.
//
// The error is nil after ctx ended, and l's if that failed. A
// *[credentials.ConfigError] says that other machines could connect to l, see
// [Config].AllowRemote, or that AWS_CONTAINER_CREDENTIALS_FULL_URI, from which a
// provider takes its credentials, leads back to l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	defer l.Close()
	if err := s.checkListener(l.Addr()); err != nil {
		return err
	}
	var background sync.WaitGroup
	defer background.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, r := range s.roles {
		background.Go(func() { warm(ctx, r.provider) })
	}
	server := s.httpServer()
	failed := make(chan error, 1)
	background.Go(func() { failed <- server.Serve(l) })
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
	defer stop()
	if server.Shutdown(grace) != nil {
		server.Close()
	}
	return err
}

func (s *Server) httpServer() *http.Server {
	server := &http.Server{
		Handler:                      s,
		DisableGeneralOptionsHandler: true,
		ReadTimeout:                  headerTimeout, // net/http lifts it once the request is there
		WriteTimeout:                 s.cfg.wait() + answerTimeout,
		MaxHeaderBytes:               maxHeader,
		ConnState:                    new(connections).track,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	server.SetKeepAlivesEnabled(false)
	return server
}

// warm gets the first credentials, so that refreshing goes on behind the
// clients' backs. What fails is told to clients, and logged by the provider.
func warm(ctx context.Context, p aws.CredentialsProvider) {
	if w, ok := p.(interface{ WaitReady(context.Context) error }); ok {
		_ = w.WaitReady(ctx)
		return
	}
	_, _ = p.Retrieve(ctx)
}

func (s *Server) checkListener(addr net.Addr) error {
	if !s.cfg.AllowRemote && !isLocal(addr) {
		return &credentials.ConfigError{
			Field:   "endpoint listener",
			Problem: fmt.Sprintf("other machines can connect to %s, and would see token and keys in clear", addr),
			Remedy:  "listen on 127.0.0.1, or set endpoint.Config.AllowRemote behind TLS",
		}
	}
	return s.checkLoop(addr)
}
