package main

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"quickstart": main})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// TestVerdictCanFail proves that the verdict is no rubber stamp: every break
// judged by another break's expectation must be refused.
func TestVerdictCanFail(t *testing.T) {
	for _, b := range breakages {
		t.Run(b.name, func(t *testing.T) {
			story, err := tell(t.Context(), &b)
			if err != nil {
				t.Fatal(err)
			}
			if err := story.verdict(); err != nil {
				t.Fatalf("verdict: %v", err)
			}
			for _, other := range breakages {
				if other.kind == b.kind && other.account == b.account && other.document == b.document {
					continue
				}
				story.broken = &other
				if story.verdict() == nil {
					t.Errorf("%s passes for %s", b.name, other.name)
				}
			}
		})
	}
}

// TestErrorVerdictCanFail judges what the application was told apart from what
// the documents say.
func TestErrorVerdictCanFail(t *testing.T) {
	broken, err := findBreakage("trust-sub")
	if err != nil {
		t.Fatal(err)
	}
	story, err := tell(t.Context(), broken)
	if err != nil {
		t.Fatal(err)
	}
	fault := func(kind policy.Kind, account string) error {
		return &credentials.AssumeRoleError{Fault: &policy.Fault{Kind: kind, Account: account}}
	}
	for name, told := range map[string]error{
		"nothing":       errors.New("refused"),
		"no fault":      &credentials.AssumeRoleError{},
		"other kind":    fault(policy.IdentityProvider, clusterAccount),
		"other account": fault(policy.TrustPolicy, keyAccount),
		"the token":     &credentials.TokenError{},
		"the secret":    &secrets.AccessError{Grants: []secrets.Grant{{Kind: policy.ResourcePolicy, Account: clusterAccount}}},
	} {
		story.performed.err = told
		if story.verdict() == nil {
			t.Errorf("%s: passes", name)
		}
	}
}

func TestUnbrokenVerdictCanFail(t *testing.T) {
	story, err := tell(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := story.verdict(); err != nil {
		t.Fatal(err)
	}
	story.performed.err = errors.New("refused")
	if story.verdict() == nil {
		t.Error("a refused read passes")
	}
}

func TestPlayLeavesNoFiles(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	if _, err := newScene().play(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(os.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestREADMESample keeps the sample in the README to what the command prints.
func TestREADMESample(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(readme), "```text\n")
	sample, _, ok := strings.Cut(sample, "```")
	if !ok {
		t.Fatal("README.md has no text block")
	}
	broken, err := findBreakage("key-policy")
	if err != nil {
		t.Fatal(err)
	}
	told, err := tell(t.Context(), broken)
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ := strings.Cut(told.text(), "5. What the documents say\n")
	if diff := cmp.Diff(lines(want), lines(sample)); diff != "" {
		t.Errorf("-printed +README.md:\n%s", diff)
	}
}

// lines are a text's lines without the white space around them.
func lines(text string) []string {
	var out []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		out = append(out, strings.TrimSpace(line))
	}
	return out
}
