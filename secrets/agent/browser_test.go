package agent_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/irsakit/irsa/internal/testutil/redaction"
)

// browser is a Chromium that is told what to do over a pipe (Chrome DevTools
// Protocol).
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *json.Decoder
	id      int
	session string
	logged  []string // what the console says
	loads   int
}

// message is all that goes over the pipe.
type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
	} `json:"error,omitempty"`
}

// newBrowser starts a Chromium. Where there is none, the test is skipped, in the
// gate it fails.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	theirIn, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, theirOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	cmd := exec.CommandContext(ctx, path, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--user-data-dir="+home, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	cmd.Env = append(os.Environ(), "HOME="+home)
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	_, _ = theirIn.Close(), theirOut.Close()
	b := &browser{t: t, in: in, out: json.NewDecoder(&withoutNUL{out})}
	t.Cleanup(func() {
		_, _ = io.WriteString(in, `{"id":999999,"method":"Browser.close"}`+"\x00")
		_, _ = io.Copy(io.Discard, out) // until it has closed its end
		cancel()
		_ = cmd.Wait() // killed, at the worst
		_, _ = in.Close(), out.Close()
	})
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Log", "Runtime"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// withoutNUL makes white space of what separates messages.
type withoutNUL struct{ io.Reader }

// Read implements io.Reader.
func (r *withoutNUL) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	copy(p, bytes.ReplaceAll(p[:n], []byte{0}, []byte{' '}))
	return n, err
}

// call sends a command and waits for its result.
func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.id++
	raw, err := json.Marshal(map[string]any{"id": b.id, "method": method, "params": params, "sessionId": b.session})
	if b.session == "" {
		raw, err = json.Marshal(map[string]any{"id": b.id, "method": method, "params": params})
	}
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(raw, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		m := b.next()
		switch {
		case m.ID != b.id:
			continue
		case m.Error != nil:
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		case result != nil:
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// next takes a message, and notes what it tells of the page.
func (b *browser) next() message {
	b.t.Helper()
	var m message
	if err := b.out.Decode(&m); err != nil {
		if errors.Is(err, io.EOF) {
			b.t.Fatal("the browser has ended")
		}
		b.t.Fatal(err)
	}
	switch m.Method {
	case "Page.loadEventFired":
		b.loads++
	case "Log.entryAdded", "Runtime.exceptionThrown":
		b.logged = append(b.logged, string(m.Params))
	}
	return m
}

// load does what leads to another page, and waits for that.
func (b *browser) load(lead func()) {
	b.t.Helper()
	before := b.loads
	lead()
	for b.loads == before {
		b.next()
	}
}

// eval returns what an expression is, as a string.
func (b *browser) eval(format string, args ...any) string {
	b.t.Helper()
	var out struct {
		Result struct {
			Value any `json:"value"`
		} `json:"result"`
	}
	b.call("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf(format, args...), "returnByValue": true}, &out)
	return fmt.Sprint(out.Result.Value)
}

// screenshot writes a picture of the page, for people.
func (b *browser) screenshot(path string) {
	b.t.Helper()
	var out struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &out)
	data, err := base64.StdEncoding.DecodeString(out.Data)
	if err == nil {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// TestBrowser logs in, looks at the page and logs out, in a real browser.
func TestBrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	r := newRig(t, func(s *setup) { s.agent.Declared = []string{"db/main", "absent"} })
	for _, name := range []string{"db/main", "absent"} {
		r.ask(t, "GET", "/v1/"+name, withT...)
	}
	page := "http://" + r.host() + "/irsa/"
	b.load(func() { b.call("Page.navigate", map[string]any{"url": page}, nil) })
	if at := b.eval("location.pathname"); at != "/irsa/login" {
		t.Errorf("nobody is at %s", at)
	}
	if font := b.eval("getComputedStyle(document.body).maxWidth"); font == "none" {
		t.Error("the style is not applied")
	}
	login := func(token string) {
		b.load(func() {
			b.eval("document.querySelector('[name=token]').value = %q; document.querySelector('button').click()", token)
		})
	}
	login("no")
	if text := b.eval("document.body.innerText"); !strings.Contains(text, "not a token of this agent") {
		t.Errorf("a wrong token: %s", text)
	}
	b.logged = nil // of the status 403
	login(tok)
	if at := b.eval("location.pathname"); at != "/irsa/" {
		t.Errorf("after the login, at %s", at)
	}
	text := b.eval("document.documentElement.outerHTML")
	redaction.CheckText(t, "the page", text, marker)
	for _, want := range []string{"db/main", currentID, "absent", "1 of 2 declared secrets are missing", "pod-role"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if cookie := b.eval("document.cookie"); cookie != "" {
		t.Error("scripts can read the session's cookie")
	}
	if path := os.Getenv("IRSA_SCREENSHOT"); path != "" {
		b.screenshot(path)
	}
	b.load(func() { b.eval("document.querySelector('header button').click()") })
	if at := b.eval("location.pathname"); at != "/irsa/login" {
		t.Errorf("after the logout, at %s", at)
	}
	if len(b.logged) > 0 {
		t.Errorf("the browser complains: %s", b.logged)
	}
}
