package filesink

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/irsakit/irsa/secrets"
)

// File is a file to write.
type File struct {
	// Path is where, below the directory: names separated by slashes. No name
	// may begin with two dots.
	Path string
	// Mode is the permissions, whatever the umask. Zero: Config.Mode.
	Mode fs.FileMode
	// Data is the contents. It must be a secret, if maybe an empty one; the zero
	// Value is none.
	Data secrets.Value
}

// What Linux takes, in bytes: limits.h. Others take as much or are refused by
// the operating system.
const (
	maxName = 255
	maxPath = 4096 - 1 // without the zero byte at the end
)

// maxDepth is how many directories a file may be in. An os.Root walks through all
// of them each time, so that thousands would take minutes.
const maxDepth = 64

// set is what a Write writes. It is checked and in order.
type set struct {
	files map[string]File // by path, with their modes
	dirs  map[string]bool // that files are in, by path
}

// CheckPaths finds early what a Write would say of the paths of its files. The
// error is a [*FileError]. How long a path may be depends on the directory too, so
// that a very long one may yet be refused.
func CheckPaths(paths ...string) error {
	files := make([]File, len(paths))
	for i, path := range paths {
		files[i] = File{Path: path, Data: secrets.NewValue([]byte{}, secrets.Meta{})}
	}
	_, err := newSet(files, 0, maxPath)
	return err
}

// newSet checks files. room is how long the path of one may be.
func newSet(files []File, mode fs.FileMode, room int) (set, error) {
	s := set{files: make(map[string]File, len(files)), dirs: map[string]bool{}}
	for _, f := range files {
		if problem := f.problem(room); problem != "" {
			return set{}, &FileError{f.Path, problem}
		}
		if _, ok := s.files[f.Path]; ok {
			return set{}, &FileError{f.Path, "is given twice"}
		}
		if f.Mode == 0 {
			f.Mode = mode
		}
		s.files[f.Path] = f
		for at, c := range f.Path {
			if c == '/' {
				s.dirs[f.Path[:at]] = true
			}
		}
	}
	for _, path := range s.paths() {
		if s.dirs[path] {
			return set{}, &FileError{path, "is given as a file, and is the directory of another"}
		}
	}
	return s, nil
}

// problem says what is wrong with a file by itself.
func (f File) problem(room int) string {
	switch {
	case f.Mode&^fs.ModePerm != 0:
		return fmt.Sprintf("has mode %#o; only permissions, up to 0777, can be set", uint32(f.Mode))
	case f.Data.IsZero():
		return "has no data"
	}
	return pathProblem(f.Path, room)
}

// pathProblem says what is wrong with a path. The rules are the kubelet's and,
// since names are compared as bytes, that there is one way to write each.
func pathProblem(path string, room int) string {
	switch {
	case path == "":
		return "has no path"
	case !utf8.ValidString(path):
		return "has a path that is not UTF-8"
	case strings.ContainsRune(path, 0):
		return "has a zero byte in its path"
	case strings.HasPrefix(path, "/"):
		return "has an absolute path"
	case len(path) > room:
		return fmt.Sprintf("has a path of %d bytes; there is room for %d", len(path), max(room, 0))
	case strings.Count(path, "/") > maxDepth:
		return fmt.Sprintf("is in %d directories; %d are possible", strings.Count(path, "/"), maxDepth)
	}
	for name := range strings.SplitSeq(path, "/") {
		switch {
		case strings.HasPrefix(name, ".."):
			return `has a name that begins with ".." in its path`
		case name == "" || name == ".":
			return "has an empty name or a single dot in its path"
		case len(name) > maxName:
			return fmt.Sprintf("has a name of %d bytes in its path; %d are possible", len(name), maxName)
		}
	}
	return ""
}

// paths returns the paths of all files in order.
func (s set) paths() []string { return sorted(s.files) }

// directories returns the paths of all directories, each after those it is in.
func (s set) directories() []string { return sorted(s.dirs) }

// tops returns the names that are to be seen in the directory itself, in order.
func (s set) tops() []string {
	tops := map[string]bool{}
	for path := range s.files {
		top, _, _ := strings.Cut(path, "/")
		tops[top] = true
	}
	return sorted(tops)
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// equal reports whether two sets would give the same files.
func (s set) equal(t set) bool {
	if len(s.files) != len(t.files) {
		return false
	}
	for path, f := range s.files {
		g, ok := t.files[path]
		if !ok || f.Mode != g.Mode || !f.Data.Equal(g.Data) {
			return false
		}
	}
	return true
}
