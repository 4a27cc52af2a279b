package policy

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// presence says whether the request carries a condition key.
type presence uint8

const (
	unspecified presence = iota
	absent
	present
)

// contextKey is what is known of one condition key.
type contextKey struct {
	presence presence
	// valueUnknown: the key is there, but its value was not supplied.
	valueUnknown bool
	// pathUnknown: the value is a role's ARN, to which a path may belong.
	pathUnknown bool
	// ambiguous: the request has the key in two spellings.
	ambiguous bool
	// mayLack: the key has this value, or is absent.
	mayLack bool

	values []string
	lone   string // the value, where values is nil and isLone
	isLone bool
}

func one(value string) contextKey {
	return contextKey{presence: present, lone: value, isLone: true}
}

var (
	absentKey       = contextKey{presence: absent}
	unspecifiedKey  = contextKey{}
	valueUnknownKey = contextKey{presence: present, valueUnknown: true}
)

func (k *contextKey) count() int {
	if k.isLone {
		return 1
	}
	return len(k.values)
}

func (k *contextKey) at(i int) string {
	if k.isLone {
		return k.lone
	}
	return k.values[i]
}

// all returns the values, nil if there are none.
func (k *contextKey) all() []string {
	if k.isLone {
		return []string{k.lone}
	}
	return k.values
}

// isOpen reports that more about the key would settle what depends on it.
func (k *contextKey) isOpen() bool {
	return k.presence == unspecified || k.valueUnknown || k.pathUnknown || k.mayLack
}

// keyName is a condition key that a set mentions.
type keyName struct {
	written string
	folded  string
}

// foldKey appends a condition key such that two keys that differ only in case
// give the same (reference_policies_elements_condition).
func foldKey(dst []byte, key string) []byte {
	for i := range len(key) {
		if key[i] >= utf8.RuneSelf {
			return foldRunes(dst, key[i:])
		}
		dst = append(dst, byte(lower(rune(key[i]))))
	}
	return dst
}

func foldRunes(dst []byte, key string) []byte {
	for _, r := range key {
		dst = utf8.AppendRune(dst, foldRune(r))
	}
	return dst
}

// foldRune returns one and the same rune for all that are equal but for case.
func foldRune(r rune) rune {
	least := r
	for s := unicode.SimpleFold(r); s != r; s = unicode.SimpleFold(s) {
		least = min(least, s)
	}
	return lower(least)
}

// givenKeys are the condition keys of a set, by index, where the request's
// context has them. Few need no memory of their own.
type givenKeys struct {
	few  [16]contextKey
	more []contextKey
}

func (g *givenKeys) at(i int) *contextKey {
	if i < len(g.few) {
		return &g.few[i]
	}
	return &g.more[i-len(g.few)]
}

// bind finds the set's keys in a context. That is read once, however many
// statements test a key.
func (g *givenKeys) bind(c *Compiled, context Context) {
	if len(c.keys) == 0 {
		return
	}
	if n := len(c.keys) - len(g.few); n > 0 {
		g.more = make([]contextKey, n)
	}
	var buf [patternBuffer]byte
	for name, values := range context {
		if !c.mayMention(name) {
			continue
		}
		if i, ok := c.index[string(foldKey(buf[:0], name))]; ok {
			g.at(i).give(values)
		}
	}
}

// mayMention sorts out most keys by their length. Only beyond ASCII does a
// letter's case change its length.
func (c *Compiled) mayMention(key string) bool {
	if c.lengths>>(len(key)%64)&1 == 1 {
		return true
	}
	for i := range len(key) {
		if key[i] >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// give adds what the request has under one spelling of the key.
func (k *contextKey) give(values []string) {
	if k.presence == present {
		k.ambiguous = true
		values = slices.Concat(k.values, values)
		slices.Sort(values) // map order must not show
	}
	k.presence, k.values = present, values
}

// lookup finds a key: given by the request, derived from it, or neither.
func (e *evaluation) lookup(key int) contextKey {
	if k := e.given.at(key); k.presence == present {
		return *k
	}
	name := e.set.keys[key].folded
	if k, ok := e.derived(name); ok {
		return k
	}
	if e.req.Closed || e.who.kind == callerProvider && isClaim(name) {
		// A token's claims are all in the token: one that is not is absent.
		return absentKey
	}
	return unspecifiedKey
}

// find returns the values of a key, whatever its case, and in how many
// spellings it is there.
func (c Context) find(key string) (values []string, times int) {
	for name, v := range c {
		if strings.EqualFold(name, key) {
			values = v
			times++
		}
	}
	return values, times
}

// fill adds the keys that are not there yet in any spelling.
func (c Context) fill(more Context) {
	var names []string
	for name := range more {
		if _, times := c.find(name); times == 0 {
			names = append(names, name)
		}
	}
	for _, name := range names {
		c[name] = more[name]
	}
}
