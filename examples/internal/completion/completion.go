// Package completion writes shell completion for the commands of the examples.
// What a command takes is read from its own help, so that the two cannot
// disagree. It is shared by the examples; a program of its own would rather use
// its flag library's.
package completion

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Shells are those that [Tool.Script] knows.
var Shells = []string{"bash", "zsh", "fish"}

// Tool is a program.
type Tool struct {
	Name string
	// Help has the flags of the program itself. It may be empty.
	Help string
	// Commands are what may come first.
	Commands []Command
	// Values are the words that a flag's value is one of, by how the help calls the
	// value: "KIND". Values that the help calls FILE, or that have an extension, as
	// in PLAN.json, are files. Nothing is proposed for others.
	Values map[string][]string
}

// Command is a program's subcommand.
type Command struct {
	Name, Summary string
	// Help has its flags. It may be empty.
	Help string
	// Words are its arguments; without them, they are files.
	Words []string
}

// Script returns the completion for one of [Shells].
func (t Tool) Script(shell string) (string, error) {
	switch shell {
	case "bash":
		return t.bash(), nil
	case "zsh":
		return t.zsh(), nil
	case "fish":
		return t.fish(), nil
	}
	return "", fmt.Errorf("no shell %q: want %s", shell, strings.Join(Shells, ", "))
}

// option is a flag as the help has it.
type option struct {
	name    string // with its hyphen
	value   string // as the help calls it; "" if it takes none
	summary string
	words   []string
	file    bool
}

var (
	// optionLine is "  -flag, -other VALUE  what they are for".
	optionLine = regexp.MustCompile(`^ {2,4}(-[a-z-]+(?:, -[a-z-]+)*)(?: (\S+))?(?:  +(.*))?$`)
	fileName   = regexp.MustCompile(`^FILE$|^[A-Z]+\.[a-z]+$`)
)

// options reads the flags in a help text, in its order.
func (t Tool) options(help string) []option {
	var all []option
	begun := 0 // how many of all the line above is about
	for line := range strings.Lines(help) {
		line = strings.TrimSuffix(line, "\n")
		m := optionLine.FindStringSubmatch(line)
		switch {
		case m != nil:
			names := strings.Split(m[1], ", ")
			for _, name := range names {
				all = append(all, option{
					name: name, value: m[2], summary: m[3],
					words: t.Values[m[2]], file: fileName.MatchString(m[2]),
				})
			}
			begun = len(names)
		case strings.HasPrefix(line, "        "):
			for i := len(all) - begun; i < len(all); i++ {
				all[i].summary += " " + strings.TrimSpace(line)
			}
		default:
			begun = 0
		}
	}
	for i := range all {
		all[i].summary = short(all[i].summary)
	}
	return all
}

// short is a summary up to its first stop, in characters that mean nothing to a
// shell.
func short(summary string) string {
	if at := strings.IndexAny(summary, ";:"); at >= 0 {
		summary = summary[:at]
	}
	return strings.TrimSpace(strings.NewReplacer("'", "’", "[", "(", "]", ")", `\`, "/").Replace(summary))
}

// names are the options' names.
func names(options []option) []string {
	var all []string
	for _, o := range options {
		all = append(all, o.name)
	}
	return all
}

// commands are the names of the subcommands.
func (t Tool) commands() []string {
	var all []string
	for _, c := range t.Commands {
		all = append(all, c.Name)
	}
	return slices.Clip(all)
}
