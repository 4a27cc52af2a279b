package filesink_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/irsakit/irsa/secrets/filesink"
)

// capChown is the one capability that Config.UID asks for (capabilities(7)).
const capChown = 0

// onlyCapability takes all capabilities but one from this thread, which the
// caller has locked (capset(2)).
func onlyCapability(bit uint) error {
	header := struct {
		version uint32
		pid     int32
	}{version: 0x20080522}
	data := [2]struct{ effective, permitted, inheritable uint32 }{{effective: 1 << bit, permitted: 1 << bit}}
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data)), 0)
	if errno != 0 {
		return errno
	}
	return nil
}

// A container that drops all capabilities and adds CHOWN can give files away.
func TestOwnerByChownAlone(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := newDir(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine
		if err := onlyCapability(capChown); err != nil {
			t.Error(err)
			return
		}
		giveAway(t, dir)
	}()
	<-done
}

func giveAway(t *testing.T, dir string) {
	sink, err := filesink.Open(dir, filesink.Config{Mode: 0o400, UID: new(12345), GID: new(23456), Linger: -1})
	if err != nil {
		t.Error(err)
		return
	}
	defer sink.Close()
	for _, step := range []struct {
		contents map[string]string
		changed  bool
	}{
		{map[string]string{"a/b": "1"}, true},
		{map[string]string{"a/b": "1"}, false},
		{map[string]string{"a/b": "2"}, true},
	} {
		changed, err := sink.Write(t.Context(), files(step.contents))
		if err != nil || changed != step.changed {
			t.Errorf("%v: changed %v, %v", step.contents, changed, err)
		}
	}
	info, err := os.Stat(dir + "/a/b")
	if err != nil {
		t.Error(err)
		return
	}
	if st := info.Sys().(*syscall.Stat_t); st.Uid != 12345 || st.Gid != 23456 || info.Mode().Perm() != 0o400 {
		t.Errorf("it belongs to %d:%d with mode %v", st.Uid, st.Gid, info.Mode())
	}
}

// A process that may not be signalled is not one that is not there.
func TestSignalNotPermitted(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can start a process of somebody else")
	}
	cmd := exec.Command("sleep", "600")
	cmd.Args[0] = fmt.Sprintf("sleeper-%d-of-somebody-else", os.Getpid())
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	must(t, cmd.Start())
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with the goroutine
		if err := onlyCapability(capChown); err != nil {
			failed <- err
			return
		}
		failed <- filesink.Signal{Process: cmd.Args[0]}.Run(t.Context())
	}()
	if err := <-failed; !errors.Is(err, os.ErrPermission) {
		t.Errorf("error %v", err)
	}
}
