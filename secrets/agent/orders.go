package agent

import "sync"

const (
	// maxOrders is how many targets of requests are remembered.
	maxOrders = 2048
	// maxOrder is how long one may be, in bytes.
	maxOrder = 512
)

// orders remembers what targets ask for, which never changes: clients ask for the
// same again and again. The zero orders remembers none yet.
type orders struct {
	mu     sync.RWMutex
	parsed map[target]*order
}

// find returns what a target asks for; nil if that is not known.
func (o *orders) find(t target) *order {
	o.mu.RLock()
	defer o.mu.RUnlock()
	return o.parsed[t]
}

// add remembers what a target asks for. When there are too many it forgets the
// others.
func (o *orders) add(t target, parsed *order) {
	if len(t.path)+len(t.query) > maxOrder {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.parsed == nil || len(o.parsed) == maxOrders {
		o.parsed = map[target]*order{}
	}
	o.parsed[t] = parsed
}
