//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package filesink

import (
	"errors"
	"io/fs"
	"os"
)

const supported = false

func lock(*os.File) error { return errors.ErrUnsupported }

func unlock(*os.File) error { return nil }

func owned(fs.FileInfo, int, int) bool { return true }
