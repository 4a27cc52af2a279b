// Command exec runs a program with secrets in its environment or in files, and
// restarts or signals it when they change.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// The exit statuses of our own, which are those of env(1) where it has them; all
// others are the program's.
const (
	statusUsage    = 2
	statusFailed   = 125 // secrets could not be had
	statusNotRun   = 126
	statusNotFound = 127
	statusSignal   = 128 // and the signal's number
)

// errUsage is a mistake in the command line, or in a reference in the
// environment.
var errUsage = errors.New("bad usage")

// exitStatus is how the program ended, other than well.
type exitStatus int

// Error is for nobody to see.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	shut()
	err := run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr)
	if _, ended := errors.AsType[exitStatus](err); err != nil && !ended {
		fmt.Fprintln(os.Stderr, "exec:", err)
	}
	os.Exit(status(err))
}

// status is the exit status for what run returns.
func status(err error) int {
	ended, ok := errors.AsType[exitStatus](err)
	started, _ := errors.AsType[*startError](err)
	switch {
	case err == nil:
		return 0
	case ok:
		return int(ended)
	case errors.Is(err, errUsage):
		return statusUsage
	case started == nil:
		return statusFailed
	case errors.Is(err, exec.ErrNotFound) || errors.Is(err, os.ErrNotExist):
		return statusNotFound
	default:
		return statusNotRun
	}
}

// run runs the program that args name, with env as far as they do not say
// otherwise, until it ends. If ctx ends first, the program is asked to end.
func run(ctx context.Context, args, env []string, stdout, stderr io.Writer) error {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return err
	}
	if err := o.resolve(env); err != nil {
		return err
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, heeded(forwarded())...)
	defer signal.Stop(signals)
	pipes := make(chan os.Signal, 1) // nobody receives: what cannot be warned of does not end us
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)

	loading, stop := signal.NotifyContext(ctx, heeded(ending)...)
	loaded, err := load(loading, o)
	interrupted := loading.Err() != nil && ctx.Err() == nil
	stop()
	switch {
	case err == nil:
		defer loaded.close()
	case interrupted:
		return interruption(signals, err)
	default:
		return err
	}
	s, err := newSupervisor(o, loaded, env, stdout, stderr)
	if err != nil {
		return err
	}
	defer s.close()
	return s.run(ctx, signals)
}
