//go:build unix

package filesink_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets/filesink"
)

// lanes are directories that writers are killed in at the same time. kills is how
// often, in all lanes together.
const lanes = 2

// pause is between two reads, so that writers get to write too.
const pause = 200 * time.Microsecond

// writerVariable has the test binary write sets into a directory until it is
// killed.
const writerVariable = "FILESINK_TEST_WRITER"

func init() { helpers[writerVariable] = writeForever }

// The two sets. They have other names in part, and each content says which
// write it is of, as often as it takes.
var setNames = map[string][]string{
	"A": {"config/app.json", "config/db/login", "only-a", "tls/tls.crt", "tls/tls.key", "token"},
	"B": {"config/app.json", "config/db/login", "only/b", "tls/tls.crt", "tls/tls.key", "token"},
}

// markedSize is that of each file, in bytes.
const markedSize = 3000

// marked returns one of the two sets, full of a mark of its own.
func marked(name string, serial int) []filesink.File {
	mark := fmt.Sprintf("%s-%d-%d\n", name, os.Getpid(), serial)
	content := strings.Repeat(mark, markedSize/len(mark)+1)[:markedSize]
	var list []filesink.File
	for _, path := range setNames[name] {
		list = append(list, filesink.File{Path: path, Data: value(content)})
	}
	return list
}

// writeForever writes one set after the other, and a byte to standard output once
// it has begun.
func writeForever(dir string) error {
	sink, err := filesink.Open(dir, filesink.Config{})
	if err != nil {
		return err
	}
	for serial := 0; ; serial++ {
		if _, err := sink.Write(context.Background(), marked([]string{"A", "B"}[serial%2], serial)); err != nil {
			return err
		}
		if serial == 0 {
			fmt.Println()
		}
	}
}

// wrong says what is not as it must be with a set that was read, and whether that
// is more than that files are missing.
func wrong(got map[string]string) (problem string, mixed bool) {
	if len(got) == 0 {
		return "no files", false
	}
	var mark string
	for path, content := range got {
		own, _, _ := strings.Cut(content, "\n")
		switch {
		case mark == "":
			mark = own
		case own != mark:
			return fmt.Sprintf("%s is of %q, another of %q", path, own, mark), true
		}
		if want := strings.Repeat(own+"\n", markedSize/(len(own)+1)+1)[:markedSize]; content != want {
			return fmt.Sprintf("%s has %d bytes, not all of %q", path, len(content), own), true
		}
	}
	for _, path := range setNames[mark[:1]] {
		if _, ok := got[path]; !ok {
			return path + " is missing", false
		}
	}
	if len(got) != len(setNames[mark[:1]]) {
		return "there are files of another set", true
	}
	return "", false
}

// readSet reads all that is behind ..data, which it looks at once.
func readSet(dir string) (name string, got map[string]string, err error) {
	name, err = os.Readlink(filepath.Join(dir, "..data"))
	if err != nil {
		return "", nil, err
	}
	got = map[string]string{}
	root, err := os.OpenRoot(filepath.Join(dir, name))
	if err != nil {
		return name, got, err
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := root.ReadFile(path)
		if err == nil {
			got[path] = string(data)
		}
		return err
	})
	return name, got, err
}

// reader reads all the time, and counts.
type reader struct {
	reads, overtaken atomic.Int64
}

// run reads until ctx ends. A reader that takes longer than two writes together
// may find that files are missing, of a set that is no longer the current one;
// never anything else.
func (r *reader) run(ctx context.Context, dir string) error {
	for ctx.Err() == nil {
		name, got, err := readSet(dir)
		if errors.Is(err, fs.ErrNotExist) && name == "" {
			return errors.New("..data was missing")
		}
		problem, mixed := wrong(got)
		if err == nil && problem == "" {
			r.reads.Add(1)
			<-time.After(pause)
			continue
		}
		if now, nowErr := os.Readlink(filepath.Join(dir, "..data")); nowErr == nil && now != name && !mixed &&
			(err == nil || errors.Is(err, fs.ErrNotExist)) {
			r.overtaken.Add(1)
			continue
		}
		return errors.Join(fmt.Errorf("%s: %s", name, problem), err)
	}
	return nil
}

// A writer is killed again and again in the middle of its work. At no time does
// a reader see a mixed or partial set, and each time the next writer finds its
// feet.
func TestKilled(t *testing.T) {
	t.Parallel()
	var total reader
	var inTheMiddle atomic.Int64
	start := time.Now()
	t.Run("lanes", func(t *testing.T) {
		for lane := range lanes {
			t.Run(fmt.Sprint(lane), func(t *testing.T) {
				t.Parallel()
				killLane(t, kills/lanes, &total, &inTheMiddle)
			})
		}
	})
	t.Logf("%d kills in %v, of which %d left something half done; %d whole sets read, %d reads overtaken",
		kills, time.Since(start).Round(time.Millisecond), inTheMiddle.Load(), total.reads.Load(), total.overtaken.Load())
	if total.reads.Load() == 0 || inTheMiddle.Load() == 0 {
		t.Error("that showed nothing")
	}
}

func killLane(t *testing.T, rounds int, r *reader, inTheMiddle *atomic.Int64) {
	dir := memoryDir(t)
	sink := open(t, dir, filesink.Config{})
	_, err := sink.Write(t.Context(), marked("A", 0))
	must(t, err)
	must(t, sink.Close())
	ctx, stop := context.WithCancel(t.Context())
	read := make(chan error, 1)
	go func() { read <- r.run(ctx, dir) }()
	for i := range rounds {
		killOne(t, dir)
		if halfDone(t, dir) {
			inTheMiddle.Add(1)
		}
		checkWhole(t, dir)
		recoverFrom(t, dir, i)
		if t.Failed() {
			break
		}
	}
	stop()
	if err := <-read; err != nil {
		t.Error(err)
	}
}

// memoryDir is a new directory in memory if the machine has such, which spares
// its disk.
func memoryDir(t *testing.T) string {
	t.Helper()
	parent, err := os.MkdirTemp("/dev/shm", "filesink")
	if err != nil {
		return newDir(t)
	}
	t.Cleanup(func() { must(t, os.RemoveAll(parent)) })
	return filepath.Join(parent, "sink")
}

// killOne starts a writer and kills it at a moment that nobody knows.
func killOne(t *testing.T, dir string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{writerVariable + "=" + dir, "GOCOVERDIR=" + os.TempDir()}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	_, ready := io.ReadFull(out, make([]byte, 1))
	if ready == nil {
		<-time.After(rand.N(2 * time.Millisecond)) // no matter how long it takes
	}
	must(t, cmd.Process.Kill())
	if err := cmd.Wait(); ready != nil || complaint.Len() > 0 {
		t.Fatalf("the writer stopped by itself: %v\n%s", err, &complaint)
	}
}

// halfDone reports whether a killed writer left more than a finished Write does.
func halfDone(t *testing.T, dir string) bool {
	t.Helper()
	left := hidden(t, dir)
	return slices.Contains(left, "..data_tmp") || slices.Max(left) != data(t, dir)
}

// checkWhole looks at what a killed writer left: names that all lead somewhere,
// and a whole set behind ..data if there is one.
func checkWhole(t *testing.T, dir string) {
	t.Helper()
	name, got, err := readSet(dir)
	if errors.Is(err, fs.ErrNotExist) && name == "" {
		if exists(t, dir) && len(visible(t, dir)) > 0 {
			t.Error("names are seen before there is a set")
		}
		return
	}
	if problem, _ := wrong(got); err != nil || problem != "" {
		t.Errorf("%s: %s (%v)", name, problem, err)
	}
}

// recoverFrom has a new writer put a set, and looks at what is there then.
func recoverFrom(t *testing.T, dir string, serial int) {
	t.Helper()
	sink := open(t, dir, filesink.Config{})
	name := []string{"A", "B"}[rand.IntN(2)]
	_, err := sink.Write(t.Context(), marked(name, serial))
	must(t, err)
	if left := hidden(t, dir); len(left) > 2 || slices.Contains(left, "..data_tmp") {
		t.Errorf("after the next write there is %q", left)
	}
	must(t, sink.Close())
	seen := visible(t, dir)
	if problem, _ := wrong(seen); problem != "" {
		t.Errorf("by their names: %s", problem)
	}
}
