package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/policy"
)

const lintUsage = `NAME
    policycheck lint - look for mistakes in policies

SYNOPSIS
    policycheck lint [-kind KIND] [-account ID] [-fail-on SEVERITY]
                     [-ignore ID,…] [-json | -sarif] [-color WHEN] FILE…
    policycheck lint WORLD.yaml [-service-account NS/NAME] [-secret ID]
                     [-role ARN] [-region R] [the same]
    policycheck lint -terraform PLAN.json [the same] [-account [PROVIDER=]ID]…
                     [-issuer URL] [-audience AUD] [-policy ARN=FILE]…
                     [-context KEY=VALUE]… [-strict]

DESCRIPTION
    Looks for mistakes in policy documents, - for standard input; or in all that
    bears on whether a pod can read a secret, each document by itself and all of
    them together: token, trust, permissions, secret policy, key policy,
    guardrails.

    A FILE is told by its content: JSON with "Statement" is a policy document,
    YAML or JSON with "accounts" or "clusters" a description of accounts, as
    access reads it, JSON with "format_version" a Terraform plan, and anything
    else is a policy document that is broken. Documents of a plan in which
    anything is not known before apply are left out, and named on standard
    error.

OPTIONS
    -kind KIND                of policy documents: identity-policy,
                              resource-policy, key-policy, trust-policy,
                              permissions-boundary, session-policy,
                              service-control-policy, resource-control-policy or
                              endpoint-policy; without it, only what is wrong in
                              every kind is found
    -account [PROVIDER=]ID    the account that policy documents hang in; of a
                              plan that of a provider, such as aws.secrets
    -fail-on SEVERITY         what makes the exit status 1: error, security,
                              warning (the default) or suggestion, or none
    -ignore ID,…              rules to leave out
    -json                     print JSON
    -sarif                    print SARIF 2.1.0, for code scanning
` + colourUsage + `
    Which pod and which secret, chosen where only one choice is there:
` + questionUsage + `
    For a plan:
    -terraform PLAN.json      the plan
` + planUsage + `
OUTPUT
    A line for each finding, and below it how to mend it where that is certain:

    FILE:LINE:COLUMN: SEVERITY ID: MESSAGE
            fix: WHAT TO DO

    Columns count bytes; those of SARIF count characters. A plan has no lines:
    there a message begins with the address. On a terminal the findings are
    counted at the end. With -json it is one array, [] without findings:

    [{"id": ID, "severity": SEVERITY, "message": TEXT, "explanation": TEXT,
      "remedy": TEXT, "kind": KIND, "account": ID, "policy": NAME, "file": FILE,
      "pointer": JSON-POINTER, "span": {"start": {"offset": N, "line": N,
      "column": N}, "end": {…}}, "fix": {"title": TEXT, …}}, …]

    What does not apply is left out. Ids, severities and kinds stay as they are.

EXIT STATUS
    0   nothing as bad as -fail-on
    1   findings
    2   bad usage, or a file that cannot be read; the findings about the other
        files are printed all the same

EXAMPLES
    policycheck lint -kind key-policy -account 333344445555 key.json
    policycheck lint world.yaml -service-account default/app -secret prod/db
    policycheck lint -sarif policies/*.json >findings.sarif
`

// lintOptions are the command line of lint.
type lintOptions struct {
	question
	policy        policy.Policy
	linter        policy.Linter
	failOn        policy.Severity
	never         bool
	asJSON, sarif bool
}

func runLint(_ context.Context, args []string, std streams) error {
	o := lintOptions{failOn: policy.SeverityWarning}
	flags := o.flags()
	files, done, err := parse(flags, args, lintUsage, std.out)
	switch {
	case err != nil || done:
		return err
	case len(files) == 0 && o.terraform == "":
		return badUsage(lintUsage, "no files")
	case o.asJSON && o.sarif:
		return badUsage(lintUsage, "want either -json or -sarif")
	}
	run := lintRun{lintOptions: o, std: std, seen: map[form]bool{}}
	if o.terraform != "" {
		run.file(o.terraform, planForm)
	}
	for _, file := range files {
		run.file(file, unclearForm)
	}
	if err := run.unused(flags); err != nil {
		return err
	}
	if err := o.write(run.findings, std); err != nil {
		return err
	}
	switch {
	case len(run.bad) > 0:
		for _, err := range run.bad {
			fmt.Fprintln(std.err, "policycheck:", err)
		}
		return errTold
	case !o.never && run.findings.Worst() >= o.failOn:
		return errVerdict
	}
	return nil
}

// lintRun is the linting of any number of files.
type lintRun struct {
	lintOptions
	std      streams
	seen     map[form]bool
	findings policy.Findings
	bad      []error // files that cannot be read
}

// file lints a file of the given form, or of the one that its content tells.
func (l *lintRun) file(file string, as form) {
	data, name, err := l.std.readRaw(file, "a policy document, a description of accounts or a plan")
	if err != nil {
		l.bad = append(l.bad, err)
		return
	}
	text := bytes.TrimPrefix(data, []byte(byteOrderMark))
	if as == unclearForm {
		as = formOf(text)
	}
	l.seen[as] = true
	var found policy.Findings
	switch as {
	case planForm:
		found, err = l.plan(name, text)
	case worldForm:
		found, err = l.world(name, text)
	default:
		// A byte order mark is a finding: AWS does not take a policy with one.
		found = l.linter.LintText(data, l.policy).InFile(name)
		if !json.Valid(data) {
			err = fmt.Errorf("%w: %s is not JSON, nor a description of accounts", errInput, name)
		}
	}
	l.findings = append(l.findings, found...)
	if err != nil {
		l.bad = append(l.bad, err)
	}
}

// unused returns an error about a flag that has nothing to do, for whoever gave
// it expects something of it.
func (l *lintRun) unused(flags *flag.FlagSet) error {
	chain := l.seen[planForm] || l.seen[worldForm]
	switch {
	case len(l.bad) > 0:
		return nil // the file that it is for may be among them
	case !l.seen[planForm] && given(flags, ofPlans) != "":
		return fmt.Errorf("%w: -%s is for a plan, and no file is one", errUsage, given(flags, ofPlans))
	case !chain && given(flags, ofChains) != "":
		return fmt.Errorf("%w: -%s is for a description of accounts or a plan, and no file is one", errUsage, given(flags, ofChains))
	case !l.seen[documentForm] && !l.seen[unclearForm] && given(flags, []string{"kind"}) != "":
		return fmt.Errorf("%w: -kind is for policy documents, and no file is one", errUsage)
	}
	return nil
}

func (o *lintOptions) write(findings policy.Findings, std streams) error {
	switch {
	case o.asJSON:
		return findings.WriteJSON(std.out)
	case o.sarif:
		return findings.WriteSARIF(std.out)
	}
	if err := writeFindings(std.out, std.style(o.colour), findings); err != nil || !terminal.Is(std.out) {
		return err
	}
	_, err := fmt.Fprintln(std.out, summary(findings))
	return err
}

func (o *lintOptions) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	o.add(flags)
	o.addPlan(flags)
	flags.BoolVar(&o.asJSON, "json", false, "")
	flags.BoolVar(&o.sarif, "sarif", false, "")
	flags.Func("account", "", func(s string) error {
		if err := o.setAccount(s); err != nil {
			return err
		}
		o.policy.Account = o.options.Accounts[""]
		return nil
	})
	flags.Func("kind", "", func(s string) error {
		if !slices.Contains(kinds, s) {
			return oneOf(kinds)
		}
		return o.policy.Kind.UnmarshalText([]byte(s))
	})
	flags.Func("ignore", "", o.ignore)
	flags.Func("fail-on", "", func(s string) error {
		if o.never = s == "none"; o.never {
			return nil
		}
		if !slices.Contains(severities, s) {
			return oneOf(severities)
		}
		return o.failOn.UnmarshalText([]byte(s))
	})
	return flags
}

// kinds and severities are the words of -kind and -fail-on.
var (
	kinds = []string{
		"identity-policy", "resource-policy", "key-policy", "trust-policy", "permissions-boundary",
		"session-policy", "service-control-policy", "resource-control-policy", "endpoint-policy",
	}
	severities = []string{"error", "security", "warning", "suggestion", "none"}
)

// oneOf is the error of a word that is none of these.
func oneOf(words []string) error {
	last := len(words) - 1
	return fmt.Errorf("want %s or %s", strings.Join(words[:last], ", "), words[last])
}

// ignore reads ids of rules. One that does not exist is an error: a finding that
// it was to leave out would go on to be there.
func (o *lintOptions) ignore(list string) error {
	for id := range strings.SplitSeq(list, ",") {
		id = strings.TrimSpace(id)
		if !isRule(id) {
			return fmt.Errorf("there is no rule %q", id)
		}
		o.linter.Ignore = append(o.linter.Ignore, id)
	}
	return nil
}

func isRule(id string) bool {
	for _, r := range policy.Rules() {
		if r.ID == id {
			return true
		}
	}
	return false
}
