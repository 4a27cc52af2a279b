package secrets

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// NewAWSSource gives tests the Source of a Store by itself.
func NewAWSSource(t *testing.T, cfg aws.Config, opts Config) (source Source, calls func() Calls) {
	t.Helper()
	s, err := newAWSSource(cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // always nil
	return s, s.Calls
}
