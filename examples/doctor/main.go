// Command doctor says which AWS identity a pod has, from where, and why not
// another; and with -secret, whether it can read a secret, and what is missing.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

var (
	// errUsage is a mistake in the command line.
	errUsage = errors.New("bad usage")
	// errUnwell is a diagnosis that something is wrong. It has been printed.
	errUnwell = errors.New("something is wrong")
	// errInterrupted is a diagnosis that somebody ended, who knows.
	errInterrupted = errors.New("interrupted")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, errUnwell) {
		fmt.Fprintln(os.Stderr, "doctor:", err)
	}
	os.Exit(exitStatus(err))
}

func exitStatus(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUsage):
		return 2
	case errors.Is(err, errInterrupted):
		return 130 // as shells have it for what SIGINT ends
	}
	return 1
}

func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	switch {
	case len(args) > 0 && args[0] == "completion":
		return complete(args[1:], stdout)
	case len(args) > 0 && args[0] == "help":
		args = []string{"-h"}
	}
	o, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return err
	}
	p := new(progress)
	if !o.json {
		p = startProgress(stdout, stderr, o.timeout, env)
	}
	found := examine(ctx, o, p.now)
	p.stop()
	if ctx.Err() != nil {
		return errInterrupted // what was found says nothing
	}
	if err := found.write(stdout, o.json, terminal.StyleOf(stdout, o.colour, env)); err != nil {
		return err
	}
	if found.unwell(o.strict) {
		return errUnwell
	}
	return nil
}

// examine does what takes time, and tells which checks are under way.
func examine(ctx context.Context, o options, now func(checks []string)) findings {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	found := findings{report: credentials.DiagnoseWatched(ctx, o.config, now)}
	inFlags(found.report.Checks)
	switch {
	case o.secret == "":
	case found.anonymous():
		found.add(unread(), "")
	default:
		now([]string{secretCheck, keyCheck})
		found.add(readSecret(ctx, o.config, o.secret))
	}
	found.late = ctx.Err() != nil
	return found
}
