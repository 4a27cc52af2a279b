package secretstest

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/irsakit/irsa/internal/testutil/redaction"
	"github.com/irsakit/irsa/secrets"
)

func checkResults(s *subject) {
	if got := s.fetch(); len(got) != 0 {
		s.Errorf("%d results for no reference", len(got))
	}
	var asked []string
	for range 10 {
		asked = append(asked, names...)
		asked = append(asked, missing)
	}
	for i, r := range s.fetch(asked...) {
		switch {
		case asked[i] == missing:
			if r.Err == nil {
				s.Errorf("result %d of %d is a value of a secret that does not exist", i, len(asked))
			}
		case r.Err != nil:
			s.Errorf("result %d of %d, %q: %v", i, len(asked), asked[i], r.Err)
		case r.Value.Reveal() != held[asked[i]]:
			s.Errorf("result %d of %d is not that of %q", i, len(asked), asked[i])
		}
	}
}

func checkBytes(s *subject) {
	for _, name := range names {
		if got := s.value(name).RevealBytes(); string(got) != held[name] {
			s.Errorf("%q: %d bytes are not the %d that were put", name, len(got), len(held[name]))
		}
	}
}

func checkVersion(s *subject) {
	for _, name := range names {
		first, second := s.value(name), s.value(name)
		if first.Version() == "" || first.Version() != second.Version() {
			s.Errorf("%q: version is %q and then %q, want the same", name, first.Version(), second.Version())
		}
		if !strings.HasSuffix(first.Name(), name) {
			s.Errorf("%q: Name is %q", name, first.Name())
		}
	}
	if s.Put == nil {
		return
	}
	name := names[len(names)-1]
	seen := map[string]bool{s.value(name).Version(): true}
	for _, value := range []string{"another", "yet another"} {
		s.put(name, value)
		v := s.value(name)
		if seen[v.Version()] {
			s.Errorf("%q: another value has an earlier one's version %q", name, v.Version())
		}
		seen[v.Version()] = true
	}
}

func (s *subject) put(name, value string) {
	s.Helper()
	if err := s.Put(name, value); err != nil {
		s.Fatalf("Subject.Put: %v", err)
	}
}

func checkKeys(s *subject) {
	refs := s.refs("conformance/json", "conformance/text")
	refs[0].Key, refs[1].Key = "password", "/a/b"
	for i, r := range s.fetchRefs(s.Context(), refs) {
		if want := held[names[1+2*i]]; r.Err != nil || r.Value.Reveal() != want {
			s.Errorf("%q: the whole secret is wanted: %v", refs[i], r.Err)
		}
	}
}

func checkCopies(s *subject) {
	const name = "conformance/text"
	first := s.value(name)
	clear(first.RevealBytes())
	spare := first.Clone()
	spare.Destroy()
	if second := s.value(name); first.Reveal() != held[name] || second.Reveal() != held[name] {
		s.Errorf("%q: a value has changed with a copy of it", name)
	}
}

func checkAbsent(s *subject) {
	results := s.fetch("conformance/text", missing, "conformance/json")
	err := results[1].Err
	if !errors.Is(err, secrets.ErrNotFound) {
		s.Errorf("a secret that does not exist: %v, want ErrNotFound", err)
	}
	if err != nil && !strings.Contains(err.Error(), missing) {
		s.Errorf("the error for %q does not name it: %v", missing, err)
	}
	for _, i := range []int{0, 2} {
		if results[i].Err != nil {
			s.Errorf("beside a secret that does not exist: %v", results[i].Err)
		}
	}
}

// kinds are the failures that a source may report.
var kinds = []error{
	secrets.ErrDenied, secrets.ErrNotFound, secrets.ErrDeleted, secrets.ErrDecryption, secrets.ErrUnavailable, secrets.ErrIdentity,
}

func checkFailures(s *subject) {
	if s.Fail == nil {
		return
	}
	for _, kind := range kinds {
		mend := s.Fail("conformance/text", kind)
		if mend == nil {
			continue
		}
		results := s.fetch("conformance/json", "conformance/text")
		if err := results[1].Err; !errors.Is(err, kind) {
			s.Errorf("want %v, got: %v", kind, err)
		}
		if err := results[0].Err; err != nil && !errors.Is(kind, secrets.ErrIdentity) {
			s.Errorf("beside a secret with %v: %v", kind, err)
		}
		for _, other := range kinds {
			if !errors.Is(other, kind) && errors.Is(results[1].Err, other) {
				s.Errorf("%v is also %v", kind, other)
			}
		}
		mend()
		time.Sleep(10 * time.Second)
		s.value("conformance/text")
	}
}

func checkContext(s *subject) {
	ctx, cancel := context.WithCancel(s.Context())
	cancel()
	begin := time.Now()
	for _, r := range s.fetchRefs(ctx, s.refs(names...)) {
		for _, kind := range []error{secrets.ErrDenied, secrets.ErrNotFound, secrets.ErrDeleted, secrets.ErrDecryption, secrets.ErrConfiguration} {
			if errors.Is(r.Err, kind) {
				s.Errorf("the end of the context is reported as %v: %v", kind, r.Err)
			}
		}
	}
	if took := time.Since(begin); took > time.Second {
		s.Errorf("Fetch took %v after its context had ended", took)
	}
	s.value("conformance/text")
}

func checkConcurrency(s *subject) {
	var readers sync.WaitGroup
	for i := range 32 {
		readers.Go(func() {
			name := names[i%len(names)]
			for _, r := range s.fetch(name, missing, name) {
				if r.Err == nil && r.Value.Reveal() != held[name] {
					s.Errorf("%q: not its value, among many readers", name)
				}
			}
		})
	}
	readers.Wait()
}

func checkMemory(s *subject) {
	if s.Put == nil {
		return
	}
	for _, value := range []string{"first", "second"} {
		s.put("conformance/text", value)
		if s.value("conformance/text").Reveal() != value {
			s.Errorf("a value that has been put is not read by the next fetch")
		}
	}
}

func checkRedaction(s *subject) {
	results := s.fetch(append([]string{missing}, names...)...)
	for name, secret := range held {
		marker := secret[strings.Index(secret, "MARKER"):][:12]
		redaction.Check(s, "the source, with "+name, s.Source, marker)
		for i, of := range append([]string{missing}, names...) {
			redaction.Check(s, "the result for "+of, results[i], marker)
		}
	}
}
