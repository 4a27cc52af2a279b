package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/irsakit/irsa/secrets/filesink"
)

const (
	// settle is how long to wait after a change for others, since what is read in
	// one batch comes one after the other.
	settle = 100 * time.Millisecond
	// again is how long to wait after files could not be written.
	again = 5 * time.Second
)

// supervisor runs the program with what is known of the secrets.
type supervisor struct {
	options *options
	loaded  *loaded
	env     []string
	stdout  io.Writer
	stderr  io.Writer
	sink    *filesink.Sink // nil: no files
	now     *snapshot      // what the program has, or will have once restarted
	bad     []string       // the secrets that were last warned of

	child      *child
	restarting bool             // it was asked to end, to be started anew
	ending     bool             // it was asked to end by somebody else
	kill       <-chan time.Time // when it is no longer asked
	look       <-chan time.Time // when to look what has changed
}

// newSupervisor writes the files.
func newSupervisor(o *options, l *loaded, env []string, stdout, stderr io.Writer) (_ *supervisor, err error) {
	s := &supervisor{options: o, loaded: l, env: env, stdout: stdout, stderr: stderr}
	now, p := l.snapshot(env)
	switch s.now = now; {
	case len(p) > 0:
		return nil, p
	case len(o.files) == 0:
		return s, nil
	}
	s.sink, err = filesink.Open(o.dir, filesink.Config{Mode: o.mode, InsecureDir: o.insecure})
	if err != nil {
		return nil, err
	}
	for _, w := range s.sink.Warnings() {
		warn(stderr, "warning: %s", w)
	}
	if _, err := s.sink.Write(context.Background(), s.now.files); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// close leaves the files, for what the program may have left running.
func (s *supervisor) close() {
	if s.sink != nil {
		_ = s.sink.Close()
	}
}

// run runs the program until it has ended and is not to be started again.
func (s *supervisor) run(ctx context.Context, signals <-chan os.Signal) error {
	burying, stop := context.WithCancel(context.Background())
	defer stop()
	go bury(burying)
	if err := s.start(); err != nil {
		return err
	}
	stopped := ctx.Done()
	for {
		select {
		case sig := <-signals:
			s.forward(sig)
		case <-stopped:
			stopped = nil
			s.ending = true
			s.stop()
		case <-s.loaded.changed:
			if s.look == nil {
				s.look = time.After(settle)
			}
		case <-s.look:
			s.look = nil
			s.change()
		case <-s.kill:
			s.child.kill()
		case err := <-s.child.done:
			if !s.restarting || s.ending {
				return err
			}
			if err := s.start(); err != nil {
				return err
			}
		}
	}
}

// start starts the program with what is known.
func (s *supervisor) start() (err error) {
	s.restarting, s.kill = false, nil
	s.child, err = start(s.options.command, s.now.environ(s.env, s.options.strip), s.stdout, s.stderr)
	return err
}

// stop asks the program to end, and sees to it that it does. It reports whether
// the program had not ended before.
func (s *supervisor) stop() (asked bool) {
	asked = s.child.signal(syscall.SIGTERM)
	s.kill = time.After(s.options.grace)
	return asked
}

// forward hands a signal on.
func (s *supervisor) forward(sig os.Signal) {
	switch sig {
	case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM:
		s.ending = true
	}
	s.child.forward(sig)
	if sig == syscall.SIGTSTP {
		// Whoever asks for it waits for this process to stop. CONT has it go on.
		_ = syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
}

// change gives the program what has changed.
func (s *supervisor) change() {
	next, p := s.loaded.snapshot(s.env)
	if bad := slices.Sorted(maps.Keys(p)); len(p) > 0 {
		if !slices.Equal(bad, s.bad) {
			warn(s.stderr, "warning: the program keeps what it has: %v", p)
		}
		s.bad = bad
		return
	}
	s.bad = nil
	if s.sink != nil { // also if it is the same: files may be wrong for other reasons
		if changed, err := s.sink.Write(context.Background(), next.files); err != nil {
			warn(s.stderr, "warning: %v", err)
			s.look = time.After(again)
			if !changed {
				return
			}
		}
	}
	same := next.equal(s.now)
	s.now = next
	switch {
	case same || s.ending || s.restarting:
	case s.options.restart:
		if s.restarting = s.stop(); s.restarting { // or it has ended by itself
			warn(s.stderr, "secrets have changed; restarting")
		}
	case s.options.signal != 0:
		s.child.signal(s.options.signal)
	}
}

// warn writes a line about something that the program does not end for.
func warn(stderr io.Writer, format string, args ...any) {
	fmt.Fprintf(stderr, "exec: "+format+"\n", args...)
}
