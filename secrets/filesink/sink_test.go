//go:build unix

package filesink_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/filesink"
)

func TestLayout(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	want := map[string]string{"db": "one", "tls/tls.crt": "two", "tls/old/tls.crt": "three", "empty": ""}
	if !write(t, sink, want) {
		t.Error("no change at first")
	}
	checkVisible(t, dir, want)
	if got := sink.Dir(); got != dir {
		t.Errorf("Dir: %q", got)
	}
	for name, to := range map[string]string{"db": "..data/db", "tls": "..data/tls", "..data": hidden(t, dir)[0]} {
		if got, err := os.Readlink(filepath.Join(dir, name)); err != nil || got != to {
			t.Errorf("%s -> %q, %v; want %q", name, got, err, to)
		}
	}
	if name := data(t, dir); !regexp.MustCompile(`^\.\.\d{4}(_\d\d){5}\.\d{9}$`).MatchString(name) {
		t.Errorf("generation %q", name)
	}
}

// Each step goes on from the one before.
func TestChanges(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{Linger: -1})
	gen := func() string { return filepath.Join(dir, data(t, dir)) }
	steps := []struct {
		name    string
		before  func()
		want    map[string]string
		changed bool
		same    bool // generation
	}{
		{"first", nil, map[string]string{"a": "1", "b/c": "2"}, true, false},
		{"same", nil, map[string]string{"a": "1", "b/c": "2"}, false, true},
		{"content", nil, map[string]string{"a": "1", "b/c": "3"}, true, false},
		{"of the same length", nil, map[string]string{"a": "2", "b/c": "3"}, true, false},
		{"added", nil, map[string]string{"a": "2", "b/c": "3", "b/d": "4"}, true, false},
		{"removed", nil, map[string]string{"b/c": "3"}, true, false},
		{"file becomes directory", nil, map[string]string{"b": "3"}, true, false},
		{"directory becomes file", nil, map[string]string{"b/c": "3"}, true, false},
		{"tampered", func() { must(t, os.WriteFile(gen()+"/b/c", []byte("evil"), 0o600)) }, map[string]string{"b/c": "3"}, true, false},
		{"file put there", func() { must(t, os.WriteFile(gen()+"/x", nil, 0o600)) }, map[string]string{"b/c": "3"}, true, false},
		{"link put there", func() { must(t, os.Symlink("/etc/passwd", gen()+"/x")) }, map[string]string{"b/c": "3"}, true, false},
		{"mode", func() { must(t, os.Chmod(gen()+"/b/c", 0o666)) }, map[string]string{"b/c": "3"}, true, false},
		{"mode of directory", func() { must(t, os.Chmod(gen()+"/b", 0o777)) }, map[string]string{"b/c": "3"}, true, false},
		{"link lost", func() { must(t, os.Remove(dir+"/b")) }, map[string]string{"b/c": "3"}, true, true},
		{"link led astray", func() { must(t, os.Remove(dir+"/b")); must(t, os.Symlink("/etc", dir+"/b")) }, map[string]string{"b/c": "3"}, true, true},
		{"two names", nil, map[string]string{"a": "1", "b/c": "3"}, true, false},
		{"one link lost", func() { must(t, os.Remove(dir+"/a")) }, map[string]string{"a": "1", "b/c": "3"}, true, true},
		{"name too many", func() { must(t, os.Symlink("..data/x", dir+"/x")) }, map[string]string{"a": "1", "b/c": "3"}, true, true},
		{"link half mended", func() {
			must(t, os.Symlink("..data/b", dir+"/..link_tmp"))
			must(t, os.Remove(dir+"/b"))
			must(t, os.Symlink("/etc", dir+"/b"))
		}, map[string]string{"a": "1", "b/c": "3"}, true, true},
		{"directory for a file", func() { must(t, os.Remove(gen()+"/a")); must(t, os.Mkdir(gen()+"/a", 0o755)) }, map[string]string{"a": "1", "b/c": "3"}, true, false},
		{"empty", nil, map[string]string{"a": ""}, true, false},
		{"pipe for a file", func() { must(t, os.Remove(gen()+"/a")); must(t, syscall.Mkfifo(gen()+"/a", 0o440)) }, map[string]string{"a": ""}, true, false},
		{"back", nil, map[string]string{"b/c": "3"}, true, false},
		{"generation lost", func() { must(t, os.RemoveAll(gen())) }, map[string]string{"b/c": "3"}, true, false},
		{"nothing", nil, map[string]string{}, true, false},
		{"still nothing", nil, map[string]string{}, false, true},
	}
	before := ""
	for _, step := range steps {
		if step.before != nil {
			step.before()
		}
		if changed := write(t, sink, step.want); changed != step.changed {
			t.Errorf("%s: changed: %v", step.name, changed)
		}
		checkVisible(t, dir, step.want)
		if now := data(t, dir); (now == before) != step.same || now < before {
			t.Errorf("%s: generation %q after %q", step.name, now, before)
		}
		before = data(t, dir)
		if got := hidden(t, dir); len(got) != 1 {
			t.Errorf("%s: left: %q", step.name, got)
		}
	}
}

// Not parallel: the umask is the whole process's.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	tests := map[string]struct {
		config    filesink.Config
		mode      fs.FileMode
		file, dir fs.FileMode
	}{
		"defaults": {filesink.Config{}, 0, 0o440, 0o755},
		"config":   {filesink.Config{Mode: 0o444, DirMode: 0o711}, 0, 0o444, 0o711},
		"file":     {filesink.Config{Mode: 0o400}, 0o666, 0o666, 0o755},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			sink := open(t, dir, test.config)
			_, err := sink.Write(t.Context(), []filesink.File{{Path: "a/b/c", Mode: test.mode, Data: value("x")}})
			must(t, err)
			for path, want := range map[string]fs.FileMode{"": test.dir, "..data": test.dir, "a": test.dir, "a/b": test.dir, "a/b/c": test.file} {
				info, err := os.Stat(filepath.Join(dir, path))
				must(t, err)
				if got := info.Mode().Perm(); got != want {
					t.Errorf("%q has mode %#o, want %#o", path, got, want)
				}
			}
		})
	}
}

// Not parallel, for the same reason.
func TestModeOfParents(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o022))
	dir := filepath.Join(newDir(t), "a", "b")
	open(t, dir, filesink.Config{DirMode: 0o700})
	for path, want := range map[string]fs.FileMode{"../..": 0o755, "..": 0o755, "": 0o700} {
		if info, err := os.Stat(filepath.Join(dir, path)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, %v; want %v", path, info.Mode(), err, want)
		}
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := newDir(t)
	config := filesink.Config{UID: new(12345), GID: new(23456), Linger: -1}
	sink := open(t, dir, config)
	write(t, sink, map[string]string{"a/b": "x"})
	for path, want := range map[string][2]uint32{"": {0, 23456}, "a": {0, 23456}, "a/b": {12345, 23456}} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if st := info.Sys().(*syscall.Stat_t); st.Uid != want[0] || st.Gid != want[1] {
			t.Errorf("%q belongs to %d:%d, want %v", path, st.Uid, st.Gid, want)
		}
	}
	if write(t, sink, map[string]string{"a/b": "x"}) {
		t.Error("changed without reason")
	}
	for _, given := range []struct {
		path     string
		uid, gid int
	}{{"a/b", 1, 23456}, {"a/b", 12345, 1}, {"..data/a", 0, 1}} {
		must(t, os.Lchown(filepath.Join(dir, given.path), given.uid, given.gid))
		if !write(t, sink, map[string]string{"a/b": "x"}) {
			t.Errorf("%+v was left", given)
		}
	}
}

// The group of a volume with fsGroup reaches the files, and the bit that brings
// it about stays.
func TestSetGroupID(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory any group")
	}
	parent := t.TempDir()
	must(t, os.Chown(parent, -1, 23456))
	must(t, os.Chmod(parent, 0o775|fs.ModeSetgid))
	dir := filepath.Join(parent, "sink")
	write(t, open(t, dir, filesink.Config{}), map[string]string{"a/b": "x"})
	for _, path := range []string{"", "..data", "a", "a/b"} {
		info, err := os.Stat(filepath.Join(dir, path))
		must(t, err)
		if gid := info.Sys().(*syscall.Stat_t).Gid; gid != 23456 || info.IsDir() && info.Mode()&fs.ModeSetgid == 0 {
			t.Errorf("%q is of group %d with mode %v", path, gid, info.Mode())
		}
	}
}

// A process may have been killed right after it made the directory.
func TestHalfMadeDirectory(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	must(t, os.Mkdir(dir, 0o700|os.ModeSticky)) // the sign
	open(t, dir, filesink.Config{DirMode: 0o711})
	if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o711 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// What was replaced stays for a while, but only the last of it.
func TestLinger(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		sink := open(t, dir, filesink.Config{Linger: time.Minute})
		var gens []string
		for _, content := range []string{"1", "2", "3"} {
			write(t, sink, map[string]string{"a": content})
			gens = append(gens, data(t, dir))
		}
		if !slices.IsSorted(gens) {
			t.Errorf("generations %q, while time stands still", gens)
		}
		if got := hidden(t, dir); !slices.Equal(got, gens[1:]) {
			t.Errorf("there is %q, want %q", got, gens[1:])
		}
		time.Sleep(time.Minute - time.Nanosecond)
		synctest.Wait()
		if got, err := os.ReadFile(filepath.Join(dir, gens[1], "a")); err != nil || string(got) != "2" {
			t.Errorf("replaced set: %q, %v", got, err)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if got := hidden(t, dir); !slices.Equal(got, gens[2:]) {
			t.Errorf("after a minute: %q, want %q", got, gens[2:])
		}
		write(t, sink, map[string]string{"a": "4"})
		must(t, sink.Close())
		if got := hidden(t, dir); len(got) != 1 {
			t.Errorf("after Close: %q", got)
		}
	})
	checkVisible(t, dir, map[string]string{"a": "4"})
}

// A set may have been replaced by a process that was killed right after.
func TestLingerAcrossProcesses(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	synctest.Test(t, func(t *testing.T) {
		sink := open(t, dir, filesink.Config{})
		write(t, sink, map[string]string{"a": "1"})
		must(t, sink.Close())
		current := data(t, dir)
		for _, name := range []string{"..1999_01_01_00_00_00.1", "..1999_01_02_00_00_00.1", "..2999_01_01_00_00_00.1"} {
			must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
		}
		write(t, open(t, dir, filesink.Config{}), map[string]string{"a": "1"})
		if got, want := hidden(t, dir), []string{"..1999_01_02_00_00_00.1", current}; !slices.Equal(got, want) {
			t.Errorf("there is %q, want %q", got, want)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := hidden(t, dir); !slices.Equal(got, []string{current}) {
			t.Errorf("after a minute: %q", got)
		}
	})
}

// The states that a process can leave when it is killed, and some that only
// others can bring about.
func TestRecovers(t *testing.T) {
	t.Parallel()
	want := map[string]string{"a": "1", "b/c": "2"}
	tests := map[string]func(t *testing.T, dir string){
		"half a generation": func(t *testing.T, dir string) {
			must(t, os.MkdirAll(dir+"/..2999_01_01_00_00_00.000000000/b", 0o700))
			must(t, os.WriteFile(dir+"/..2999_01_01_00_00_00.000000000/b/c", []byte("x"), 0o000))
		},
		"the link to be renamed":     func(t *testing.T, dir string) { must(t, os.Symlink("..2999_01_01_00_00_00.1", dir+"/..data_tmp")) },
		"a directory in its place":   func(t *testing.T, dir string) { must(t, os.MkdirAll(dir+"/..data_tmp/x", 0o700)) },
		"a link to take another's":   func(t *testing.T, dir string) { must(t, os.Symlink("..data/a", dir+"/..link_tmp")) },
		"no visible name":            func(t *testing.T, dir string) { must(t, os.Remove(dir+"/a")); must(t, os.Remove(dir+"/b")) },
		"a name too many":            func(t *testing.T, dir string) { must(t, os.Symlink("..data/x", dir+"/x")) },
		"no ..data":                  func(t *testing.T, dir string) { must(t, os.Remove(dir+"/..data")) },
		"a kubelet's generation":     func(t *testing.T, dir string) { must(t, os.Mkdir(dir+"/..2020_01_01_00_00_00.1234567", 0o755)) },
		"..data leading nowhere":     func(t *testing.T, dir string) { must(t, os.RemoveAll(dir+"/"+data(t, dir))) },
		"..data leading to a file":   func(t *testing.T, dir string) { relink(t, dir, "..2999_01_01_00_00_00.1", true) },
		"..data leading elsewhere":   func(t *testing.T, dir string) { relink(t, dir, "/etc", false) },
		"..data leading to itself":   func(t *testing.T, dir string) { relink(t, dir, "..data", false) },
		"a generation cut short":     func(t *testing.T, dir string) { must(t, os.Truncate(dir+"/a", 0)) },
		"a generation without names": func(t *testing.T, dir string) { must(t, os.RemoveAll(dir+"/..data/b")) },
	}
	for name, breakIt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := newDir(t)
			sink := open(t, dir, filesink.Config{})
			write(t, sink, want)
			must(t, sink.Close())
			must(t, os.WriteFile(dir+"/other", []byte("mine"), 0o600))
			breakIt(t, dir)
			write(t, open(t, dir, filesink.Config{Linger: -1}), want)
			checkVisible(t, dir, map[string]string{"a": "1", "b/c": "2", "other": "mine"})
			if got := hidden(t, dir); len(got) != 1 {
				t.Errorf("left: %q", got)
			}
		})
	}
}

// What has a name that is almost the scheme's is somebody else's.
func TestLeftAlone(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{Linger: -1})
	names := []string{
		"2026_01_01_00_00_00.1", "..2026_01_01_00_00_00", "..2026_01_01_00_00_00.", "..2026_01_01_00_00_00.1x",
		"..2026_13_01_00_00_00.1", "...2026_01_01_00_00_00.1", "..data_tmp2", "..other",
	}
	for _, name := range names {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o700))
	}
	must(t, os.Symlink("..data/..mine", dir+"/..mine"))
	must(t, os.Symlink("elsewhere", dir+"/mine"))
	write(t, sink, map[string]string{"a": "1"})
	write(t, sink, map[string]string{"b": "2"})
	for _, name := range append(names, "..mine", "mine") {
		if !exists(t, filepath.Join(dir, name)) {
			t.Errorf("%q is gone", name)
		}
	}
}

// relink has ..data lead to to, which becomes a file if asked for.
func relink(t *testing.T, dir, to string, file bool) {
	t.Helper()
	if file {
		must(t, os.WriteFile(filepath.Join(dir, to), nil, 0o600))
	}
	must(t, os.Remove(filepath.Join(dir, "..data")))
	must(t, os.Symlink(to, filepath.Join(dir, "..data")))
}

func TestOneWriter(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	_, err := filesink.Open(dir, filesink.Config{})
	if !errors.Is(err, filesink.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second writer: %v", err)
	}
	must(t, sink.Close())
	must(t, sink.Close())
	if _, err := sink.Write(t.Context(), nil); !errors.Is(err, filesink.ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
	open(t, dir, filesink.Config{})
}

func TestConcurrentWrites(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	var writers sync.WaitGroup
	for _, content := range []string{"1", "2", "3", "4"} {
		writers.Go(func() {
			for range 5 {
				if _, err := sink.Write(t.Context(), files(map[string]string{"a": content, "b": content})); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	if got := visible(t, dir); len(got) != 2 || got["a"] != got["b"] {
		t.Errorf("mixed: %v", got)
	}
}

func TestCanceled(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	want := map[string]string{"a": "1"}
	write(t, sink, want)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, next := range []map[string]string{{"a": "2"}, {}} {
		changed, err := sink.Write(ctx, files(next))
		if changed || !errors.Is(err, context.Canceled) {
			t.Errorf("changed %v, error %v", changed, err)
		}
		checkVisible(t, dir, want)
		if got := hidden(t, dir); len(got) != 1 {
			t.Errorf("left: %q", got)
		}
	}
}

// The operating system's refusals come with the directory's name.
func TestWriteError(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	must(t, os.RemoveAll(dir))
	_, err := sink.Write(t.Context(), files(map[string]string{"a": "marker"}))
	w, ok := errors.AsType[*filesink.WriteError](err)
	if !ok || w.Dir != dir || !errors.Is(err, fs.ErrNotExist) || errors.Is(err, secrets.ErrConfiguration) {
		t.Errorf("%#v", err)
	}
	if strings.Contains(err.Error(), "marker") {
		t.Errorf("it shows the contents: %v", err)
	}
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	if _, err := filesink.Open(filepath.Join(file, "dir"), filesink.Config{}); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
}
