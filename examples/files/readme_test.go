package main

import (
	"io"
	"os"
	"strings"
	"testing"
)

// What the README shows of -check is what it prints.
func TestREADMESample(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "    $ AWS_REGION=eu-west-1 files -check examples/deploy/overlays/files/testapp.yaml\n")
	sample, _, _ = strings.Cut(sample, "\n\n")
	region := func(name string) string { return map[string]string{"AWS_REGION": "eu-west-1"}[name] }
	var printed strings.Builder
	if err := run(t.Context(), []string{"-check", "../deploy/overlays/files/testapp.yaml"}, region, nil, &printed, io.Discard); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSuffix("    "+strings.ReplaceAll(printed.String(), "\n", "\n    "), "\n    ")
	if sample != want {
		t.Errorf("README.md has\n%s\nprinted is\n%s", sample, want)
	}
}
