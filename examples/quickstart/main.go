// Command quickstart plays the three-account story on the embedded AWS, over
// loopback HTTP and through the real AWS SDK: a pod's token becomes a role, and
// the role reads a secret of a second account under a KMS key of a third. With
// -break it corrupts one thing first and explains the refusal.
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
)

const usage = `usage: quickstart [-break NAME] [-list] [-json]

Plays the three-account story on an AWS that runs inside this process.
Nothing leaves the machine, and no AWS account is needed.

  -break NAME  corrupt one thing first; explain why the read is refused
  -list        list the names that -break takes; with -json also what they do
  -json        print data instead of text

Exit status: 0 the secret was read, or with -break the explanation named
exactly what was broken; 1 otherwise; 2 bad usage.
`

// errUsage is a mistake in the command line, already reported.
var errUsage = errors.New("bad usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var broken *breakage
	flags.Func("break", "", func(name string) (err error) {
		broken, err = findBreakage(name)
		return err
	})
	list := flags.Bool("list", false, "")
	asJSON := flags.Bool("json", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, err = io.WriteString(stdout, usage)
		return err
	case err != nil:
		return badUsage(stderr, err.Error())
	case flags.NArg() > 0:
		return badUsage(stderr, fmt.Sprintf("unexpected argument %q", flags.Arg(0)))
	}
	if *list {
		return listBreaks(stdout, *asJSON)
	}
	report, err := tell(ctx, broken)
	if err != nil {
		return err
	}
	if err := report.write(stdout, *asJSON); err != nil {
		return err
	}
	return report.verdict()
}

func badUsage(stderr io.Writer, problem string) error {
	fmt.Fprintf(stderr, "quickstart: %s\n%s", problem, usage)
	return errUsage
}
