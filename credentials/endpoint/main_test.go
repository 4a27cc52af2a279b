package endpoint_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// TestMain takes away what the machine that runs the tests has configured.
func TestMain(m *testing.M) {
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "AWS_") {
			os.Unsetenv(name)
		}
	}
	nowhere := filepath.Join(os.TempDir(), "irsa-no-such-directory")
	os.Setenv("AWS_CONFIG_FILE", filepath.Join(nowhere, "config"))
	os.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(nowhere, "credentials"))
	goleak.VerifyTestMain(m)
}
