package main

import (
	"context"
	"flag"
	"io"

	"github.com/irsakit/irsa/examples/internal/completion"
	"github.com/irsakit/irsa/examples/internal/terminal"
)

const completionUsage = `NAME
    policycheck completion - print shell completion

SYNOPSIS
    policycheck completion bash|zsh|fish

DESCRIPTION
    Prints what makes a shell complete commands, flags and their values.

EXIT STATUS
    0   printed
    2   bad usage

EXAMPLES
    source <(policycheck completion bash)
    policycheck completion fish >~/.config/fish/completions/policycheck.fish
`

// tool is what a shell completes. Values are called as the helps call them.
func tool() completion.Tool {
	return completion.Tool{
		Name: "policycheck",
		Commands: []completion.Command{
			{Name: "eval", Summary: "decide scenarios", Help: evalUsage},
			{Name: "lint", Summary: "look for mistakes in policies", Help: lintUsage},
			{Name: "explain", Summary: "explain a denial", Help: explainUsage, Words: []string{}},
			{Name: "access", Summary: "tell whether a pod can read a secret", Help: accessUsage},
			{Name: "completion", Summary: "print shell completion", Words: completion.Shells},
			{Name: "help", Summary: "tell more of a command", Words: []string{"eval", "lint", "explain", "access", "completion"}},
		},
		Values: map[string][]string{
			"KIND":     kinds,
			"WHEN":     terminal.Whens,
			"SEVERITY": severities,
		},
	}
}

func runCompletion(_ context.Context, args []string, std streams) error {
	shells, done, err := parse(flag.NewFlagSet("completion", flag.ContinueOnError), args, completionUsage, std.out)
	if err != nil || done {
		return err
	}
	if len(shells) != 1 {
		return badUsage(completionUsage, "want one shell")
	}
	script, err := tool().Script(shells[0])
	if err != nil {
		return badUsage(completionUsage, "%w", err)
	}
	_, err = io.WriteString(std.out, script)
	return err
}
