package redaction

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// Table says of each type that a package exports, by name, how it is tested: by
// samples, which hold a secret if the type can hold one, or, if the type shows
// what it holds, by the reason why it may, a string.
type Table map[string]any

// Samples are values of one type, or pointers to such.
type Samples []any

// CheckTypes does [Check] on all samples of the table for the package in dir. It
// fails if the package exports a type that the table does not know, so that who
// adds one decides about it; if the table has one that is no more; and if a
// sample is of another type. Of an interface, each sample is an implementation.
func CheckTypes(t T, dir string, table Table, secrets ...string) {
	t.Helper()
	exported, err := exportedTypes(dir)
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		if table[name] == nil {
			t.Errorf("%s is exported: have the redaction test print one with a secret in it", name)
		}
	}
	for name, entry := range table {
		isInterface, ok := exported[name]
		if !ok {
			t.Errorf("the table has %s, which is not exported", name)
		}
		if reason, ok := entry.(string); ok && reason != "" {
			continue
		}
		samples, _ := entry.(Samples)
		if len(samples) == 0 {
			t.Errorf("%s has neither samples nor a reason", name)
		}
		for i, sample := range samples {
			if got := typeName(sample); got != name && !isInterface {
				t.Errorf("a sample of %s is a %s", name, got)
			}
			Check(t, fmt.Sprintf("%s %d", name, i), sample, secrets...)
		}
	}
}

// typeName is the name that v's type was declared by, without type arguments.
func typeName(v any) string {
	t := reflect.TypeOf(v)
	if t == nil {
		return "nil"
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[")
	return name
}

// exportedTypes returns the exported types of the package in dir, without its
// tests, and which of them are interfaces.
func exportedTypes(dir string) (map[string]bool, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no package in %s: %w", dir, errors.Join(fs.ErrNotExist, err))
	}
	found := map[string]bool{}
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declaration := range file.Decls {
			group, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range group.Specs {
				if typ, ok := spec.(*ast.TypeSpec); ok && typ.Name.IsExported() {
					_, found[typ.Name.Name] = typ.Type.(*ast.InterfaceType)
				}
			}
		}
	}
	return found, nil
}
