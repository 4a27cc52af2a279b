// Command policycheck decides IAM requests, lints policies, explains denials
// and tells whether a pod can read a secret, offline and before anything is
// applied.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/irsakit/irsa/examples/internal/suggest"
)

const usage = `NAME
    policycheck - check IAM policies offline, before anything is applied

SYNOPSIS
    policycheck COMMAND [ARGUMENTS]

DESCRIPTION
    Nothing leaves the machine: no AWS account and no network are used.

COMMANDS
    eval        decide scenarios: requests with the policies that bear on them
    lint        look for mistakes in policy documents, or in all that bears on
                whether a pod can read a secret
    explain     explain a denial that is given on standard input
    access      tell whether a pod can read a secret, from a description of
                accounts or from a Terraform plan
    completion  print completion for bash, zsh or fish
    help        tell more of a command, as its -h does

EXIT STATUS
    0   fine
    1   findings; denied, not known, or not as expected
    2   bad usage or bad input

ENVIRONMENT
    NO_COLOR, if it is not empty, and TERM=dumb switch off the colours that text
    has on a terminal. COLUMNS is how wide text may be, by default as wide as
    the terminal and without limit elsewhere. Nothing else is read.

EXAMPLES
    policycheck lint -kind trust-policy trust-policy.json
    policycheck access world.yaml -service-account default/app -secret prod/db
    aws secretsmanager get-secret-value --secret-id x 2>&1 | policycheck explain
    source <(policycheck completion bash)
`

var (
	// errUsage is a mistake in the command line; errInput one in what was given
	// to read.
	errUsage = errors.New("bad usage")
	errInput = errors.New("bad input")
	// errVerdict is the answer that fails a build. It has been printed.
	errVerdict = errors.New("findings, or not allowed")
	// errTold is bad input about which all has been printed.
	errTold = errors.New("bad input, as printed")
)

// commands takes the arguments after the command's name.
var commands = map[string]func(ctx context.Context, args []string, std streams) error{
	"eval":    runEval,
	"lint":    runLint,
	"explain": runExplain,
	"access":  runAccess,

	"completion": runCompletion,
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
	case errors.Is(err, errTold):
		os.Exit(2)
	default:
		// What is left is bad usage, bad input, or output that cannot be written.
		fmt.Fprintln(os.Stderr, "policycheck:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, std streams) error {
	if len(args) == 0 {
		return noCommand("no command")
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
		return noCommand("no command %q%s", args[0], suggest.Word(args[0], slices.Sorted(maps.Keys(commands))))
	}
	return command(ctx, args[1:], std)
}
