//go:build !linux && !darwin

package terminal

import "os"

// fileWidth takes every character device for a terminal.
func fileWidth(f *os.File) (columns int, ok bool) {
	info, err := f.Stat()
	return 0, err == nil && info.Mode()&os.ModeCharDevice != 0
}
