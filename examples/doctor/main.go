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
)

var (
	// errUsage is a mistake in the command line.
	errUsage = errors.New("bad usage")
	// errUnwell is a diagnosis that something is wrong. It has been printed.
	errUnwell = errors.New("something is wrong")
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, errUnwell) {
		fmt.Fprintln(os.Stderr, "doctor:", err)
	}
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == "completion" {
		return complete(args[1:], stdout)
	}
	o, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return err
	}
	found := examine(ctx, o, stderr)
	if err := ctx.Err(); err != nil {
		return err // interrupted: what was found says nothing
	}
	if err := found.write(stdout, o.json, styleOf(stdout, env)); err != nil {
		return err
	}
	if found.unwell(o.strict) {
		return errUnwell
	}
	return nil
}

// examine does what takes time. On a terminal it says so meanwhile.
func examine(ctx context.Context, o options, stderr io.Writer) findings {
	p := startProgress(stderr, o.timeout)
	defer p.stop()
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	p.now("asking STS, the cluster's issuer and the node")
	found := findings{report: credentials.Diagnose(ctx, o.config)}
	if o.secret != "" {
		p.now("reading the secret")
		found.add(readSecret(ctx, o.config, o.secret))
	}
	return found
}
