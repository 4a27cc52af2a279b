package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/irsakit/irsa/secrets"
)

const (
	// maxWatched bounds the secrets of one watch.
	maxWatched = 20
	// pollWait is how long a poll waits that does not say.
	pollWait = 30 * time.Second
	// heartbeat is how often a stream says that it is alive.
	heartbeat = 15 * time.Second
)

// watching is what a request for a watch says.
type watching struct {
	refs    []string
	roles   []string // to be assumed for them
	version string   // the version that the client has, of the only secret
	wait    time.Duration
}

// change is what a watch tells: another version, or an error in its place.
type change struct {
	Ref     string `json:"ref"`
	Version string `json:"version,omitempty"`
	Error   string `json:"error,omitempty"` // its class

	err error
}

// watch tells of new versions: as server-sent events if the client takes them,
// or else with one answer when there is one that it does not have.
func (x *exchange) watch() {
	if x.r.Method != http.MethodGet {
		notAllowed.write(x.w)
		return
	}
	order, err := x.parseWatch()
	if err != nil {
		answerTo(err, secrets.Ref{}).write(x.w)
		return
	}
	for _, role := range order.roles {
		leave, err := x.roles.enter(role, time.Now())
		if err != nil {
			answerTo(err, secrets.Ref{}).write(x.w)
			return
		}
		defer leave(false) // its place, unless reads have found that it works
	}
	x.watches.Add(1)
	defer x.watches.Add(-1)
	ctx, cancel := context.WithTimeout(x.r.Context(), order.wait)
	changes := x.follow(ctx, order.refs)
	defer func() {
		cancel()
		for range changes { // until none can come any more
		}
	}()
	if strings.Contains(x.r.Header.Get("Accept"), "text/event-stream") {
		x.stream(ctx, changes)
		return
	}
	x.poll(ctx, order, changes)
}

// parseWatch reads the parameters ref, which may come several times, version
// and wait.
func (x *exchange) parseWatch() (watching, error) {
	// The connection may be older than the request.
	o := watching{wait: x.left()}
	poll := min(pollWait, o.wait)
	for name, value := range pairs(x.target.query) {
		switch name {
		case "ref":
			ref, err := secrets.ParseRef(value)
			if err != nil {
				return o, refuse("invalid ref: %v", err)
			}
			if err := x.permit(x.who, ref); err != nil {
				return o, err
			}
			ref.Key = ""
			o.refs = append(o.refs, ref.String())
			if ref.Role != "" {
				o.roles = append(o.roles, ref.Role)
			}
		case "version":
			o.version = value
		case "wait":
			wait, err := time.ParseDuration(value)
			if err != nil || wait < 0 {
				return o, refuse("invalid wait value")
			}
			poll = min(wait, o.wait)
		default:
			return o, refuse("unknown parameter: %s", name)
		}
	}
	streams := strings.Contains(x.r.Header.Get("Accept"), "text/event-stream")
	switch {
	case len(o.refs) == 0:
		return o, refuse("missing parameter ref")
	case len(o.refs) > maxWatched:
		return o, refuse("more than %d refs", maxWatched)
	case len(o.refs) > 1 && !streams:
		return o, refuse("more than one ref takes a stream of events")
	case !streams:
		o.wait = poll
	}
	return o, nil
}

// left is the time until the connection should end.
func (x *exchange) left() time.Duration {
	if x.conn != nil {
		return max(time.Until(x.conn.ending), 0)
	}
	return x.config.connLifetime() * 9 / 10
}

// follow returns the changes of secrets until ctx ends, and then closes the
// channel. The first of each is what it is now.
func (x *exchange) follow(ctx context.Context, refs []string) <-chan change {
	out := make(chan change)
	var wg sync.WaitGroup
	for _, ref := range refs {
		wg.Go(func() {
			var last change
			for v, err := range secrets.Watch(ctx, x.store, ref) {
				c := change{Ref: ref, Version: v.Version()}
				if v.IsZero() {
					c.Error = classOf(err)
				}
				if c == last {
					continue // it was only read again, or could not be
				}
				last, c.err = c, err
				select {
				case out <- c:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

// drained is closed when Serve is about to end.
func (x *exchange) drained() <-chan struct{} {
	if x.conn == nil {
		return nil
	}
	return x.conn.draining
}

// stream sends each change as an event: "version", or "withdrawn" for a secret
// that can no longer be had. It ends with the connection's time; the client is
// told to come again, and then hears the versions of that moment first.
func (x *exchange) stream(ctx context.Context, changes <-chan change) {
	h := x.w.Header()
	h["Content-Type"] = []string{"text/event-stream"}
	h["Cache-Control"] = []string{"no-store"}
	x.w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(x.w)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for text := "retry: 1000\n\n"; ; {
		if _, err := x.w.Write([]byte(text)); err != nil || out.Flush() != nil {
			return
		}
		select {
		case c, ok := <-changes:
			if !ok {
				return
			}
			text = c.event()
		case <-beat.C:
			text = ": alive\n\n"
		case <-x.drained():
			return
		case <-ctx.Done():
			return
		}
	}
}

// event writes a change as a server-sent event (HTML Standard, "Server-sent
// events").
func (c change) event() string {
	kind := "version"
	if c.Error != "" {
		kind = "withdrawn"
	}
	data, _ := json.Marshal(c) // of strings always succeeds
	return fmt.Sprintf("event: %s\ndata: %s\n\n", kind, data)
}

// poll answers the first version that is not the client's; 204 if there is none
// in time.
func (x *exchange) poll(ctx context.Context, o watching, changes <-chan change) {
	for {
		select {
		case c, ok := <-changes:
			switch {
			case c.Error != "":
				ref, _ := secrets.ParseRef(c.Ref) // parseWatch has
				x.logFailure(ctx, &order{ref: ref}, c.err)
				answerTo(c.err, ref).write(x.w)
				return
			case c.Version != o.version && ok:
				writeJSON(x.w, http.StatusOK, c)
				return
			case ok:
				continue
			}
		case <-x.drained():
		case <-ctx.Done():
		}
		x.late(o)
		return
	}
}

// late is the answer of a poll whose time is over. What is held counts even if
// there was no time to hear of it.
func (x *exchange) late(o watching) {
	ref := o.refs[0]
	if st, _ := x.store.Status(ref); st.Version != "" && st.Version != o.version {
		writeJSON(x.w, http.StatusOK, change{Ref: ref, Version: st.Version})
		return
	}
	x.w.WriteHeader(http.StatusNoContent)
}

// classes are the words for what an error of a read can be.
var classes = []struct {
	kind error
	word string
}{
	{secrets.ErrDenied, "denied"},
	{secrets.ErrNotFound, "not found"},
	{secrets.ErrDeleted, "scheduled for deletion"},
	{secrets.ErrDecryption, "key unusable"},
	{secrets.ErrIdentity, "no identity"},
	{secrets.ErrConfiguration, "configuration"},
	{secrets.ErrClosed, "closed"},
}

// classOf says in a word what an error is, so that nothing of it gets out that
// the token may not see.
func classOf(err error) string {
	for _, c := range classes {
		if errors.Is(err, c.kind) {
			return c.word
		}
	}
	return "unavailable"
}
