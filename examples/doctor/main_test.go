package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/examples/internal/terminal"
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
		{Name: "token file", Status: credentials.StatusFailure, Evidence: "not\x1b[2Jthere", Fix: "mount the volume as a directory, for that is what the kubelet renews"},
		{Name: "caller", Evidence: "there are no credentials"},
	}
	tests := map[string]struct {
		style terminal.Style
		want  string
	}{
		"plain": {terminal.Style{}, "" +
			"ok       clock       it agrees with that of STS\n" +
			"failure  token file  not\uFFFD[2Jthere\n" +
			"                   → mount the volume as a directory, for that is what the kubelet renews\n" +
			"unknown  caller      there are no credentials\n"},
		"narrow": {terminal.Style{Width: 62}, "" +
			"ok       clock       it agrees with that of STS\n" +
			"failure  token file  not\uFFFD[2Jthere\n" +
			"                   → mount the volume as a directory, for that\n" +
			"                     is what the kubelet renews\n" +
			"unknown  caller      there are no credentials\n"},
		"too narrow": {terminal.Style{Width: 28}, "" +
			"ok       clock\n" +
			"    it agrees with that of\n" +
			"    STS\n" +
			"failure  token file\n" +
			"    not\uFFFD[2Jthere\n" +
			"  → mount the volume as a\n" +
			"    directory, for that is\n" +
			"    what the kubelet renews\n" +
			"unknown  caller\n" +
			"    there are no credentials\n"},
		"coloured": {terminal.Style{Colour: true}, "" +
			"\x1b[32mok     \x1b[0m  clock       it agrees with that of STS\n" +
			"\x1b[1;31mfailure\x1b[0m  token file  not\uFFFD[2Jthere\n" +
			"                   \x1b[1m→\x1b[0m mount the volume as a directory, for that is what the kubelet renews\n" +
			"unknown  caller      there are no credentials\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			writeTable(&b, test.style, checks)
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

// A statement in what to do stands by itself, whole or not at all.
func TestTableStatement(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ fix, want string }{
		"at the end": {`add this statement: {"Effect":"Allow","Action":["a:B"]}`, "" +
			"failure  hop 1  denied\n" +
			"              → add this statement:\n" +
			"    {\n" +
			"      \"Effect\": \"Allow\",\n" +
			"      \"Action\": [\n" +
			"        \"a:B\"\n" +
			"      ]\n" +
			"    }\n"},
		"in the middle": {`add {"Effect":"Deny"}; try again`, "" +
			"failure  hop 1  denied\n" +
			"              → add\n" +
			"    {\n" +
			"      \"Effect\": \"Deny\"\n" +
			"    }\n" +
			"                try again\n"},
		"half a one": {`add {"Effect"`, "" +
			"failure  hop 1  denied\n" +
			"              → add {\"Effect\"\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b strings.Builder
			writeTable(&b, terminal.Style{}, []credentials.Check{{Name: "hop 1", Status: credentials.StatusFailure, Evidence: "denied", Fix: test.fix}})
			if diff := cmp.Diff(test.want, b.String()); diff != "" {
				t.Errorf("table (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlagWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"web identity by Config.RoleARN and Config.TokenFile": "web identity by -role-arn and -token-file",
		"not applicable: Config.Expect is empty":              "not applicable: neither -expect-account nor -expect-role is given",
		"Config.Expect.RoleARN: want another":                 "-expect-role: want another",
		"Config.Hops[0].RoleARN: no ARN":                      "-hop number 1: no ARN",
		"Config.Hops[1].ExternalID is empty":                  "-external-id number 2 is empty",
		"Config.Sources does not list it":                     "Config.Sources does not list it",
	} {
		if got := flagWords(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A help that is wider than a terminal usually is would be hard to read.
func TestUsageWidth(t *testing.T) {
	t.Parallel()
	for line := range strings.Lines(usage) {
		if n := terminal.Columns(line) - 1; n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
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

func TestExitStatus(t *testing.T) {
	t.Parallel()
	for want, err := range map[int]error{0: nil, 1: errUnwell, 2: badUsage("x"), 130: errInterrupted} {
		if got := exitStatus(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
	if got := exitStatus(io.ErrShortWrite); got != 1 {
		t.Errorf("what cannot be printed: %d", got)
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
	if !errors.Is(err, errInterrupted) || out.Len() > 0 {
		t.Errorf("error %v, output %q", err, out.String())
	}
}
