package agent

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"sync/atomic"
)

const (
	// byteCost and lineCost are what a byte of a request, and a line of it, take in
	// memory at most: net/http copies long lines, and keeps a short header in a map
	// that is many times as large. They are measured.
	byteCost, lineCost = 2, 128
	// freeCost is what a connection may take without a look at the others. Requests
	// for secrets are far below it.
	freeCost = 16 << 10
	// maxRoom is what all may take together beyond that: a dozen of the largest
	// heads, if they are of long lines.
	maxRoom = 8 << 20
)

// room is the memory that the connections of an Agent share for large requests.
// net/http bounds a request, and not what all do together: who has no token could
// otherwise have the process killed. The zero room is empty.
type room struct {
	taken    atomic.Int64
	cutShort atomic.Int64 // connections that there was none left for
}

// take takes a part; false if that is not left.
func (r *room) take(cost int) bool {
	for {
		taken := r.taken.Load()
		if taken+int64(cost) > maxRoom {
			return false
		}
		if r.taken.CompareAndSwap(taken, taken+int64(cost)) {
			return true
		}
	}
}

// usage is what the request under way on a connection takes. It is not safe for
// concurrent use: the goroutine that net/http has for the connection uses it.
type usage struct {
	cost  int // of all that was read since the last answer
	tail  int // of that, what the next request may have begun with
	taken int // of the room
}

// add counts what was read, and returns what it takes of the room in addition.
func (u *usage) add(read []byte) (more int) {
	u.tail = byteCost*len(read) + lineCost*bytes.Count(read, []byte("\n"))
	u.cost += u.tail
	return max(u.cost-freeCost, 0) - u.taken
}

// Read implements net.Conn. A connection that takes more than there is room for is
// closed. What net/http has in its buffer is of the last call; a single byte, which
// it reads beside that in another goroutine while a request is answered, does not
// count.
func (c *conn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n == 0 || len(p) == 1 {
		return n, err
	}
	more := c.usage.add(p[:n])
	if more <= 0 {
		return n, err
	}
	if c.agent.room.take(more) {
		c.usage.taken += more
		return n, err
	}
	c.agent.room.cutShort.Add(1)
	c.agent.log.warn(context.Background(), "large requests", "agent: connection closed, for large requests take too much memory")
	_ = c.Close()
	return c.Conn.Read(p) // says that it is closed
}

// longLine reports whether the line of the request is so long that the connection
// should end with the answer: net/http keeps the line for as long as that lasts, as
// what the last method is part of.
func (x *exchange) longLine() bool {
	return len(x.r.Method)+len(x.r.RequestURI) > freeCost/4
}

// settle gives back what a request has taken that was answered, or whose
// connection is closed, once net/http has done with it.
func settle(nc net.Conn, state http.ConnState) {
	c, ok := nc.(*conn)
	if !ok || state != http.StateIdle && state != http.StateClosed {
		return
	}
	u := &c.usage
	u.cost = u.tail
	if state == http.StateClosed {
		u.cost = 0
	}
	if back := u.taken - max(u.cost-freeCost, 0); back > 0 {
		u.taken -= back
		c.agent.room.taken.Add(-int64(back))
	}
}
