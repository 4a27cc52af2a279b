package manifest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/irsakit/irsa/secrets"
)

// request is something to fetch.
type request struct {
	access *Access
	ref    string
	// fallback is asked for when ref cannot be reached. Empty: nothing.
	fallback string
	tags     bool // of the secret, as JSON
}

// failOver has r look for other in another Region. A replica of a secret, which
// has the same name there, is left to the Store, for it knows whether that lags.
func (r *request) failOver(other secrets.Ref, region string) {
	ref, err := secrets.ParseRef(r.ref)
	if err != nil {
		return // reported before
	}
	same := ref
	same.Replicas = ""
	if r.ref = same.String(); same.IsARN() {
		same.Region = region
	}
	if other.Service == secrets.SecretsManager && other == same {
		r.ref = ref.String()
		return
	}
	if !other.IsARN() {
		other.Region = region
	}
	r.fallback = other.String()
}

// answers are the bytes of what was fetched. What is missing is not there.
type answers map[request][]byte

// fetching is one round of requests. With gone, what does not exist is left out
// of the answers; otherwise it is an error, as all else that goes wrong is.
type fetching struct {
	readers map[string]Reader
	gone    bool

	mu      sync.Mutex
	answers answers
	errs    []error
}

// fetch answers all requests, or none if there is an error.
func (f *fetching) fetch(ctx context.Context, requests []request) (answers, error) {
	f.answers = answers{}
	byAccess := map[*Access]map[request]bool{}
	for _, r := range requests {
		if byAccess[r.access] == nil {
			byAccess[r.access] = map[request]bool{}
		}
		byAccess[r.access][r] = true
	}
	var work sync.WaitGroup
	for access, wanted := range byAccess {
		work.Go(func() { f.from(ctx, access, wanted) })
	}
	work.Wait()
	if err := errors.Join(f.errs...); err != nil {
		return nil, err
	}
	return f.answers, nil
}

// from asks one reader for all that it has to give.
func (f *fetching) from(ctx context.Context, access *Access, wanted map[request]bool) {
	reader := f.readers[access.Name]
	if reader == nil {
		f.fail(noReader(access))
		return
	}
	var refs []string
	for r := range wanted {
		if !r.tags {
			refs = append(refs, r.ref)
		}
	}
	values, err := reader.GetAll(ctx, refs...)
	var work sync.WaitGroup
	for r := range wanted {
		if value, ok := values[r.ref]; ok && !r.tags {
			f.answer(r, value.RevealBytes())
			continue
		}
		if !r.tags && !f.gone && r.fallback == "" {
			continue
		}
		work.Go(func() { f.single(ctx, reader, r) })
	}
	work.Wait()
	if f.incomplete(wanted) && !f.gone {
		f.fail(cmp.Or(err, secrets.ErrUnavailable))
	}
}

// incomplete reports whether a request has neither an answer nor an error of
// its own.
func (f *fetching) incomplete(wanted map[request]bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for r := range wanted {
		if _, ok := f.answers[r]; !ok && !r.tags && r.fallback == "" {
			return true
		}
	}
	return false
}

// single asks for one thing on its own, which tells why it cannot be had. A
// Store remembers failures for a moment, so that this costs no second call.
func (f *fetching) single(ctx context.Context, reader Reader, r request) {
	data, err := f.ask(ctx, reader, r.ref, r.tags)
	if errors.Is(err, secrets.ErrUnavailable) && r.fallback != "" {
		// Never after a refusal: somebody may have revoked access in one Region.
		first := err
		if data, err = f.ask(ctx, reader, r.fallback, r.tags); err != nil {
			err = errors.Join(first, err)
		}
	}
	missing := errors.Is(err, secrets.ErrNotFound) || errors.Is(err, secrets.ErrDeleted)
	switch {
	case err == nil:
		f.answer(r, data)
	case !f.gone || !missing:
		f.fail(err)
	}
}

func (f *fetching) ask(ctx context.Context, reader Reader, ref string, tags bool) ([]byte, error) {
	if tags {
		tags, err := reader.Tags(ctx, ref)
		if err != nil {
			return nil, err
		}
		return json.Marshal(tags)
	}
	values, err := reader.GetAll(ctx, ref)
	if err != nil {
		return nil, err
	}
	value, ok := values[ref]
	if !ok {
		return nil, fmt.Errorf("manifest: %s: %w", ref, secrets.ErrUnavailable)
	}
	return value.RevealBytes(), nil
}

func (f *fetching) answer(r request, data []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers[r] = data
}

func (f *fetching) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.errs = append(f.errs, err)
}

func noReader(a *Access) error {
	return fmt.Errorf("there is no Reader for the Access %q: %w", a.Name, secrets.ErrConfiguration)
}
