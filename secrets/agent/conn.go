package agent

import (
	"math"
	"net"
	"sync"
	"time"
)

// connKey is where a request's context has its conn.
type connKey struct{}

// conn is a connection that is counted, and cut after a time.
type conn struct {
	net.Conn
	agent    *Agent
	rank     int // how many were open with it when it was accepted
	cut      *time.Timer
	ending   time.Time // from then on, a response is the last
	draining <-chan struct{}
	closing  sync.Once
	host     string // the Host of a request on it that was in order
	usage    usage
}

// accept makes a conn of an accepted connection; nil if there are too many for
// another to be of use.
func (a *Agent) accept(c net.Conn, draining <-chan struct{}) *conn {
	rank := int(a.conns.Add(1))
	if rank > a.config.maxConns()+morePings {
		a.conns.Add(-1)
		return nil
	}
	lifetime := a.config.connLifetime()
	made := &conn{Conn: c, agent: a, rank: rank, draining: draining, ending: time.Now().Add(lifetime - lifetime/10)}
	made.cut = time.AfterFunc(math.MaxInt64, func() { _ = made.Close() })
	made.cut.Reset(lifetime) // not before Close finds it
	return made
}

// morePings is how many connections beyond the limit may still ask for /ping.
const morePings = 2

// excess reports whether a request comes on a connection beyond the limit.
func (c *conn) excess(ping bool) bool {
	if c == nil {
		return false
	}
	limit := c.agent.config.maxConns()
	if ping {
		limit += morePings
	}
	return c.rank > limit
}

// last reports whether the response to a request of now should end the connection,
// since it is about to be cut, so that the cut meets no request, or is beyond the
// limit, so that a new one may take its place.
func (c *conn) last() bool {
	return c != nil && (c.excess(false) || time.Until(c.ending) < 0)
}

// Close closes the connection and gives its place free.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.closing.Do(func() {
		c.cut.Stop()
		err = c.Conn.Close()
		c.agent.conns.Add(-1)
	})
	return err
}

// CloseWrite lets net/http say that there is nothing more to come, so that the
// answer to a request that was not read to its end is not lost.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
