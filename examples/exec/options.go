package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// binding is where a secret goes.
type binding struct {
	to  string // a variable or a file; empty: one variable for each member
	ref string
	// Of the variables for members:
	prefix string
	upper  bool
}

// options are the command line.
type options struct {
	vars, members, files []binding
	resolveEnv, strip    bool

	dir      string
	mode     fs.FileMode
	insecure bool

	restart bool
	signal  syscall.Signal // to send on a change; zero: none
	grace   time.Duration
	refresh time.Duration
	timeout time.Duration

	command []string
}

// signals are those that -on-change takes.
var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "QUIT": syscall.SIGQUIT, "TERM": syscall.SIGTERM,
	"USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2, "WINCH": syscall.SIGWINCH,
}

func parse(args []string) (*options, error) {
	o := &options{}
	var upper bool
	flags := flag.NewFlagSet("exec", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Func("env", "", func(s string) error { return o.bindVar(s) })
	flags.Func("env-all", "", func(ref string) error {
		o.members = append(o.members, binding{ref: ref})
		return checkRef(ref)
	})
	flags.Func("env-prefix", "", o.setPrefix)
	flags.BoolVar(&upper, "env-upper", false, "")
	flags.BoolVar(&o.resolveEnv, "resolve-env", false, "")
	flags.BoolVar(&o.strip, "strip-aws", false, "")
	flags.StringVar(&o.dir, "dir", "", "")
	flags.Func("file", "", o.bindFile)
	flags.Func("file-mode", "", o.setMode)
	flags.BoolVar(&o.insecure, "insecure-dir", false, "")
	flags.Func("on-change", "", o.setChange)
	flags.DurationVar(&o.grace, "grace", 10*time.Second, "")
	flags.DurationVar(&o.refresh, "refresh", 5*time.Minute, "")
	flags.DurationVar(&o.timeout, "timeout", time.Minute, "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, misused("%w", suggest.Flag(err, flags))
	}
	for i := range o.members {
		o.members[i].upper = upper
	}
	o.command = flags.Args()
	return o, o.check()
}

func misused(format string, args ...any) error {
	return fmt.Errorf("%w: %w; see exec -h", errUsage, fmt.Errorf(format, args...))
}

// check finds what does not go together.
func (o *options) check() error {
	switch {
	case len(o.command) == 0:
		return misused("no command")
	case len(o.files) > 0 && o.dir == "":
		return misused("-file needs -dir")
	case len(o.files) == 0 && o.dir != "":
		return misused("-dir needs -file")
	case o.checkPaths() != nil:
		return misused("-file: %w", o.checkPaths())
	case o.grace < 0:
		return misused("-grace %v is negative", o.grace)
	case o.refresh <= 0:
		return misused("-refresh %v is not positive", o.refresh)
	case o.timeout <= 0:
		return misused("-timeout %v is not positive", o.timeout)
	}
	return nil
}

func (o *options) bindVar(s string) error {
	name, ref, found := strings.Cut(s, "=")
	switch {
	case !found || name == "":
		return errors.New("it must be NAME=REF")
	case !isName(name):
		return fmt.Errorf("%q is no name of a variable: letters, digits and underscores, and no digit first", name)
	}
	for _, b := range o.vars {
		if b.to == name {
			return fmt.Errorf("%s is given twice", name)
		}
	}
	o.vars = append(o.vars, binding{to: name, ref: ref})
	return checkRef(ref)
}

// checkPaths finds what package filesink would refuse once the secrets are read.
func (o *options) checkPaths() error {
	paths := make([]string, len(o.files))
	for i, b := range o.files {
		paths[i] = b.to
	}
	return filesink.CheckPaths(paths...)
}

func (o *options) bindFile(s string) error {
	path, ref, found := strings.Cut(s, "=")
	if !found || path == "" {
		return errors.New("it must be PATH=REF")
	}
	o.files = append(o.files, binding{to: path, ref: ref})
	return checkRef(ref)
}

func (o *options) setPrefix(prefix string) error {
	switch {
	case len(o.members) == 0:
		return errors.New("it belongs after a -env-all")
	case !isName(prefix):
		return errors.New("a variable's name cannot begin so")
	}
	o.members[len(o.members)-1].prefix = prefix
	return nil
}

func (o *options) setMode(s string) error {
	mode, err := strconv.ParseUint(s, 8, 32)
	if err != nil || mode == 0 || mode > 0o777 {
		return errors.New("it must be octal, such as 0440")
	}
	o.mode = fs.FileMode(mode)
	return nil
}

func (o *options) setChange(s string) error {
	name, isSignal := strings.CutPrefix(s, "signal=")
	sig, known := signals[strings.TrimPrefix(name, "SIG")]
	switch {
	case isSignal && !known:
		return errors.New("there is no such signal to send")
	case isSignal:
		o.restart, o.signal = false, sig
	case s == "restart":
		o.restart, o.signal = true, 0
	case s == "none":
		o.restart, o.signal = false, 0
	default:
		return errors.New("it must be restart, signal=NAME or none")
	}
	return nil
}

// resolve binds the variables of env whose values are references, if that is
// asked for. A -env goes before.
func (o *options) resolve(env []string) error {
	if !o.resolveEnv {
		return nil
	}
	bound := map[string]bool{}
	for _, b := range o.vars {
		bound[b.to] = true
	}
	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		if bound[name] || !strings.HasPrefix(value, "ref+awssecrets://") && !strings.HasPrefix(value, "ref+awsssm://") {
			continue
		}
		if err := checkRef(value); err != nil {
			return fmt.Errorf("%w: environment variable %s: %w", errUsage, name, err)
		}
		bound[name] = true
		o.vars = append(o.vars, binding{to: name, ref: value})
	}
	return nil
}

func checkRef(ref string) error {
	_, err := secrets.ParseRef(ref)
	return err
}

// refs are the references of all bindings.
func (o *options) refs() []string {
	var refs []string
	for _, list := range [][]binding{o.vars, o.members, o.files} {
		for _, b := range list {
			refs = append(refs, b.ref)
		}
	}
	return refs
}
