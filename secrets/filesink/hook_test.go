//go:build unix

package filesink_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

func TestCommand(t *testing.T) {
	t.Parallel()
	script := func(s string) filesink.Command { return filesink.Command{Args: []string{"/bin/sh", "-c", s}} }
	tests := map[string]struct {
		command filesink.Command
		output  string
		err     string // empty: none
	}{
		"success":     {script("echo done; echo well >&2"), "done\nwell\n", ""},
		"failure":     {script("exit 3"), "", `command "/bin/sh": exit status 3`},
		"no program":  {filesink.Command{Args: []string{"/nonexistent"}}, "", "no such file"},
		"environment": {filesink.Command{Args: []string{"/bin/sh", "-c", "echo $A"}, Env: []string{"A=b"}}, "b\n", ""},
		"left behind": {script("sleep 60 & echo $! >&2"), "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			test.command.Output = &out
			err := test.command.Run(t.Context())
			if n, ok := errors.AsType[*filesink.NotifyError](err); err != nil && (!ok || n.Err == nil) {
				t.Errorf("%#v", err)
			}
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if name == "left behind" {
				var pid int
				_, err := fmt.Sscan(out.String(), &pid)
				must(t, err)
				must(t, syscall.Kill(pid, syscall.SIGKILL))
				return
			}
			if out.String() != test.output {
				t.Errorf("output %q, want %q", &out, test.output)
			}
		})
	}
}

// Not parallel: the environment is the whole process's.
func TestCommandEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN", "DB_PASSWORD"} {
		t.Setenv(name, marker)
	}
	var out bytes.Buffer
	must(t, filesink.Command{Args: []string{"env"}, Output: &out}.Run(t.Context()))
	if !strings.Contains(out.String(), "PATH=") || strings.Contains(out.String(), marker) {
		t.Errorf("environment:\n%s", &out)
	}
}

// The time limit ends a command and what it started.
func TestCommandHangs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- filesink.Command{Args: []string{"/bin/sh", "-c", "sleep 600 & echo $!; wait"}, Output: in}.Run(ctx)
	}()
	var child int
	_, err := fmt.Fscanln(bufio.NewReader(out), &child)
	must(t, err)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for range 1000 {
		if ended(child) {
			return
		}
		<-time.After(10 * time.Millisecond) // until init has looked after it
	}
	t.Error("its child lives on")
}

// ended reports whether a process is gone or waits to be.
func ended(pid int) bool {
	if err := syscall.Kill(pid, 0); err != nil {
		return true
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && bytes.Contains(stat, []byte(") Z "))
}

func TestCall(t *testing.T) {
	t.Parallel()
	var got *http.Request
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/reload", http.StatusFound)
		case "/silent":
			w.WriteHeader(http.StatusNoContent)
		case "/broken":
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	tests := map[string]struct {
		call   filesink.Call
		method string
		err    string // empty: none
	}{
		"post":      {filesink.Call{URL: server.URL + "/reload", Header: http.Header{"X-Token": {"t"}}}, "POST", ""},
		"get":       {filesink.Call{URL: server.URL + "/reload", Method: "GET"}, "GET", ""},
		"silent":    {filesink.Call{URL: server.URL + "/silent"}, "POST", ""},
		"refused":   {filesink.Call{URL: server.URL + "/broken?token=t"}, "POST", "/broken: status 500"},
		"redirect":  {filesink.Call{URL: server.URL + "/moved"}, "POST", "status 302"},
		"client":    {filesink.Call{URL: server.URL + "/moved", Client: http.DefaultClient}, "GET", ""},
		"no server": {filesink.Call{URL: "http://127.0.0.1:1/reload"}, "", "refused"},
		"no method": {filesink.Call{URL: server.URL, Method: "("}, "", "Call.Method"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got = nil
			err := test.call.Run(t.Context())
			if (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			if test.method != "" && (got == nil || got.Method != test.method || got.ContentLength != 0) {
				t.Errorf("request %+v", got)
			}
			if token := test.call.Header.Get("X-Token"); got != nil && got.Header.Get("X-Token") != token {
				t.Errorf("header %q", got.Header)
			}
		})
	}
	http.DefaultClient.CloseIdleConnections()
}

// sleeperVariable has the test binary print the first signal that it gets.
const sleeperVariable = "FILESINK_TEST_SLEEPER"

func init() {
	helpers[sleeperVariable] = func(string) error {
		got := make(chan os.Signal, 1)
		signal.Notify(got, syscall.SIGHUP, syscall.SIGUSR1)
		fmt.Println("ready")
		fmt.Println(<-got)
		return nil
	}
}

// sleeper starts a process by a name, which is done when it has got a signal.
func sleeper(t *testing.T, name string) (pid int, signal func() string) {
	t.Helper()
	program, err := os.Executable()
	must(t, err)
	cmd := exec.Command(program)
	cmd.Args = []string{"/somewhere/" + name}
	cmd.Env = []string{sleeperVariable + "=1", "GOCOVERDIR=" + os.TempDir()}
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("it said %q", lines.Text())
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid, func() string { lines.Scan(); return lines.Text() }
}

func TestSignal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		signal func(pid int) filesink.Signal
		want   string
	}{
		"by id":   {func(pid int) filesink.Signal { return filesink.Signal{PID: pid} }, "hangup"},
		"another": {func(pid int) filesink.Signal { return filesink.Signal{PID: pid, Signal: syscall.SIGUSR1} }, "user defined signal 1"},
		"by file": {func(pid int) filesink.Signal {
			file := filepath.Join(t.TempDir(), "pid")
			must(t, os.WriteFile(file, fmt.Appendln(nil, pid), 0o600))
			return filesink.Signal{PIDFile: file}
		}, "hangup"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pid, signal := sleeper(t, "sleeper")
			must(t, test.signal(pid).Run(t.Context()))
			if got := signal(); got != test.want {
				t.Errorf("it got %q, want %q", got, test.want)
			}
		})
	}
}

// All processes by the name get it, whether they are called so or call
// themselves so; and no other.
func TestSignalByName(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	name := fmt.Sprintf("sleeper-%d-of-a-long-name", os.Getpid())
	_, one := sleeper(t, name)
	_, two := sleeper(t, name)
	other, _ := sleeper(t, name+"2")
	must(t, filesink.Signal{Process: name}.Run(t.Context()))
	for _, signal := range []func() string{one, two} {
		if got := signal(); got != "hangup" {
			t.Errorf("it got %q", got)
		}
	}
	if ended(other) {
		t.Error("another got it too")
	}
}

// serverVariable has the test binary start itself as a worker, if its value is
// "server", and print the signals that each of the two gets.
const serverVariable = "FILESINK_TEST_SERVER"

func init() {
	helpers[serverVariable] = func(who string) error {
		got := make(chan os.Signal, 2)
		signal.Notify(got, syscall.SIGHUP, syscall.SIGUSR1)
		if who != "server" {
			fmt.Println(os.Getpid())
		} else if err := serverProcess(os.Getenv("PROGRAM"), "worker").Start(); err != nil {
			return err
		}
		for one := range got {
			fmt.Println(who, "got", one)
		}
		return nil
	}
}

// serverProcess is the program by another title, as some servers give themselves;
// the kernel knows better.
func serverProcess(program, who string) *exec.Cmd {
	cmd := exec.Command(program)
	cmd.Args[0] = who + ": its title"
	cmd.Env = []string{serverVariable + "=" + who, "PROGRAM=" + program, "GOCOVERDIR=" + os.TempDir()}
	cmd.Stdout = os.Stdout
	return cmd
}

// A server gets it and not its workers, whose business is the server's.
func TestSignalWorkers(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
	name := fmt.Sprintf("s) %d", os.Getpid()) // as nasty as names get
	own, err := os.Executable()
	must(t, err)
	program := filepath.Join(t.TempDir(), name)
	must(t, os.Symlink(own, program))
	cmd := serverProcess(program, "server")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stdout = nil
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	defer func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	lines := bufio.NewScanner(out)
	next := func() string { lines.Scan(); return lines.Text() }
	worker, err := strconv.Atoi(next())
	must(t, err)
	must(t, filesink.Signal{Process: name}.Run(t.Context()))
	if got := next(); got != "server got hangup" {
		t.Error(got)
	}
	must(t, filesink.Signal{PID: worker, Signal: syscall.SIGUSR1}.Run(t.Context()))
	if got := next(); got != "worker got user defined signal 1" {
		t.Error(got)
	}
}

func TestSignalFails(t *testing.T) {
	t.Parallel()
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "pid")
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	pipe := filepath.Join(t.TempDir(), "pipe") // which nobody writes to
	must(t, syscall.Mkfifo(pipe, 0o600))
	cmd := exec.Command("/bin/true")
	must(t, cmd.Run())
	tests := map[string]struct {
		signal filesink.Signal
		want   string
	}{
		"ended":          {filesink.Signal{PID: cmd.Process.Pid}, "already finished"},
		"no such name":   {filesink.Signal{Process: "no-such-process-anywhere"}, `process "no-such-process-anywhere": there is none yet, or the pod does not share its processes (shareProcessNamespace)`},
		"no file":        {filesink.Signal{PIDFile: "/nonexistent"}, "no such file"},
		"empty file":     {filesink.Signal{PIDFile: file("")}, "EOF"},
		"no number":      {filesink.Signal{PIDFile: file(marker)}, "no process id"},
		"a group":        {filesink.Signal{PIDFile: file("-1")}, "no process id"},
		"a whole volume": {filesink.Signal{PIDFile: file(strings.Repeat("1", 1<<20))}, "no process id"},
		"directory":      {filesink.Signal{PIDFile: os.TempDir()}, "no regular file"},
		"a pipe":         {filesink.Signal{PIDFile: pipe}, "no regular file"},
		"this process":   {filesink.Signal{PID: os.Getpid(), Signal: syscall.SIGWINCH}, "this process itself"},
		"its own file":   {filesink.Signal{PIDFile: file(strconv.Itoa(os.Getpid())), Signal: syscall.SIGWINCH}, "this process itself"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := test.signal.Run(t.Context())
			if _, ok := errors.AsType[*filesink.NotifyError](err); !ok || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), marker) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if err := (filesink.Signal{}).Run(t.Context()); !errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("nobody: %v", err)
	}
}
