package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

// badUsage is a mistake in the command line, with the synopsis of the help.
func badUsage(help, format string, args ...any) error {
	_, rest, _ := strings.Cut(help, "SYNOPSIS\n")
	synopsis, _, _ := strings.Cut(rest, "\n\n")
	command := strings.Fields(synopsis)[1]
	return fmt.Errorf("%w: %w\nusage:\n%s\n\n\"policycheck %s -h\" tells more", errUsage, fmt.Errorf(format, args...), synopsis, command)
}

// noCommand is a command line that does not say what to do, with what there is.
func noCommand(format string, args ...any) error {
	_, rest, _ := strings.Cut(usage, "COMMANDS\n")
	commands, _, _ := strings.Cut(rest, "\n\n")
	return fmt.Errorf("%w: %s\ncommands:\n%s\n\n\"policycheck -h\" tells more", errUsage, fmt.Sprintf(format, args...), commands)
}

// parse reads flags wherever they stand among the arguments, and returns the
// other arguments. It reports done if only help was wanted, and has printed it.
func parse(flags *flag.FlagSet, args []string, help string, out io.Writer) (rest []string, done bool, err error) {
	flags.SetOutput(io.Discard)
	for {
		switch err := flags.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			_, err = io.WriteString(out, help)
			return nil, true, err
		case err != nil:
			return nil, false, badUsage(help, "%w", suggest.Flag(err, flags))
		case flags.NArg() == 0:
			return rest, false, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

// read is readRaw without the byte order mark that some editors and shells put
// before a text.
func (std streams) read(file, what string) (data []byte, name string, err error) {
	data, name, err = std.readRaw(file, what)
	return bytes.TrimPrefix(data, []byte(byteOrderMark)), name, err
}

const byteOrderMark = "\ufeff"

// readRaw returns a file, or standard input for "-", and what to call it.
// Somebody at a terminal is told what is waited for.
func (std streams) readRaw(file, what string) (data []byte, name string, err error) {
	name = file
	if file == "-" {
		name = "standard input"
		if terminal.Is(std.in) {
			fmt.Fprintf(std.err, "policycheck: waiting for %s: paste it, then press Enter and Ctrl-D\n", what)
		}
		data, err = io.ReadAll(std.in)
	} else {
		data, err = os.ReadFile(file)
	}
	switch {
	case err != nil:
		return nil, name, fmt.Errorf("%w: %w", errInput, err)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, name, fmt.Errorf("%w: %s is empty", errInput, name)
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, name, fmt.Errorf("%w: %s is UTF-16, as some shells write it: save it as UTF-8", errInput, name)
	}
	return data, name, nil
}
