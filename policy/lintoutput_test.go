package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

// untidy breaks two rules; the second finding lies behind a character of two
// bytes and one that a fix removes.
const untidy = `{
  "Statement": [{
    "Sid": "one", "Effect": "Allow", "Resource": ["arn:aws:s3:::ä", "arn:aws:s3:::ä"],
    "Action": "s3:GetObject"
  }]
}`

func TestWriteText(t *testing.T) {
	t.Parallel()
	text := policy.LintText([]byte(untidy), policy.Policy{Name: "p"})
	built := policy.Lint(policy.Policy{Kind: policy.IdentityPolicy, Document: &policy.Document{
		Version: policy.Version2012,
		Statements: []policy.Statement{{
			Effect: policy.Allow, Action: policy.Strings("Get\nObject"), Resource: policy.Strings("*"),
		}},
	}})
	var b strings.Builder
	if err := slices.Concat(text.InFile("dir/a.json"), text[:1], built).WriteText(&b); err != nil {
		t.Fatal(err)
	}
	want := `dir/a.json:1:1: warning MISSING_VERSION: the document has no Version, so it is read as of 2008-10-17
	fix: add the Version
dir/a.json:3:70: suggestion REDUNDANT_RESOURCE: arn:aws:s3:::ä is covered by arn:aws:s3:::ä
	fix: remove it
p:1:1: warning MISSING_VERSION: the document has no Version, so it is read as of 2008-10-17
	fix: add the Version
identity-based policy: error INVALID_ACTION: "Get\nObject" is no action (/Statement/0/Action)
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	if text[0].File != "" {
		t.Error("InFile changed the findings themselves")
	}
}

// TestWriteTextHostile: no line commands a terminal or passes for another.
func TestWriteTextHostile(t *testing.T) {
	t.Parallel()
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"a\u001b[31m\u009b31m\u202e\u2028\nb","Resource":"*","\u009bx\ny":1}}`
	var b strings.Builder
	if err := policy.LintText([]byte(text), policy.Policy{Name: "p\x1b\nq"}).InFile("f\u202e\x07g").WriteText(&b); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if strings.ContainsAny(strings.TrimSuffix(strings.TrimPrefix(line, "\t"), "\n"), "\x1b\u009b\u202e\u2028\x07\t") {
			t.Errorf("%q", line)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	findings := policy.LintText([]byte(untidy), policy.Policy{Kind: policy.IdentityPolicy, Account: "111122223333"})
	var b bytes.Buffer
	if err := findings[:1].WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got []policy.Finding
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(findings[0].String(), got[0].String()); diff != "" || got[0].Severity != policy.SeverityWarning {
		t.Errorf("finding read back (-want +got):\n%s", diff)
	}
	for _, want := range []string{`"kind": "identity-policy"`, `"severity": "warning"`, `"column": 1`, `"replacement": "2012-10-17"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("JSON lacks %s:\n%s", want, &b)
		}
	}
	b.Reset()
	if err := policy.Findings(nil).WriteJSON(&b); err != nil || b.String() != "[]\n" {
		t.Errorf("no findings are %q, %v", &b, err)
	}
}

// sarifDocument decodes what the SARIF schema requires of a log, strictly.
type sarifDocument struct {
	Schema  string `json:"$schema"`
	Version string
	Runs    []struct {
		ColumnKind string
		Tool       struct {
			Driver struct {
				Name, InformationURI string
				Rules                []struct {
					ID                                      string
					ShortDescription, FullDescription, Help struct{ Text string }
					DefaultConfiguration                    struct{ Level string }
					Properties                              map[string]any
				}
			}
		}
		Results []struct {
			RuleID    string
			RuleIndex int
			Level     string
			Message   struct{ Text string }
			Locations []struct {
				PhysicalLocation struct {
					ArtifactLocation struct{ URI string }
					Region           *struct{ StartLine, StartColumn, EndLine, EndColumn int }
				}
				LogicalLocations []struct{ FullyQualifiedName, Kind string }
			}
			PartialFingerprints map[string]string
			Fixes               []struct {
				Description     struct{ Text string }
				ArtifactChanges []struct {
					ArtifactLocation struct{ URI string }
					Replacements     []struct {
						DeletedRegion   struct{ StartLine, StartColumn, EndLine, EndColumn int }
						InsertedContent struct{ Text string }
					}
				}
			}
		}
	}
}

// TestWriteSARIFMessages: what a document says is neither a placeholder nor a
// link in the messages (sections 3.11.5 and 3.11.6), and stays what it is in
// a fix.
func TestWriteSARIFMessages(t *testing.T) {
	t.Parallel()
	const text = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"[log in](https://x){0}","Resource":"arn:aws:s3:::b/${ aws:username}"}}`
	run := sarifOf(t, policy.LintText([]byte(text), policy.Policy{})).Runs[0]
	want := []string{
		`"[log in] (https://x){{0}}" is no action`,
		`the name of the variable ${{ aws:username}} has a space`,
	}
	for i, r := range run.Results {
		if r.Message.Text != want[i] {
			t.Errorf("message %q, want %q", r.Message.Text, want[i])
		}
	}
	if got := run.Results[1].Fixes[0].ArtifactChanges[0].Replacements[0].InsertedContent.Text; got != `"arn:aws:s3:::b/${aws:username}"` {
		t.Errorf("the fix inserts %s", got)
	}
}

func sarifOf(t *testing.T, findings policy.Findings) sarifDocument {
	t.Helper()
	var b bytes.Buffer
	if err := findings.WriteSARIF(&b); err != nil {
		t.Fatal(err)
	}
	var log sarifDocument
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&log); err != nil {
		t.Fatal(err)
	}
	return log
}

// TestWriteSARIF checks what SARIF 2.1.0 requires: sections 3.13 (log), 3.14
// (run), 3.19 (driver), 3.27 (result), 3.30 (region), 3.49 (rule).
func TestWriteSARIF(t *testing.T) {
	t.Parallel()
	findings := policy.LintText([]byte(untidy), policy.Policy{}).InFile("dir/a b.json")
	findings = append(findings, policy.LintText([]byte(docOf(`{"Effect":"allow",`+onAll+`,"Action":"s3:GetObject"}`)), policy.Policy{Name: storyRole})...)
	log := sarifOf(t, findings)
	if log.Version != "2.1.0" || !strings.Contains(log.Schema, "sarif-schema-2.1.0.json") || len(log.Runs) != 1 {
		t.Fatalf("log = %+v", log)
	}
	run := log.Runs[0]
	if run.Tool.Driver.Name == "" || run.ColumnKind != "unicodeCodePoints" || len(run.Results) != len(findings) {
		t.Fatalf("run = %+v", run)
	}
	levels := []string{"none", "note", "warning", "error"}
	for i, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.RuleIndex]
		if r.RuleID != findings[i].ID || rule.ID != r.RuleID || !slices.Contains(levels, r.Level) || r.Message.Text == "" {
			t.Errorf("result %d = %+v", i, r)
		}
		if len(r.Locations) != 1 || !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(r.PartialFingerprints["irsaFinding/v1"]) {
			t.Errorf("result %d = %+v", i, r)
		}
	}
	second := run.Results[1]
	if uri := second.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "dir/a%20b.json" {
		t.Errorf("URI = %q", uri)
	}
	// In line 3 there are two ä, each of two bytes, before the region's end.
	if got := *second.Locations[0].PhysicalLocation.Region; got.StartLine != 3 || got.StartColumn != 69 || got.EndLine != 3 || got.EndColumn != 85 {
		t.Errorf("region = %+v", got)
	}
	if second.Locations[0].LogicalLocations[0].FullyQualifiedName != "/Statement/0/Resource/1" || len(second.Fixes) != 0 {
		t.Errorf("result = %+v", second)
	}
	third := run.Results[2]
	if uri := third.Locations[0].PhysicalLocation.ArtifactLocation.URI; uri != "./"+storyRole {
		t.Errorf("URI of a policy without file = %q", uri)
	}
	replacement := third.Fixes[0].ArtifactChanges[0].Replacements[0]
	region := third.Locations[0].PhysicalLocation.Region
	if replacement.InsertedContent.Text != `"Allow"` || replacement.DeletedRegion != *region {
		t.Errorf("replacement = %+v, want the region %+v", replacement, region)
	}
}

func TestWriteSARIFRules(t *testing.T) {
	t.Parallel()
	log := sarifOf(t, nil)
	driver := log.Runs[0].Tool.Driver
	if log.Runs[0].Results == nil {
		t.Error("results are null, which means that nothing was checked")
	}
	plain := strings.NewReplacer("{{", "{", "}}", "}").Replace
	for i, want := range policy.Rules() {
		got := driver.Rules[i]
		if got.ID != want.ID || got.ShortDescription.Text != want.Title || plain(got.FullDescription.Text) != want.Explanation || got.Help.Text != want.Remedy {
			t.Errorf("rule %+v is described as %+v", want, got)
		}
		_, scored := got.Properties["security-severity"]
		if scored != (want.Severity == policy.SeveritySecurity) || got.DefaultConfiguration.Level == "" {
			t.Errorf("rule %s: %+v", want.ID, got)
		}
	}
}

// TestFingerprint shows that a finding keeps its fingerprint when lines move.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	print := func(text, file string) string {
		return sarifOf(t, policy.LintText([]byte(text), policy.Policy{}).InFile(file)).Runs[0].Results[1].PartialFingerprints["irsaFinding/v1"]
	}
	here := print(untidy, "a")
	if moved := print("\n\n"+untidy, "a"); moved != here {
		t.Error("the fingerprint depends on the line")
	}
	if other := print(untidy, "b"); other == here {
		t.Error("the fingerprint does not depend on the file")
	}
}

// TestSARIFReadBack shows that findings that went through JSON keep a region.
func TestSARIFReadBack(t *testing.T) {
	t.Parallel()
	b, err := json.Marshal(policy.LintText([]byte(untidy), policy.Policy{}))
	if err != nil {
		t.Fatal(err)
	}
	var findings policy.Findings
	if err := json.Unmarshal(b, &findings); err != nil {
		t.Fatal(err)
	}
	if got := sarifOf(t, findings).Runs[0].Results[1].Locations[0].PhysicalLocation.Region; got == nil || got.StartLine != 3 || got.StartColumn != 70 {
		t.Errorf("region = %+v", got)
	}
}

// full is a disk without space.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestWriteErrors(t *testing.T) {
	t.Parallel()
	findings := policy.LintText(nil, policy.Policy{})
	for name, write := range map[string]func() error{
		"text":  func() error { return findings.WriteText(full{}) },
		"JSON":  func() error { return findings.WriteJSON(full{}) },
		"SARIF": func() error { return findings.WriteSARIF(full{}) },
	} {
		if write() == nil {
			t.Errorf("%s: the error of the writer is lost", name)
		}
	}
}

func TestSeverity(t *testing.T) {
	t.Parallel()
	for s := policy.NoSeverity; s <= policy.SeverityError; s++ {
		text, err := s.MarshalText()
		if err != nil || string(text) != s.String() {
			t.Errorf("text of %v = %q, %v", s, text, err)
		}
		var back policy.Severity
		if err := back.UnmarshalText(text); err != nil || back != s {
			t.Errorf("%q is read as %v, %v", text, back, err)
		}
	}
	unknown := policy.Severity(99)
	if _, err := unknown.MarshalText(); err == nil || unknown.String() != "Severity(99)" {
		t.Errorf("severity 99 is %v", unknown)
	}
	if err := unknown.UnmarshalText([]byte("bad")); err == nil {
		t.Error("a severity that is none was read")
	}
	if got := (policy.Findings{{Severity: policy.SeverityWarning}, {Severity: policy.SeveritySecurity}, {}}).Worst(); got != policy.SeveritySecurity {
		t.Errorf("worst = %v", got)
	}
	if got := policy.Findings(nil).Worst(); got != policy.NoSeverity {
		t.Errorf("worst of none = %v", got)
	}
}
