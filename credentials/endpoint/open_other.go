//go:build !unix

package endpoint

import "io/fs"

const openFlags = 0

// trusted has nothing to go by where files have no numeric owner.
func trusted(fs.FileInfo) bool { return true }
