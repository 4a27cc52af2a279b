package main

import (
	"os"
	"testing"
	"testing/synctest"
)

// bubble runs functions in simulated time. The standard library gives that to
// tests alone, so the command is a test to itself.
type bubble struct{ t *testing.T }

// inBubbles calls f and exits with its result.
func inBubbles(f func(bubble) int) {
	os.Args = os.Args[:1] // the testing package reads what is left
	everything := func(string, string) (bool, error) { return true, nil }
	testing.Main(everything, []testing.InternalTest{{
		Name: "fleetsim",
		F:    func(t *testing.T) { os.Exit(f(bubble{t})) },
	}}, nil, nil)
}

// simulate runs one fleet.
func (b bubble) simulate(f fleet, c cache) (r result, err error) {
	synctest.Test(b.t, func(*testing.T) { r, err = f.run(c) })
	return r, err
}
