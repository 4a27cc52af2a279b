package filesink_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// helpers are what the test binary does in place of tests if an environment
// variable of that name is set, whose value they get.
var helpers = map[string]func(string) error{}

func TestMain(m *testing.M) {
	for name, help := range helpers {
		arg := os.Getenv(name)
		if arg == "" {
			continue
		}
		if err := help(arg); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
