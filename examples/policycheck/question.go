package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

// question asks about one pod and one secret, of a world or of a plan. Its zero
// value is ready for use.
type question struct {
	tfplan.Question
	options   tfplan.Options
	terraform string            // file of the plan
	files     map[string]string // of options.Policies
	colour    terminal.When
}

const questionUsage = `    -service-account NS/NAME  the pod's
    -secret ID                name or ARN as the application has it; of a plan
                              also an address, which stands for its ARN
    -role ARN                 the role, also by name; of a plan also by address
    -region R                 of the application's client, for names; of a plan
                              also of providers that do not tell theirs
`

const planUsage = `    -issuer URL               the cluster's; its identity provider is taken to
                              exist
    -audience AUD             of the token; default sts.amazonaws.com
    -policy ARN=FILE          a document that the plan does not have: of a
                              managed policy, secret or key
    -context KEY=VALUE        a condition key of the pod's requests
    -strict                   take no unknown value to be what it refers to
`

// ofPlans and ofChains are the flags that make sense for a plan only, and those
// for a plan or a world.
var (
	ofPlans  = []string{"issuer", "audience", "policy", "context", "strict"}
	ofChains = append([]string{"service-account", "secret", "role", "region"}, ofPlans...)
)

// colourUsage is the flag of all commands that write for people.
const colourUsage = `    -color WHEN               colours: auto, on a terminal (the default);
                              always; or never
`

// add adds the flags that both worlds and plans have, and how the answer looks.
func (q *question) add(flags *flag.FlagSet) {
	flags.StringVar(&q.ServiceAccount, "service-account", "", "")
	flags.StringVar(&q.Secret, "secret", "", "")
	flags.StringVar(&q.Role, "role", "", "")
	flags.StringVar(&q.options.Region, "region", "", "")
	flags.Var(&q.colour, "color", "")
}

// addPlan adds the flags of plans.
func (q *question) addPlan(flags *flag.FlagSet) {
	flags.StringVar(&q.terraform, "terraform", "", "")
	flags.StringVar(&q.options.Issuer, "issuer", "", "")
	flags.StringVar(&q.options.Audience, "audience", "", "")
	flags.BoolVar(&q.options.Strict, "strict", false, "")
	flags.Func("policy", "", q.setPolicy)
	flags.Func("context", "", func(s string) error {
		key, value, ok := strings.Cut(s, "=")
		if !ok || key == "" {
			return errors.New("want KEY=VALUE")
		}
		if q.options.Context == nil {
			q.options.Context = policy.Context{}
		}
		q.options.Context[key] = append(q.options.Context[key], value)
		return nil
	})
}

// setAccount reads "ID" or "PROVIDER=ID".
func (q *question) setAccount(s string) error {
	provider, id, ok := strings.Cut(s, "=")
	if !ok {
		provider, id = "", s
	}
	if len(id) != 12 || strings.Trim(id, "0123456789") != "" {
		return errors.New("an account is twelve digits")
	}
	if q.options.Accounts == nil {
		q.options.Accounts = map[string]string{}
	}
	q.options.Accounts[provider] = id
	return nil
}

// setPolicy reads "ARN=FILE".
func (q *question) setPolicy(s string) error {
	arn, file, ok := strings.Cut(s, "=")
	if !ok || file == "" {
		return errors.New("want ARN=FILE")
	}
	if _, err := policy.ParseARN(arn); err != nil {
		return fmt.Errorf("%q is no ARN: want ARN=FILE", arn)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	doc, err := policy.Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if q.options.Policies == nil {
		q.options.Policies, q.files = map[string]*policy.Document{}, map[string]string{}
	}
	q.options.Policies[arn], q.files[arn] = doc, file
	return nil
}

// given returns the first of the named flags that the command line has, "" if it
// has none.
func given(flags *flag.FlagSet, names []string) string {
	found := ""
	flags.Visit(func(f *flag.Flag) {
		if found == "" && slices.Contains(names, f.Name) {
			found = f.Name
		}
	})
	return found
}

// readPlan reads the plan with the given text.
func readPlan(name string, data []byte) (*tfplan.Plan, error) {
	if err := expect(planForm, name, data); err != nil {
		return nil, err
	}
	plan, err := tfplan.Read(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", errInput, name, err)
	}
	return plan, nil
}

// planError is what is wrong with a question to the named plan.
func planError(name string, err error) error {
	if usage, ok := errors.AsType[*tfplan.UsageError](err); ok {
		return fmt.Errorf("%w: %s: %w", errUsage, name, usage)
	}
	return fmt.Errorf("%w: %s: %w", errInput, name, err)
}
