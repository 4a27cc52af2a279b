//go:build !unix

package credentials

import "io/fs"

// owner is empty where files have no numeric owner.
func owner(fs.FileInfo) string { return "" }
