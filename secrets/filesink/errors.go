package filesink

import (
	"errors"
	"fmt"

	"github.com/irsakit/irsa/secrets"
)

var (
	// ErrLocked: another [Sink] has the directory open, in this process or in
	// another one. Its end frees the directory, also when it is killed. The error
	// is a [*WriteError] with the name.
	ErrLocked = errors.New("locked by another writer")
	// ErrClosed: the [Sink] has been closed.
	ErrClosed = errors.New("filesink: closed")
)

// ConfigError is a setting that cannot be used. It is
// secrets.ErrConfiguration.
type ConfigError struct {
	Field   string // "Config.Mode", "Signal.PID"
	Problem string // in words
}

// Error names the setting and the problem.
func (e *ConfigError) Error() string { return "filesink: " + e.Field + " " + e.Problem }

// Unwrap returns secrets.ErrConfiguration.
func (e *ConfigError) Unwrap() error { return secrets.ErrConfiguration }

// FileError is a [File] that cannot be written as it is, whatever the directory.
// It is secrets.ErrConfiguration.
type FileError struct {
	Path    string // as given
	Problem string // in words
}

// Error names the file, a very long path by its beginning, and the problem.
func (e *FileError) Error() string { return fmt.Sprintf("filesink: file %.100q %s", e.Path, e.Problem) }

// Unwrap returns secrets.ErrConfiguration.
func (e *FileError) Unwrap() error { return secrets.ErrConfiguration }

// DirError is a directory that is not safe or not free to write to. It is
// secrets.ErrConfiguration.
type DirError struct {
	Dir     string
	Problem string // in words, and what to do
}

// Error names the directory and the problem.
func (e *DirError) Error() string { return fmt.Sprintf("filesink: directory %q %s", e.Dir, e.Problem) }

// Unwrap returns secrets.ErrConfiguration.
func (e *DirError) Unwrap() error { return secrets.ErrConfiguration }

// WriteError is what the operating system refused, such as for lack of space.
// Unless Write says that there was a change, the set is what it was.
type WriteError struct {
	Dir string
	Err error // such as an *fs.PathError relative to Dir
}

// Error names the directory and what was refused.
func (e *WriteError) Error() string { return fmt.Sprintf("filesink: directory %q: %v", e.Dir, e.Err) }

// Unwrap returns Err.
func (e *WriteError) Unwrap() error { return e.Err }

// NotifyError is a [Hook] that failed.
type NotifyError struct {
	Hook string // what was to be done, such as `command "nginx"`
	Err  error
}

// Error names the hook and the failure.
func (e *NotifyError) Error() string { return "filesink: " + e.Hook + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *NotifyError) Unwrap() error { return e.Err }
