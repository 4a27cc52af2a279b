package secrets

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestTable compares a table with a map.
func TestTable(t *testing.T) {
	t.Parallel()
	var table table
	model := map[string]*slot{}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		ref := fmt.Sprint(rng.IntN(3000))
		switch rng.IntN(20) {
		case 0:
			model[ref] = &slot{ref: ref}
			table.add(ref, model[ref])
		case 1:
			delete(model, ref)
			table.remove(ref)
		case 2:
			if rng.IntN(200) == 0 {
				table.renew()
				if got := table.find(ref); got != model[ref] {
					t.Fatalf("%s: finds %v, want %v", ref, got, model[ref])
				}
			}
		default:
			if got := table.get(ref); got != model[ref] {
				t.Fatalf("%s: got %v, want %v", ref, got, model[ref])
			}
		}
	}
	if table.find("x") != nil || table.get("x") != nil {
		t.Error("finds what is not there")
	}
	table.clear()
	if table.get("1") != nil || table.find("1") != nil {
		t.Error("finds what was cleared")
	}
}

// TestTableShowsReaders checks that slots come to be found without the lock, when
// they have been asked for about as often as it costs to copy them.
func TestTableShowsReaders(t *testing.T) {
	t.Parallel()
	for size, reads := range map[int]int{1: 1, 10: 10, patience: patience, 10 * patience: patience} {
		var table table
		for round := range 2 {
			for n := range size {
				ref := fmt.Sprint(round, n)
				table.add(ref, &slot{ref: ref})
			}
			if table.find(fmt.Sprint(round, 0)) != nil {
				t.Error("the readers' map changes")
			}
			reads := min(reads*(round+1), patience)
			for n := range reads {
				if table.next == nil {
					t.Errorf("of %d slots, readers find it after %d of %d reads", size, n, reads)
				}
				table.get(fmt.Sprint(round, 0))
			}
			if table.find(fmt.Sprint(round, 0)) == nil || table.next != nil {
				t.Errorf("of %d slots, readers do not find it after %d reads", size, reads)
			}
		}
	}
}

// TestQueue compares a queue with a search.
func TestQueue(t *testing.T) {
	t.Parallel()
	q := queue{place: func(e *entry) *place { return &e.due }}
	in := map[*entry]bool{}
	var all []*entry
	for range 50 {
		all = append(all, new(entry))
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		e := all[rng.IntN(len(all))]
		switch rng.IntN(3) {
		case 0:
			q.set(e, instant(rng.IntN(100)))
			in[e] = true
		case 1:
			q.remove(e)
			delete(in, e)
		default:
			least := instant(200)
			for e := range in {
				least = min(least, e.due.key)
			}
			limit := instant(rng.IntN(100))
			got := q.pop(limit)
			if (got != nil) != (least <= limit) || got != nil && (got.due.key != least || !in[got]) {
				t.Fatalf("pops %v, the least is %d, the limit %d", got, least, limit)
			}
			delete(in, got)
		}
		if len(q.entries) != len(in) {
			t.Fatalf("holds %d, want %d", len(q.entries), len(in))
		}
	}
}
