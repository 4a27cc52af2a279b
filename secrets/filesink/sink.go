package filesink

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Sink writes to one directory. Make it with [Open] and close it at the end. It
// is safe for concurrent use.
type Sink struct {
	config   Config
	target   *target
	warnings []string

	mu       sync.Mutex
	closed   bool
	written  set    // by this Sink, into the generation of that name
	current  string // empty: none yet
	adopted  bool   // previous has been looked for
	previous string // the generation that lingers; empty: none
	linger   *time.Timer
}

// Open opens dir for writing and locks it until [Sink.Close] or the end of the
// process. It makes dir, and what dir is in, if it does not exist; what is in dir
// stays until the first Write.
//
// The error is a [*ConfigError], a [*DirError], a [*WriteError], of which
// [ErrLocked] is one, or errors.ErrUnsupported.
func Open(dir string, c Config) (*Sink, error) {
	if !supported {
		return nil, fmt.Errorf("filesink: on %s: %w", runtime.GOOS, errors.ErrUnsupported)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	t, err := openTarget(dir, c)
	if err != nil {
		return nil, err
	}
	return &Sink{config: c, target: t, warnings: t.warnings()}, nil
}

// Dir returns the absolute path of the directory.
func (s *Sink) Dir() string { return s.target.dir }

// Warnings says in words what is not as it should be with the directory: that it
// is not in memory, or what Config.InsecureDir let pass.
func (s *Sink) Warnings() []string { return slices.Clone(s.warnings) }

// Write makes files the set that is to be seen in the directory; no files is a
// set too. It returns whether readers now find something else than before. A set
// that is there already, to the last byte, mode and owner, is left as it is.
//
// If it returns an error, readers find all of the old set, unless it says that
// there was a change; then they find all of the new one, and what failed is to
// show or to hide a name, or to remove what is no longer seen. The next Write
// makes up for it. Once the set is about to be put in place, the end of ctx is
// too late.
//
// The error is a [*FileError], a [*DirError], a [*WriteError], [ErrClosed] or
// that of ctx, wrapped.
func (s *Sink) Write(ctx context.Context, files []File) (changed bool, err error) {
	room := maxPath - len(s.target.dir) - len(layout) - len("//")
	next, err := newSet(files, s.config.mode(), room)
	if err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, ErrClosed
	}
	if err := s.target.checkNames(next.tops()); err != nil {
		return false, err
	}
	swapped, err := s.put(ctx, next)
	if err != nil {
		return false, s.target.failed(err)
	}
	shown, err := s.target.show(next.tops())
	return swapped || shown, s.target.failed(errors.Join(err, s.sweep()))
}

// put puts next in place, unless it is there.
func (s *Sink) put(ctx context.Context, next set) (swapped bool, err error) {
	current, err := s.target.current()
	if err != nil {
		return false, err
	}
	if current != "" && s.has(current, next) {
		return false, nil
	}
	_ = s.sweep() // what a killed writer left takes room; the sweep behind tells
	name, err := s.target.generate(ctx, current, next, s.config)
	if err != nil {
		return false, err
	}
	if err = ctx.Err(); err == nil {
		err = s.target.swap(name)
	}
	if err != nil {
		return false, errors.Join(err, s.target.root.RemoveAll(name))
	}
	s.written, s.current = next, name
	s.replaced(current)
	return true, nil
}

// has reports whether a generation is next. Files that were given away cannot
// always be read back; they are what this Sink made them.
func (s *Sink) has(generation string, next set) bool {
	same, known := s.target.holds(generation, next, s.config)
	if !known && generation == s.current {
		return next.equal(s.written)
	}
	return same
}

// Close removes what lingers and unlocks the directory. The files stay. It waits
// for a Write and may be called again.
func (s *Sink) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	if s.linger != nil {
		s.linger.Stop()
	}
	var err error
	if s.previous != "" {
		err = s.target.root.RemoveAll(s.previous)
	}
	return s.target.failed(errors.Join(err, s.target.close()))
}
