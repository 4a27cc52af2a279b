package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// world lints all that bears on one pod and one secret of a world.
func (l *lintRun) world(name string, data []byte) (policy.Findings, error) {
	world, access, err := worldAccess(name, data, l.question)
	if err != nil {
		return nil, err
	}
	text, err := locatedIn(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errInput, name, err)
	}
	places := placesOf(world)
	findings := l.linter.LintAccess(access)
	for i := range findings {
		f := l.outOfContext(findings[i])
		if at, ok := places[placeOf(f)]; ok {
			f.Span = text.locate(at + f.Pointer)
			if l.sarif {
				f.Span = inCharacters(data, f.Span)
			}
		} else {
			f.Message = subject(f, nil) + ": " + f.Message
		}
		findings[i] = f
	}
	return findings.InFile(name), nil
}

// plan lints all that bears on one pod and one secret of a plan.
func (l *lintRun) plan(name string, data []byte) (policy.Findings, error) {
	plan, err := readPlan(name, data)
	if err != nil {
		return nil, err
	}
	chain, err := plan.Chain(l.Question, l.options)
	if err != nil {
		return nil, planError(name, err)
	}
	for _, what := range chain.Open {
		fmt.Fprintf(l.std.err, "policycheck: %s: not looked at, since not known before apply: %s\n", name, what)
	}
	names := namesOf(chain.StandIns)
	findings := l.linter.LintAccess(chain.Access)
	for i, f := range findings {
		if file := l.files[f.Policy]; file != "" {
			findings[i].File = file // it was given, and has places of its own
			continue
		}
		f = l.outOfContext(f)
		f.Message = names.inProse(subject(f, chain.Where[f.Policy]) + ": " + f.Message)
		f.Policy = names.inList(f.Policy)
		f.File = name
		findings[i] = f
	}
	return findings, nil
}

// outOfContext returns a finding without where it stands in the text of its
// document. SARIF would make its fix a change at that place, so there the fix
// becomes part of the message.
func (l *lintRun) outOfContext(f policy.Finding) policy.Finding {
	out := policy.Finding{
		ID: f.ID, Severity: f.Severity, Message: f.Message, Explanation: f.Explanation, Remedy: f.Remedy,
		Kind: f.Kind, Account: f.Account, Policy: f.Policy, Pointer: f.Pointer, Fix: f.Fix,
	}
	if l.sarif && f.Fix != nil {
		out.Message += "; fix: " + f.Fix.Title
		out.Fix = nil
	}
	return out
}

// subject is what a finding is about, by its addresses if it has any.
func subject(f policy.Finding, addresses []string) string {
	if len(addresses) > 0 {
		return strings.Join(slices.Sorted(slices.Values(addresses)), ", ")
	}
	return strings.TrimSpace("the " + f.Kind.String() + " " + f.Policy)
}
