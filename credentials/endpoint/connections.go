package endpoint

import (
	"net"
	"net/http"
	"slices"
	"sync"
)

// connections are those of a server, the oldest first.
type connections struct {
	mu   sync.Mutex
	open []net.Conn
}

// track is a http.Server's ConnState. It cuts the oldest connection where there
// are too many: to refuse the newest would let whoever holds connections open
// keep all others out.
func (c *connections) track(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if oldest := c.add(conn); oldest != nil {
			oldest.Close()
		}
	case http.StateClosed:
		c.remove(conn)
	}
}

func (c *connections) add(conn net.Conn) (oldest net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) >= maxConnections {
		oldest = c.open[0]
		c.open = slices.Delete(c.open, 0, 1)
	}
	c.open = append(c.open, conn)
	return oldest
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := slices.Index(c.open, conn); i >= 0 {
		c.open = slices.Delete(c.open, i, i+1)
	}
}
