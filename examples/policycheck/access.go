package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

const accessUsage = `usage: policycheck access WORLD.yaml [-service-account NS/NAME] [-secret ID] [-role ARN] [-region R] [-json]
       policycheck access -terraform PLAN.json [the same] [-account [PROVIDER=]ID]… [-issuer URL]
                          [-audience AUD] [-policy ARN=FILE]… [-context KEY=VALUE]… [-strict]

Tells whether a pod can read a secret, over the whole chain: token, trust,
permissions, secret policy, key policy, guardrails; and if not, which document
in which account is wrong, and what to put there.

WORLD.yaml describes accounts in YAML or JSON, as examples/fakeaws reads them.
PLAN.json is a Terraform plan: terraform plan -out=FILE; terraform show -json FILE.
Flags that are left out are chosen where only one choice is there.

  -service-account NS/NAME  the pod's
  -secret ID                name or ARN as the application has it; of a plan
                            also an address, which stands for its ARN
  -role ARN                 the role, also by name; of a plan also by address
  -region R                 of the application's client, for names; of a plan
                            also of providers that do not tell theirs
  -json                     print data instead of text

For a plan:
  -account [PROVIDER=]ID    the account of a provider, such as aws.secrets, if the
                            plan does not tell; without PROVIDER, of all others
  -issuer URL               the cluster's; its identity provider is taken to exist
  -audience AUD             of the token; default sts.amazonaws.com
  -policy ARN=FILE          a document that the plan does not have: of a managed
                            policy, secret or key
  -context KEY=VALUE        a condition key of the pod's requests
  -strict                   take no unknown value to be what it refers to

Exit status: 0 allowed; 1 denied, or not known; 2 bad usage or bad input.
`

// accessOptions are the command line of access.
type accessOptions struct {
	question  tfplan.Question
	options   tfplan.Options
	terraform string
	asJSON    bool
}

func runAccess(_ context.Context, args []string, std streams) error {
	o := accessOptions{options: tfplan.Options{
		Accounts: map[string]string{}, Policies: map[string]*policy.Document{}, Context: policy.Context{},
	}}
	flags := o.flags()
	rest, done, err := parse(flags, args, accessUsage, std.out)
	if err != nil || done {
		return err
	}
	if o.terraform == "" {
		flags.Visit(func(f *flag.Flag) {
			if slices.Contains([]string{"account", "issuer", "audience", "policy", "context", "strict"}, f.Name) {
				err = fmt.Errorf("%w: -%s is for a plan; in a world, write it there", errUsage, f.Name)
			}
		})
		if err != nil {
			return err
		}
	}
	var a answer
	switch {
	case o.terraform != "" && len(rest) == 0:
		a, err = askPlan(o, std)
	case o.terraform == "" && len(rest) == 1:
		a, err = askWorld(rest[0], o.question, o.options.Region, std)
	default:
		return fmt.Errorf("%w: want either WORLD.yaml or -terraform PLAN.json\n%s", errUsage, accessUsage)
	}
	if err != nil {
		return err
	}
	if err := a.write(std.out, o.asJSON); err != nil {
		return err
	}
	if a.Decision != policy.Allowed {
		return errVerdict
	}
	return nil
}

func (o *accessOptions) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("access", flag.ContinueOnError)
	flags.StringVar(&o.question.ServiceAccount, "service-account", "", "")
	flags.StringVar(&o.question.Secret, "secret", "", "")
	flags.StringVar(&o.question.Role, "role", "", "")
	flags.StringVar(&o.options.Region, "region", "", "")
	flags.BoolVar(&o.asJSON, "json", false, "")
	flags.StringVar(&o.terraform, "terraform", "", "")
	flags.StringVar(&o.options.Issuer, "issuer", "", "")
	flags.StringVar(&o.options.Audience, "audience", "", "")
	flags.BoolVar(&o.options.Strict, "strict", false, "")
	flags.Func("account", "", func(s string) error {
		provider, id, ok := strings.Cut(s, "=")
		if !ok {
			provider, id = "", s
		}
		if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
			return errors.New("an account is twelve digits")
		}
		o.options.Accounts[provider] = id
		return nil
	})
	flags.Func("policy", "", func(s string) error {
		arn, file, ok := strings.Cut(s, "=")
		if !ok || file == "" {
			return errors.New("want ARN=FILE")
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if o.options.Policies[arn], err = policy.Parse(data); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		return nil
	})
	flags.Func("context", "", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return errors.New("want KEY=VALUE")
		}
		o.options.Context[key] = append(o.options.Context[key], value)
		return nil
	})
	return flags
}

func askPlan(o accessOptions, std streams) (answer, error) {
	data, name, err := read(o.terraform, std.in)
	if err != nil {
		return answer{}, err
	}
	plan, err := tfplan.Read(data)
	if err != nil {
		return answer{}, fmt.Errorf("%w: %s: %w", errInput, name, err)
	}
	a, err := plan.Access(o.question, o.options)
	if usage, ok := errors.AsType[*tfplan.UsageError](err); ok {
		return answer{}, fmt.Errorf("%w: %w", errUsage, usage)
	}
	if err != nil {
		return answer{}, fmt.Errorf("%w: %s: %w", errInput, name, err)
	}
	return answer{
		Decision: a.Decision, Subject: a.Subject, Role: a.Role, Secret: a.Secret,
		Open: a.Open, Taken: a.Taken, report: a.Report, where: a.Where,
	}, nil
}
