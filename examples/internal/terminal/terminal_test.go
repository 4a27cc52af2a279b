package terminal_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/examples/internal/terminal"
)

// What is no terminal has colours and a width only where they are asked for.
func TestNoTerminal(t *testing.T) {
	t.Parallel()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	file.Close() // nor is one that is closed
	for name, w := range map[string]io.Writer{"a buffer": new(bytes.Buffer), "a device": null, "a closed file": file} {
		if terminal.Is(w) {
			t.Errorf("%s is a terminal", name)
		}
		env := func(string) string { return "" }
		if got := terminal.StyleOf(w, "", env); got != (terminal.Style{}) {
			t.Errorf("%s: %+v", name, got)
		}
		if got := terminal.StyleOf(w, "always", env); got != (terminal.Style{Colour: true}) {
			t.Errorf("%s, always: %+v", name, got)
		}
		if got := terminal.StyleOf(w, "", func(string) string { return "120" }); got != (terminal.Style{Width: 120}) {
			t.Errorf("%s, COLUMNS: %+v", name, got)
		}
	}
}

func TestWhen(t *testing.T) {
	t.Parallel()
	var when terminal.When
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Var(&when, "color", "")
	if got := when.String(); got != "auto" {
		t.Errorf("the zero value is %q", got)
	}
	for _, value := range terminal.Whens {
		if err := flags.Parse([]string{"-color", value}); err != nil || when.String() != value {
			t.Errorf("%s: %v, %v", value, when, err)
		}
	}
	if err := flags.Parse([]string{"-color", "sometimes"}); err == nil || !strings.Contains(err.Error(), "want auto, always or never") {
		t.Errorf("error %v", err)
	}
}

func TestPaint(t *testing.T) {
	t.Parallel()
	colourful := terminal.Style{Colour: true}
	for name, test := range map[string]struct{ got, want string }{
		"a colour":  {colourful.Paint(terminal.Red, "x"), "\x1b[1;31mx\x1b[0m"},
		"no colour": {colourful.Paint("", "x"), "x"},
		"no text":   {colourful.Paint(terminal.Red, ""), ""},
		"plain":     {terminal.Style{}.Paint(terminal.Red, "x"), "x"},
	} {
		if test.got != test.want {
			t.Errorf("%s: %q, want %q", name, test.got, test.want)
		}
	}
}

func TestParagraph(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		width  int
		text   string
		indent int
		want   string
	}{
		"no limit":       {0, "one two  three", 4, "one two three\n"},
		"fits":           {11, "one two", 4, "one two\n"},
		"one too many":   {10, "one two", 4, "one\n    two\n"},
		"a long word":    {10, "a arn:aws:iam::1:role/x b", 2, "a\n  arn:aws:iam::1:role/x\n  b\n"},
		"wide":           {12, "日本語 日本語", 0, "日本語\n日本語\n"},
		"wide, and fits": {13, "日本語 日本語", 0, "日本語 日本語\n"},
		"combining":      {7, "e\u0301e\u0301e\u0301 abc", 0, "e\u0301e\u0301e\u0301 abc\n"},
		"control":        {0, "a\x1b[2J\tb\nc", 0, "a\uFFFD[2J b c\n"},
		"nothing":        {10, "", 4, "\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			terminal.Style{Width: test.width}.Paragraph(&b, test.text, test.indent)
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("paragraph (-want +got):\n%s", diff)
			}
		})
	}
}

func TestColumns(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text    string
		columns int
		padded  string
		clipped string // to four
	}{
		"ASCII":     {"secret", 6, "secret", "sec…"},
		"short":     {"key", 3, "key   ", "key"},
		"Latin":     {"Schlüssel", 9, "Schlüssel", "Sch…"},
		"combining": {"u\u0308ber", 4, "u\u0308ber  ", "u\u0308ber"},
		"wide":      {"日本語", 6, "日本語", "日…"},
		"emoji":     {"🔑key", 5, "🔑key ", "🔑k…"},
		"joined":    {"a\u200db", 2, "a\u200db    ", "a\u200db"},
		"nothing":   {"", 0, "      ", ""},
	}
	for name, test := range tests {
		if got := terminal.Columns(test.text); got != test.columns {
			t.Errorf("%s: %d columns, want %d", name, got, test.columns)
		}
		if got := terminal.Pad(test.text, 6); got != test.padded {
			t.Errorf("%s: padded %q, want %q", name, got, test.padded)
		}
		if got := terminal.Clip(test.text, 4); got != test.clipped {
			t.Errorf("%s: clipped %q, want %q", name, got, test.clipped)
		}
	}
	if got := terminal.Clip("secret", 0); got != "…" {
		t.Errorf("clipped to nothing: %q", got)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	if got := terminal.Printable("a\x1b]0;title\x07\u202eb\r\n\tü"); got != "a\uFFFD]0;title\uFFFD\uFFFDb\uFFFD\n\tü" {
		t.Errorf("%q", got)
	}
}
