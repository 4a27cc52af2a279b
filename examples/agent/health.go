package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// healthHandler answers probes and scrapes, which come without a token, and
// nothing else.
func (svc *service) healthHandler() http.Handler {
	probes := svc.agent.Health()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			_, _ = w.Write(svc.metrics())
			return
		case "/healthz":
			r = r.Clone(r.Context())
			r.URL.Path = "/livez"
		case "/readyz":
			if !svc.known.Load() {
				http.Error(w, "no credentials yet", http.StatusServiceUnavailable)
				return
			}
		}
		probes.ServeHTTP(w, r)
	})
}

// ready reports what /readyz does.
func (svc *service) ready() bool { return svc.known.Load() && svc.agent.Ready() }

// serveHealth serves the second listener, if there is one, until stop is called.
func (svc *service) serveHealth(l net.Listener) (stop func() error) {
	if l == nil {
		return func() error { return nil }
	}
	srv := &http.Server{
		Handler:           svc.healthHandler(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(svc.log.Handler(), slog.LevelWarn),
	}
	svc.log.Info("health and metrics", "address", l.Addr().String())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = srv.Serve(l) // ends with stop
	}()
	return func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close() // a scraper that is slow misses the last sample
		}
		<-ended
		return nil
	}
}
