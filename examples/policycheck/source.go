package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// source is JSON text in which values can be found by their JSON pointer
// (RFC 6901), so that errors can say where.
type source struct {
	data    []byte
	offsets map[string]int
	members map[string][]string // of objects, in order
}

// index finds every value. A member that is repeated is an error, for one of
// the two would be lost.
func index(data []byte) (*source, error) {
	s := &source{data: data, offsets: map[string]int{}, members: map[string][]string{}}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := s.walk(dec, ""); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, s.at(int(dec.InputOffset()), "", "there is more after the JSON value")
	}
	return s, nil
}

// walk indexes the value that comes next.
func (s *source) walk(dec *json.Decoder, pointer string) error {
	start := int(dec.InputOffset())
	for start < len(s.data) && strings.IndexByte(" \t\r\n:,", s.data[start]) >= 0 {
		start++
	}
	s.offsets[pointer] = start
	token, err := dec.Token()
	if err != nil {
		return s.broken(dec, err)
	}
	switch token {
	case json.Delim('['):
		for i := 0; dec.More(); i++ {
			if err := s.walk(dec, pointer+"/"+strconv.Itoa(i)); err != nil {
				return err
			}
		}
	case json.Delim('{'):
		if err := s.walkMembers(dec, pointer); err != nil {
			return err
		}
	default:
		return nil
	}
	if _, err := dec.Token(); err != nil { // the closing bracket
		return s.broken(dec, err)
	}
	return nil
}

func (s *source) walkMembers(dec *json.Decoder, pointer string) error {
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return s.broken(dec, err)
		}
		text, _ := name.(string)
		member := pointer + "/" + escape(text)
		if _, ok := s.offsets[member]; ok {
			return s.at(int(dec.InputOffset()), member, "the member is repeated")
		}
		s.members[pointer] = append(s.members[pointer], text)
		if err := s.walk(dec, member); err != nil {
			return err
		}
	}
	return nil
}

// broken is text that is not JSON.
func (s *source) broken(dec *json.Decoder, err error) error {
	offset := int(dec.InputOffset())
	problem := err.Error()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = max(int(syntax.Offset)-1, 0)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		offset, problem = len(s.data), "the text ends early"
	}
	return s.at(offset, "", "not JSON: "+problem)
}

// at is an error with its place: "line:column: pointer: problem".
func (s *source) at(offset int, pointer, problem string) error {
	before := s.data[:min(offset, len(s.data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := len(before) - bytes.LastIndexByte(before, '\n')
	if pointer != "" {
		problem = pointer + ": " + problem
	}
	return fmt.Errorf("%d:%d: %s", line, column, problem)
}

// errorf is an error about the value at a pointer.
func (s *source) errorf(pointer, format string, args ...any) error {
	return s.at(s.offsets[pointer], pointer, fmt.Sprintf(format, args...))
}

// relative places an error of [policy.Parse] for the document at a pointer.
func (s *source) relative(pointer string, err error) error {
	if syntax, ok := errors.AsType[*policy.SyntaxError](err); ok {
		return s.at(s.offsets[pointer]+syntax.Position.Offset, pointer+syntax.Pointer, syntax.Problem)
	}
	return s.errorf(pointer, "%v", err)
}

// kind is the first byte of the value at a pointer, 0 if there is none.
func (s *source) kind(pointer string) byte {
	if offset, ok := s.offsets[pointer]; ok && offset < len(s.data) {
		return s.data[offset]
	}
	return 0
}

func (s *source) isArray() bool { return s.kind("") == '[' }

// decode reads the value at a pointer strictly: a member that v has no field
// for is an error.
func (s *source) decode(pointer string, data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	if err == nil {
		return nil
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if field := strings.ReplaceAll(mistyped.Field, ".", "/"); field != "" {
			pointer += "/" + field
		}
		return s.errorf(pointer, "a %s has no place here", mistyped.Value)
	}
	return s.errorf(pointer, "%s", strings.TrimPrefix(err.Error(), "json: "))
}

// exact refuses members of the object at a pointer that are not among names
// letter by letter: encoding/json would take "Unknown" for "unknown".
func (s *source) exact(pointer string, names ...string) error {
	for _, name := range s.members[pointer] {
		if !slices.Contains(names, name) {
			return s.errorf(pointer+"/"+escape(name), "there is no such member; the members are %s", strings.Join(names, ", "))
		}
	}
	return nil
}

// escape escapes a member's name in a pointer.
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }
