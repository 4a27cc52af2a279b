package policy_test

import (
	"testing"
)

// BenchmarkLint lints the whole story.
func BenchmarkLint(b *testing.B) {
	a := story()
	b.ReportAllocs()
	for b.Loop() {
		if len(a.Lint()) > 0 {
			b.Fatal("findings")
		}
	}
}
