package secrets

import "container/heap"

// place is where an entry stands in a queue: its key there and its index plus
// one. The zero place is nowhere.
type place struct {
	key   instant
	index int
}

// queue is a heap of entries, the one with the least key first. It is used under
// Store.mu.
type queue struct {
	entries []*entry
	place   func(*entry) *place
}

// set puts e into the queue at key, or moves it there.
func (q *queue) set(e *entry, key instant) {
	p := q.place(e)
	p.key = key
	if p.index == 0 {
		heap.Push((*heaped)(q), e)
		return
	}
	heap.Fix((*heaped)(q), p.index-1)
}

// remove takes e out of the queue if it is there.
func (q *queue) remove(e *entry) {
	if p := q.place(e); p.index != 0 {
		heap.Remove((*heaped)(q), p.index-1)
	}
}

// first returns the entry with the least key, or nil.
func (q *queue) first() *entry {
	if len(q.entries) == 0 {
		return nil
	}
	return q.entries[0]
}

// pop takes the first entry out if its key is not past limit, else it returns
// nil.
func (q *queue) pop(limit instant) *entry {
	e := q.first()
	if e == nil || q.place(e).key > limit {
		return nil
	}
	q.remove(e)
	return e
}

// heaped is the queue as package heap wants it.
type heaped queue

func (h *heaped) Len() int { return len(h.entries) }

func (h *heaped) Less(i, j int) bool {
	return h.place(h.entries[i]).key < h.place(h.entries[j]).key
}

func (h *heaped) Swap(i, j int) {
	h.entries[i], h.entries[j] = h.entries[j], h.entries[i]
	h.place(h.entries[i]).index = i + 1
	h.place(h.entries[j]).index = j + 1
}

func (h *heaped) Push(x any) {
	e := x.(*entry) // by set
	h.entries = append(h.entries, e)
	h.place(e).index = len(h.entries)
}

func (h *heaped) Pop() any {
	last := len(h.entries) - 1
	e := h.entries[last]
	h.entries[last] = nil
	h.entries = h.entries[:last]
	h.place(e).index = 0
	return e
}
