package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/suggest"
	"github.com/irsakit/irsa/policy"
)

// options are the command line.
type options struct {
	command string // process, ready, or none to serve
	config  credentials.Config

	hops  []credentials.Hop            // of the identity at /credentials
	names []string                     // of roles, as given
	roles map[string][]credentials.Hop // by name

	listen      string
	tokenFile   string
	hosts       []string
	remote      bool
	rolesOnly   bool
	minLifetime time.Duration
	timeout     time.Duration
	level       slog.Level
}

// errHelp asks for the usage.
var errHelp = flag.ErrHelp

func parse(args []string) (options, error) {
	o := options{roles: make(map[string][]credentials.Hop)}
	o.config.Pool = new(credentials.Pool)
	flags := flag.NewFlagSet("credserver", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	if len(args) > 0 && (args[0] == "process" || args[0] == "ready") {
		o.command, args = args[0], args[1:]
	}
	if o.command != "ready" {
		o.identityFlags(flags)
	}
	if o.command != "process" {
		flags.StringVar(&o.listen, "listen", "127.0.0.1:9911", "")
		flags.StringVar(&o.tokenFile, "token-file", "", "")
	}
	if o.command == "" {
		o.serverFlags(flags)
	} else {
		flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "")
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return o, errHelp
	case err != nil:
		return o, fmt.Errorf("%w: %w; see credserver -h", errUsage, suggest.Flag(err, flags))
	case flags.NArg() > 0:
		return o, fmt.Errorf("%w: unexpected argument %q; see credserver -h", errUsage, flags.Arg(0))
	case o.rolesOnly && len(o.names) == 0:
		return o, fmt.Errorf("%w: -roles-only, and there is no -role", errUsage)
	case o.rolesOnly && len(o.hops) > 0:
		return o, fmt.Errorf("%w: -roles-only, and a -hop before the first -role", errUsage)
	}
	return o, nil
}

func (o *options) identityFlags(flags *flag.FlagSet) {
	flags.StringVar(&o.config.Region, "region", "", "")
	flags.StringVar(&o.config.Profile, "profile", "", "")
	level := slog.LevelInfo
	if o.command == "process" {
		level = slog.LevelWarn // its standard error is often somebody's terminal
	}
	flags.TextVar(&o.level, "log-level", level, "")
	flags.Func("hop", "", func(text string) error {
		hop, err := parseHop(text)
		if n := len(o.names); n > 0 {
			o.roles[o.names[n-1]] = append(o.roles[o.names[n-1]], hop)
		} else {
			o.hops = append(o.hops, hop)
		}
		return err
	})
}

func (o *options) serverFlags(flags *flag.FlagSet) {
	flags.Func("role", "", func(name string) error {
		if slices.Contains(o.names, name) {
			return fmt.Errorf("%q is there already", name)
		}
		o.names, o.roles[name] = append(o.names, name), nil
		return nil
	})
	flags.BoolVar(&o.rolesOnly, "roles-only", false, "")
	flags.Func("host", "", func(host string) error {
		o.hosts = append(o.hosts, host)
		return nil
	})
	flags.BoolVar(&o.remote, "allow-remote", false, "")
	flags.DurationVar(&o.minLifetime, "min-lifetime", 0, "")
}

// own is the configuration of the identity at /credentials.
func (o options) own() credentials.Config { return o.with(o.hops) }

func (o options) with(hops []credentials.Hop) credentials.Config {
	cfg := o.config
	cfg.Hops = hops
	return cfg
}

// describe says which role a name stands for.
func (o options) describe(name string) string {
	hops := o.roles[name]
	if len(hops) == 0 {
		return "the pod's own identity"
	}
	return hops[len(hops)-1].RoleARN
}

// hopSettings are the names of what can be set for a hop.
var hopSettings = []string{"external-id", "session-name", "source-identity", "duration", "region"}

var (
	// hopSetting is where a setting of a hop begins. An external id may itself have
	// commas and equals signs.
	hopSetting = regexp.MustCompile(",(" + strings.Join(hopSettings, "|") + ")=")
	// noSetting is what would be one, were its name right. The name of a role may
	// have it, but none has.
	noSetting = regexp.MustCompile(`,([\w-]+)=`)
)

// parseHop reads ARN[,setting=value]….
func parseHop(text string) (credentials.Hop, error) {
	at := append(hopSetting.FindAllStringIndex(text, -1), []int{len(text), len(text)})
	hop := credentials.Hop{RoleARN: text[:at[0][0]]}
	for i := range at[:len(at)-1] {
		name, value := strings.Trim(text[at[i][0]:at[i][1]], ",="), text[at[i][1]:at[i+1][0]]
		if value == "" {
			return hop, fmt.Errorf("%s is empty", name)
		}
		switch name {
		case "external-id":
			hop.ExternalID = value
		case "session-name":
			hop.SessionName = value
		case "source-identity":
			hop.SourceIdentity = value
		case "region":
			hop.Region = value
		case "duration":
			d, err := time.ParseDuration(value)
			if err != nil {
				return hop, errors.New("duration is none, such as 30m")
			}
			hop.Duration = d
		}
	}
	return hop, checkRole(hop.RoleARN)
}

// checkRole checks what package credentials would, under the name of a field.
func checkRole(text string) error {
	if m := noSetting.FindStringSubmatch(text); m != nil {
		return fmt.Errorf("there is no setting %q%s", m[1], suggest.Word(m[1], hopSettings))
	}
	arn, err := policy.ParseARN(text)
	if err != nil || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return fmt.Errorf("%q is not the ARN of a role", text)
	}
	return nil
}
