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
	fake, err := secretstest.New(secretstest.Story())
	ts.Check(err)
	ts.Value(fakeKey{}).(*fakeBox).fake = fake
	server := httptest.NewServer(fake.Handler())
	ts.Defer(server.Close)
	raw, err := fake.Token(credentialstest.TokenRequest{
		Namespace: secretstest.StoryNamespace, ServiceAccount: secretstest.StoryServiceAccount, Pod: "testapp-7d4b9c6f5-x2x7k",
	})
	ts.Check(err)
	file, err := credentialstest.NewTokenFile(ts.MkAbs("projected"), raw)
	ts.Check(err)
	for name, value := range map[string]string{
		"AWS_REGION": secretstest.StoryRegion, "AWS_ENDPOINT_URL": server.URL,
		"AWS_ROLE_ARN": secretstest.StoryRoleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": file.Path(),
		"SECRET": secretstest.StorySecretARN, "APP": secretstest.StoryAppSecretName,
		"FAST": "-refresh=100ms",
	} {
		ts.Setenv(name, value)
	}
}

// rotateCommand is "rotate VALUE": it gives the app's secret a new version. With
// "hex:" in front it is binary.
func rotateCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 1, "rotate VALUE")
	version := secretstest.Version{String: &args[0]}
	if digits, ok := strings.CutPrefix(args[0], "hex:"); ok {
		data, err := hex.DecodeString(digits)
		ts.Check(err)
		version = secretstest.Version{Binary: data}
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

// patience is how long "await" waits before it gives up.
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
func sendCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 2 && signals[args[0]] != 0, "send SIGNAL FILE")
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[1])))
	ts.Check(err)
	p, err := os.FindProcess(pid)
	ts.Check(err)
	ts.Check(p.Signal(signals[args[0]]))
}

// endedCommand is "ended FILE": it waits until the process whose id is in a file
// has ended.
func endedCommand(ts *testscript.TestScript, neg bool, args []string) {
	check(ts, !neg && len(args) == 1, "ended FILE")
	pid, err := strconv.Atoi(strings.TrimSpace(ts.ReadFile(args[0])))
	ts.Check(err)
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
