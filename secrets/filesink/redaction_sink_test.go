//go:build unix

package filesink_test

import (
	"os"
	"testing"

	"github.com/irsakit/irsa/secrets/filesink"
)

func TestSinkRedaction(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	sink := open(t, dir, filesink.Config{})
	write(t, sink, map[string]string{"a": marker})
	checkRedacted(t, "Sink", sink)
	for name, list := range map[string][]filesink.File{
		"twice":    {{Path: "b", Data: value(marker)}, {Path: "b", Data: value(marker)}},
		"bad path": {{Path: "../b", Data: value(marker)}},
		"bad mode": {{Path: "b", Data: value(marker), Mode: os.ModeSetuid}},
	} {
		_, err := sink.Write(t.Context(), list)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		checkRedacted(t, name, err)
	}
	must(t, os.RemoveAll(dir))
	_, err := sink.Write(t.Context(), files(map[string]string{"b": marker}))
	if err == nil {
		t.Error("no error for a lost directory")
	}
	checkRedacted(t, "lost directory", err)
}
