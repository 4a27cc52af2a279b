package secrets

import (
	"maps"
	"sync/atomic"
)

// patience is how many reads may find a slot only under the lock before the
// readers' map is renewed. Copying 100,000 slots takes some milliseconds, so
// this is about what a thousand of those reads cost.
const patience = 1000

// table finds slots by reference. Readers take no lock: their map never
// changes. What has been added or removed since is in a second one, which takes
// the place of the first when readers have missed it often enough; so adding a
// slot costs the same however many there are. All methods but find are called
// under Store.mu.
type table struct {
	read   atomic.Pointer[map[string]*slot] // nil: empty
	next   map[string]*slot                 // all slots; nil: as read
	misses int
}

// find returns the slot for a reference, if the readers' map has it. The slot
// may have been removed meanwhile, which its entry's state tells.
func (t *table) find(ref string) *slot {
	if m := t.read.Load(); m != nil {
		return (*m)[ref]
	}
	return nil
}

// get returns the slot for a reference, or nil.
func (t *table) get(ref string) *slot {
	if t.next == nil {
		return t.find(ref)
	}
	sl := t.next[ref]
	if sl == nil {
		return nil
	}
	if t.misses++; t.misses >= min(len(t.next), patience) {
		t.renew()
	}
	return sl
}

// renew lets readers see what has been added, and lets go of what has been
// removed.
func (t *table) renew() {
	if t.next != nil {
		next := t.next
		t.read.Store(&next)
		t.next, t.misses = nil, 0
	}
}

func (t *table) add(ref string, sl *slot) {
	t.open()
	t.next[ref] = sl
}

func (t *table) remove(ref string) {
	t.open()
	delete(t.next, ref)
}

// open makes next there.
func (t *table) open() {
	switch m := t.read.Load(); {
	case t.next != nil:
	case m == nil:
		t.next = make(map[string]*slot)
	default:
		t.next = maps.Clone(*m)
	}
}

// clear removes all slots, from the readers' map too.
func (t *table) clear() {
	t.read.Store(nil)
	t.next, t.misses = nil, 0
}
