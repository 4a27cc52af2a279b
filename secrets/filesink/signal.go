package filesink

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Signal is a [Hook] that sends a signal to a process, in a pod with
// shareProcessNamespace to one of another container. Exactly one of PID, PIDFile
// and Process says which; it is never this process.
type Signal struct {
	PID int // of the process
	// PIDFile has the id of the process, in decimal, as this process sees it. It is
	// read each time. Whoever may write to it says who gets the signal.
	PIDFile string
	// Process is the name of the program, without directories. Of processes by
	// that name, those get the signal whose parent has another: a server, and not
	// its workers. Linux only, since it reads /proc.
	Process string
	// Signal is what is sent. Nil: SIGHUP.
	Signal os.Signal
}

// Run sends the signal. No process that is meant is an error, so that one that
// has yet to start hears of it. The error is a [*NotifyError].
func (s Signal) Run(context.Context) error {
	if err := s.check(); err != nil {
		return err
	}
	if err := s.send(); err != nil {
		return &NotifyError{fmt.Sprintf("signal %q to %s", s.signal(), s.whom()), err}
	}
	return nil
}

func (s Signal) signal() os.Signal {
	if s.Signal == nil {
		return syscall.SIGHUP
	}
	return s.Signal
}

func (s Signal) whom() string {
	switch {
	case s.PIDFile != "":
		return fmt.Sprintf("the process in %q", s.PIDFile)
	case s.Process != "":
		return fmt.Sprintf("process %q", s.Process)
	}
	return fmt.Sprintf("process %d", s.PID)
}

func (s Signal) check() error {
	named := 0
	for _, is := range []bool{s.PID != 0, s.PIDFile != "", s.Process != ""} {
		if is {
			named++
		}
	}
	switch {
	case named != 1:
		return &ConfigError{"Signal", "needs one of PID, PIDFile and Process"}
	case s.PID < 0:
		return &ConfigError{"Signal.PID", fmt.Sprintf("is negative: %d", s.PID)}
	case strings.ContainsRune(s.Process, '/'):
		return &ConfigError{"Signal.Process", "has a slash; it is a name without directories"}
	}
	return nil
}

// send finds the processes and sends.
func (s Signal) send() error {
	switch {
	case s.PIDFile != "":
		pid, err := readPID(s.PIDFile)
		if err != nil {
			return err
		}
		return signalOne(pid, s.signal(), nil)
	case s.Process != "":
		return s.sendByName()
	}
	return signalOne(s.PID, s.signal(), nil)
}

// sendByName looks at each process again once it is held, lest its id be another
// one's by then.
func (s Signal) sendByName() error {
	found, err := processes(s.Process)
	if err != nil {
		return err
	}
	sent := 0
	var errs []error
	for _, pid := range found {
		err := signalOne(pid, s.signal(), func() bool { return isProcess(pid, s.Process) })
		switch {
		case err == nil:
			sent++
		case !errors.Is(err, os.ErrProcessDone):
			errs = append(errs, err)
		}
	}
	if sent == 0 && errs == nil {
		return errNobody
	}
	return errors.Join(errs...)
}

// errNobody: no process by that name is left, or none can be seen.
var errNobody = errors.New("there is none yet, or the pod does not share its processes (shareProcessNamespace)")

// errSelf: an id that means another process where it comes from.
var errSelf = errors.New("it is this process itself; does the pod share its processes?")

// signalOne sends to one process, if it is still the one that is meant.
func signalOne(pid int, sig os.Signal, still func() bool) error {
	if pid == os.Getpid() {
		return errSelf
	}
	p, err := os.FindProcess(pid) // on Linux it holds on to the process, by pidfd
	if err != nil {
		return err
	}
	defer func() { _ = p.Release() }()
	if still != nil && !still() {
		return os.ErrProcessDone
	}
	return p.Signal(sig)
}

// maxPIDFile is more than any number takes, in bytes.
const maxPIDFile = 64

func readPID(path string) (int, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for a writer
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, errors.Join(fmt.Errorf("%q is no regular file", path), err)
	}
	var text [maxPIDFile]byte
	n, err := f.Read(text[:])
	if n == 0 && err != nil {
		return 0, fmt.Errorf("read %q: %w", path, err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text[:n])))
	if err != nil || pid <= 0 {
		return 0, fmt.Errorf("%q holds no process id", path)
	}
	return pid, nil
}
