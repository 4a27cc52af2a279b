package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/irsakit/irsa/secrets/filesink"
	"github.com/irsakit/irsa/secrets/manifest"
)

// output is a group of files and the directory that it goes to.
type output struct {
	*manifest.Output
	sink    *filesink.Sink
	refresh time.Duration // negative: none after the first
	readers map[string]manifest.Reader
	notify  func()
	log     *slog.Logger
}

type outputs []*output

// outputs opens the directories, one for each Output, below that of the command
// line.
func (o *options) outputs(set *manifest.Set, s *stores, notify func(), log *slog.Logger) (outs outputs, err error) {
	for _, out := range set.Outputs {
		sink, err := filesink.Open(filepath.Join(o.dir, out.Name), filesink.Config{
			Mode: o.mode, UID: o.uid, GID: o.gid, InsecureDir: o.insecure,
		})
		if err != nil {
			return nil, errors.Join(err, outs.close())
		}
		own := log.With("output", out.Name)
		for _, w := range sink.Warnings() {
			own.Warn(w)
		}
		outs = append(outs, &output{out, sink, o.interval(out), s.readers, notify, own})
	}
	return outs, nil
}

// interval is how often an output is written; negative: once.
func (o *options) interval(out *manifest.Output) time.Duration {
	return cmp.Or(out.Refresh, o.refresh)
}

func (outs outputs) close() error {
	var errs []error
	for _, out := range outs {
		errs = append(errs, out.sink.Close())
	}
	return errors.Join(errs...)
}

// write fetches what the output needs and writes it. What tells others of changes
// is told of one, or in any case if anyway is set.
func (out *output) write(ctx context.Context, anyway bool) error {
	files, err := out.Render(ctx, out.readers)
	if err != nil {
		return err
	}
	set := make([]filesink.File, len(files))
	for i, f := range files {
		set[i] = filesink.File(f)
	}
	changed, err := out.sink.Write(ctx, set)
	if changed {
		out.log.Info("written", "files", len(set))
	}
	if changed || anyway && err == nil {
		out.notify()
	}
	return err
}

// once writes each output. The first error does not keep the others from being
// written.
func (outs outputs) once(ctx context.Context) error {
	errs := make([]error, len(outs))
	var work sync.WaitGroup
	for i, out := range outs {
		work.Go(func() { errs[i] = out.write(ctx, false) })
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("not all files are written:\n%w", err)
	}
	return nil
}

// keep writes each output again and again, until ctx ends.
func (outs outputs) keep(ctx context.Context) {
	var work sync.WaitGroup
	for _, out := range outs {
		work.Go(func() { out.keep(ctx) })
	}
	work.Wait()
}

// The time to the next try after an output could not be written.
const firstRetry, lastRetry = time.Second, time.Minute

// rarer is the time to the try after the next: twice that to the next, up to the
// output's own interval.
func (out *output) rarer(retry time.Duration) time.Duration {
	if out.refresh <= 0 {
		return min(2*retry, lastRetry)
	}
	return min(2*retry, lastRetry, max(out.refresh, firstRetry))
}

// keep writes one output again and again. The first time others are told whether
// it has changed or not: a process that was killed may have written it and not
// come to tell.
func (out *output) keep(ctx context.Context) {
	retry := firstRetry
	for written := false; ctx.Err() == nil; {
		wait := max(out.refresh, 0)
		if written && !out.MayRefresh(time.Now()) {
			wait = min(wait, time.Minute)
		} else if err := out.write(ctx, !written); err == nil {
			written, retry = true, firstRetry
		} else if ctx.Err() == nil {
			out.log.Error("not written", "error", err, "retry", retry)
			wait = retry
			retry = out.rarer(retry)
		}
		if wait == 0 {
			<-ctx.Done()
			return
		}
		sleep(ctx, wait)
	}
}

// sleep waits for 85 to 95 % of d, so that a fleet spreads its calls, and what
// was read a little before for another output is no older than d.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(time.Duration(float64(d) * (0.85 + 0.1*rand.Float64())))
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// notifiers start what tells others of changes. Stop ends it.
func (o *options) notifiers(log *slog.Logger) (notify, stop func(), err error) {
	var hooks []filesink.Hook
	if o.signals {
		hooks = append(hooks, o.signal)
	}
	if len(o.command) > 0 {
		hooks = append(hooks, filesink.Command{Args: o.command})
	}
	if o.call != "" {
		hooks = append(hooks, filesink.Call{URL: o.call})
	}
	var started []*filesink.Notifier
	stop = func() {
		for _, n := range started {
			_ = n.Close() // never fails
		}
	}
	for _, hook := range hooks {
		n, err := filesink.NewNotifier(hook, filesink.NotifyConfig{Logger: log})
		if err != nil {
			stop()
			return nil, nil, misused("%w", err)
		}
		started = append(started, n)
	}
	return func() {
		for _, n := range started {
			n.Notify()
		}
	}, stop, nil
}
