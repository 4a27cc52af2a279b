package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

const lintUsage = `usage: policycheck lint [-kind KIND] [-account ID] [-fail-on SEVERITY] [-ignore ID,…] [-json | -sarif] FILE…

Looks for mistakes in policy documents: JSON files, - for standard input.

  -kind KIND          what the documents are: identity-policy, resource-policy,
                      key-policy, trust-policy, permissions-boundary,
                      session-policy, service-control-policy,
                      resource-control-policy or endpoint-policy; without it,
                      only what is wrong in every kind is found
  -account ID         the account that the documents hang in
  -fail-on SEVERITY   error, security, warning (the default) or suggestion, or
                      none: what makes the exit status 1
  -ignore ID,…        rules to leave out
  -json, -sarif       print JSON, or SARIF 2.1.0 for code scanning

Exit status: 0 nothing as bad as -fail-on; 1 findings; 2 bad usage, or a file
that cannot be read or is not JSON.
`

// lintOptions are the command line of lint.
type lintOptions struct {
	policy        policy.Policy
	linter        policy.Linter
	failOn        policy.Severity
	never         bool
	asJSON, sarif bool
}

func runLint(_ context.Context, args []string, std streams) error {
	o := lintOptions{failOn: policy.SeverityWarning}
	files, done, err := parse(o.flags(), args, lintUsage, std.out)
	switch {
	case err != nil || done:
		return err
	case len(files) == 0:
		return fmt.Errorf("%w: no files\n%s", errUsage, lintUsage)
	case o.asJSON && o.sarif:
		return fmt.Errorf("%w: want either -json or -sarif\n%s", errUsage, lintUsage)
	}
	var findings policy.Findings
	var bad []error
	for _, file := range files {
		data, name, err := read(file, std.in)
		if err != nil {
			bad = append(bad, err)
			continue
		}
		found := o.linter.LintText(data, o.policy).InFile(name)
		findings = append(findings, found...)
		if !json.Valid(data) {
			bad = append(bad, fmt.Errorf("%w: %s is not JSON", errInput, name))
		}
	}
	if err := o.write(findings, std); err != nil {
		return err
	}
	switch {
	case len(bad) > 0:
		return errors.Join(bad...)
	case !o.never && findings.Worst() >= o.failOn:
		return errVerdict
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
	return findings.WriteText(std.out)
}

func (o *lintOptions) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	flags.BoolVar(&o.asJSON, "json", false, "")
	flags.BoolVar(&o.sarif, "sarif", false, "")
	flags.StringVar(&o.policy.Account, "account", "", "")
	flags.Func("kind", "", func(s string) error { return o.policy.Kind.UnmarshalText([]byte(s)) })
	flags.Func("ignore", "", func(s string) error {
		o.linter.Ignore = append(o.linter.Ignore, strings.Split(s, ",")...)
		return nil
	})
	flags.Func("fail-on", "", func(s string) error {
		if o.never = s == "none"; o.never {
			return nil
		}
		if s == "" {
			return errors.New("want a severity")
		}
		return o.failOn.UnmarshalText([]byte(s))
	})
	return flags
}
