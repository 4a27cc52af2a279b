// Command fleetsim starts a fleet of pods in simulated time and counts what it
// asks of STS over the following day: once with this library, once with the
// SDK's own credentials cache. Both run as they are, over the real STS client
// and an AWS in memory; only the clock is not real.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

const usage = `usage: fleetsim [-pods N] [-start D] [-last D] [-every D] [-svg FILE] [-json]

Starts N pods within a short time, as a rollout does, and counts the calls that
they make to STS from then on. Every pod asks for its credentials at a steady
rate; its token is rotated as the kubelet does it. Time is simulated.

  -pods N    how many pods (default 10000)
  -start D   all of them start within D (default 30s)
  -last D    how long to watch (default 24h)
  -every D   how often a pod needs its credentials (default 1m)
  -svg FILE  also draw the rates into FILE
  -json      print data instead of text

Exit status: 0; 1 if the simulation failed; 2 bad usage.
`

// options are the command line.
type options struct {
	fleet  fleet
	svg    string
	asJSON bool
}

// errUsage is a mistake in the command line.
var errUsage = errors.New("bad usage")

func main() {
	opts, err := parse(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintf(os.Stderr, "fleetsim: %v\n%s", err, usage)
		os.Exit(2)
	}
	inBubbles(func(b bubble) int {
		if err := run(b, opts, os.Stdout, os.Stderr); err != nil {
			fmt.Fprintln(os.Stderr, "fleetsim:", err)
			return 1
		}
		return 0
	})
}

func parse(args []string, stdout io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("fleetsim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&o.fleet.pods, "pods", 10_000, "")
	flags.DurationVar(&o.fleet.start, "start", 30*time.Second, "")
	flags.DurationVar(&o.fleet.last, "last", 24*time.Hour, "")
	flags.DurationVar(&o.fleet.every, "every", time.Minute, "")
	flags.StringVar(&o.svg, "svg", "", "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		_, _ = io.WriteString(stdout, usage)
		return o, err
	case err != nil:
		return o, fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return o, fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}
	return o, o.fleet.check()
}

func run(b bubble, o options, stdout, stderr io.Writer) error {
	var results []result
	for _, c := range caches {
		fmt.Fprintf(stderr, "%d pods with %s …\n", o.fleet.pods, c.name)
		r, err := b.simulate(o.fleet, c)
		if err != nil {
			return err
		}
		results = append(results, r)
	}
	if o.svg != "" {
		if err := os.WriteFile(o.svg, draw(o.fleet, results), 0o644); err != nil {
			return err
		}
	}
	if o.asJSON {
		return json.NewEncoder(stdout).Encode(results)
	}
	return write(stdout, o.fleet, results)
}
