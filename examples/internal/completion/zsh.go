package completion

import (
	"fmt"
	"strings"
)

// zsh writes a function that works from a file of the fpath as well as sourced.
func (t Tool) zsh() string {
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %[1]s\n# zsh completion of %[1]s: source <(%[1]s completion zsh)\n\n_%[1]s() {\n", t.Name)
	b.WriteString("\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n\t\tlocal -a commands=(\n")
	for _, c := range t.Commands {
		fmt.Fprintf(&b, "\t\t\t'%s:%s'\n", c.Name, short(c.Summary))
	}
	b.WriteString("\t\t)\n\t\t_describe command commands\n")
	if t.Help == "" {
		b.WriteString("\t\treturn\n")
	}
	b.WriteString("\tfi\n\tcase $words[2] in\n")
	for _, c := range t.Commands {
		rest := "*:file:_files"
		if c.Words != nil {
			rest = "*:word:(" + strings.Join(c.Words, " ") + ")"
		}
		fmt.Fprintf(&b, "\t%s)\n\t\tshift words\n\t\t(( CURRENT-- ))\n", c.Name)
		zshArguments(&b, append(t.zshOptions(c.Help), rest))
	}
	b.WriteString("\t*)\n")
	zshArguments(&b, t.zshOptions(t.Help))
	fmt.Fprintf(&b, "\tesac\n}\n\nif [[ $funcstack[1] == _%[1]s ]]; then\n\t_%[1]s \"$@\"\nelse\n\tcompdef _%[1]s %[1]s\nfi\n", t.Name)
	return b.String()
}

// zshOptions are the specifications that _arguments takes, each of which may be
// given again.
func (t Tool) zshOptions(help string) []string {
	var specs []string
	for _, o := range t.options(help) {
		spec := "*" + o.name + "[" + o.summary + "]"
		switch {
		case o.value == "":
		case o.file:
			spec += ":file:_files"
		default:
			spec += ":" + zshMessage(o.value) + ":(" + strings.Join(o.words, " ") + ")"
		}
		specs = append(specs, spec)
	}
	return specs
}

// zshMessage is the name of a value without what separates.
func zshMessage(value string) string {
	return strings.NewReplacer(":", " ", "[", "", "]", "").Replace(value)
}

func zshArguments(b *strings.Builder, specs []string) {
	if len(specs) > 0 {
		fmt.Fprintf(b, "\t\t_arguments \\\n\t\t\t'%s'\n", strings.Join(specs, "' \\\n\t\t\t'"))
	}
	b.WriteString("\t\t;;\n")
}
