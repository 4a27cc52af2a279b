package main

import (
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// The commands of the scripts beside those of testscript.
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"world":  worldCommand,
	"rotate": rotateCommand,
	"delete": deleteCommand,
	"stall":  stallCommand,
	"calls":  callsCommand,
	"await":  awaitCommand,
	"send":   sendCommand,
	"ended":  endedCommand,
	"state":  stateCommand,
}

// fakeKey finds the fake of a script.
type fakeKey struct{}

func fakeOf(ts *testscript.TestScript) *secretstest.AWS { return ts.Value(fakeKey{}).(*fakeBox).fake }

// fakeBox is filled by "world".
type fakeBox struct{ fake *secretstest.AWS }

// check fails the script for a command that is used wrongly.
func check(ts *testscript.TestScript, ok bool, usage string) {
	if !ok {
		ts.Fatalf("usage: %s", usage)
	}
}

// worldCommand is "world": it serves the story on loopback and gives the script
// the environment of its pod.
func worldCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 0, "world")
	ts.Value(fakeKey{}).(*fakeBox).fake = podtest.Enter(ts, secretstest.Story())
	ts.Setenv("APP", secretstest.StoryAppSecretName)
	ts.Setenv("FAST", "-refresh=100ms")
}

// rotateCommand is "rotate VALUE": it gives the app's secret a new version. With
// "hex:" in front it is binary; with "size:" it is that many bytes of text.
func rotateCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 1, "rotate VALUE")
	version := secretstest.Version{String: &args[0]}
	if digits, ok := strings.CutPrefix(args[0], "hex:"); ok {
		data, err := hex.DecodeString(digits)
		ts.Check(err)
		version = secretstest.Version{Binary: data}
	}
	if digits, ok := strings.CutPrefix(args[0], "size:"); ok {
		n, err := strconv.Atoi(digits)
		ts.Check(err)
		version.String = new(strings.Repeat("x", n))
	}
	_, err := fakeOf(ts).PutSecretValue(secretstest.StoryAppSecretARN, version)
	ts.Check(err)
}

// deleteCommand is "delete": from now on there is no app's secret.
func deleteCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 0, "delete")
	fakeOf(ts).Inject(credentialstest.When{Service: "secretsmanager"}, credentialstest.Fault{
		Code: "ResourceNotFoundException", Message: "Secrets Manager can't find the specified secret.", Status: 400,
	})
}

// stallCommand is "stall": it has AWS accept calls and never answer. The file
// "arrived" tells of the first.
func stallCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 0, "stall")
	arrived := ts.MkAbs("arrived")
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the end of the request goes unnoticed
		_ = os.WriteFile(arrived, []byte("a call"), 0o600)
		<-r.Context().Done()
	}))
	ts.Defer(server.Close)
	ts.Setenv("AWS_ENDPOINT_URL", server.URL)
}

// callsCommand is "calls SERVICE OPERATION COUNT".
func callsCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 3, "calls SERVICE OPERATION COUNT")
	if got := fakeOf(ts).CallCount(args[0], args[1]); strconv.Itoa(got) != args[2] {
		ts.Fatalf("%d calls of %s, want %s", got, args[1], args[2])
	}
}

// patience is how long a script waits for what never comes. What comes late, on a
// busy machine, is no mistake.
const patience = time.Minute

// awaitCommand is "await FILE TEXT": it waits until a file has a text.
func awaitCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 2, "await FILE TEXT")
	for end := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		switch {
		case err == nil && strings.Contains(string(text), args[1]):
			return
		case err != nil && !errors.Is(err, os.ErrNotExist):
			ts.Check(err)
		case time.Now().After(end):
			ts.Fatalf("%s never had %q; it has\n%s", args[0], args[1], text)
		}
	}
}

// sendCommand is "send SIGNAL FILE": it signals the process whose id is in a file.
// The signal is a name or a number.
func sendCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 2, "send SIGNAL FILE")
	sig, known := map[string]syscall.Signal{"TSTP": syscall.SIGTSTP, "CONT": syscall.SIGCONT}[args[0]]
	if !known {
		sig, known = signals[args[0]]
	}
	if n, err := strconv.Atoi(args[0]); err == nil {
		sig, known = syscall.Signal(n), true
	}
	check(ts, known, "send SIGNAL FILE")
	ts.Check(syscall.Kill(pidIn(ts, args[1]), sig))
}

// pidIn is the id of a process that is in a file.
func pidIn(ts *testscript.TestScript, file string) int {
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(file)))
	ts.Check(err)
	return pid
}

// stateCommand is "state FILE LETTER": it waits until the process whose id is in
// a file has a state, as proc_pid_stat(5) has it.
func stateCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 2, "state FILE LETTER")
	pid := strconv.Itoa(pidIn(ts, args[0]))
	for end := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		f := stat(pid)
		switch {
		case len(f) > 0 && f[0] == args[1]:
			return
		case time.Now().After(end):
			ts.Fatalf("process %s never was %s; it is %s", pid, args[1], f)
		}
	}
}

// endedCommand is "ended FILE": it waits until the process whose id is in a file
// has ended.
func endedCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 1, "ended FILE")
	pid := pidIn(ts, args[0])
	for end := time.Now().Add(patience); ; <-time.After(5 * time.Millisecond) {
		f := stat(strconv.Itoa(pid))
		switch {
		case syscall.Kill(pid, 0) != nil || len(f) > 0 && f[0] == "Z":
			return
		case time.Now().After(end):
			ts.Fatalf("process %d lives on", pid)
		}
	}
}
