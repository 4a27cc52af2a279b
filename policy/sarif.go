package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

// The parts of SARIF 2.1.0 that findings need (OASIS, Static Analysis Results
// Interchange Format, sections 3.13 to 3.55).
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool     `json:"tool"`
		ColumnKind string        `json:"columnKind"`
		Results    []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID                   string          `json:"id"`
		ShortDescription     sarifText       `json:"shortDescription"`
		FullDescription      sarifText       `json:"fullDescription"`
		Help                 sarifText       `json:"help"`
		DefaultConfiguration sarifConfig     `json:"defaultConfiguration"`
		Properties           sarifProperties `json:"properties"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifConfig struct {
		Level string `json:"level"`
	}
	// sarifProperties are those that GitHub's code scanning reads.
	sarifProperties struct {
		Tags             []string `json:"tags"`
		ProblemSeverity  string   `json:"problem.severity,omitempty"`
		SecuritySeverity string   `json:"security-severity,omitempty"`
	}
	sarifResult struct {
		RuleID       string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifText         `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Fixes        []sarifFix        `json:"fixes,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndLine     int `json:"endLine"`
		EndColumn   int `json:"endColumn"`
	}
	sarifLogical struct {
		FullyQualifiedName string `json:"fullyQualifiedName"`
		Kind               string `json:"kind"`
	}
	sarifFix struct {
		Description sarifText     `json:"description"`
		Changes     []sarifChange `json:"artifactChanges"`
	}
	sarifChange struct {
		Artifact     sarifArtifact      `json:"artifactLocation"`
		Replacements []sarifReplacement `json:"replacements"`
	}
	sarifReplacement struct {
		Deleted  sarifRegion `json:"deletedRegion"`
		Inserted sarifText   `json:"insertedContent"`
	}
)

const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sarifToolURI = "https://github.com/irsakit/irsa"
)

// WriteSARIF writes the findings as a SARIF 2.1.0 log, which code scanning
// services take. The artifact of a result is the finding's File, or else the
// name of its policy; columns count characters. A fix is given where it puts a
// value in the place of the one that the result is about.
func (f Findings) WriteSARIF(w io.Writer) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{Name: "policycheck", InformationURI: sarifToolURI, Rules: sarifRules()}},
		ColumnKind: "unicodeCodePoints",
		Results:    make([]sarifResult, len(f)),
	}
	for i := range f {
		run.Results[i] = f[i].sarif()
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}})
}

func sarifRules() []sarifRule {
	all := catalogue()
	rules := make([]sarifRule, len(all))
	for i := range all {
		r := &all[i].Rule
		rules[i] = sarifRule{
			ID: r.ID, ShortDescription: sarifMessage(r.Title), FullDescription: sarifMessage(r.Explanation), Help: sarifMessage(r.Remedy),
			DefaultConfiguration: sarifConfig{r.Severity.sarifLevel()},
			Properties:           r.Severity.sarifProperties(),
		}
	}
	return rules
}

// sarifMessage is a text as messages spell it: braces stand for placeholders
// there unless they are doubled, and brackets before a parenthesis make a link
// (sections 3.11.5 and 3.11.6). What a document says must become neither.
func sarifMessage(text string) sarifText {
	return sarifText{messageEscaper.Replace(oneLine(text))}
}

var messageEscaper = strings.NewReplacer("{", "{{", "}", "}}", "](", "] (")

// sarifLevel is the level of section 3.27.10.
func (s Severity) sarifLevel() string {
	switch s {
	case SeverityError:
		return "error"
	case SeverityWarning, SeveritySecurity:
		return "warning"
	}
	return "note"
}

func (s Severity) sarifProperties() sarifProperties {
	p := sarifProperties{Tags: []string{"aws", "iam"}}
	switch s {
	case SeveritySecurity:
		p.Tags = append(p.Tags, "security")
		p.SecuritySeverity = "7.0"
	case SeverityError:
		p.ProblemSeverity = "error"
	case SeverityWarning:
		p.ProblemSeverity = "warning"
	default:
		p.ProblemSeverity = "recommendation"
	}
	return p
}

func (f *Finding) sarif() sarifResult {
	artifact := sarifArtifact{URI: artifactURI(f.where())}
	r := sarifResult{
		RuleID:    f.ID,
		RuleIndex: slices.IndexFunc(catalogue(), func(r lintRule) bool { return r.ID == f.ID }),
		Level:     f.Severity.sarifLevel(), Message: sarifMessage(f.Message),
		Locations:    []sarifLocation{{Physical: sarifPhysical{Artifact: artifact, Region: f.region()}}},
		Fingerprints: map[string]string{"irsaFinding/v1": f.fingerprint()},
	}
	if f.Pointer != "" {
		r.Locations[0].Logical = []sarifLogical{{FullyQualifiedName: f.Pointer, Kind: "member"}}
	}
	if f.Fix != nil && !f.name && f.Fix.Pointer == f.Pointer && len(f.Fix.Replacement) > 0 && f.region() != nil {
		r.Fixes = []sarifFix{{
			Description: sarifMessage(f.Fix.Title),
			Changes: []sarifChange{{artifact, []sarifReplacement{{
				Deleted: *f.region(), Inserted: sarifText{string(f.Fix.Replacement)},
			}}}},
		}}
	}
	return r
}

// region is where the finding is, nil if that is not known. A finding that was
// read back from JSON counts columns in bytes, which differ only behind
// characters outside ASCII.
func (f *Finding) region() *sarifRegion {
	if f.Span == (Span{}) {
		return nil
	}
	columns := f.runes
	if columns == [2]int{} {
		columns = [2]int{f.Span.Start.Column, f.Span.End.Column}
	}
	return &sarifRegion{f.Span.Start.Line, columns[0], f.Span.End.Line, columns[1]}
}

// fingerprint tells the finding from others, also after lines have moved.
func (f *Finding) fingerprint() string {
	sum := sha256.Sum256([]byte(quoted(f.ID, f.where(), f.Pointer, f.Message)))
	return hex.EncodeToString(sum[:16])
}

// artifactURI is a path or name as a URI reference, relative where the path is
// (section 3.4.3).
func artifactURI(name string) string {
	if strings.HasPrefix(name, "arn:") {
		name = "./" + name // an ARN is no URI: "arn" would be its scheme
	}
	u := url.URL{Path: filepath.ToSlash(name)}
	return u.String()
}
