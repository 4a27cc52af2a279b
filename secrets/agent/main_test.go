package agent_test

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain runs the tests without the AWS settings of whoever runs them.
func TestMain(m *testing.M) {
	for _, setting := range os.Environ() {
		if name, _, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "AWS_") {
			if err := os.Unsetenv(name); err != nil {
				panic(err)
			}
		}
	}
	goleak.VerifyTestMain(m)
}
