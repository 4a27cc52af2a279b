package manifest

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// File is a file to write.
type File struct {
	// Path is relative to the directory of the [Output], with slashes. It has no
	// "." or ".." among its names, and no name that begins with "..", which
	// atomic writers such as the kubelet need for themselves.
	Path string
	// Mode is the file's permissions. Zero: the manifest says nothing; a volume
	// would have 0644.
	Mode fs.FileMode
	// Data is the content.
	Data secrets.Value
}

func newFile(name string, mode fs.FileMode, data []byte) File {
	return File{name, mode, secrets.NewValue(data, secrets.Meta{Name: name})}
}

// pathProblem says what is wrong with the path of a file.
func pathProblem(p string) string {
	switch {
	case p == "":
		return "is empty as the name of a file"
	case len(p) > maxFilePath:
		return "is too long as the path of a file"
	case strings.HasPrefix(p, "/") || path.Clean(p) != p:
		return `is no path of a file below a directory: it begins with a slash, or has empty, "." or ".." names`
	case strings.ContainsFunc(p, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' }):
		return "has control characters or backslashes, which no file should have in its name"
	}
	for name := range strings.SplitSeq(p, "/") {
		if strings.HasPrefix(name, "..") || name == "." {
			return `has a name that begins with ".."; such names lead out of the directory or belong to what writes it`
		}
		if len(name) > maxFileName {
			return "has a name of more than 255 bytes; objectAlias gives a file another one"
		}
	}
	return ""
}

// paths are the files of an Output so far.
type paths map[string]place

// add notes a file. It returns what is wrong with it: it is there already, or
// one is a directory of the other.
func (ps paths) add(file string, from place) (problem string) {
	if problem := pathProblem(file); problem != "" {
		return problem
	}
	if other, ok := ps[file]; ok {
		return "gives the file " + file + " a second time, after " + other.path
	}
	for other, where := range ps {
		if strings.HasPrefix(other, file+"/") || strings.HasPrefix(file, other+"/") {
			return "gives the file " + file + ", which " + where.path + " needs as a directory, or the reverse"
		}
	}
	ps[file] = from
	return ""
}

// secretKey is what the key of a Kubernetes Secret may be, which becomes a
// file's name (Kubernetes API reference, Secret).
var secretKey = regexp.MustCompile(`^[-._a-zA-Z0-9]+$`)

func keyProblem(key string) string {
	switch {
	case len(key) > maxKey:
		return "has a key of more than 253 bytes"
	case !secretKey.MatchString(key):
		return "has a key with other characters than letters, digits, hyphens, dots and underscores"
	case key == "." || strings.HasPrefix(key, ".."):
		return `has a key that is "." or begins with "..", which no file may have as its name`
	}
	return ""
}

func sorted(files []File) []File {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}
