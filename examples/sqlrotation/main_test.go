package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// Where there is no PostgreSQL the tests skip, unless CI is set.
func requirePostgres(t *testing.T) *postgres {
	t.Helper()
	pg, err := startPostgres(t.Context())
	if errors.Is(err, errNoPostgres) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := pg.stop(); err != nil {
			t.Error(err)
		}
	})
	return pg
}

// One rotation after the other under load, and no query fails. SQLROTATION_FOR
// makes it last longer than a few seconds.
func TestRotationUnderLoad(t *testing.T) {
	pg := requirePostgres(t)
	last := 5 * time.Second
	if text := os.Getenv("SQLROTATION_FOR"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		last = d
	}
	for name, o := range map[string]options{
		"with AWSPENDING":      {last: last, every: 1500 * time.Millisecond, window: 750 * time.Millisecond, workers: 50},
		"with AWSCURRENT only": {last: last, every: 2500 * time.Millisecond, window: 750 * time.Millisecond, workers: 20, currentOnly: true},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := rotateUnderLoad(t.Context(), pg, o)
			if err != nil {
				t.Fatal(err)
			}
			var text strings.Builder
			if err := r.write(&text); err != nil {
				t.Fatal(err)
			}
			t.Log("\n" + text.String())
			if r.failed > 0 {
				t.Errorf("%d of %d queries failed, the first with: %v", r.failed, r.queries, r.first)
			}
			if r.rotations == 0 || r.queries < int64(o.workers) || r.logins <= int64(r.rotations) {
				t.Error("that was no load")
			}
		})
	}
}

func TestRun(t *testing.T) {
	requirePostgres(t)
	var out bytes.Buffer
	args := []string{"-for", "1s", "-every", "500ms", "-window", "100ms", "-workers", "2"}
	if err := run(t.Context(), args, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"workers       2 for 1s\n", "failed        0\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want error
	}{
		"defaults":        {nil, nil},
		"help":            {[]string{"-h"}, flag.ErrHelp},
		"argument":        {[]string{"now"}, errUsage},
		"unknown flag":    {[]string{"-pod", "1"}, errUsage},
		"no workers":      {[]string{"-workers", "0"}, errUsage},
		"too many":        {[]string{"-workers", "1000"}, errUsage},
		"window too long": {[]string{"-window", "3s"}, errUsage},
		"never rotates":   {[]string{"-for", "1s"}, errUsage},
		"negative window": {[]string{"-window", "-1s"}, errUsage},
		"everything good": {[]string{"-for", "9s", "-every", "2s", "-window", "0s", "-workers", "3", "-current-only"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(test.args, io.Discard); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}
