package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/secrets/filesink"
	"github.com/irsakit/irsa/secrets/manifest"
)

// options are the command line.
type options struct {
	pod                            pod
	identity                       credentials.Config // with the Region of the environment
	dir                            string
	mode                           fs.FileMode
	uid, gid                       *int // nil: as the system does it
	once, check, lenient, insecure bool
	refresh                        time.Duration
	signal                         filesink.Signal
	signals                        bool // signal is to be used
	command                        []string
	call                           string
	manifests                      []string
}

// signals are those that -signal takes.
var signals = map[string]syscall.Signal{
	"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "USR1": syscall.SIGUSR1, "USR2": syscall.SIGUSR2,
}

func parse(args []string) (*options, error) {
	o := &options{mode: 0o440}
	flags := flag.NewFlagSet("files", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.pod.namespace, "namespace", "", "")
	flags.StringVar(&o.pod.account, "service-account", "", "")
	flags.StringVar(&o.dir, "dir", "", "")
	flags.Func("mode", "", o.setMode)
	flags.Func("uid", "", setID(&o.uid))
	flags.Func("gid", "", setID(&o.gid))
	flags.BoolVar(&o.once, "once", false, "")
	flags.BoolVar(&o.check, "check", false, "")
	flags.BoolVar(&o.lenient, "lenient", false, "")
	flags.BoolVar(&o.insecure, "insecure-dir", false, "")
	flags.DurationVar(&o.refresh, "refresh", 2*time.Minute, "")
	flags.Func("signal", "", o.setSignal)
	flags.StringVar(&o.signal.Process, "process", "", "")
	flags.StringVar(&o.signal.PIDFile, "pid-file", "", "")
	flags.Func("command", "", func(s string) error { o.command = strings.Fields(s); return nil })
	flags.StringVar(&o.call, "call", "", "")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, err
	} else if err != nil {
		return nil, misused("%w", suggest.Flag(err, flags))
	}
	o.manifests = flags.Args()
	return o, o.validate()
}

func misused(format string, args ...any) error {
	return fmt.Errorf("%w: %w; see files -h", errUsage, fmt.Errorf(format, args...))
}

// validate finds what does not go together.
func (o *options) validate() error {
	switch {
	case len(o.manifests) == 0:
		return misused("no manifest")
	case o.dir == "" && !o.check:
		return misused("no -dir")
	case o.once && (o.signals || len(o.command) > 0 || o.call != ""):
		return misused("-once ends before anybody hears of changes: -signal, -command and -call do not go with it")
	case o.refresh < time.Second:
		return misused("-refresh %v is less than a second", o.refresh)
	case o.signals != (o.signal.Process != "" || o.signal.PIDFile != ""):
		return misused("-signal and one of -process and -pid-file belong together")
	}
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

// setID reads the id of a user or a group.
func setID(to **int) func(string) error {
	return func(s string) error {
		id, err := strconv.ParseUint(s, 10, 31)
		if err != nil {
			return errors.New("it must be a number")
		}
		*to = new(int(id))
		return nil
	}
}

func (o *options) setSignal(s string) error {
	sig, known := signals[strings.TrimPrefix(s, "SIG")]
	if !known {
		return errors.New("there is no such signal to send")
	}
	o.signal.Signal, o.signals = sig, true
	return nil
}

// maxManifest is more than package manifest takes, which says so then.
const maxManifest = 2 << 20

// read reads the manifests; "-" is standard input.
func (o *options) read(stdin io.Reader) (*manifest.Set, error) {
	var inputs []manifest.Input
	for _, name := range o.manifests {
		from := stdin
		if name != "-" {
			file, err := os.Open(name)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errInput, err)
			}
			defer file.Close()
			from = file
		}
		data, err := io.ReadAll(io.LimitReader(from, maxManifest))
		switch {
		case errors.Is(err, syscall.EISDIR):
			return nil, fmt.Errorf("%w: %s is a directory; name its files, such as %[2]s/*.yaml", errInput, name)
		case err != nil:
			return nil, fmt.Errorf("%w: %w", errInput, err)
		}
		inputs = append(inputs, manifest.Input{Name: name, Data: data})
	}
	set, err := manifest.Parse(inputs, manifest.Options{
		Namespace: o.pod.namespace, ServiceAccount: o.pod.account, Lenient: o.lenient,
		Region: o.identity.Region,
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w:\n%w", errInput, err)
	case len(set.Outputs) == 0:
		return nil, fmt.Errorf("%w: there is no SecretProviderClass and no ExternalSecret in the manifests", errInput)
	}
	return set, nil
}
