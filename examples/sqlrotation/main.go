// Command sqlrotation rotates the password of a real PostgreSQL every few
// seconds under load and counts the queries that fail. The secret is in an AWS
// that runs inside the process; the pool connects through secrets/sqlsecret.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `usage: sqlrotation [-for D] [-every D] [-window D] [-workers N] [-current-only]

Starts a PostgreSQL of its own, which must be installed, and an AWS in memory.
Workers query it over connections that live for half a second, while the
password in the database and in Secrets Manager rotates.

  -for D         how long (default 1m)
  -every D       time from one rotation to the next (default 3s)
  -window D      time in which the database has the new password and AWSCURRENT
                 the old one (default 1s)
  -workers N     how many query at the same time (default 50)
  -current-only  never read AWSPENDING: wait for AWSCURRENT instead

Exit status: 0 if no query failed; 1 otherwise; 2 bad usage.
`

// options are the command line.
type options struct {
	last, every, window time.Duration
	workers             int
	currentOnly         bool
}

// errUsage is a mistake in the command line.
var errUsage = errors.New("bad usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintf(os.Stderr, "sqlrotation: %v\n%s", err, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "sqlrotation:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout io.Writer) (err error) {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	pg, err := startPostgres(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pg.stop()) }()
	r, err := rotateUnderLoad(ctx, pg, o)
	if err != nil {
		return err
	}
	if err := r.write(stdout); err != nil {
		return err
	}
	if r.failed > 0 {
		return fmt.Errorf("%d queries failed, the first with: %w", r.failed, r.first)
	}
	return nil
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("sqlrotation", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&o.last, "for", time.Minute, "")
	flags.DurationVar(&o.every, "every", 3*time.Second, "")
	flags.DurationVar(&o.window, "window", time.Second, "")
	flags.IntVar(&o.workers, "workers", 50, "")
	flags.BoolVar(&o.currentOnly, "current-only", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return o, fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	case o.workers < 1 || o.workers > maxWorkers:
		return o, fmt.Errorf("%w: -workers must be 1 to %d", errUsage, maxWorkers)
	case o.window < 0 || o.every <= o.window || o.last < o.every:
		return o, fmt.Errorf("%w: it must be that 0 ≤ -window < -every ≤ -for", errUsage)
	}
	return o, nil
}
