// Package suggest finds what a mistaken word of a command line was meant to be.
// It is shared by the examples; a program of its own would rather use its flag
// library's.
package suggest

import (
	"errors"
	"flag"
	"fmt"
	"strings"
)

// errUndefined is how package flag begins its word of an unknown flag.
const errUndefined = "flag provided but not defined: -"

// Word returns `; did you mean "X"?` with the word that is nearest to the one
// given, or "" if none is near.
func Word(given string, words []string) string {
	if best := nearest(given, words); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}

// Flag returns an error of the flags' Parse, with the flag that was meant if it
// is about an unknown one that is near.
func Flag(err error, flags *flag.FlagSet) error {
	name, unknown := strings.CutPrefix(err.Error(), errUndefined)
	if !unknown {
		return err
	}
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, f.Name) })
	if best := nearest(strings.TrimPrefix(name, "-"), names); best != "" {
		return errors.New(err.Error() + "; did you mean -" + best + "?")
	}
	return err
}

// nearest returns the word that takes the fewest edits, at most a third of its
// letters and one more. Of several, it is the first.
func nearest(given string, words []string) string {
	best, least := "", len(given)
	for _, w := range words {
		if d := distance(given, w); d < least && d <= 1+len(w)/3 {
			best, least = w, d
		}
	}
	return best
}

// distance is how many letters have to be put in, left out or replaced, or
// exchanged with their neighbour, to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := 1
			if a[i] == b[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
