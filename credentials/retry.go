package credentials

import (
	"context"
	"errors"
	"time"
)

// The pauses between attempts are drawn from the upper half of these, which
// double each time. Throttling asks for more patience.
const (
	firstPause   = 500 * time.Millisecond
	longestPause = 5 * time.Second

	firstThrottledPause   = 2 * time.Second
	longestThrottledPause = 20 * time.Second
)

// judged is an error with a verdict: one that is STS's, or that stands for its
// silence.
type judged interface {
	error
	judgement() verdict
}

// pursue makes attempts until one succeeds, an error says that it is no use or
// ctx ends. Where the STS of one of the regions does not answer, or is switched
// off, it goes on to the next. Before a repetition at once it asks repair
// whether that makes sense. An error that is not judged ends it.
func (c stsClient) pursue(ctx context.Context, regions []string, attempt func(ctx context.Context, region string) error, repair func(judged) bool) error {
	var err error
	for i, region := range regions {
		err = c.pursueAt(ctx, c.attempts*(len(regions)-i), func(ctx context.Context) error { return attempt(ctx, region) }, repair)
		e, ok := errors.AsType[judged](err)
		if !ok || !e.judgement().elsewhere || ctx.Err() != nil {
			break
		}
	}
	return err
}

// pursueAt makes the attempts in one region. budget is how many have to share
// the time that is left, those in other regions included; zero if there is no
// limit to them.
func (c stsClient) pursueAt(ctx context.Context, budget int, attempt func(context.Context) error, repair func(judged) bool) error {
	for n := 1; ; {
		err := within(ctx, budget-n+1, attempt)
		e, ok := errors.AsType[judged](err)
		if !ok || ctx.Err() != nil {
			return err
		}
		switch e.judgement().reaction {
		case stop:
			return err
		case renew, stepDown:
			if !repair(e) {
				return err
			}
			continue
		}
		if n == c.attempts || !sleep(ctx, pause(e.judgement().reaction, n)) {
			return err
		}
		n++
	}
}

// within runs an attempt within one of so many parts of the time that ctx has
// left, so that one that hangs leaves time for others.
func within(ctx context.Context, parts int, attempt func(context.Context) error) error {
	deadline, ok := ctx.Deadline()
	if !ok || parts < 1 {
		return attempt(ctx)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(parts))
	defer cancel()
	return attempt(ctx)
}

// pause is how long to wait after the nth attempt.
func pause(r reaction, n int) time.Duration {
	first, longest := firstPause, longestPause
	if r == slower {
		first, longest = firstThrottledPause, longestThrottledPause
	}
	whole := longest
	if n < 16 { // beyond that the shift overflows
		whole = min(first<<(n-1), longest)
	}
	return between(whole/2, whole)
}

// sleep reports whether d went by before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
