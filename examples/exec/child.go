package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"time"
)

// forwarded are the signals that reach the program: all that somebody could mean
// for it, for a container may name any as the one that stops it. The others tell
// of faults, pipes and children of our own.
func forwarded() []os.Signal {
	all := []os.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM,
		syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGWINCH, syscall.SIGCONT,
		syscall.SIGTSTP, syscall.SIGALRM, syscall.SIGVTALRM, syscall.SIGIO,
	}
	if runtime.GOOS == "linux" {
		const power, realTime, last = 30, 35, 64 // signal(7); those below 35 are threads' own
		all = append(all, syscall.Signal(power))
		for n := realTime; n <= last; n++ {
			all = append(all, syscall.Signal(n))
		}
	}
	return all
}

// ending are those that end us while there is no program yet.
var ending = []os.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM}

// heeded are those of signals that are not ignored, as nohup(1) has it, for the
// program too.
func heeded(signals []os.Signal) []os.Signal {
	return slices.DeleteFunc(slices.Clone(signals), signal.Ignored)
}

// startError is a program that could not be started.
type startError struct {
	program string
	err     error
}

func (e *startError) Error() string {
	text := fmt.Sprintf("run %q: %v", e.program, bare(e.err))
	if errors.Is(e.err, syscall.E2BIG) {
		text += "; its environment is part of that: give it secrets in files, with -file"
	}
	return text
}

func (e *startError) Unwrap() error { return e.err }

// bare is an error of package exec without the program's name, which it repeats.
func bare(err error) error {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.PathError](err); ok {
		return e.Err
	}
	return err
}

// outputDelay is how long what the program left behind may go on writing to what
// is no file; to a file it may for ever.
const outputDelay = time.Second

// child is a running program.
type child struct {
	cmd      *exec.Cmd
	terminal bool       // it shares our group, and the terminal signals it
	done     chan error // receives once, when it has ended
}

// starting is held while a program is started and its id is not known yet, so
// that the one who buries orphans leaves it alone.
var starting sync.Mutex

// start starts the program.
func start(command, env []string, stdout, stderr io.Writer) (*child, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env = env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, stdout, stderr
	cmd.WaitDelay = outputDelay
	c := &child{cmd: cmd, terminal: inForeground(), done: make(chan error, 1)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: !c.terminal}
	starting.Lock()
	err := cmd.Start()
	if err == nil {
		ours.Store(int64(cmd.Process.Pid))
	}
	starting.Unlock()
	if err != nil {
		return nil, &startError{command[0], err}
	}
	go func() { c.done <- outcome(cmd.Wait()) }()
	return c, nil
}

// outcome is how a program ended: nil, or an exitStatus.
func outcome(err error) error {
	e, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case !ok && errors.Is(err, exec.ErrWaitDelay):
		return nil // it ended well; something that it started writes on
	case !ok:
		return err
	}
	if ws, ok := e.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return signalled(ws.Signal())
	}
	return exitStatus(e.ExitCode())
}

// signalled is the end by a signal.
func signalled(sig os.Signal) error {
	n, _ := sig.(syscall.Signal)
	return exitStatus(statusSignal + int(n))
}

// forward hands on a signal that we got, unless the terminal has sent it to the
// program as well.
func (c *child) forward(sig os.Signal) {
	if c.terminal {
		switch sig {
		case syscall.SIGINT, syscall.SIGQUIT, syscall.SIGWINCH, syscall.SIGCONT, syscall.SIGTSTP:
			return
		}
	}
	c.signal(sig)
}

// signal signals the program, and reports whether it has not ended, as far as is
// known.
func (c *child) signal(sig os.Signal) (running bool) {
	return !errors.Is(c.cmd.Process.Signal(sig), os.ErrProcessDone)
}

// kill ends the program and, in a group of its own, all that it started.
func (c *child) kill() {
	if !c.terminal {
		_ = syscall.Kill(-c.cmd.Process.Pid, syscall.SIGKILL)
	}
	_ = c.cmd.Process.Kill()
}

// interruption returns how a signal that came before the program ended us, or err
// if it cannot be told which that was.
func interruption(signals <-chan os.Signal, err error) error {
	late := time.After(time.Second)
	for {
		select {
		case sig := <-signals:
			if slices.Contains(ending, sig) {
				return signalled(sig)
			}
		case <-late:
			return err
		}
	}
}
