package policy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// evaluationCase is a file of testdata/evaluate: header lines, then the
// documents as txtar sections. Each case names the page of AWS's
// documentation that it follows from.
type evaluationCase struct {
	name, source string
	decision     string
	request      policy.Request
	set          policy.Set
	levels       map[string]int // index of a level by section name
}

// readCases reads the corpus. It is strict: a header or section that it does
// not know, or one that is missing, fails the test.
func readCases(tb testing.TB) map[string]evaluationCase {
	tb.Helper()
	files, err := filepath.Glob("testdata/evaluate/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no cases: %v", err)
	}
	cases := make(map[string]evaluationCase, len(files))
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		c, err := readCase(string(data))
		if err != nil {
			tb.Fatalf("%s: %v", file, err)
		}
		cases[strings.TrimSuffix(filepath.Base(file), ".txtar")] = c
	}
	return cases
}

func readCase(text string) (evaluationCase, error) {
	c := evaluationCase{levels: map[string]int{}}
	c.request.Closed = true
	c.request.Context = policy.Context{}
	header, sections, _ := strings.Cut(text, "\n-- ")
	for line := range strings.SplitSeq(strings.TrimSuffix(header, "\n"), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		if !ok {
			return c, fmt.Errorf("header %q", line)
		}
		if err := c.setHeader(key, value); err != nil {
			return c, err
		}
	}
	if c.name == "" || c.source == "" || c.decision == "" || c.request.Principal == "" || c.request.Action == "" || c.request.Resource == "" {
		return c, fmt.Errorf("a header is missing")
	}
	if sections == "" {
		return c, nil
	}
	for section := range strings.SplitSeq(sections, "\n-- ") {
		name, body, ok := strings.Cut(section, " --\n")
		if !ok {
			return c, fmt.Errorf("section %q", section)
		}
		if err := c.addSection(name, body); err != nil {
			return c, err
		}
	}
	return c, nil
}

func (c *evaluationCase) setHeader(key, value string) error {
	switch key {
	case "case":
		c.name = value
	case "doc":
		c.source = value
	case "decision":
		c.decision = value
	case "principal":
		c.request.Principal = value
	case "role":
		c.request.RoleARN = value
	case "action":
		c.request.Action = value
	case "resource":
		c.request.Resource = value
	case "account":
		c.request.ResourceAccount = value
	case "context":
		name, v, ok := strings.Cut(value, " = ")
		if !ok {
			return fmt.Errorf("context %q", value)
		}
		c.request.Context[name] = append(c.request.Context[name], v)
	default:
		return fmt.Errorf("unknown header %q", key)
	}
	return nil
}

func (c *evaluationCase) addSection(name, body string) error {
	doc, err := policy.Parse([]byte(body))
	if err != nil {
		return fmt.Errorf("section %s: %w", name, err)
	}
	kind, level, _ := strings.Cut(name, " ")
	p := policy.Policy{Name: name, Document: doc}
	switch kind {
	case "identity":
		c.set.Identity = append(c.set.Identity, p)
	case "boundary":
		c.set.Boundaries = append(c.set.Boundaries, p)
	case "session":
		c.set.Session = append(c.set.Session, p)
	case "endpoint":
		c.set.Endpoint = append(c.set.Endpoint, p)
	case "resource":
		c.set.Resource = &p
	case "scp":
		c.set.SCPs = c.addLevel(c.set.SCPs, "scp "+level, p)
	case "rcp":
		c.set.RCPs = c.addLevel(c.set.RCPs, "rcp "+level, p)
	default:
		return fmt.Errorf("unknown section %q", name)
	}
	return nil
}

// addLevel adds to the level of that name, or opens one.
func (c *evaluationCase) addLevel(levels [][]policy.Policy, name string, p policy.Policy) [][]policy.Policy {
	i, ok := c.levels[name]
	if !ok {
		i = len(levels)
		c.levels[name] = i
		levels = append(levels, nil)
	}
	levels[i] = append(levels[i], p)
	return levels
}

func TestEvaluateCorpus(t *testing.T) {
	t.Parallel()
	for file, c := range readCases(t) {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			got := evaluate(t, c.request, c.set)
			if got.Decision.String() != c.decision {
				t.Errorf("%s (%s): got %v, want %s\n%+v", c.name, c.source, got.Decision, c.decision, got)
			}
		})
	}
}
