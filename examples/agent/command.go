package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// defaultConfig is what version 3 of AWS's agent reads if it is there.
const defaultConfig = "/etc/aws-workload-credentials-provider/config.toml"

// verb is what a command line asks for.
type verb int

const (
	verbServe verb = iota
	verbReady
)

// command is a command line.
type command struct {
	verb     verb
	provider bool   // in the form of version 3
	config   string // file; empty: none was named
	probe    string // address to ask; empty: that of the configuration
}

// parse reads the forms of versions 1 and 2, of version 3, and ours. For -h and
// for mistakes alike the error is the usage, as AWS's agent has it.
func parse(args []string) (command, error) {
	var c command
	switch {
	case len(args) >= 2 && slices.Equal(args[:2], []string{"sm", "start"}):
		c.provider, args = true, args[2:]
	case len(args) >= 1 && args[0] == "ready":
		c.verb, args = verbReady, args[1:]
	}
	flags := flag.NewFlagSet("agent", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for _, name := range []string{"c", "config"} {
		flags.StringVar(&c.config, name, "", "")
	}
	if c.verb == verbReady {
		flags.StringVar(&c.probe, "listen", "", "")
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return c, usageError("")
	case err != nil:
		return c, usageError(err.Error() + "\n\n")
	case flags.NArg() > 0:
		return c, usageError(fmt.Sprintf("unexpected argument %q\n\n", flags.Arg(0)))
	}
	return c, nil
}

// usageError is a mistake in the command line, or the wish for help.
type usageError string

// Error is the mistake and the usage.
func (e usageError) Error() string { return string(e) + strings.TrimSuffix(usage, "\n") }

// settings reads what configures the command.
func (c command) settings(env lookup) (settings, error) {
	s := defaults()
	s.provider, s.probe = c.provider, c.probe
	path := c.config
	if path == "" && (c.provider || c.verb == verbReady) {
		path = defaultConfig
	}
	if path != "" {
		text, err := os.ReadFile(path)
		switch {
		case c.config == "" && errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return s, fmt.Errorf("configuration: %w", err)
		default:
			if err := s.read(path, text); err != nil {
				return s, err
			}
		}
	}
	return s, s.readEnvironment(env)
}
