// Command policycheck decides IAM requests, lints policies, explains denials
// and tells whether a pod can read a secret, offline and before anything is
// applied.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: policycheck COMMAND [ARGUMENTS]

  eval [FILE|-]      decide scenarios: requests with the policies that bear on them
  lint FILE…         look for mistakes in policy documents, or in all that bears on
                     whether a pod can read a secret
  explain            explain a denial that is given on standard input
  access WORLD.yaml  can this pod read that secret? From a description of accounts,
  access -terraform PLAN.json   or from a Terraform plan, before it is applied

"policycheck COMMAND -h" tells more. Nothing leaves the machine.

Exit status: 0 fine; 1 findings, or not allowed; 2 bad usage or bad input.
`

var (
	// errUsage is a mistake in the command line; errInput one in what was given
	// to read.
	errUsage = errors.New("bad usage")
	errInput = errors.New("bad input")
	// errVerdict is the answer that fails a build. It has been printed.
	errVerdict = errors.New("findings, or not allowed")
)

// commands takes the arguments after the command's name.
var commands = map[string]func(ctx context.Context, args []string, std streams) error{
	"eval":    runEval,
	"lint":    runLint,
	"explain": runExplain,
	"access":  runAccess,
}

// streams are the standard streams.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	switch {
	case err == nil:
	case errors.Is(err, errVerdict):
		os.Exit(1)
	default:
		// What is left is bad usage, bad input, or output that cannot be written.
		fmt.Fprintln(os.Stderr, "policycheck:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, std streams) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: no command\n%s", errUsage, usage)
	}
	switch args[0] {
	case "help":
		if len(args) > 1 {
			return run(ctx, append(args[1:2:2], "-h"), std)
		}
		fallthrough
	case "-h", "-help", "--help":
		_, err := io.WriteString(std.out, usage)
		return err
	}
	command, ok := commands[args[0]]
	if !ok {
		return fmt.Errorf("%w: no command %q\n%s", errUsage, args[0], usage)
	}
	return command(ctx, args[1:], std)
}
