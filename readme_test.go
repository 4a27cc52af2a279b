package irsa_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestREADMESample keeps the README's code to what is tested: its Go block is
// the body of package secrets' Example, white space and the paragraph that
// makes up a pod for it aside.
func TestREADMESample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example, err := os.ReadFile("secrets/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	sample, err := goBlock(string(readme))
	if err != nil {
		t.Fatal("README.md: ", err)
	}
	body, err := exampleBody(string(example))
	if err != nil {
		t.Fatal("secrets/example_test.go: ", err)
	}
	if diff := cmp.Diff(trimLines(body), trimLines(sample)); diff != "" {
		t.Errorf("the sample differs from its example (-example +README.md):\n%s", diff)
	}
}

func TestREADMESampleReaders(t *testing.T) {
	t.Parallel()
	const example = "package p\n\nfunc Example() {\n\tprepare()\n\n\tif a {\n\t\tb()\n\t}\n\n\tc()\n\t// Output: d\n}\n"
	body, err := exampleBody(example)
	if err != nil {
		t.Fatal(err)
	}
	block, err := goBlock("text\n```sh\nx\n```\n\n```go\nif a {\n\tb()\n}\nc()\n```\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"if a {", "b()", "}", "c()"}
	if diff := cmp.Diff(want, trimLines(body)); diff != "" {
		t.Errorf("exampleBody (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, trimLines(block)); diff != "" {
		t.Errorf("goBlock (-want +got):\n%s", diff)
	}
	if _, err := goBlock("no block"); err == nil {
		t.Error("goBlock found a block where there is none")
	}
	if _, err := goBlock("```go\na\n```\n```go\nb\n```\n"); err == nil {
		t.Error("goBlock chose between two blocks")
	}
	if _, err := exampleBody("package p\n\nfunc ExampleOther() {}\n"); err == nil {
		t.Error("exampleBody found an Example where there is none")
	}
}

// goBlock returns the one Go block of a Markdown text.
func goBlock(text string) (string, error) {
	_, rest, ok := strings.Cut(text, "```go\n")
	if !ok {
		return "", errors.New("no Go block")
	}
	block, rest, _ := strings.Cut(rest, "```")
	if strings.Contains(rest, "```go\n") {
		return "", errors.New("more than one Go block: which is the sample?")
	}
	return block, nil
}

// exampleBody returns the source between the braces of func Example, from its
// second paragraph to its output comment.
func exampleBody(src string) (string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", src, parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	for _, decl := range file.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if ok && f.Recv == nil && f.Name.Name == "Example" {
			from, to := fset.Position(f.Body.Lbrace).Offset+1, fset.Position(f.Body.Rbrace).Offset
			body, _, _ := strings.Cut(src[from:to], "// Output:")
			if _, body, ok = strings.Cut(body, "\n\n"); !ok {
				return "", errors.New("func Example has one paragraph only")
			}
			return body, nil
		}
	}
	return "", errors.New("no func Example")
}

// trimLines returns the lines of text without indentation and blank lines.
func trimLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
