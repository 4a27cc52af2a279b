package terminal

import (
	"strings"
	"unicode"
)

// Paragraph writes text from the given column on, and its further lines from
// that column on too. A word that is longer than a line stays whole, so that it
// can be copied. Nothing in the text is obeyed by a terminal.
func (s Style) Paragraph(b *strings.Builder, text string, indent int) {
	column := indent
	for i, word := range strings.Fields(Printable(text)) {
		n := Columns(word)
		switch {
		case i == 0:
		case s.Width > 0 && column+1+n > s.Width:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = indent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	b.WriteByte('\n')
}

// Pad returns text with spaces behind it up to the given number of columns.
func Pad(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-Columns(text)))
}

// Clip returns text, or as much of it as has room in the given number of columns
// with an ellipsis.
func Clip(text string, columns int) string {
	if Columns(text) <= columns {
		return text
	}
	used := 1
	for i, r := range text {
		if used += width(r); used > columns {
			return text[:i] + "…"
		}
	}
	return text
}

// Columns is how many columns of a terminal text takes.
func Columns(text string) int {
	n := 0
	for _, r := range text {
		n += width(r)
	}
	return n
}

func width(r rune) int {
	switch {
	case r < 0x300: // most text, and all before the first combining character
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

// wide are the blocks whose characters take two columns (Unicode Standard Annex
// #11, East Asian Width W and F), without the single ones between narrow ones.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115f, Stride: 1},
		{Lo: 0x2e80, Hi: 0x303e, Stride: 1},
		{Lo: 0x3041, Hi: 0xa4cf, Stride: 1},
		{Lo: 0xa960, Hi: 0xa97f, Stride: 1},
		{Lo: 0xac00, Hi: 0xd7a3, Stride: 1},
		{Lo: 0xf900, Hi: 0xfaff, Stride: 1},
		{Lo: 0xfe30, Hi: 0xfe6f, Stride: 1},
		{Lo: 0xff00, Hi: 0xff60, Stride: 1},
		{Lo: 0xffe0, Hi: 0xffe6, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x1f300, Hi: 0x1f64f, Stride: 1},
		{Lo: 0x1f680, Hi: 0x1f6ff, Stride: 1},
		{Lo: 0x1f900, Hi: 0x1faff, Stride: 1},
		{Lo: 0x20000, Hi: 0x3fffd, Stride: 1},
	},
}
