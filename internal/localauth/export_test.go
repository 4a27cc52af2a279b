package localauth

import "io/fs"

// ReadAfter and ReadNamedAfter are Read and ReadNamed with something done between
// the look at the file and its opening.
func ReadAfter(do func(), path string) ([]byte, error)      { return own.after(do).read(path) }
func ReadNamedAfter(do func(), path string) ([]byte, error) { return named.after(do).read(path) }

func (r reader) after(do func()) reader {
	stat := r.stat
	r.stat = func(path string) (fs.FileInfo, error) {
		defer do()
		return stat(path)
	}
	return r
}
