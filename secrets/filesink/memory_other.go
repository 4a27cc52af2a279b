//go:build !linux

package filesink

import "os"

// inMemory knows nothing of the directory.
func inMemory(*os.File) (memory, known bool) { return false, false }
