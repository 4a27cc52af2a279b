package main

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// document is a file in TOML, from which settings are asked for by path. What is
// wrong with one does not keep the others from being read, and what nobody has
// asked for is a mistake as well.
type document struct {
	path     string
	leaves   map[string]any // by path, as "irsa.tokens[0].file"; an empty table is one
	lines    map[string]int // where a path begins
	asked    map[string]bool
	nested   bool // in the form of version 3
	problems []problem
}

// problem is what is wrong with a line.
type problem struct {
	line int
	text string
}

// fileError is all that is wrong with a configuration.
type fileError struct {
	path     string
	problems []problem
}

// Error lists the problems in the order of the lines.
func (e *fileError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "configuration %s:", e.path)
	for _, p := range e.problems {
		if p.line > 0 {
			fmt.Fprintf(&b, "\n  line %d: %s", p.line, p.text)
		} else {
			fmt.Fprintf(&b, "\n  %s", p.text)
		}
	}
	return b.String()
}

// readDocument parses TOML.
func readDocument(path string, text []byte) (*document, error) {
	d := &document{path: path, leaves: map[string]any{}, lines: map[string]int{}, asked: map[string]bool{}}
	var tree map[string]any
	if err := toml.Unmarshal(text, &tree); err != nil {
		// The text of the library's error may quote the line, and a token in it.
		line := 0
		if e, ok := errors.AsType[*toml.DecodeError](err); ok {
			line, _ = e.Position()
		}
		return nil, &fileError{path, []problem{{line, "this is not TOML"}}}
	}
	d.flatten("", tree)
	d.index(text)
	_, logging := tree["logging"]
	_, capabilities := tree["capabilities"]
	d.nested = logging || capabilities
	return d, nil
}

func (d *document) flatten(prefix string, tree map[string]any) {
	if len(tree) == 0 && prefix != "" {
		d.leaves[prefix] = tree
	}
	for name, v := range tree {
		path := join(prefix, name)
		switch v := v.(type) {
		case map[string]any:
			d.flatten(path, v)
		case []any:
			if !d.flattenTables(path, v) {
				d.leaves[path] = v
			}
		default:
			d.leaves[path] = v
		}
	}
}

// flattenTables takes an array of tables apart, if it is one.
func (d *document) flattenTables(path string, list []any) bool {
	for _, v := range list {
		if _, ok := v.(map[string]any); !ok {
			return false
		}
	}
	for i, v := range list {
		d.flatten(element(path, i), v.(map[string]any))
	}
	return len(list) > 0
}

// index finds the lines of tables and of the keys in them. Those in an inline
// table are found where that begins.
func (d *document) index(text []byte) {
	var p unstable.Parser
	p.Reset(text)
	table, count := "", map[string]int{}
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable && e.Kind != unstable.KeyValue {
			continue
		}
		path, line := "", 0
		for key := e.Key(); key.Next(); {
			if line == 0 {
				line = p.Shape(key.Node().Raw).Start.Line
			}
			path = join(path, string(key.Node().Data))
		}
		switch e.Kind {
		case unstable.KeyValue:
			path = join(table, path)
		case unstable.ArrayTable:
			count[path]++
			path = element(path, count[path]-1)
			table = path
		default:
			table = path
		}
		d.lines[path] = line
	}
}

// line is that of a path or of what it is in.
func (d *document) line(path string) int {
	for path != "" {
		if n := d.lines[path]; n > 0 {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

func (d *document) problem(path, format string, args ...any) {
	d.problems = append(d.problems, problem{d.line(path), path + " " + fmt.Sprintf(format, args...)})
}

// take returns what a path leads to.
func (d *document) take(path string) (any, bool) {
	d.asked[path] = true
	v, ok := d.leaves[path]
	return v, ok
}

// err reports all problems, and what nobody has asked for among them. flat are
// the keys of the form that this document may not be in.
func (d *document) err(flat map[string]string) error {
	for _, path := range slices.Sorted(maps.Keys(d.leaves)) {
		if d.asked[path] {
			continue
		}
		_, isTable := d.leaves[path].(map[string]any)
		top, below, _ := strings.Cut(path, ".")
		top, _, _ = strings.Cut(top, "[")
		switch nested := flat[top]; {
		case isTable && d.leads(path):
		case d.nested && nested != "":
			d.problem(path, "is a flat key beside [logging] or [capabilities]: write it as %s", join(nested, below))
		default:
			d.problem(path, "is not known")
		}
	}
	if len(d.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(d.problems, func(a, b problem) int { return cmp.Compare(a.line, b.line) })
	return &fileError{d.path, d.problems}
}

// leads reports whether something below a path was asked for.
func (d *document) leads(path string) bool {
	for asked := range d.asked {
		if strings.HasPrefix(asked, path+".") || strings.HasPrefix(asked, path+"[") {
			return true
		}
	}
	return false
}

// tables returns the paths of the tables in an array.
func (d *document) tables(path string) []string {
	if v, ok := d.take(path); ok {
		if list, isList := v.([]any); !isList || len(list) > 0 {
			d.problem(path, "is not an array of tables")
		}
	}
	var paths []string
	for i := 0; d.has(element(path, i)); i++ {
		paths = append(paths, element(path, i))
	}
	return paths
}

// has reports whether there is anything at or below a path.
func (d *document) has(path string) bool {
	for leaf := range d.leaves {
		if leaf == path || strings.HasPrefix(leaf, path+".") || strings.HasPrefix(leaf, path+"[") {
			return true
		}
	}
	return false
}

func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func join(table, key string) string {
	if table == "" || key == "" {
		return table + key
	}
	return table + "." + key
}
