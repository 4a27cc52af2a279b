package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"

	"github.com/irsakit/irsa/policy"
)

const evalUsage = `NAME
    policycheck eval - decide IAM requests

SYNOPSIS
    policycheck eval [FILE|-]

DESCRIPTION
    Decides scenarios: one JSON object or an array of them, from FILE or
    standard input. Prints one JSON object a line:

    {"id":…,"decision":DECISION,"reasons":[…],"missing":[…],"near":[…]}

    DECISION is Allowed, ImplicitlyDenied (nothing allows it), ExplicitlyDenied
    (a Deny forbids it) or Unknown. Reasons are the statements that decide,
    missing the grants that lack, near the statements that almost match; where
    there are any, "unsettled" is what is not known, and "notes" are remarks.

    A scenario has "request" {principal, action, resource {resource, accountId},
    context} and the policies: identityPolicies, resourcePolicy,
    permissionBoundaries, sessionPolicy, serviceControlPolicies and
    resourceControlPolicies [{orgIdentifier, policies}], endpointPolicies; and
    grants of the KMS key, as "aws kms list-grants" prints them. A field that is
    absent means that there is no such policy, except the policy of a KMS key
    and the trust policy of a role: they always exist, so absent is not known.
    So is every field named in "unknown". A context key that is absent is not in
    the request, unless "unknown" names "context".

EXIT STATUS
    0   all decided as "expected" {response} says, or Allowed where it says
        nothing
    1   not so
    2   bad usage, or input that cannot be read

EXAMPLES
    policycheck eval scenarios.json
    jq '.tests' suite.json | policycheck eval
`

// verdict is a line of output.
type verdict struct {
	ID        json.RawMessage   `json:"id"`
	Decision  policy.Decision   `json:"decision"`
	Reasons   []policy.Reason   `json:"reasons"`
	Missing   []policy.Missing  `json:"missing"`
	Near      []policy.NearMiss `json:"near"`
	Unsettled []string          `json:"unsettled,omitempty"`
	Notes     []string          `json:"notes,omitempty"`
}

func runEval(_ context.Context, args []string, std streams) error {
	rest, done, err := parse(flag.NewFlagSet("eval", flag.ContinueOnError), args, evalUsage, std.out)
	if err != nil || done {
		return err
	}
	file := "-"
	switch len(rest) {
	case 0:
	case 1:
		file = rest[0]
	default:
		return badUsage(evalUsage, "unexpected argument %q", rest[1])
	}
	data, name, err := std.read(file, "scenarios as JSON")
	if err != nil {
		return err
	}
	// Everything is read before anything is decided: half an answer to bad
	// input looks like a whole one.
	scenarios, err := readScenarios(data)
	if err != nil {
		return fmt.Errorf("%w: %s:%w", errInput, name, err)
	}
	out := json.NewEncoder(std.out)
	out.SetEscapeHTML(false)
	fine := true
	for _, s := range scenarios {
		r := policy.Evaluate(s.request, s.set)
		fine = fine && r.Decision == s.expected
		v := verdict{s.id, r.Decision, list(r.Reasons), list(r.Missing), list(r.Near), r.Unsettled, r.Notes}
		if err := out.Encode(v); err != nil {
			return err
		}
	}
	if !fine {
		return errVerdict
	}
	return nil
}

// list makes an empty list of nil, for JSON.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
