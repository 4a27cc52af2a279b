package credentials

import (
	"context"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// notice is what the log is told of a refresh that ended.
type notice struct {
	before     *Identity // nil: there was none
	phase      phase     // when it ended
	background bool
	term       *term // in hand after it; nil: none
	err        error
	refused    bool      // a caller who waited gets an error
	next       time.Time // background attempt; zero: none
}

// log writes failures that callers do not see as warnings; of those that they
// do see, only the terminal ones are errors, for the others pass.
func (n notice) log(ctx context.Context, log *slog.Logger) {
	switch {
	case n.err == nil && n.term == nil: // closed
	case n.err == nil:
		n.logSuccess(ctx, log)
	case terminal(n.err) && n.phase == phaseAdvisory && n.background:
		n.logFailure(ctx, log, slog.LevelWarn, "refresh of AWS credentials was refused, serving those in hand while they are valid")
	case terminal(n.err) && n.phase != phaseValid:
		n.logFailure(ctx, log, slog.LevelError, "AWS credentials are refused")
	case n.refused:
		n.logFailure(ctx, log, slog.LevelWarn, "AWS credentials could not be had")
	case n.term.expired(time.Now()):
		n.logFailure(ctx, log, slog.LevelWarn, "refresh of AWS credentials did not succeed, serving those in hand past their expiry")
	default:
		n.logFailure(ctx, log, slog.LevelWarn, "refresh of AWS credentials did not succeed, serving those in hand")
	}
}

func (n notice) logSuccess(ctx context.Context, log *slog.Logger) {
	level, text := slog.LevelDebug, "AWS credentials refreshed"
	id := n.term.identity
	if n.before == nil || n.before.ARN != id.ARN {
		level, text = slog.LevelInfo, "AWS identity established"
	}
	log.LogAttrs(ctx, level, text,
		slog.String("source", string(id.Source)),
		slog.String("arn", id.ARN),
		slog.String("access_key_id", id.AccessKeyID),
		slog.Time("expires", n.term.creds.Expires),
		slog.Time("next_refresh", n.next))
}

func (n notice) logFailure(ctx context.Context, log *slog.Logger, level slog.Level, text string) {
	attrs := []slog.Attr{slog.Any("error", n.err)}
	if n.term != nil {
		attrs = append(attrs, slog.Time("expires", n.term.creds.Expires))
	}
	if !n.next.IsZero() {
		attrs = append(attrs, slog.Time("next_refresh", n.next))
	}
	log.LogAttrs(ctx, level, text, attrs...)
}

// logStale tells, once for each, that credentials are served past their expiry.
func (e *engine) logStale(creds aws.Credentials) {
	e.log.LogAttrs(e.ctx, slog.LevelWarn, "serving AWS credentials past their expiry",
		slog.String("access_key_id", creds.AccessKeyID),
		slog.Time("expires", creds.Expires))
}
