package manifest_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/irsakit/irsa/secrets"
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

// held is a version of a secret or parameter.
type held struct {
	service                                      secrets.Service
	region, account, name, version, stage, value string
	tags                                         map[string]string
	err                                          error
}

// source holds secrets and parameters of all Regions. It is a secrets.Source and
// a secrets.Finder.
type source struct{ held []held }

// regional is the source as a caller in one Region sees it.
type regional struct {
	*source
	region string
}

// store returns a real Store of it.
func (s *source) store(t testing.TB, region string) *secrets.Store {
	t.Helper()
	store, err := secrets.NewWithSource(t.Context(), regional{s, region}, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return store
}

func (s regional) Fetch(_ context.Context, refs []secrets.Ref) []secrets.Result {
	results := make([]secrets.Result, len(refs))
	for i, ref := range refs {
		results[i] = s.fetch(ref)
	}
	return results
}

func (s regional) fetch(ref secrets.Ref) secrets.Result {
	regions := []string{s.region}
	if ref.Region != "" {
		regions[0] = ref.Region
	}
	if ref.Replicas != "" {
		regions = append(regions, ref.Replicas)
	}
	result := secrets.Result{Err: secrets.ErrNotFound}
	for _, region := range regions {
		for _, h := range s.held {
			if h.service != ref.Service || h.region != region || h.account != ref.Account || !h.named(ref) ||
				h.version != ref.Version && ref.Version != "" || h.stage != ref.Stage {
				continue
			}
			if result.Err = h.err; h.err == nil {
				return secrets.Result{Value: secrets.NewValue([]byte(h.value), secrets.Meta{Name: h.name, Version: "1"})}
			}
		}
		if result.Err != secrets.ErrUnavailable {
			break
		}
	}
	result.Err = fmt.Errorf("%s: %w", ref.Name, result.Err)
	return result
}

func (h held) named(ref secrets.Ref) bool {
	return h.name == ref.Name || ref.HasSuffix() && h.name == ref.Name[:len(ref.Name)-7]
}

func (s regional) Find(_ context.Context, q secrets.Query) ([]secrets.Ref, error) {
	var refs []secrets.Ref
	for _, h := range s.held {
		if h.service == q.Service && h.region == s.region && h.account == "" && h.stage == "" && q.Selects(h.name, h.tags) {
			refs = append(refs, q.Ref(h.name))
		}
	}
	return refs, nil
}

func (s regional) Tags(_ context.Context, ref secrets.Ref) (map[string]string, error) {
	for _, h := range s.held {
		if h.service == ref.Service && h.region == s.region && h.named(ref) {
			return h.tags, h.err
		}
	}
	return nil, secrets.ErrNotFound
}
