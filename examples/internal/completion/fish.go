package completion

import (
	"fmt"
	"strings"
)

// fish writes one line for each flag and command.
func (t Tool) fish() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# fish completion of %[1]s: %[1]s completion fish | source\n\n", t.Name)
	fmt.Fprintf(&b, "complete -c %s -f\n", t.Name)
	for _, c := range t.Commands {
		fmt.Fprintf(&b, "complete -c %s -n __fish_use_subcommand -a %s -d '%s'\n", t.Name, c.Name, short(c.Summary))
	}
	t.fishOptions(&b, "not __fish_seen_subcommand_from "+strings.Join(t.commands(), " "), t.Help)
	for _, c := range t.Commands {
		seen := "__fish_seen_subcommand_from " + c.Name
		t.fishOptions(&b, seen, c.Help)
		arguments := "-F"
		if c.Words != nil {
			arguments = "-a '" + strings.Join(c.Words, " ") + "'"
		}
		fmt.Fprintf(&b, "complete -c %s -n '%s' %s\n", t.Name, seen, arguments)
	}
	return b.String()
}

func (t Tool) fishOptions(b *strings.Builder, when, help string) {
	for _, o := range t.options(help) {
		value := ""
		switch {
		case o.value == "":
		case o.file:
			value = " -r -F"
		case o.words != nil:
			value = " -x -a '" + strings.Join(o.words, " ") + "'"
		default:
			value = " -x"
		}
		fmt.Fprintf(b, "complete -c %s -n '%s' -o %s%s -d '%s'\n", t.Name, when, strings.TrimPrefix(o.name, "-"), value, o.summary)
	}
}
