package policy

// truth is three-valued: a statement, or one of its elements, matches, does
// not, or might, depending on what was not supplied. The order makes "and"
// the built-in min, and "or" the built-in max, so that no dominates in a
// conjunction and yes in a disjunction.
type truth uint8

const (
	no truth = iota
	maybe
	yes
)

func (t truth) not() truth { return yes - t }

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}
