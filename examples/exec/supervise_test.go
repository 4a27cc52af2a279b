package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// fickle is a secret whose value is what a test says.
type fickle struct {
	value string
	err   error
}

func (f *fickle) source(to string) source {
	return source{binding: binding{to: to, ref: "fickle"}, load: func() (map[string]secrets.Value, error) {
		return whole(text(f.value)), f.err
	}}
}

func text(s string) secrets.Value { return secrets.NewValue([]byte(s), secrets.Meta{}) }

// ended starts a program and waits until that it has ended can be received.
func ended(t *testing.T, stdout io.Writer, command ...string) *child {
	t.Helper()
	c, err := start(command, []string{"PATH=" + os.Getenv("PATH")}, stdout, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	for len(c.done) == 0 {
		<-time.After(time.Millisecond)
	}
	return c
}

// A program that has ended by itself is not started anew because a secret changes
// before that is noticed.
func TestEndedIsNotRestarted(t *testing.T) {
	t.Parallel()
	f := &fickle{value: "new"}
	s := &supervisor{
		options: &options{restart: true},
		loaded:  &loaded{vars: []source{f.source("A")}},
		stderr:  io.Discard,
		now:     &snapshot{vars: map[string]secrets.Value{"A": text("old")}},
		child:   ended(t, io.Discard, "true"),
	}
	s.change()
	if s.restarting {
		t.Error("it would be")
	}
}

// What the program left running does not keep exec from ending.
func TestLeftRunning(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := ended(t, &out, "sh", "-c", "sleep 600 & echo $!")
	if err := <-c.done; err != nil {
		t.Errorf("it ended with %v", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

// The same trouble is told once, and again once it was over.
func TestWarnsOnce(t *testing.T) {
	t.Parallel()
	var warnings bytes.Buffer
	f := &fickle{value: "1"}
	s := &supervisor{
		options: &options{},
		loaded:  &loaded{vars: []source{f.source("A")}},
		stderr:  &warnings,
		now:     &snapshot{vars: map[string]secrets.Value{"A": text("1")}},
	}
	for _, step := range []struct {
		value string
		err   error
		told  int
	}{
		{"1", nil, 0},
		{"2", errors.New("denied"), 1},
		{"2", errors.New("denied"), 1},
		{"1", nil, 1},
		{"2", errors.New("denied"), 2},
	} {
		f.value, f.err = step.value, step.err
		s.change()
		if got := strings.Count(warnings.String(), "keeps what it has"); got != step.told || s.now.vars["A"].Reveal() != "1" {
			t.Errorf("%+v: told %d times, the program has %q", step, got, s.now.vars["A"].Reveal())
		}
	}
}

// As long as files cannot be written the program has what it had, and it is tried
// again.
func TestFilesInTheWay(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "run")
	sink, err := filesink.Open(dir, filesink.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	if err := os.WriteFile(filepath.Join(dir, "token"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	f := &fickle{value: "new"}
	old := &snapshot{files: []filesink.File{{Path: "token", Data: text("old")}}}
	s := &supervisor{
		options: &options{restart: true},
		loaded:  &loaded{files: []source{f.source("token")}},
		stderr:  io.Discard,
		sink:    sink,
		now:     old,
		child:   ended(t, io.Discard, "true"),
	}
	s.change()
	if s.now != old || s.look == nil {
		t.Error("it went on, or will not try again")
	}
	if err := os.Remove(filepath.Join(dir, "token")); err != nil {
		t.Fatal(err)
	}
	s.change()
	got, err := os.ReadFile(filepath.Join(dir, "token"))
	if s.now == old || err != nil || string(got) != "new" {
		t.Errorf("read %q, %v", got, err)
	}
}
