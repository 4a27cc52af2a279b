package manifest

import "strings"

// block is a block scalar: text below a header such as |2- (YAML 1.2.2, 8.1). It
// is read here since go-yaml leaves out spaces at the end of such text.
type block struct {
	folded bool // an end of a line is a space, two are one
	ends   byte // of lines at the end of the text: '+' all stay, '-' none, 0 one
	indent int  // of the text. Zero: that of its first line
	least  int  // what the indent must be at least
	parts  []part
}

// part is where the rest of a line, behind the indent, is in the text.
type part struct{ offset, line int }

// newBlock reads a header in something that is indented by outer spaces.
func newBlock(header string, outer int) *block {
	b := &block{folded: strings.HasPrefix(header, ">"), least: outer + 1}
	for _, c := range []byte(header) {
		switch {
		case c == '+' || c == '-':
			b.ends = c
		case '1' <= c && c <= '9':
			b.indent = outer + int(c-'0')
		}
	}
	return b
}

// text is that of the lines below the header, up to the end of the block; whole
// tells whether the last of them ends. It is not ok where white space before the
// text could be a part of it or not.
func (b *block) text(lines []string, whole bool) (text string, ok bool) {
	if b.indent == 0 && !b.measure(lines) {
		return "", false
	}
	var out strings.Builder
	last, empty := "", 0 // the end of the last line with text, and the empty ones since
	white := true        // that line begins with white space
	for i, line := range lines {
		rest, inside := b.cut(line)
		if !inside {
			break
		}
		ends := whole || i < len(lines)-1
		if rest == "" {
			if ends {
				empty++
			}
			continue
		}
		wasWhite := white
		white = rest[0] == ' ' || rest[0] == '\t'
		if b.folded && !white && !wasWhite {
			last = strings.Repeat(" ", max(0, 1-empty))
		}
		out.WriteString(last + strings.Repeat("\n", empty))
		b.parts = append(b.parts, part{out.Len(), i})
		out.WriteString(rest)
		if last, empty = "\n", 0; !ends {
			last = ""
		}
	}
	switch b.ends {
	case '+':
		out.WriteString(last + strings.Repeat("\n", empty))
	case 0:
		out.WriteString(last)
	}
	return out.String(), true
}

// measure takes the indent from the first line with text. Lines before it may
// not have more spaces, nor may it have a tab.
func (b *block) measure(lines []string) (ok bool) {
	spaces := 0
	for _, line := range lines {
		text := strings.TrimLeft(line, " ")
		indent := len(line) - len(text)
		if text != "" && indent >= b.least {
			b.indent = indent
			return indent >= spaces && text[0] != '\t'
		}
		if text != "" {
			break
		}
		spaces = max(spaces, indent)
	}
	b.indent = max(spaces, b.least)
	return true
}

// where returns the line below the header, from 0, and the column that a place in
// the text has.
func (b *block) where(offset int) (line, column int) {
	p := part{offset, 0}
	for _, next := range b.parts {
		if next.offset <= offset {
			p = next
		}
	}
	return p.line, b.indent + offset - p.offset + 1
}

// cut removes the indent. A line with less of it ends the block, unless it is
// empty.
func (b *block) cut(line string) (text string, inside bool) {
	text = strings.TrimLeft(line, " ")
	if len(line)-len(text) < b.indent {
		return "", text == ""
	}
	return line[b.indent:], true
}
