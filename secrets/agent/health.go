package agent

import (
	"fmt"
	"net/http"
)

// Health returns a handler for probes, which come without a token: /livez says
// that the process answers, /readyz that every declared secret is held and the
// Agent is not about to end. Neither names anything. It is meant for a listener
// of its own, that the kubelet reaches, beside metrics.
func (a *Agent) Health() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, text := http.StatusOK, "ok"
		missing := 0
		switch r.URL.Path {
		case "/livez":
		case "/readyz":
			missing = a.missing()
			switch {
			case a.draining.Load():
				status, text = http.StatusServiceUnavailable, "draining"
			case missing > 0:
				status, text = http.StatusServiceUnavailable, fmt.Sprintf("%d of %d secrets are missing", missing, len(a.config.Declared))
			}
		default:
			status, text = http.StatusNotFound, "not found"
		}
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			status, text = http.StatusMethodNotAllowed, "not allowed"
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text)
	})
}
