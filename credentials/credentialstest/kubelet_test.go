package credentialstest_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

// issuedAt is when the token in a pod's file was issued.
func issuedAt(t *testing.T, pod *credentialstest.Pod) time.Time {
	t.Helper()
	token, err := credentials.ParseTokenUnverified(read(t, pod.TokenFile.Path()))
	if err != nil {
		t.Fatal(err)
	}
	return token.IssuedAt
}

// The kubelet renews at 80 % of the lifetime, or at 24 hours, up to ten seconds
// late.
func TestKubelet(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ lifetime, renewal time.Duration }{
		"a day":       {24 * time.Hour, 24 * time.Hour * 8 / 10},
		"ten minutes": {10 * time.Minute, 8 * time.Minute},
		"a week":      {7 * 24 * time.Hour, 24 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod, err := credentialstest.NewPod(t.TempDir(), &credentialstest.PodOptions{
					Token: credentialstest.TokenRequest{Lifetime: test.lifetime},
				})
				if err != nil {
					t.Fatal(err)
				}
				kubelet := pod.StartKubelet()
				for range 3 {
					issued := issuedAt(t, pod)
					if due := pod.RotationDue(); due.Sub(issued).Truncate(time.Second) != test.renewal {
						t.Errorf("due after %v, want %v", due.Sub(issued), test.renewal)
					}
					time.Sleep(time.Until(issued.Add(test.renewal - time.Second)))
					if now := issuedAt(t, pod); !now.Equal(issued) {
						t.Errorf("rotated after %v, too early", now.Sub(issued))
					}
					time.Sleep(12 * time.Second)
					late := issuedAt(t, pod).Sub(issued) - test.renewal
					if late < 0 || late > 11*time.Second {
						t.Errorf("rotated %v late", late)
					}
				}
				if err := kubelet.Stop(); err != nil {
					t.Error(err)
				}
				issued := issuedAt(t, pod)
				time.Sleep(10 * 24 * time.Hour)
				if !issuedAt(t, pod).Equal(issued) {
					t.Error("rotated after Stop")
				}
			})
		})
	}
}

func TestStuckKubelet(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		kubelet := pod.StartKubelet()
		defer kubelet.Stop()
		issued := issuedAt(t, pod)
		kubelet.Stick(true)
		time.Sleep(30 * time.Hour)
		if !issuedAt(t, pod).Equal(issued) {
			t.Error("a stuck kubelet has rotated")
		}
		kubelet.Stick(false)
		time.Sleep(75 * time.Second)
		if late := time.Since(issuedAt(t, pod)); late > 75*time.Second {
			t.Errorf("the token is %v old", late)
		}
	})
}

func TestKubeletError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "volume")
		pod, err := credentialstest.NewPod(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		kubelet := pod.StartKubelet()
		due := pod.RotationDue()
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		if err := kubelet.Stop(); err == nil {
			t.Error("a kubelet without a volume has no error")
		}
		if !pod.RotationDue().Equal(due) {
			t.Error("a rotation that did not happen counts")
		}
	})
}

func TestRotateIfDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []bool{false, false, true, false} {
			time.Sleep(8 * time.Hour)
			if rotated, err := pod.RotateIfDue(); rotated != want || err != nil {
				t.Errorf("rotated %v, %v, want %v", rotated, err, want)
			}
		}
	})
}

// The ways in which a token file goes wrong, each undone by the next rotation.
func TestTokenFileFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file, err := credentialstest.NewTokenFile(dir, "first")
	if err != nil {
		t.Fatal(err)
	}
	fixed := filepath.Join(dir, "subpath")
	if err := file.SubPath(fixed); err != nil {
		t.Fatal(err)
	}
	if err := file.Chmod(0); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file.Path()); err != nil || info.Mode().Perm() != 0 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := file.Chmod(0o600); err != nil { // the subPath mount is the same file
		t.Fatal(err)
	}
	if err := file.Remove(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(file.Path()); !os.IsNotExist(err) {
		t.Errorf("removed: %v", err)
	}
	if err := file.Rotate("second"); err != nil {
		t.Fatal(err)
	}
	if got := read(t, file.Path()); got != "second" {
		t.Errorf("token %q", got)
	}
	if got := read(t, fixed); got != "first" {
		t.Errorf("the subPath mount has %q", got)
	}

	if err := file.SubPath(fixed); err == nil {
		t.Error("a mount over a file")
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if file.Remove() == nil || file.Chmod(0) == nil {
		t.Error("no error without a directory")
	}
}
