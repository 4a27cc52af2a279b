// Command credserver gives programs in any language the identity of this pod and
// the roles that it goes on to: over HTTP as
// AWS_CONTAINER_CREDENTIALS_FULL_URI has it, or as a credential_process.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/endpoint"
)

// errUsage is a mistake in the command line.
var errUsage = errors.New("bad usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "credserver:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

func run(ctx context.Context, args []string, env func(string) string, stdout, stderr io.Writer) error {
	o, err := parse(args)
	switch {
	case errors.Is(err, errHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return err
	}
	o.config.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.level}))
	switch o.command {
	case "process":
		return process(ctx, o, env, stdout)
	case "ready":
		return ready(ctx, o, env, stdout)
	}
	return serve(ctx, o, env, stdout)
}

// envInside is set while process runs, and in what it starts.
const envInside = "CREDSERVER_PROCESS"

// process prints credentials for the SDK that has started this program.
func process(ctx context.Context, o options, env func(string) string, stdout io.Writer) error {
	if env(envInside) != "" {
		return errors.New("the credential_process of the selected profile is credserver itself, which would start it without end; " +
			"name a profile with other credentials by -profile, or give it web identity")
	}
	if err := os.Setenv(envInside, "1"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	p, err := credentials.New(ctx, o.own())
	if err != nil {
		return err
	}
	defer p.Close()
	return endpoint.WriteProcess(ctx, stdout, p)
}
