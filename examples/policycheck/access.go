package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/irsakit/irsa/policy"
)

const accessUsage = `NAME
    policycheck access - tell whether a pod can read a secret

SYNOPSIS
    policycheck access WORLD.yaml [-service-account NS/NAME] [-secret ID]
                       [-role ARN] [-region R] [-json] [-color WHEN]
    policycheck access -terraform PLAN.json [the same] [-account [PROVIDER=]ID]…
                       [-issuer URL] [-audience AUD] [-policy ARN=FILE]…
                       [-context KEY=VALUE]… [-strict]

DESCRIPTION
    Tells whether a pod can read a secret, over the whole chain: token, trust,
    permissions, secret policy, key policy, guardrails; and if not, which
    document in which account is wrong, and what to put there.

    WORLD.yaml describes accounts in YAML or JSON, as examples/fakeaws reads
    them; - is standard input. PLAN.json is a Terraform plan, as these make it:

    terraform plan -out=plan.bin
    terraform show -json plan.bin >plan.json

OPTIONS
    What is left out is chosen where only one choice is there.
` + questionUsage + `    -json                     print JSON instead of text
` + colourUsage + `
    For a plan:
    -terraform PLAN.json      the plan
    -account [PROVIDER=]ID    the account of a provider, such as aws.secrets, if
                              the plan does not tell; without PROVIDER, of all
                              others
` + planUsage + `
OUTPUT
    The decision, and for each link of the chain its own: Allowed,
    ImplicitlyDenied (nothing allows it), ExplicitlyDenied (a Deny forbids it)
    or Unknown; then what is wrong, or by what it is allowed. With -json:

    {"decision": DECISION, "subject": TEXT, "role": ARN, "secret": ARN,
     "open": [TEXT, …], "taken": [TEXT, …],
     "faults": [{"link": LINK, "kind": KIND, "account": ID, "document": NAME,
       "problem": TEXT, "remedy": TEXT, "statement": {…}, "also": [{…}, …],
       "replace": BOOL, "index": N, "position": {…}, "near": {…},
       "addresses": [ADDRESS, …]}, …],
     "trust": {…}, "read": {…}, "key": {…}}

    "open" is what is not known, "taken" what is taken for granted. Add
    "statement", and "also" those; with "replace" it goes in the place of the
    statement with that "index", from 0. "near" is what almost matches,
    "addresses" are those of a plan; "trust", "read" and "key" have each link's
    decision with its reasons. What does not apply is left out.

EXIT STATUS
    0   allowed
    1   denied, or not known
    2   bad usage or bad input

EXAMPLES
    policycheck access world.yaml -service-account default/app -secret prod/db
    policycheck access -terraform plan.json -secret aws_secretsmanager_secret.db
`

func runAccess(_ context.Context, args []string, std streams) error {
	var q question
	flags := flag.NewFlagSet("access", flag.ContinueOnError)
	q.add(flags)
	q.addPlan(flags)
	flags.Func("account", "", q.setAccount)
	asJSON := flags.Bool("json", false, "")
	rest, done, err := parse(flags, args, accessUsage, std.out)
	if err != nil || done {
		return err
	}
	var a answer
	switch {
	case q.terraform != "" && len(rest) == 0:
		a, err = askPlan(q, std)
	case q.terraform == "" && len(rest) == 1:
		if name := given(flags, append(ofPlans, "account")); name != "" {
			return fmt.Errorf("%w: -%s is for a plan; in a description of accounts, write it there", errUsage, name)
		}
		a, err = askWorld(rest[0], q, std)
	default:
		return badUsage(accessUsage, "want either WORLD.yaml or -terraform PLAN.json")
	}
	if err != nil {
		return err
	}
	if err := a.write(std.out, *asJSON, std.style(q.colour)); err != nil {
		return err
	}
	if a.Decision != policy.Allowed {
		return errVerdict
	}
	return nil
}

func askPlan(q question, std streams) (answer, error) {
	data, name, err := std.read(q.terraform, "a Terraform plan as JSON")
	if err != nil {
		return answer{}, err
	}
	plan, err := readPlan(name, data)
	if err != nil {
		return answer{}, err
	}
	a, err := plan.Access(q.Question, q.options)
	if err != nil {
		return answer{}, planError(name, err)
	}
	return answer{
		Decision: a.Decision, Subject: a.Subject, Role: a.Role, Secret: a.Secret,
		Open: a.Open, Taken: a.Taken, report: a.Report, where: a.Where, names: namesOf(a.StandIns),
	}, nil
}
