//go:build ignore

// Command terminal makes a page of what a program has written to a terminal:
//
//	go run terminal.go TITLE PAGE.html <OUTPUT
//
// It knows the colours that the tools use (ECMA-48, SGR), and prints how wide
// and high the page is in pixels, as Chromium takes it for a window.
package main

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"log"
	"os"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Pixels of a character in the page's font, and around the text.
const (
	charWidth  = 8.43
	lineHeight = 18
	margin     = 20
)

// columns are what a picture is wide at least, so that they look alike.
const columns = 100

var page = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<meta charset="utf-8">
<style>
body { margin: 0; padding: {{.Margin}}px; background: #101418; color: #d8dee4;
       font: 14px/{{.Line}}px "DejaVu Sans Mono", monospace; }
pre { margin: 0; font: inherit; }
.title { color: #8b98a5; }
.s1 { font-weight: bold; }
.s32 { color: #58c26b; } .s36 { color: #56b6c2; } .s33 { color: #e0b040; } .s31 { color: #ff6b64; font-weight: bold; }
</style>
<pre><span class="title">$ {{.Title}}</span>
{{range .Spans}}{{if .Class}}<span class="{{.Class}}">{{.Text}}</span>{{else}}{{.Text}}{{end}}{{end}}</pre>
`))

// span is text of one colour.
type span struct{ Class, Text string }

var sgr = regexp.MustCompile("\x1b\\[([0-9;]*)m")

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: terminal TITLE PAGE.html <OUTPUT")
	}
	raw, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	text := strings.TrimRight(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n")
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{"Title": os.Args[1], "Spans": spans(text), "Margin": margin, "Line": lineHeight})
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(os.Args[2], out.Bytes(), 0o600); err != nil {
		log.Fatal(err)
	}
	wide, high := size("$ " + os.Args[1] + "\n" + sgr.ReplaceAllString(text, ""))
	fmt.Printf("%d,%d\n", wide, high)
}

// spans cuts text where its colour changes.
func spans(text string) []span {
	var all []span
	class := ""
	for text != "" {
		at := sgr.FindStringSubmatchIndex(text)
		if at == nil {
			return append(all, span{class, text})
		}
		if at[0] > 0 {
			all = append(all, span{class, text[:at[0]]})
		}
		class = classOf(text[at[2]:at[3]])
		text = text[at[1]:]
	}
	return all
}

// classOf is the style of a colour: the last of its parameters.
func classOf(parameters string) string {
	last := parameters[strings.LastIndexByte(parameters, ';')+1:]
	if last == "" || last == "0" {
		return ""
	}
	return "s" + last
}

// size is how many pixels text takes.
func size(text string) (wide, high int) {
	longest := columns
	lines := strings.Split(text, "\n")
	for _, line := range lines {
		longest = max(longest, utf8.RuneCountInString(line))
	}
	return int(float64(longest)*charWidth) + 2*margin, len(lines)*lineHeight + 2*margin
}
