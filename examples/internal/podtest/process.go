package podtest

import (
	"bufio"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
)

// Process is a server that runs by itself.
type Process struct {
	Lines []string // what it has printed at its start

	cmd     *exec.Cmd
	drained sync.WaitGroup
}

// Run starts a command and waits until it has printed so many lines.
func Run(cmd *exec.Cmd, lines int) (*Process, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &Process{cmd: cmd}
	text := bufio.NewScanner(out)
	for range lines {
		if !text.Scan() {
			return nil, fmt.Errorf("%s has ended: %w", cmd.Path, cmd.Wait())
		}
		p.Lines = append(p.Lines, text.Text())
	}
	p.drained.Go(func() { _, _ = io.Copy(io.Discard, out) })
	return p, nil
}

// ID is the process's.
func (p *Process) ID() int { return p.cmd.Process.Pid }

// End asks it to stop and waits. It may be called again.
func (p *Process) End() error {
	if p.cmd.ProcessState != nil {
		return nil
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	p.drained.Wait()
	return p.cmd.Wait()
}
