package terminal_test

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/irsakit/irsa/examples/internal/terminal"
)

// pseudo opens a terminal of so many columns; 0 is one that does not tell.
func pseudo(t *testing.T, columns uint16) *os.File {
	t.Helper()
	f, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	size := struct{ rows, columns, width, height uint16 }{rows: 24, columns: columns}
	if _, _, code := syscall.Syscall(syscall.SYS_IOCTL, f.Fd(), syscall.TIOCSWINSZ, uintptr(unsafe.Pointer(&size))); code != 0 {
		t.Fatal(code)
	}
	return f
}

func TestStyleOfTerminal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		columns uint16
		when    terminal.When
		env     map[string]string
		want    terminal.Style
	}{
		"a terminal":       {132, "", nil, terminal.Style{Width: 132, Colour: true}},
		"without a width":  {0, "", nil, terminal.Style{Width: 80, Colour: true}},
		"COLUMNS":          {132, "", map[string]string{"COLUMNS": "60"}, terminal.Style{Width: 60, Colour: true}},
		"no number":        {132, "", map[string]string{"COLUMNS": "wide"}, terminal.Style{Width: 132, Colour: true}},
		"NO_COLOR":         {132, "auto", map[string]string{"NO_COLOR": "1"}, terminal.Style{Width: 132}},
		"an empty one":     {132, "", map[string]string{"NO_COLOR": ""}, terminal.Style{Width: 132, Colour: true}},
		"dumb":             {132, "", map[string]string{"TERM": "dumb"}, terminal.Style{Width: 132}},
		"never":            {132, "never", nil, terminal.Style{Width: 132}},
		"always, NO_COLOR": {132, "always", map[string]string{"NO_COLOR": "1"}, terminal.Style{Width: 132, Colour: true}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := pseudo(t, test.columns)
			if !terminal.Is(f) {
				t.Error("it is no terminal")
			}
			if got := terminal.StyleOf(f, test.when, func(name string) string { return test.env[name] }); got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
}
