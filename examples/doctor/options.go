package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

// options are the command line.
type options struct {
	config       credentials.Config
	secret       string
	timeout      time.Duration
	strict, json bool
	colour       terminal.When
}

// errHelp asks for the usage.
var errHelp = flag.ErrHelp

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	c := &o.config
	flags.StringVar(&c.Region, "region", "", "")
	flags.StringVar(&c.RoleARN, "role-arn", "", "")
	flags.StringVar(&c.TokenFile, "token-file", "", "")
	flags.StringVar(&c.Audience, "audience", "", "")
	flags.StringVar(&c.Profile, "profile", "", "")
	flags.StringVar(&c.Expect.Account, "expect-account", "", "")
	flags.StringVar(&c.Expect.RoleARN, "expect-role", "", "")
	flags.Func("hop", "", func(arn string) error {
		if strings.Contains(arn, ",") && strings.Contains(arn, "=") { // as credserver takes it
			return errors.New("doctor takes no settings in -hop: give the external id by -external-id after it")
		}
		c.Hops = append(c.Hops, credentials.Hop{RoleARN: arn})
		return nil
	})
	flags.Func("external-id", "", func(id string) error {
		if len(c.Hops) == 0 {
			return errors.New("it belongs after a -hop")
		}
		c.Hops[len(c.Hops)-1].ExternalID = id
		return nil
	})
	flags.StringVar(&o.secret, "secret", "", "")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "")
	flags.BoolVar(&o.strict, "strict", false, "")
	flags.BoolVar(&o.json, "json", false, "")
	flags.Var(&o.colour, "color", "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, errHelp
	case err != nil:
		return o, badUsage("%w", suggest.Flag(err, flags))
	case flags.NArg() > 0:
		return o, badUsage("unexpected argument %q%s", flags.Arg(0), suggest.Word(flags.Arg(0), []string{"completion", "help"}))
	case o.timeout <= 0:
		return o, badUsage("-timeout %v is not positive", o.timeout)
	}
	// Not every source says whose credentials it gives.
	c.VerifyCaller = c.Expect != credentials.Expect{}
	return o, nil
}
