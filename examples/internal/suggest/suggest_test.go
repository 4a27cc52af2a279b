package suggest_test

import (
	"errors"
	"flag"
	"io"
	"testing"

	"github.com/irsakit/irsa/examples/internal/suggest"
)

func TestWord(t *testing.T) {
	t.Parallel()
	words := []string{"eval", "lint", "explain", "access", "completion", "help"}
	for given, want := range map[string]string{
		"lnit": "lint", "lin": "lint", "explian": "explain", "acess": "access", "completoin": "completion", "Lint": "lint", "hepl": "help",
		"": "", "x": "", "nonsense": "", "terraform": "", "world.yaml": "",
	} {
		if want != "" {
			want = `; did you mean "` + want + `"?`
		}
		if got := suggest.Word(given, words); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func TestFlag(t *testing.T) {
	t.Parallel()
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Bool("json", false, "")
	flags.String("secret", "", "")
	const unknown = "flag provided but not defined: "
	for arg, want := range map[string]string{
		"-jsno":     unknown + "-jsno; did you mean -json?",
		"--secrets": unknown + "-secrets; did you mean -secret?",
		"-nonsense": unknown + "-nonsense",
		"-secret":   "flag needs an argument: -secret",
	} {
		if got := suggest.Flag(flags.Parse([]string{arg}), flags); got.Error() != want {
			t.Errorf("%s: %q, want %q", arg, got, want)
		}
	}
	if other := errors.New("another"); suggest.Flag(other, flags) != other {
		t.Error("another error is not the same afterwards")
	}
}
