package lazyregexp_test

import (
	"testing"

	"github.com/irsakit/irsa/internal/lazyregexp"
)

func TestNew(t *testing.T) {
	t.Parallel()
	form := lazyregexp.New("^a+$")
	if first := form(); !first.MatchString("aa") || first.MatchString("b") || form() != first {
		t.Error("not the expression, or another one each time")
	}
}

func TestNewMalformed(t *testing.T) {
	t.Parallel()
	form := lazyregexp.New("(")
	defer func() {
		if recover() == nil {
			t.Error("no panic at the first use")
		}
	}()
	form()
}
