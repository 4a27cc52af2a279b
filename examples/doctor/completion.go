package main

import (
	"fmt"
	"io"

	"github.com/irsakit/irsa/examples/internal/completion"
	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

// tool is what a shell completes.
var tool = completion.Tool{
	Name: "doctor", Help: usage,
	Commands: []completion.Command{
		{Name: "completion", Summary: "print shell completion", Words: completion.Shells},
		{Name: "help", Summary: "tell how it is used", Words: []string{}},
	},
	Values: map[string][]string{"WHEN": terminal.Whens},
}

// complete prints the completion for the shell that is named.
func complete(args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return badUsage("want doctor completion bash, zsh or fish")
	}
	if isHelp(args[0]) {
		_, err := io.WriteString(stdout, usage)
		return err
	}
	script, err := tool.Script(args[0])
	if err != nil {
		return badUsage("%w%s", err, suggest.Word(args[0], completion.Shells))
	}
	_, err = io.WriteString(stdout, script)
	return err
}

// isHelp reports whether an argument asks for the usage.
func isHelp(arg string) bool {
	switch arg {
	case "-h", "-help", "--help":
		return true
	}
	return false
}

// badUsage is a mistake in the command line.
func badUsage(format string, args ...any) error {
	return fmt.Errorf("%w: %w\n\"doctor -h\" tells more", errUsage, fmt.Errorf(format, args...))
}
