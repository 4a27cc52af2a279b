package policy

import (
	"regexp"
	"sync"
)

// lazily is regexp.MustCompile at the first use. Whoever only imports this
// package does not pay for its grammars.
func lazily(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
