package secrets

import (
	"fmt"
	"testing"
	"time"
)

func TestShunned(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var s shunned
	a, b := Ref{Name: "a"}, Ref{Name: "b"}
	if s.has(a, now) {
		t.Error("a zero shunned has something")
	}
	s.add(a, now)
	if !s.has(a, now.Add(lonely-1)) || s.has(a, now.Add(lonely)) || s.has(b, now) {
		t.Error("it is not for an hour, or not for one secret")
	}
	for i := range maxShunned {
		s.add(Ref{Name: fmt.Sprint(i)}, now)
	}
	if len(s.until) > maxShunned || s.has(a, now) || !s.has(Ref{Name: fmt.Sprint(maxShunned - 1)}, now) {
		t.Errorf("%d are remembered", len(s.until))
	}
}
