package endpoint

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Server hands out credentials. Make one with [New], and give it a listener by
// [Server.Serve]; as a http.Handler in a server of one's own it lacks the limits
// of Serve. It is safe for concurrent use and must not be copied.
type Server struct {
	cfg   Config
	log   *slog.Logger
	roles map[string]*role // by path

	refused atomic.Int64 // the second in which a refusal was last logged
}

// New returns a Server, or a *[credentials.ConfigError].
func New(cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	cfg.Hosts = slices.Clone(cfg.Hosts)
	s := &Server{cfg: cfg, log: cfg.logger(), roles: make(map[string]*role)}
	add := func(path string, p aws.CredentialsProvider) {
		s.roles[path] = &role{provider: p, renewAt: cfg.renewAt(), min: cfg.minLifetime()}
	}
	if cfg.Provider != nil {
		add(PathCredentials, cfg.Provider)
	}
	for name, p := range cfg.Roles {
		add(PathRole+name, p)
	}
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f, cause := s.guard(r), error(nil)
	if f == nil {
		f, cause = s.authorize(r.Header)
	}
	if f != nil {
		s.logRefusal(f, cause)
		write(w, f.status, f)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.wait())
	defer cancel()
	switch path := r.URL.EscapedPath(); {
	case path == PathReady:
		s.serveReady(ctx, w)
	case s.roles[path] != nil:
		s.serveRole(ctx, w, path)
	default:
		write(w, http.StatusNotFound, &refusal{code: "NotFound", message: "there are credentials at " + PathCredentials + " or " + PathRole + "NAME, as the server was told"})
	}
}

// serveRole answers with credentials.
func (s *Server) serveRole(ctx context.Context, w http.ResponseWriter, path string) {
	creds, err := s.roles[path].fetch(ctx)
	if err != nil {
		f := failed(err)
		level := slog.LevelWarn
		if errors.Is(err, context.Canceled) && ctx.Err() != nil { // the client has left, and lacks nothing
			level = slog.LevelDebug
		}
		s.log.Log(ctx, level, "endpoint: no credentials for a client", "path", path, "status", f.status, "error", err)
		write(w, f.status, f)
		return
	}
	s.log.Info("endpoint: credentials handed out", "path", path, "key", creds.AccessKeyID, "expires", creds.Expires)
	write(w, http.StatusOK, newAnswer(creds, s.roles[path].provider))
}

// serveReady tells whether there are credentials at every path.
func (s *Server) serveReady(ctx context.Context, w http.ResponseWriter) {
	for _, path := range slices.Sorted(maps.Keys(s.roles)) {
		if _, err := s.roles[path].fetch(ctx); err != nil {
			f := failed(err)
			f.status, f.message = http.StatusServiceUnavailable, path+": "+f.message
			write(w, f.status, f)
			return
		}
	}
	write(w, http.StatusOK, struct {
		Ready bool `json:"ready"`
	}{true})
}

// logRefusal logs one refusal a second, lest a flood of them fill a disk. A cause
// is one that the client is not told.
func (s *Server) logRefusal(f *refusal, cause error) {
	now := time.Now().Unix()
	switch {
	case s.refused.Swap(now) == now:
	case cause != nil:
		s.log.Error("endpoint: no client can be let in", "error", cause)
	default:
		s.log.Warn("endpoint: request refused", "status", f.status, "code", f.code)
	}
}
