package secrets

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxCalls bounds the calls that one Store has under way.
const maxCalls = 16

// awsSource reads from AWS.
type awsSource struct {
	*clients
	timeout  time.Duration
	replicas []string
	slots    chan struct{} // one for each call under way
}

// newAWSSource returns the Source that a Store uses unless it is given one.
// Close ends the sessions that it has assumed.
func newAWSSource(cfg aws.Config, opts Config) (*awsSource, error) {
	for _, region := range opts.ReplicaRegions {
		if problem := checkRegion(region); problem != "" {
			return nil, &ConfigError{"Config.ReplicaRegions", "has " + region + ", which " + problem}
		}
	}
	c, err := newClients(cfg, opts)
	if err != nil {
		return nil, err
	}
	return &awsSource{
		clients: c, timeout: opts.timeout(), replicas: opts.ReplicaRegions,
		slots: make(chan struct{}, maxCalls),
	}, nil
}

// Calls returns what has been sent to AWS so far.
func (s *awsSource) Calls() Calls { return s.counts.calls() }

// region is where a secret is asked for: its own Region, or the caller's.
func (s *awsSource) region(ref Ref) string {
	if ref.Region != "" {
		return ref.Region
	}
	return s.cfg.Region
}

// ask is one secret that is to be read, and what became of it.
type ask struct {
	want
	site  *site
	value Value
	err   error // a *ReadError if AWS was asked
}

// failed returns why there is no value, nil if there is one or AWS was not
// asked.
func (a *ask) failed() *ReadError {
	e, _ := a.err.(*ReadError)
	return e
}

// answer takes what became of the ask.
func (a *ask) answer(v Value, err *ReadError) {
	a.value, a.err = v, nil
	if err != nil {
		a.err = err
	}
}

// Fetch implements [Source].
func (s *awsSource) Fetch(ctx context.Context, refs []Ref) []Result {
	wants := make([]want, len(refs))
	for i, ref := range refs {
		wants[i].ref = ref
	}
	return s.fetch(ctx, wants)
}

// fetch implements informed.
func (s *awsSource) fetch(ctx context.Context, wants []want) []Result {
	asks := make(map[Ref]*ask, len(wants))
	var all []*ask
	for _, w := range wants {
		w.ref.Key = ""
		if asks[w.ref] == nil {
			asks[w.ref] = s.newAsk(w)
			all = append(all, asks[w.ref])
		}
	}
	s.readAll(ctx, all)
	s.explainAll(ctx, all)
	for _, a := range all {
		if a.site != nil {
			s.leave(a.site.caller)
		}
	}
	results := make([]Result, len(wants))
	for i, w := range wants {
		w.ref.Key = ""
		results[i] = Result{Value: asks[w.ref].value, Err: asks[w.ref].err}
	}
	return results
}

// newAsk finds out where and as whom to ask for a secret.
func (s *awsSource) newAsk(w want) *ask {
	a := &ask{want: w}
	region := s.region(w.ref)
	if region == "" {
		a.err = noRegion(w.ref)
		return a
	}
	who, err := s.callerFor(w.ref)
	if err != nil {
		a.err = err
		return a
	}
	a.site = s.site(who, region)
	return a
}

func noRegion(ref Ref) error {
	return &RefError{
		Ref: ref.String(), Part: "region", Position: 1,
		Problem: "is missing: a name is looked up in the Region of the aws.Config, which has none; set AWS_REGION or use the ARN",
	}
}

// explainAll turns refusals into AccessErrors.
func (s *awsSource) explainAll(ctx context.Context, asks []*ask) {
	var wg sync.WaitGroup
	for _, a := range asks {
		if e := a.failed(); e != nil && errors.Is(e.kind, ErrDenied) {
			wg.Go(func() {
				s.call(ctx, func() { a.err = explain(ctx, a, e) })
			})
		}
	}
	wg.Wait()
}

// call runs f as soon as there are not too many calls under way. It runs f also
// if ctx ends before; f's calls then fail.
func (s *awsSource) call(ctx context.Context, f func()) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
	}
	f()
}
