package main

import (
	"fmt"
	"io"

	"github.com/irsakit/irsa/examples/internal/completion"
)

// tool is what a shell completes.
var tool = completion.Tool{
	Name: "doctor", Help: usage,
	Commands: []completion.Command{{Name: "completion", Summary: "print shell completion", Words: completion.Shells}},
}

// complete prints the completion for the shell that is named.
func complete(args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return fmt.Errorf("%w: want doctor completion SHELL; see doctor -h", errUsage)
	}
	script, err := tool.Script(args[0])
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	_, err = io.WriteString(stdout, script)
	return err
}
