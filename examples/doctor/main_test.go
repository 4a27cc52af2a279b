package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"doctor": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:  "testdata",
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"world": worldCommand},
		Setup: func(env *testscript.Env) error {
			env.Setenv("AWS_CONFIG_FILE", os.DevNull)
			env.Setenv("AWS_SHARED_CREDENTIALS_FILE", os.DevNull)
			env.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")
			return nil
		},
	})
}

func TestTable(t *testing.T) {
	t.Parallel()
	checks := []credentials.Check{
		{Name: "clock", Status: credentials.StatusOK, Evidence: "it agrees with that of STS"},
		{Name: "token file", Status: credentials.StatusFailure, Evidence: "not\x1b[2Jthere", Fix: "mount the volume as a directory"},
		{Name: "caller", Evidence: "there are no credentials"},
	}
	tests := map[string]struct {
		style style
		want  string
	}{
		"plain": {style{}, "" +
			"ok       clock       it agrees with that of STS\n" +
			"failure  token file  not\uFFFD[2Jthere\n" +
			"                   → mount the volume as a directory\n" +
			"unknown  caller      there are no credentials\n"},
		"narrow": {style{width: 36}, "" +
			"ok       clock       it agrees with\n" +
			"                     that of STS\n" +
			"failure  token file  not\uFFFD[2Jthere\n" +
			"                   → mount the\n" +
			"                     volume as a\n" +
			"                     directory\n" +
			"unknown  caller      there are no\n" +
			"                     credentials\n"},
		"coloured": {style{colour: true}, "" +
			"\x1b[32mok     \x1b[0m  clock       it agrees with that of STS\n" +
			"\x1b[1;31mfailure\x1b[0m  token file  not\uFFFD[2Jthere\n" +
			"                   → mount the volume as a directory\n" +
			"unknown  caller      there are no credentials\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			test.style.table(&b, checks)
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStyle(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		env  map[string]string
		want style
	}{
		"a pipe":         {nil, style{}},
		"a wide one":     {map[string]string{"COLUMNS": "120"}, style{width: 120}},
		"no such number": {map[string]string{"COLUMNS": "wide"}, style{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := styleOf(new(bytes.Buffer), func(name string) string { return test.env[name] })
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
		})
	}
	// A character device stands for a terminal.
	device, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer device.Close()
	for name, want := range map[string]style{"": {width: terminalWidth, colour: true}, "NO_COLOR": {width: terminalWidth}} {
		if got := styleOf(device, func(n string) string { return strings.Repeat("1", len(name))[:btoi(n == name)] }); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestVerdict(t *testing.T) {
	t.Parallel()
	of := func(s ...credentials.Status) findings {
		var f findings
		for _, status := range s {
			f.add([]credentials.Check{{Name: status.String(), Status: status}}, "")
		}
		return f
	}
	const (
		unknown = credentials.StatusUnknown
		ok      = credentials.StatusOK
		warning = credentials.StatusWarning
		failure = credentials.StatusFailure
	)
	tests := map[string]struct {
		found          findings
		unwell, strict bool
		summary        string
	}{
		"well":     {of(ok, credentials.StatusInfo), false, false, "All is well."},
		"unknown":  {of(ok, unknown), false, true, "No failure, but not everything could be looked at."},
		"warnings": {of(warning, unknown, warning), false, true, "No failure, 2 warnings."},
		"failures": {of(failure, warning, unknown, failure), true, true, "2 failures, 1 warning. Begin with the first failure: failure."},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.found.unwell(false); got != test.unwell {
				t.Errorf("unwell: %v", got)
			}
			if got := test.found.unwell(true); got != test.strict {
				t.Errorf("strictly unwell: %v", got)
			}
			if got := test.found.summary(); got != test.summary {
				t.Errorf("summary %q", got)
			}
		})
	}
}

// An interrupted run is no diagnosis.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	var out bytes.Buffer
	err := run(ctx, nil, os.Getenv, &out, &out)
	if !errors.Is(err, context.Canceled) || out.Len() > 0 {
		t.Errorf("error %v, output %q", err, out.String())
	}
}
