package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

// snapshot is what the program gets, at one time.
type snapshot struct {
	vars  map[string]secrets.Value
	files []filesink.File
}

// problems are what is wrong with secrets, by reference.
type problems map[string]error

// Error tells all, one a line.
func (p problems) Error() string {
	var lines []string
	for _, ref := range slices.Sorted(maps.Keys(p)) {
		lines = append(lines, p[ref].Error())
	}
	return strings.Join(lines, "\n")
}

func (p problems) add(ref string, err error) {
	if err != nil {
		p[ref] = err
	}
}

// snapshot takes what is known of all secrets. env is the environment that
// members must not replace.
func (l *loaded) snapshot(env []string) (*snapshot, problems) {
	s := &snapshot{vars: map[string]secrets.Value{}}
	p := problems{}
	for _, src := range l.members {
		p.add(src.ref, s.addMembers(src, env))
	}
	for _, src := range l.vars {
		values, err := src.load()
		if err == nil {
			err = s.set(src.to, values[""])
		}
		p.add(src.ref, err)
	}
	for _, src := range l.files {
		values, err := src.load()
		s.files = append(s.files, filesink.File{Path: src.to, Data: values[""]})
		p.add(src.ref, err)
	}
	return s, p
}

// set sets a variable.
func (s *snapshot) set(name string, v secrets.Value) error {
	data := v.RevealBytes()
	defer clear(data)
	if bytes.IndexByte(data, 0) >= 0 {
		return fmt.Errorf("%s: the secret has a zero byte, which no variable can hold", name)
	}
	s.vars[name] = v
	return nil
}

// addMembers sets a variable for each member of an object.
func (s *snapshot) addMembers(src source, env []string) error {
	values, err := src.load()
	if err != nil {
		return err
	}
	var errs []error
	for _, member := range slices.Sorted(maps.Keys(values)) {
		name := src.name(member)
		_, taken := s.vars[name]
		switch {
		case !isName(name):
			err = fmt.Errorf("%s: member %q makes no name of a variable", src.ref, member)
		case taken:
			err = fmt.Errorf("%s: member %q: another is %s already; use -env-prefix", src.ref, member, name)
		case slices.ContainsFunc(env, func(setting string) bool { return strings.HasPrefix(setting, name+"=") }):
			err = fmt.Errorf("%s: member %q would replace %s of the environment; use -env or -env-prefix", src.ref, member, name)
		default:
			err = s.set(name, values[member])
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// equal reports whether the program would get the same.
func (s *snapshot) equal(t *snapshot) bool {
	return maps.EqualFunc(s.vars, t.vars, secrets.Value.Equal) &&
		slices.EqualFunc(s.files, t.files, func(a, b filesink.File) bool { return a.Path == b.Path && a.Data.Equal(b.Data) })
}
