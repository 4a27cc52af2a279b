package filesink_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/irsakit/irsa/secrets/filesink"
)

// stepperVariable has the test binary make a directory and write both sets into
// it, all by its first thread, which somebody traces.
const stepperVariable = "FILESINK_TEST_STEPPER"

func init() {
	helpers[stepperVariable] = writeBoth
	if os.Getenv(stepperVariable) != "" {
		runtime.LockOSThread()
	}
}

func writeBoth(dir string) error {
	sink, err := filesink.Open(dir, filesink.Config{DirMode: 0o750, Linger: -1})
	if err != nil {
		return err
	}
	for serial, name := range []string{"A", "B"} {
		if _, err := sink.Write(context.Background(), marked(name, serial)); err != nil {
			return err
		}
	}
	return nil
}

// A writer is killed before each single thing that it does to the directory:
// when it makes it, writes the first set and replaces it by another.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	dir := memoryDir(t)
	step := 1
	syncs := 0
	for ; ; step++ {
		var killed bool
		if killed, syncs = killedAt(t, dir, step); !killed {
			break
		}
		if exists(t, dir) {
			checkPrivate(t, dir)
		}
		checkWhole(t, dir)
		recoverFrom(t, dir, step)
		info, err := os.Stat(dir)
		must(t, err)
		want := fs.FileMode(0o750)
		if step <= 2 {
			want = 0o755 // that of the one who recovered: it was not made, or half made
		}
		if left := hidden(t, dir); len(left) != 1 || info.Mode() != fs.ModeDir|want {
			t.Errorf("recovered: %q in a directory with mode %v", left, info.Mode())
		}
		if t.Failed() {
			t.Fatalf("killed before step %d", step)
		}
		must(t, os.RemoveAll(dir))
	}
	t.Logf("%d steps", step-1)
	if step < 60 {
		t.Error("that showed little")
	}
	// The directory; of each set the files, their directories and its own; each swap.
	if want := 1 + (6 + 3 + 1) + 1 + (6 + 4 + 1) + 1; syncs != want {
		t.Errorf("%d things were synced, want %d", syncs, want)
	}
}

// checkPrivate looks at sets that readers are not led to: what is not complete is
// the writer's alone.
func checkPrivate(t *testing.T, dir string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		must(t, err)
		info, err := d.Info()
		must(t, err)
		switch mode := info.Mode(); {
		case path == dir || mode.Type() == fs.ModeSymlink:
		case mode == 0o600 || mode == fs.ModeDir|0o700 || mode == fs.ModeDir|0o750:
		case mode != 0o440 || info.Size() != markedSize:
			t.Errorf("%s has mode %v and %d bytes", path, mode, info.Size())
		}
		return nil
	}))
}

// killedAt kills a stepper before its step of that number, unless it has not that
// many, and returns how often it synced something (ptrace(2)).
func killedAt(t *testing.T, dir string, step int) (killed bool, syncs int) {
	runtime.LockOSThread() // the one who traces
	defer runtime.UnlockOSThread()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Error(err)
		return false, syncs
	}
	defer null.Close()
	p, err := os.StartProcess(os.Args[0], os.Args[:1], &os.ProcAttr{
		Env:   []string{stepperVariable + "=" + dir, "GOCOVERDIR=" + os.TempDir()},
		Files: []*os.File{null, null, os.Stderr},
		Sys:   &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		t.Errorf("it cannot be traced: %v", err)
		return false, syncs
	}
	defer func() { _ = p.Release() }()
	for entered := false; ; {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(p.Pid, &status, syscall.WALL, nil); err != nil {
			t.Error(err)
			return false, syncs
		}
		deliver := 0
		switch sig := status.StopSignal(); {
		case status.Exited():
			if status.ExitStatus() != 0 {
				t.Errorf("the writer failed: %d", status.ExitStatus())
			}
			return false, syncs
		case status.Signaled():
			return true, syncs
		case sig == syscall.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD
			if entered = !entered; !entered {
				break
			}
			switch call, flags := calls(p.Pid); {
			case call == syscall.SYS_FSYNC:
				syncs++
			case isStep(call, flags):
				if step--; step == 0 {
					_ = p.Kill()
				}
			}
		case sig == syscall.SIGTRAP:
			_ = syscall.PtraceSetOptions(p.Pid, syscall.PTRACE_O_TRACESYSGOOD)
		default:
			deliver = int(sig)
		}
		_ = syscall.PtraceSyscall(p.Pid, deliver) // or it has been killed
	}
}

// calls returns the number of the system call that a stopped process is about to
// make, and its third argument (PTRACE_GET_SYSCALL_INFO).
func calls(pid int) (number, third uint64) {
	const getSyscallInfo = 0x420e
	var info struct {
		op                 uint8
		arch               uint32
		instruction, stack uint64
		number             uint64
		args               [6]uint64
		_                  [2]uint64
	}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, getSyscallInfo, uintptr(pid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return 0, 0
	}
	return info.number, info.args[2]
}

// isStep reports whether a system call changes something in a file system.
func isStep(call, third uint64) bool {
	switch call {
	case syscall.SYS_OPENAT:
		return third&syscall.O_CREAT != 0
	case syscall.SYS_MKDIRAT, syscall.SYS_WRITE, syscall.SYS_FCHMOD, syscall.SYS_SYMLINKAT, syscall.SYS_UNLINKAT, syscall.SYS_RENAMEAT:
		return true
	}
	return false
}
