package policy

import "slices"

// follow returns where the first occurrence of the pattern in s ends, or,
// without search, len(s) if it covers all of s, and -1 if there is none. It
// never goes back: it follows all ways to match at once. A pattern of more than
// a block takes a pass over s for each, and at[i] says that s[:i] is covered by
// the blocks so far.
func (p pattern) follow(s string, fold, search bool) int {
	b := block{size: 1, state: 1} // bit 0 is the start of the pattern
	if search {
		b.run = 1
	}
	p = b.load(p, fold)
	if len(p) == 0 {
		return b.pass(s, nil, search)
	}
	var buf [textBuffer]uint8
	at := buf[:]
	if len(s) >= len(buf) {
		at = make([]uint8, len(s)+1)
	}
	at = at[:len(s)+1]
	b.pass(s, at, false)
	for skipped := 0; ; {
		next := slices.Index(at, 1)
		if next < 0 {
			return -1
		}
		s, at, skipped = s[next:], at[next:], skipped+next
		b = block{}
		p = b.load(p, fold)
		end := b.pass(s, at, search && len(p) == 0)
		if len(p) == 0 && end >= 0 {
			return skipped + end
		} else if len(p) == 0 {
			return -1
		}
	}
}

// textBuffer covers nearly every resource without a heap allocation.
const textBuffer = 1024

// block is up to 64 symbols of a pattern. Bit i of its state says that what was
// read ends with symbol i, and covers all in front of it; so one word holds all
// ways to match (Baeza-Yates and Gonnet, "A New Approach to Text Searching"). A
// * is no symbol, but lets the one in front of it stay.
type block struct {
	literal        [256]uint64 // by byte: the symbols that are it
	one, oneInPart uint64      // the symbols that match any character
	run, runInPart uint64      // the symbols with a * behind them
	size           int
	state          uint64
}

// load fills the block with the first symbols of the pattern and returns the
// rest.
func (b *block) load(p pattern, fold bool) pattern {
	for i, w := range p {
		if b.size == 64 && !isRun(w) {
			return p[i:]
		}
		b.add(w, fold)
	}
	return nil
}

func (b *block) add(w symbol, fold bool) {
	switch w {
	case anyRun:
		b.run |= b.last()
		return
	case anyRunInPart:
		b.runInPart |= b.last()
		return
	}
	b.size++
	switch {
	case w == anyOne:
		b.one |= b.last()
	case w == anyOneInPart:
		b.oneInPart |= b.last()
	case fold && 'A' <= w && w <= 'Z', fold && 'a' <= w && w <= 'z':
		b.literal[w^0x20] |= b.last()
		b.literal[w] |= b.last()
	default:
		b.literal[w] |= b.last()
	}
}

// last is the bit of the last symbol.
func (b *block) last() uint64 { return 1 << (b.size - 1) }

// pass reads s. If at is not nil, at[i] says, before, that the block may begin
// behind s[:i], and afterwards, that it may end there. With search the pass
// ends where the block first does, and that is what it returns; otherwise
// len(s), if the block ends there. It returns -1 if the block does not.
func (b *block) pass(s string, at []uint8, search bool) int {
	var begin uint64
	if at != nil {
		begin, at[0] = uint64(at[0]), 0
	}
	last := b.last()
	for i := range len(s) {
		b.step(s[i], begin)
		ends := b.state&last != 0
		if search && ends {
			return i + 1
		}
		if at != nil {
			begin, at[i+1] = uint64(at[i+1]), 0
			if ends {
				at[i+1] = 1
			}
		}
	}
	if search || b.state&last == 0 {
		return -1
	}
	return len(s)
}

// step reads a byte. A ? is done with a character at its first byte, and stays
// for the others.
func (b *block) step(c byte, begin uint64) {
	match, stay := b.literal[c], b.run
	switch {
	case c == ':':
		match |= b.one
	case isContinuation(c):
		stay |= b.runInPart | b.one | b.oneInPart
	default:
		match |= b.one | b.oneInPart
		stay |= b.runInPart
	}
	b.state = (b.state<<1|begin)&match | b.state&stay
}
