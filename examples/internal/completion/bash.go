package completion

import (
	"fmt"
	"strings"
)

// bash writes a function for "complete -F". It works with version 3.2 too, which
// has no compopt.
func (t Tool) bash() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# bash completion of %[1]s: source <(%[1]s completion bash)\n\n", t.Name)
	fmt.Fprintf(&b, "_%s() {\n", t.Name)
	b.WriteString(`	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words= files=
	COMPREPLY=()
	if ((COMP_CWORD > 1)); then
		command=${COMP_WORDS[1]}
	fi
	case $command in
`)
	for _, c := range t.Commands {
		fmt.Fprintf(&b, "\t%s)\n", c.Name)
		bashScope(&b, t.options(c.Help), c.Words, c.Words == nil)
	}
	b.WriteString("\t*)\n")
	bashScope(&b, t.options(t.Help), nil, false)
	fmt.Fprintf(&b, "\t\tif ((COMP_CWORD == 1)); then\n\t\t\twords+=' %s'\n\t\tfi\n\t\t;;\n\tesac\n", strings.Join(t.commands(), " "))
	b.WriteString(`	if [[ $files && $cur != -* ]]; then
		local IFS=$'\n'
		COMPREPLY=($(compgen -f -- "$cur"))
	else
		COMPREPLY=($(compgen -W "$words" -- "$cur"))
	fi
}

`)
	fmt.Fprintf(&b, "complete -o filenames -F _%[1]s %[1]s\n", t.Name)
	return b.String()
}

// bashScope writes what sets words and files after a command.
func bashScope(b *strings.Builder, options []option, words []string, files bool) {
	b.WriteString("\t\tcase $prev in\n")
	for _, o := range options {
		switch {
		case o.value == "":
		case o.file:
			fmt.Fprintf(b, "\t\t%s) files=1 ;;\n", o.name)
		default:
			fmt.Fprintf(b, "\t\t%s) words='%s' ;;\n", o.name, strings.Join(o.words, " "))
		}
	}
	fmt.Fprintf(b, "\t\t*)\n\t\t\twords='%s'\n", strings.Join(append(names(options), words...), " "))
	if files {
		b.WriteString("\t\t\tfiles=1\n")
	}
	b.WriteString("\t\t\t;;\n\t\tesac\n")
	if files || words != nil {
		b.WriteString("\t\t;;\n")
	}
}
