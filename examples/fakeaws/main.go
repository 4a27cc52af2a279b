// Command fakeaws serves the fake AWS for any SDK or the AWS CLI: STS, Secrets
// Manager, Parameter Store and KMS at one endpoint, from a description of the
// world in YAML or JSON.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: fakeaws [-listen ADDR] [-world FILE] [-seed N] [-token-file FILE [-service-account NS/NAME]]

Serves a fake AWS: STS, Secrets Manager, Parameter Store and KMS with their
wire protocols, policies, signatures and errors. Point any SDK or the AWS CLI
at it with --endpoint-url or AWS_ENDPOINT_URL.

  -listen ADDR             listen here; default 127.0.0.1:4599, port 0 for any
  -world FILE              the world in YAML or JSON; default: the three-account
                           story; -print-world shows it, to start from
  -print-world             print the world as JSON and exit
  -seed N                  make ids and access keys repeatable
  -token-file FILE         write a service account token for the CLI to use
  -service-account NS/NAME whose token; default testnamespace/testapp

Tokens are also minted at the Kubernetes API's own path:
  curl -d '{}' http://ADDR/api/v1/namespaces/NS/serviceaccounts/NAME/token

Exit status: 0 after SIGINT or SIGTERM; 1 if it cannot serve; 2 bad usage or a
world that cannot be read.
`

// errUsage is a mistake in the command line or in the world's description.
var errUsage = errors.New("bad usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, "fakeaws:", err)
	if errors.Is(err, errUsage) {
		os.Exit(2)
	}
	os.Exit(1)
}

// options are the command line.
type options struct {
	listen, world, tokenFile, serviceAccount string
	seed                                     uint64
	printWorld                               bool
}

func run(ctx context.Context, args []string, stdout io.Writer) error {
	var o options
	flags := flag.NewFlagSet("fakeaws", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.listen, "listen", "127.0.0.1:4599", "")
	flags.StringVar(&o.world, "world", "", "")
	flags.Uint64Var(&o.seed, "seed", 0, "")
	flags.StringVar(&o.tokenFile, "token-file", "", "")
	flags.StringVar(&o.serviceAccount, "service-account", "testnamespace/testapp", "")
	flags.BoolVar(&o.printWorld, "print-world", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return fmt.Errorf("%w: %w\n%s", errUsage, err, usage)
	case flags.NArg() > 0:
		return fmt.Errorf("%w: unexpected argument %q\n%s", errUsage, flags.Arg(0), usage)
	}
	world, err := loadWorld(o.world)
	if err != nil {
		return err
	}
	if o.printWorld {
		return printWorld(stdout, world)
	}
	fake, err := newFake(world, o)
	if err != nil {
		return err
	}
	return serve(ctx, o.listen, fake, stdout)
}

// serve answers until ctx ends, then waits a moment for requests under way.
func serve(ctx context.Context, addr string, h http.Handler, stdout io.Writer) error {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	fmt.Fprintf(stdout, "fakeaws listening on http://%s\n", l.Addr())
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		_ = server.Close() // some connections were never used, or take too long
	}
	<-failed // ErrServerClosed: the goroutine has ended
	return nil
}
