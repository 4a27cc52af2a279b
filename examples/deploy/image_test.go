package deploy_test

import (
	"bytes"
	"crypto/sha256"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// containerfile is what of the Containerfile matters to these tests.
type containerfile struct {
	stages   [][]string // instructions, continued lines joined
	programs []string
	copied   []string // from the context
	flags    []string // of go build
	ldflags  string
}

var (
	buildLine = regexp.MustCompile(`go -C examples build (.*?) -ldflags "([^"]*)" -o "/out/\$\{program\}" "\./\$\{program\}"`)
	argument  = regexp.MustCompile(`^ARG PROGRAMS="([^"]*)"`)
)

func readContainerfile(t *testing.T) containerfile {
	t.Helper()
	text, err := os.ReadFile("Containerfile")
	must(t, err)
	var f containerfile
	joined := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(string(text), "")
	for line := range strings.Lines(joined) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case words[0] == "FROM":
			f.stages = append(f.stages, nil)
		case words[0] == "COPY" && !strings.HasPrefix(words[1], "--"):
			f.copied = append(f.copied, words[1:len(words)-1]...)
		}
		if n := len(f.stages); n > 0 {
			f.stages[n-1] = append(f.stages[n-1], line)
		}
		if m := argument.FindStringSubmatch(line); m != nil {
			f.programs = strings.Fields(m[1])
		}
		if m := buildLine.FindStringSubmatch(line); m != nil {
			f.flags, f.ldflags = strings.Fields(m[1]), m[2]
		}
	}
	return f
}

// The image is from scratch, of programs and certificates alone, and its user has
// a number that is not root's.
func TestContainerfile(t *testing.T) {
	t.Parallel()
	f := readContainerfile(t)
	if len(f.stages) != 2 {
		t.Fatalf("%d stages", len(f.stages))
	}
	build, image := f.stages[0], f.stages[1]
	want := []string{
		"FROM scratch",
		"COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt",
		"COPY --from=build /out/ /",
		"USER 65532:65532",
	}
	if !slices.Equal(image, want) {
		t.Errorf("image:\n%s", strings.Join(image, "\n"))
	}
	if !slices.Contains(build, "ENV CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS=-mod=readonly") {
		t.Errorf("build:\n%s", strings.Join(build, "\n"))
	}
	if !slices.Equal(f.flags, []string{"-trimpath", "-buildvcs=false"}) || f.ldflags != "-s -w -buildid=" {
		t.Errorf("go build %q, linked by %q", f.flags, f.ldflags)
	}
	for _, name := range f.programs {
		if _, err := os.Stat(filepath.Join("..", name, "main.go")); err != nil {
			t.Error(err)
		}
	}
}

// Every program that a manifest starts is in the image.
func TestProgramsInImage(t *testing.T) {
	t.Parallel()
	f := readContainerfile(t)
	for _, dir := range append(directories, "verify") {
		for _, one := range mustRender(t, dir).pods {
			for _, c := range one.containers() {
				if c.Name == "app" {
					continue
				}
				if name := strings.TrimPrefix(c.Command[0], "/"); c.Image != "registry.example/irsa:v1" || !slices.Contains(f.programs, name) {
					t.Errorf("%s: %s has no %s", dir, c.Image, name)
				}
			}
		}
	}
}

// build makes a program as the Containerfile does, of sources in root.
func (f containerfile) build(root, program, out string) ([]byte, error) {
	args := slices.Concat([]string{"-C", "examples", "build"}, f.flags, []string{"-ldflags", f.ldflags, "-o", out, "./" + program})
	cmd := exec.Command("go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOTOOLCHAIN=local", "GOWORK=off", "GOFLAGS=-mod=readonly")
	return cmd.CombinedOutput()
}

// What the Containerfile copies is enough to build of, and gives the same bytes in
// any directory, in which no name of it is left.
func TestReproducible(t *testing.T) {
	t.Parallel()
	f := readContainerfile(t)
	var sums [][32]byte
	for _, name := range []string{"first", "another-of-other-length"} {
		root := filepath.Join(t.TempDir(), name)
		for _, from := range f.copied {
			copyTree(t, filepath.Join("..", "..", from), filepath.Join(root, from))
		}
		out := filepath.Join(root, "out")
		if text, err := f.build(root, "agent", out); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		data, err := os.ReadFile(out)
		must(t, err)
		if bytes.Contains(data, []byte(root)) {
			t.Errorf("the program has the directory's name in it")
		}
		static(t, data)
		sums = append(sums, sha256.Sum256(data))
	}
	if sums[0] != sums[1] {
		t.Errorf("%x and %x", sums[0], sums[1])
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	must(t, err)
	must(t, os.MkdirAll(filepath.Dir(to), 0o755))
	if !info.IsDir() {
		data, err := os.ReadFile(from)
		must(t, err)
		must(t, os.WriteFile(to, data, 0o644))
		return
	}
	must(t, os.RemoveAll(to)) // what was copied of it before
	must(t, os.CopyFS(to, os.DirFS(from)))
}

// static fails unless a program needs no loader and no library.
func static(t *testing.T, program []byte) {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		t.Fatalf("not ELF: %v", err)
	}
	libraries, err := f.ImportedLibraries()
	if err != nil || len(libraries) > 0 {
		t.Errorf("libraries %v, %v", libraries, err)
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it needs a loader")
		}
	}
}

// built are the image's programs, made once for all tests.
var built struct {
	sync.Once
	dir string
	err error
}

// program returns the path of one.
func program(t *testing.T, name string) string {
	t.Helper()
	built.Do(func() {
		f := readContainerfile(t)
		for _, p := range f.programs {
			if text, err := f.build(filepath.Join("..", ".."), p, filepath.Join(built.dir, p)); err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
		}
	})
	path := filepath.Join(built.dir, strings.TrimPrefix(name, "/"))
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestMain keeps what is built until all tests have ended, where whoever a pod
// runs as can get at it.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		if built.dir, built.err = os.MkdirTemp("", "deploy"); built.err != nil {
			panic(built.err)
		}
		defer os.RemoveAll(built.dir)
		if err := os.Chmod(built.dir, 0o755); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}
