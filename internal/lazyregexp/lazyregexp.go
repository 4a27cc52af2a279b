// Package lazyregexp compiles regular expressions when they are first used. Whoever
// only imports the library's packages does not pay for their grammars, which take
// the more memory the more they count.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns regexp.MustCompile for an expression, which is compiled at the first
// call. The function is safe for concurrent use; it panics if the expression is
// malformed.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
