// Command files reads SecretProviderClass and ExternalSecret manifests and
// writes the files that they ask for, once or for as long as it runs.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/irsakit/irsa/secrets/manifest"
)

// The exit statuses.
const (
	statusFailed = 1 // secrets could not be had, or files not be written
	statusUsage  = 2 // the command line or a manifest is wrong
)

var (
	// errUsage is a mistake in the command line.
	errUsage = errors.New("bad usage")
	// errInput is a manifest that is wrong or cannot be read.
	errInput = errors.New("bad input")
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	switch {
	case err == nil:
		return
	case errors.Is(err, errUsage) || errors.Is(err, errInput):
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(statusUsage)
	default:
		fmt.Fprintln(os.Stderr, "files:", err)
		os.Exit(statusFailed)
	}
}

// run does what args say until it is done or ctx ends.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) error {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return err
	}
	o.pod.fill(getenv)
	o.identity.Region = cmp.Or(getenv("AWS_REGION"), getenv("AWS_DEFAULT_REGION"))
	set, err := o.read(stdin)
	if err != nil {
		return err
	}
	if o.check {
		for _, w := range set.Warnings {
			fmt.Fprintln(stderr, "files: warning:", w)
		}
		return o.list(stdout, set)
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	for _, w := range set.Warnings {
		log.Warn(w.String())
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	return o.serve(ctx, set, log)
}

// serve writes the files.
func (o *options) serve(ctx context.Context, set *manifest.Set, log *slog.Logger) (err error) {
	stores, err := o.open(ctx, set)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stores.close()) }()
	notify, stop, err := o.notifiers(log)
	if err != nil {
		return err
	}
	defer stop()
	outputs, err := o.outputs(set, stores, notify, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, outputs.close()) }()
	if o.once {
		return outputs.once(ctx)
	}
	outputs.keep(ctx)
	return nil
}
