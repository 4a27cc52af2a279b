package agent

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/internal/localauth"
	"github.com/irsakit/irsa/secrets"
)

// Agent answers requests for secrets. Make it with [New]; it is an http.Handler,
// and [Agent.Serve] serves it with all the limits of the contract. It is safe for
// concurrent use.
type Agent struct {
	config       Config
	store        *secrets.Store
	ttl          time.Duration
	keys         keyring
	allowedRoles patterns
	roles        roles
	sessions     sessions
	orders       orders
	log          quiet

	conns       atomic.Int64 // open
	turnedAway  atomic.Int64 // connections that were not served
	room        room
	watches     atomic.Int64 // under way
	reads, hits atomic.Int64
	requests    requestCounts
	draining    atomic.Bool

	life context.Context // ends with Close
	end  context.CancelFunc

	mu      sync.Mutex
	release []func() // of what is declared and kept
}

// New returns an Agent. It makes no call; see [Agent.Load]. The error is a
// [*ConfigError] or a [*secrets.RefError], wrapped.
func New(c Config) (*Agent, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	c.Hosts, c.Declared = slices.Clone(c.Hosts), slices.Clone(c.Declared)
	if p, ok := c.Provider.(*credentials.Provider); ok && p == nil {
		c.Provider = nil // as of an aws.Config that has none
	}
	keys, err := newKeyring(c)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	return &Agent{
		config: c, store: c.Store, life: life, end: end, ttl: c.ttl(), keys: keys, allowedRoles: newPatterns(c.Roles),
		roles:    roles{max: c.maxRoles(), used: map[string]*roleUse{}},
		sessions: sessions{open: map[sessionID]session{}},
		log:      quiet{to: c.logger()},
	}, nil
}

// Close ends [Agent.Load] and what that has begun, and the sessions of the page.
// It closes neither the Store nor the Provider, and ends no [Agent.Serve]. It
// always returns nil and may be called again.
func (a *Agent) Close() error {
	a.end()
	a.mu.Lock()
	release := a.release
	a.release = nil
	a.mu.Unlock()
	for _, stop := range release {
		stop()
	}
	a.sessions.clear()
	a.log.flush()
	return nil
}

// Format prints "agent.Agent" under every verb.
func (a *Agent) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "agent.Agent") }

// ServeHTTP answers one request. The limits of connections and of time are
// [Agent.Serve]'s.
func (a *Agent) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Agent: a, recorder: recorder{ResponseWriter: w}, r: r, target: targetOf(r)}
	x.w = &x.recorder
	x.conn, _ = r.Context().Value(connKey{}).(*conn)
	x.route = a.route(x.target.path)
	defer x.done()
	x.serve()
}

// exchange is a request and what is known of it.
type exchange struct {
	*Agent
	recorder recorder
	w        *recorder // the field before it
	r        *http.Request
	target   target
	route    Route
	conn     *conn // nil unless the connection is from Serve
	who      *bearer
}

// recorder remembers the status of a response.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (x *exchange) done() { x.requests.add(x.route, x.w.status) }

// Route is a kind of request, for counters.
type Route uint8

// The routes.
const (
	RouteNone       Route = iota // a path that leads nowhere
	RoutePing                    // /ping
	RouteSecret                  // /secretsmanager/get
	RoutePath                    // below Config.PathPrefix
	RouteParameter               // /systemsmanager/parameters/get
	RouteWatch                   // /irsa/watch
	RouteInvalidate              // /irsa/invalidate
	RoutePage                    // /irsa/ and what belongs to it
	routes
)

var routeNames = [routes]string{"none", "ping", "secret", "path", "parameter", "watch", "invalidate", "page"}

// String returns the route's name, in lower case.
func (r Route) String() string {
	if r < routes {
		return routeNames[r]
	}
	return "none"
}

// MarshalText returns what String does.
func (r Route) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// route tells where a path leads, which is taken as it was sent: neither decoded
// nor resolved, so that there is one way to write each.
func (a *Agent) route(path string) Route {
	switch path {
	case "/ping":
		return RoutePing
	case "/secretsmanager/get":
		return RouteSecret
	case "/systemsmanager/parameters/get", "/systemsmanager/parameters/get/":
		if a.config.Dialect != DialectAgent {
			return RouteParameter
		}
	case "/irsa/watch":
		return RouteWatch
	case "/irsa/invalidate":
		return RouteInvalidate
	case pagePath, loginPath, logoutPath:
		return RoutePage
	}
	if strings.HasPrefix(path, a.config.pathPrefix()) {
		return RoutePath
	}
	return RouteNone
}

// serve does the checks in the order of the contract. The own routes come where
// the contract would look at the method.
func (x *exchange) serve() {
	if x.conn.last() || x.bodyUnread() || x.longLine() {
		x.w.Header()["Connection"] = []string{"close"}
	}
	if x.conn.excess(x.route == RoutePing) {
		tooMany.write(x.w)
		return
	}
	if x.route != RoutePing {
		if a := x.stranger(); a != nil {
			a.write(x.w)
			return
		}
	}
	switch x.route {
	case RouteWatch:
		x.watch()
	case RouteInvalidate:
		x.invalidate()
	case RoutePage:
		x.page()
	default:
		x.contract()
	}
}

// bodyUnread reports whether a request has a body that nothing here has a use
// for, or one in chunks, which may have had a length as well (RFC 9112, section
// 6.1). What comes behind it on the connection is not believed to be a request:
// whoever passed it on may have seen its end elsewhere.
func (x *exchange) bodyUnread() bool {
	takesBody := x.r.Method == http.MethodPost && (x.route == RouteInvalidate || x.route == RoutePage)
	return x.r.ContentLength < 0 || x.r.ContentLength > 0 && !takesBody
}

// stranger returns the answer to a request that comes from elsewhere or has no
// token; nil for any other. The page has a way of its own to let people in.
func (x *exchange) stranger() *answer {
	x.who = x.keys.find(x.r.Header)
	refused := ""
	var a *answer
	switch {
	case localauth.Forwarded(x.r.Header):
		a, refused = hasPassedProxy, "it has passed a proxy"
	case !x.addressed():
		a, refused = badHost, "it is addressed to another host"
	case x.who == nil && x.route != RoutePage:
		a, refused = badToken, "it has no valid token"
	default:
		return nil
	}
	x.logRefusal(refused)
	return a
}

func (x *exchange) logRefusal(reason string) {
	route := x.route.String()
	x.log.warn(x.r.Context(), route+": "+reason, "agent: request refused", "route", route, "reason", reason)
}

// addressed reports whether the request is meant for the Agent. Those of one
// connection, which come one after the other, mostly have the same Host.
func (x *exchange) addressed() bool {
	if x.conn != nil && x.r.Host != "" && x.r.Host == x.conn.host {
		return true
	}
	if !localauth.Addressed(x.r, x.config.Hosts) {
		return false
	}
	if x.conn != nil {
		x.conn.host = x.r.Host
	}
	return true
}

// contract answers what AWS's programs answer too.
func (x *exchange) contract() {
	if x.r.Method != http.MethodGet {
		notAllowed.write(x.w)
		return
	}
	switch x.route {
	case RoutePing:
		pong.write(x.w)
		return
	case RouteNone:
		notFound.write(x.w)
		return
	}
	o := x.orders.find(x.target)
	if o == nil {
		var bad *problem
		if o, bad = x.order(); bad != nil {
			bad.write(x.w)
			return
		}
		x.orders.add(x.target, o)
	}
	x.secret(o)
}

// secret answers an order.
func (x *exchange) secret(o *order) {
	ctx := x.r.Context()
	v, err := x.read(ctx, x.who, o)
	if err == nil {
		writeSecret(x.w, v, o.encode)
		return
	}
	if ctx.Err() != nil {
		panic(http.ErrAbortHandler) // nobody is there; net/http would say 200
	}
	x.logFailure(ctx, o, err)
	if o.vague {
		extensionError.write(x.w)
		return
	}
	answerTo(err, o.ref).write(x.w)
}

func (a *Agent) logFailure(ctx context.Context, o *order, err error) {
	name, _ := subject(o.ref)
	kind := classOf(err)
	if p, ok := problemOf(err); ok {
		kind = string(p.body)
	}
	a.log.warn(ctx, name+": "+kind, "agent: secret not answered", "ref", name, "error", err)
}
