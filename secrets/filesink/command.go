package filesink

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Command is a [Hook] that runs a program. What the program needs of the secrets
// it reads from the files: its arguments and environment, which others can see,
// have none of them.
type Command struct {
	// Args are the program and its arguments. No shell reads them.
	Args []string
	// Env is the environment. Nil: PATH, HOME, TMPDIR and the locale of this
	// process, and not the rest, which may have credentials.
	Env []string
	// Output gets what the program writes, to either stream. It may show what
	// the files hold. Nil: nobody.
	Output io.Writer
}

// commandDelay is how long a program's own children may keep its output open.
const commandDelay = time.Second

// Run runs the program. When ctx ends, the program is killed, with all that it
// started where processes come in groups. The error is a [*NotifyError] and shows
// the program's name and how it ended, not its arguments or output.
func (c Command) Run(ctx context.Context) error {
	if err := c.check(); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	cmd.Env = c.Env
	if cmd.Env == nil {
		cmd.Env = plainEnv(os.Environ())
	}
	cmd.Stdout, cmd.Stderr = c.Output, c.Output
	cmd.WaitDelay = commandDelay
	ownGroup(cmd)
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it succeeded and left something running
	}
	if ended := ctx.Err(); err != nil && ended != nil {
		err = errors.Join(ended, err)
	}
	if err != nil {
		return &NotifyError{fmt.Sprintf("command %q", c.Args[0]), err}
	}
	return nil
}

func (c Command) check() error {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return &ConfigError{"Command.Args", "names no program"}
	}
	return nil
}

// plainEnv is the part of an environment that programs need and that tells
// nothing.
func plainEnv(environ []string) []string {
	plain := []string{}
	for _, setting := range environ {
		switch name, _, _ := strings.Cut(setting, "="); name {
		case "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SYSTEMROOT":
			plain = append(plain, setting)
		}
	}
	return plain
}
