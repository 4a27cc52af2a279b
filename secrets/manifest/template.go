package manifest

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	text "text/template"
	"text/template/parse"
)

// template is a compiled template.
type template struct {
	place
	n    *node // its text, for positions in it; nil: place
	tree *parse.Tree
}

// stepping is what the bodies of loops call first.
const stepping = "__step"

// compile compiles a template. It reports each function that there is not, up to
// a bound.
func (r *report) compile(source string, n *node, p place) *template {
	if len(source) > maxRendered {
		r.fail(p, "is too long as a template")
		return nil
	}
	t := &template{place: p, n: n, tree: parse.New("t")}
	t.tree.Mode = parse.SkipFuncCheck // to report them all
	trees := map[string]*parse.Tree{}
	tree, err := t.tree.Parse(source, "", "", trees)
	if err != nil {
		at, words := templateProblem(err)
		r.fail(t.at(at), "is no template: %s", words)
		return nil
	}
	t.tree = tree
	left := maxProblems
	refuse := func(at parse.Node, format string, args ...any) {
		if left--; left >= 0 {
			r.fail(t.position(source, at.Position()), format, args...)
		}
	}
	for _, other := range trees {
		if other != tree {
			refuse(other.Root, "has a template within a template, which is not supported")
		}
	}
	w := &walker{}
	w.visit = func(n parse.Node) {
		switch n := n.(type) {
		case *parse.FieldNode:
			if w.rebound == 0 && len(n.Ident) > 1 {
				refuse(n, partless, n)
			}
		case *parse.VariableNode:
			if n.Ident[0] == "$" && len(n.Ident) > 2 {
				refuse(n, partless, n)
			}
		case *parse.IdentifierNode:
			if problem := functionProblem(n.Ident); problem != "" {
				refuse(n, "calls %s, which %s", n.Ident, problem)
			}
		case *parse.TemplateNode:
			refuse(n, "has a template within a template, which is not supported")
		case *parse.RangeNode:
			n.List.Nodes = append([]parse.Node{step(n)}, n.List.Nodes...)
		}
	}
	w.walk(tree.Root)
	return t
}

// partless is said of a field of a field of what was fetched.
const partless = "uses %s, and what was fetched is text without parts: fromJson takes JSON apart, and a template of Helm must be rendered before"

// step is the call at the beginning of a loop's body.
func step(loop *parse.RangeNode) parse.Node {
	tree := parse.New("t")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse("{{"+stepping+"}}", "", "", map[string]*parse.Tree{}); err != nil {
		panic(err) // it is a constant
	}
	node := tree.Root.Nodes[0]
	node.(*parse.ActionNode).Pos = loop.Pos
	return node
}

// offset is a line and column of a template, from 1; zero is not known.
type offset struct{ line, column int }

// at is where a place in the template is.
func (t *template) at(o offset) place {
	if t.n == nil || o.line == 0 {
		return t.place
	}
	return place{t.n.within(o.line, o.column), t.path}
}

func (t *template) position(source string, pos parse.Pos) place {
	before := source[:min(int(pos), len(source))]
	return t.at(offset{strings.Count(before, "\n") + 1, len(before) - strings.LastIndexByte(before, '\n')})
}

// The errors of text/template begin with a place.
var templatePlace = regexp.MustCompile(`^template: t:([0-9]+)(?::([0-9]+))?: `)

func templateProblem(err error) (at offset, words string) {
	m := templatePlace.FindStringSubmatch(err.Error())
	if m == nil {
		return offset{}, "cannot be parsed"
	}
	at.line, _ = strconv.Atoi(m[1])
	column, _ := strconv.Atoi(m[2])
	at.column = column + 1
	return at, err.Error()[len(m[0]):]
}

// missingKey is the end of text/template's error for a name that a map has not.
var missingKey = regexp.MustCompile(`: map has no entry for key "([-._a-zA-Z0-9]+)"$`)

// execute runs the template over values. The error is a [*RenderError], which
// has nothing of the values: those of text/template quote them.
func (t *template) execute(values map[string]string) (string, error) {
	b := &budget{left: maxSteps}
	var out strings.Builder
	run, err := text.New("t").Option("missingkey=error").Funcs(b.functions()).AddParseTree("t", t.tree)
	if err == nil {
		err = run.Execute(limited{&out}, values)
	}
	if err == nil {
		return out.String(), nil
	}
	at, _ := templateProblem(err)
	where := t.at(at)
	if bad, ok := errors.AsType[*callError](err); ok {
		return "", unfit(where, "calls %s, which %s", bad.function, bad.problem)
	}
	if errors.Is(err, errTooMuch) {
		return "", unfit(where, "makes more than %d bytes, or takes too many steps", maxRendered)
	}
	if m := missingKey.FindStringSubmatch(err.Error()); m != nil && strings.Contains(t.tree.Root.String(), "."+m[1]) {
		return "", unfit(where, "uses .%s, which is no key of what was fetched", m[1])
	}
	return "", unfit(where, "cannot be executed with the values that were fetched")
}

// errTooMuch ends a template that makes too much, or takes too long to.
var errTooMuch = errors.New("too much")

// limited is a writer that takes maxRendered bytes.
type limited struct{ to *strings.Builder }

func (l limited) Write(data []byte) (int, error) {
	if l.to.Len()+len(data) > maxRendered {
		return 0, errTooMuch
	}
	return l.to.Write(data)
}

// callError is a function that cannot do what it was asked for. Its text has
// nothing of the arguments.
type callError struct{ function, problem string }

func (e *callError) Error() string { return fmt.Sprintf("%s %s", e.function, e.problem) }
