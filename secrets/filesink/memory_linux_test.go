package filesink_test

import (
	"os"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

// /proc is no tmpfs, and certain to be there.
func TestWarnsOfDisk(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/shm"); err != nil {
		t.Skip("no /dev/shm")
	}
	if got := open(t, memoryDir(t), filesink.Config{}).Warnings(); len(got) != 0 {
		t.Errorf("in memory: %q", got)
	}
	sink, err := filesink.Open("/proc/self", filesink.Config{InsecureDir: true})
	if err != nil {
		t.Skip(err)
	}
	defer sink.Close()
	if got := strings.Join(sink.Warnings(), "\n"); !strings.Contains(got, "not in memory") {
		t.Errorf("of /proc: %q", got)
	}
}
