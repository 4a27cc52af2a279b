package secretstest

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets"
)

// Harness is what [TestSource] needs to know of the [secrets.Source] under test.
type Harness struct {
	// New makes a source that has exactly the secrets in held, by name; dir is an
	// empty directory for what it needs. It is called in a synctest bubble, once
	// per check. A source that is an io.Closer is closed when the check ends.
	New func(ctx context.Context, dir string, held map[string]string) (*Subject, error)
	// Exempt are checks that the source is not to meet, each with the reason.
	Exempt map[string]string
}

// Subject is a source under test and what can be done to it from outside. A nil
// function is something that cannot, and what depends on it is not checked.
type Subject struct {
	Source secrets.Source
	// Ref returns the reference to the secret of that name. Nil: the name.
	Ref func(name string) string
	// Put gives a secret a new value.
	Put func(name, value string) error
	// Fail lets all reads of a secret fail with an error of the given kind, such
	// as secrets.ErrDenied, until the function that it returns is called. Nil is
	// returned for a kind that the source does not know.
	Fail func(name string, kind error) (mend func())
}

// sourceCheck is one demand on sources, run in a bubble of its own.
type sourceCheck struct {
	name string
	run  func(*subject)
}

// sourceChecks are all demands, in the order of [TestSource]'s comment.
var sourceChecks = []sourceCheck{
	{"results", checkResults},
	{"bytes", checkBytes},
	{"version", checkVersion},
	{"keys", checkKeys},
	{"copies", checkCopies},
	{"absent", checkAbsent},
	{"failures", checkFailures},
	{"context", checkContext},
	{"concurrency", checkConcurrency},
	{"memory", checkMemory},
	{"redaction", checkRedaction},
	{"find", checkFind},
}

// TestSource runs the conformance suite for anything that implements
// [secrets.Source], each check in a synctest bubble with a source of its own:
//
//   - results: one result per reference, in their order, also for a reference
//     that comes twice, and for none or for fifty at once; each with a value or
//     an error, never both
//   - bytes: text, JSON, binary and 64 KiB come back byte for byte
//   - version: a value has its secret's name, and a version that stays until
//     another value is put and then is another
//   - keys: a reference with a JSON key gives the whole secret
//   - copies: what is done to the bytes of one value reaches no other
//   - absent: a secret that does not exist is ErrNotFound and takes nothing from
//     those beside it; the error names it
//   - failures: each kind of failure that the harness can cause is reported as
//     that kind, for its secret alone, and ends when its cause does
//   - context: Fetch returns when its context has ended, and does not report
//     that as a fact about a secret: no refusal, nothing to be remembered
//   - concurrency: many fetches at once, under the race detector too
//   - memory: what has been put is read by the next fetch, for keeping values is
//     the Store's
//   - redaction: no way to print the source, its results and errors shows a
//     secret
//   - find: a source that is a [secrets.Finder] finds the secrets that it has, by
//     path and by expression, under references that read them, and no other
//
// It also fails if a goroutine is left at the end of a check.
func TestSource(t *testing.T, h Harness) {
	t.Helper()
	for name := range h.Exempt {
		if !slices.ContainsFunc(sourceChecks, func(c sourceCheck) bool { return c.name == name }) {
			t.Errorf("secretstest: Harness.Exempt: there is no check %q", name)
		}
	}
	for _, c := range sourceChecks {
		t.Run(c.name, func(t *testing.T) {
			if reason, ok := h.Exempt[c.name]; ok {
				t.Skipf("exempt: %s", reason)
			}
			synctest.Test(t, func(t *testing.T) { h.run(t, c) })
		})
	}
}

// The secrets that the source under test has.
var held = map[string]string{
	"conformance/text":   "MARKER-text-5c1e",
	"conformance/json":   `{"user": "app", "password": "MARKER-json-77d0", "port": 5432}`,
	"conformance/binary": "\x00\xff\xfeMARKER-binary-0a\r\n\x80",
	"conformance/large":  strings.Repeat("MARKER-large-19", 4369) + "!",
}

// names are those of held, in order.
var names = []string{"conformance/binary", "conformance/json", "conformance/large", "conformance/text"}

// missing is the name of a secret that the source does not have.
const missing = "conformance/missing"

// subject is a source being checked.
type subject struct {
	credentialstest.T
	Subject
}

// run runs a check in the bubble that it is called in.
func (h Harness) run(t credentialstest.T, c sourceCheck) {
	t.Helper()
	made, err := h.New(t.Context(), t.TempDir(), held)
	if err != nil {
		t.Fatalf("Harness.New: %v", err)
	}
	s := &subject{t, *made}
	defer s.end()
	c.run(s)
}

// end closes the source, and lets time pass for what it leaves behind.
func (s *subject) end() {
	if closer, ok := s.Source.(io.Closer); ok {
		if err := closer.Close(); err != nil {
			s.Errorf("Close: %v", err)
		}
	}
	time.Sleep(time.Minute)
}

// refs are the parsed references to secrets.
func (s *subject) refs(names ...string) []secrets.Ref {
	s.Helper()
	refs := make([]secrets.Ref, len(names))
	for i, name := range names {
		text := name
		if s.Ref != nil {
			text = s.Ref(name)
		}
		ref, err := secrets.ParseRef(text)
		if err != nil {
			s.Fatalf("Subject.Ref: %v", err)
		}
		refs[i] = ref
	}
	return refs
}

// fetch reads secrets and checks the shape of the answer.
func (s *subject) fetch(names ...string) []secrets.Result {
	s.Helper()
	return s.fetchRefs(s.Context(), s.refs(names...))
}

func (s *subject) fetchRefs(ctx context.Context, refs []secrets.Ref) []secrets.Result {
	s.Helper()
	results := s.Source.Fetch(ctx, refs)
	if len(results) != len(refs) {
		s.Fatalf("%d results for %d references", len(results), len(refs))
	}
	for i, r := range results {
		if (r.Err == nil) == r.Value.IsZero() {
			s.Errorf("%q: a result must have either a value or an error: value is zero: %t, error: %v", refs[i], r.Value.IsZero(), r.Err)
		}
	}
	return results
}

// value reads one secret that must be there.
func (s *subject) value(name string) secrets.Value {
	s.Helper()
	r := s.fetch(name)[0]
	if r.Err != nil {
		s.Fatalf("%q: %v", name, r.Err)
	}
	return r.Value
}
