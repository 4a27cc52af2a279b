package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// browser is a Chromium with one page, driven by the DevTools protocol over a
// pipe: JSON messages that end with a zero byte, on descriptors 3 and 4.
type browser struct {
	t       *testing.T
	ctx     context.Context
	to      *os.File
	answers chan message
	session string
	last    int
	loads   int      // pages that have been loaded
	console []string // what the page has had to complain about
}

// message is a call, an answer or an event.
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

// startBrowser starts Chromium. Where there is none, the test is skipped, in the
// gate it fails.
func startBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	cmd := exec.CommandContext(ctx, path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--no-proxy-server", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	in, to, err := os.Pipe()
	from, out, err2 := os.Pipe()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{in, out}
	cmd.WaitDelay = 10 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, ctx: ctx, to: to, answers: make(chan message, 1024)}
	go b.listen(from)
	t.Cleanup(func() {
		_, _ = b.call("Browser.close", nil)
		_ = cmd.Wait() // it was told to end
		cancel()
		_ = errors.Join(to.Close(), from.Close())
	})
	if err := errors.Join(in.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	b.open()
	return b
}

// listen takes messages off the pipe.
func (b *browser) listen(from *os.File) {
	defer close(b.answers)
	in := bufio.NewReader(from)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) == nil {
			b.answers <- m
		}
	}
}

// open attaches to a new page and listens to its complaints.
func (b *browser) open() {
	var target struct{ TargetID, SessionID string }
	b.must("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.must("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		b.must(domain+".enable", nil, nil)
	}
}

func (b *browser) must(method string, params, result any) {
	b.t.Helper()
	raw, err := b.call(method, params)
	if err == nil && result != nil {
		err = json.Unmarshal(raw, result)
	}
	if err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
}

// call sends a call and waits for its answer.
func (b *browser) call(method string, params any) (json.RawMessage, error) {
	raw, err := json.Marshal(params)
	if err != nil {
		return nil, err
	}
	b.last++
	m := message{ID: b.last, Session: b.session, Method: method, Params: raw}
	if params == nil {
		m.Params = nil
	}
	if method == "Browser.close" {
		m.Session = ""
	}
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		return nil, err
	}
	for {
		answer, err := b.next()
		switch {
		case err != nil:
			return nil, err
		case answer.ID != m.ID:
		case answer.Error != nil:
			return nil, errors.New(answer.Error.Message)
		default:
			return answer.Result, nil
		}
	}
}

// next returns the next message, and takes note of events.
func (b *browser) next() (message, error) {
	select {
	case <-b.ctx.Done():
		return message{}, b.ctx.Err()
	case m, ok := <-b.answers:
		if !ok {
			return m, errors.New("the browser has gone")
		}
		switch m.Method {
		case "Page.loadEventFired":
			b.loads++
		case "Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled":
			b.console = append(b.console, string(m.Params))
		}
		return m, nil
	}
}

// loaded does something and waits until a page has been loaded after it.
func (b *browser) loaded(do func()) {
	b.t.Helper()
	before := b.loads
	do()
	for b.loads == before {
		if _, err := b.next(); err != nil {
			b.t.Fatal(err)
		}
	}
}

// visit goes to an address.
func (b *browser) visit(url string) {
	b.t.Helper()
	b.loaded(func() { b.must("Page.navigate", map[string]any{"url": url}, nil) })
}

// enter types into the field for the token, and ends with Enter. The field has the
// focus by itself, but not as soon as the page is loaded.
func (b *browser) enter(text string) {
	b.t.Helper()
	b.evaluate("document.querySelector('[name=token]').focus()")
	b.loaded(func() {
		b.must("Input.insertText", map[string]any{"text": text}, nil)
		for _, kind := range []string{"keyDown", "keyUp"} {
			key := map[string]any{"type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
			if kind == "keyDown" {
				key["text"] = "\r"
			}
			b.must("Input.dispatchKeyEvent", key, nil)
		}
	})
}

// evaluate returns the value of an expression as the page has it.
func (b *browser) evaluate(expression string) string {
	b.t.Helper()
	var out struct {
		Result struct{ Value any }
	}
	b.must("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &out)
	return fmt.Sprint(out.Result.Value)
}
