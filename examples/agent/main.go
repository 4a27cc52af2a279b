// Command agent gives secrets over HTTP to programs in any language beside it, by
// the contracts of AWS's Secrets Manager Agent, now the Workload Credentials
// Provider, and of the Parameters and Secrets Lambda Extension.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

// gcPercent trades a little work of the garbage collector for memory: a sidecar's
// heap is small, and mostly what it holds for good.
const gcPercent = 75

// lookup reads a variable of the environment, as os.LookupEnv does.
type lookup func(name string) (value string, set bool)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	err := run(ctx, os.Args[1:], os.LookupEnv, os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) // whatever it is, as AWS's agent
	}
}

func run(ctx context.Context, args []string, env lookup, stdout, stderr io.Writer) error {
	c, err := parse(args)
	if err != nil {
		return err
	}
	s, err := c.settings(env)
	switch {
	case err != nil:
		return err
	case c.verb == verbReady:
		return ready(ctx, s, stdout)
	case !s.enabled:
		_, err = fmt.Fprintln(stderr, "The Secrets Manager provider is not enabled by the configuration; nothing to do.")
		return err
	}
	log := s.logger(stderr)
	for _, warning := range s.warnings {
		log.Warn(warning)
	}
	return serve(ctx, s, env, log, stdout)
}

// serve starts in the order of AWS's agent: token, port, credentials, banner.
func serve(ctx context.Context, s settings, env lookup, log *slog.Logger, stdout io.Writer) error {
	tokens, err := s.readTokens(env, log)
	if err != nil {
		return err
	}
	l, err := s.listen(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	svc, err := newService(ctx, s, tokens, log)
	if err != nil {
		return err
	}
	defer svc.close()
	if s.own.strict {
		if err := svc.mustWork(ctx); err != nil {
			return err
		}
	}
	return svc.serve(ctx, l, func() error {
		_, err := fmt.Fprintf(stdout, "%s/%s listening on http://%s\n", s.product(), version(), l.main.Addr())
		return err
	})
}

// product is what the banner begins with.
func (s settings) product() string {
	if s.provider {
		return "Secrets Manager Provider"
	}
	return "Agent"
}

// version is that of the module.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return strings.Trim(strings.TrimPrefix(info.Main.Version, "v"), "()")
}
