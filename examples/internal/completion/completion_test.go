package completion_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/examples/internal/completion"
)

const help = `NAME
    tool - does things

OPTIONS
    -file FILE    reads this;
                  more of it
    -plan PLAN.json  a plan: not another
    -kind KIND    it's one of [these],
                  or those
    -count N      how many
    -json, -text  print so
    -h            print this

EXAMPLES
    tool -not-a-flag of the help
        nor this
`

var tool = completion.Tool{
	Name: "tool", Help: help,
	Commands: []completion.Command{
		{Name: "open", Summary: "open files", Help: "    -quiet  say nothing\n"},
		{Name: "say", Summary: "say a word", Words: []string{"yes", "no"}},
	},
	Values: map[string][]string{"KIND": {"red", "blue"}},
}

func TestFish(t *testing.T) {
	t.Parallel()
	got, err := tool.Script("fish")
	if err != nil {
		t.Fatal(err)
	}
	const want = `# fish completion of tool: tool completion fish | source

complete -c tool -f
complete -c tool -n __fish_use_subcommand -a open -d 'open files'
complete -c tool -n __fish_use_subcommand -a say -d 'say a word'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o file -r -F -d 'reads this'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o plan -r -F -d 'a plan'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o kind -x -a 'red blue' -d 'it’s one of (these), or those'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o count -x -d 'how many'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o json -d 'print so'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o text -d 'print so'
complete -c tool -n 'not __fish_seen_subcommand_from open say' -o h -d 'print this'
complete -c tool -n '__fish_seen_subcommand_from open' -o quiet -d 'say nothing'
complete -c tool -n '__fish_seen_subcommand_from open' -F
complete -c tool -n '__fish_seen_subcommand_from say' -a 'yes no'
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fish (-want +got):\n%s", diff)
	}
}

func TestZsh(t *testing.T) {
	t.Parallel()
	got, err := tool.Script("zsh")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"#compdef tool\n", "'open:open files'\n", "'*-file[reads this]:file:_files'",
		"'*-kind[it’s one of (these), or those]:KIND:(red blue)'", "'*-json[print so]'", "'*:word:(yes no)'",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	script, err := tool.Script("bash")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		words []string
		want  string
	}{
		"commands":           {[]string{"o"}, "open"},
		"first":              {[]string{""}, "-file -plan -kind -count -json -text -h open say"},
		"not a command here": {[]string{"-json", "o"}, ""},
		"flags":              {[]string{"-json", "-t"}, "-text"},
		"a value":            {[]string{"-kind", "b"}, "blue"},
		"a value unknown":    {[]string{"-count", ""}, ""},
		"words":              {[]string{"say", ""}, "yes no"},
		"flags of a command": {[]string{"open", "-"}, "-quiet"},
		"files of a command": {[]string{"open", "completion_t"}, "completion_test.go"},
		"file of a flag":     {[]string{"-file", "completion_t"}, "completion_test.go"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), bash, append([]string{
				"-c", script + `COMP_WORDS=(tool "$@"); COMP_CWORD=$#; _tool; IFS=' '; echo "${COMPREPLY[*]}"`, "bash",
			}, test.words...)...)
			out, err := cmd.CombinedOutput()
			if got := strings.TrimSpace(string(out)); err != nil || got != test.want {
				t.Errorf("%q, %v; want %q", got, err, test.want)
			}
		})
	}
}

// ask runs a shell. The gate installs it and sets CI; elsewhere its absence skips
// the test.
func ask(t *testing.T, shell string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	out, err := exec.CommandContext(t.Context(), path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// What fish itself proposes, each with its description.
func TestFishAsked(t *testing.T) {
	t.Parallel()
	script, err := tool.Script("fish")
	if err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"tool o":              "open\topen files",
		"tool -j":             "-json\tprint so",
		"tool -kind b":        "blue\tit’s one of (these), or those",
		"tool -count ":        "",
		"tool say ":           "no\nyes",
		"tool open -q":        "-quiet\tsay nothing",
		"tool open completi":  "completion.go\ncompletion_test.go",
		"tool -file completi": "completion.go\ncompletion_test.go",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := ask(t, "fish", "--no-config", "-c", script+"complete -C $argv[1]", line)
			lines := strings.Split(got, "\n")
			for i := range lines { // files have no description
				if strings.HasPrefix(lines[i], "completion") {
					lines[i], _, _ = strings.Cut(lines[i], "\t")
				}
			}
			if got := strings.Join(lines, "\n"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

// What zsh is told to propose; its own functions are played, for they need a line
// that is edited.
func TestZshAsked(t *testing.T) {
	t.Parallel()
	script, err := tool.Script("zsh")
	if err != nil {
		t.Fatal(err)
	}
	const play = `compdef() {}; _describe() { print -rl -- describe $commands }; _arguments() { print -rl -- "$CURRENT $words" "$@" }` + "\n"
	for line, want := range map[string]string{
		"tool o":      "describe\nopen:open files\nsay:say a word\n2 tool o\n*-file[reads this]:file:_files",
		"tool say y":  "2 say y\n*:word:(yes no)",
		"tool open q": "2 open q\n*-quiet[say nothing]\n*:file:_files",
		"tool -kind ": "3 tool -kind \n*-file[reads this]:file:_files",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			got := ask(t, "zsh", "-f", "-c", play+script+`words=("${(@s: :)1}"); CURRENT=$#words; _tool`, "zsh", line)
			if !strings.HasPrefix(got, want) {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestNoSuchShell(t *testing.T) {
	t.Parallel()
	if _, err := tool.Script("csh"); err == nil || !strings.Contains(err.Error(), "bash, zsh, fish") {
		t.Errorf("error %v", err)
	}
}
