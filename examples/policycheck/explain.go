package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/irsakit/irsa/policy"
)

const explainUsage = `NAME
    policycheck explain - say what a refusal of AWS is about

SYNOPSIS
    policycheck explain [-json] <REFUSAL
    policycheck explain [-json] -world WORLD.yaml -service-account NS/NAME
                        [-secret ID] [-role ARN] [-region R] <REFUSAL

DESCRIPTION
    Explains a refusal of AWS that is given on standard input: the message as any
    SDK or the CLI prints it, a CloudTrail event or log file, or what
    "aws sts decode-authorization-message" answers. Says what was refused, which
    document in which account refuses, and what to do.

OPTIONS
    -json                     print one JSON object a line instead of text
    -world WORLD.yaml         hold the refusal against the documents of a
                              description of accounts, as access reads it; then:
` + questionUsage + `
EXIT STATUS
    0   explained
    2   bad usage, or no refusal in the input

EXAMPLES
    aws secretsmanager get-secret-value --secret-id db 2>&1 | policycheck explain
    policycheck explain -world world.yaml -service-account testnamespace/testapp <refusal.txt
`

func runExplain(_ context.Context, args []string, std streams) error {
	flags := flag.NewFlagSet("explain", flag.ContinueOnError)
	var q question
	q.add(flags)
	asJSON := flags.Bool("json", false, "")
	world := flags.String("world", "", "")
	rest, done, err := parse(flags, args, explainUsage, std.out)
	if err != nil || done {
		return err
	}
	if len(rest) > 0 {
		return badUsage(explainUsage, "unexpected argument %q; the refusal comes on standard input", rest[0])
	}
	if name := given(flags, ofChains); *world == "" && name != "" {
		return fmt.Errorf("%w: -%s is about the documents of a world: give -world as well", errUsage, name)
	}
	if *world == "-" {
		return fmt.Errorf("%w: -world wants a file; standard input holds the refusal", errUsage)
	}
	if *world != "" && q.ServiceAccount == "" {
		// The trust policy cannot tell: it may be what is wrong.
		return fmt.Errorf("%w: which pod was refused: give -service-account NAMESPACE/NAME", errUsage)
	}
	data, _, err := read("-", std.in)
	if err != nil {
		return err
	}
	events, err := refusals(data)
	if err != nil {
		return err
	}
	var access *policy.SecretAccess
	if *world != "" {
		data, name, err := read(*world, nil)
		if err != nil {
			return err
		}
		_, c, err := worldAccess(name, data, q)
		if err != nil {
			return err
		}
		access = &c
	}
	for i, e := range events {
		x := explain(e)
		if access != nil {
			x.Check = new(e.Denial.CheckAccess(*access))
		}
		if err := x.write(std.out, *asJSON, i > 0); err != nil {
			return err
		}
	}
	return nil
}

// refusals reads what standard input holds.
func refusals(data []byte) ([]policy.Event, error) {
	if e, err := policy.ParseAuthorization(data); err == nil {
		return []policy.Event{e}, nil
	}
	events, err := policy.ParseEvents(data)
	switch {
	case len(events) > 0:
		return events, nil
	case err == nil:
		return nil, fmt.Errorf("%w: none of the CloudTrail events was refused", errInput)
	}
	d, ok := policy.ParseDenial(string(data))
	if !ok {
		return nil, fmt.Errorf("%w: standard input holds no refusal of AWS that is known", errInput)
	}
	return []policy.Event{{Denial: d, Request: d.Request()}}, nil
}

// explanation is a refusal in words.
type explanation struct {
	policy.Event
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
	// Statement, added to the document, supplies the grant that is missing.
	Statement *policy.Statement   `json:"statement,omitempty"`
	Check     *policy.AccessCheck `json:"check,omitempty"`
}

func explain(e policy.Event) explanation {
	x := explanation{Event: e}
	x.Problem, x.Remedy = advice(e)
	if d := e.Denial; !d.Explicit && d.Stage == policy.NoStage && d.Action != "" && !d.ResourceIsName {
		x.Statement = suggestion(e)
	}
	return x
}

// suggestion is the narrowest statement that the kind of document which refuses
// lacks, nil if nothing certain can be said.
func suggestion(e policy.Event) *policy.Statement {
	req := e.Request
	if req.Principal == "" || req.Action == "" || req.Resource == "" {
		return nil
	}
	// A document without statements stands for the one that refuses.
	p := policy.Policy{Kind: e.Denial.Kind, Document: &policy.Document{Version: policy.Version2012}}
	var set policy.Set
	switch p.Kind {
	case policy.IdentityPolicy:
		set.Identity = []policy.Policy{p}
	case policy.PermissionsBoundary:
		set.Boundaries = []policy.Policy{p}
	case policy.SessionPolicy:
		set.Session = []policy.Policy{p}
	case policy.ServiceControlPolicy:
		set.SCPs = [][]policy.Policy{{p}}
	case policy.EndpointPolicy:
		set.Endpoint = []policy.Policy{p}
	case policy.ResourcePolicy, policy.KeyPolicy:
		set.Resource = &p
	default:
		return nil
	}
	req.Closed = true
	for _, m := range policy.Evaluate(req, set).Missing {
		if m.Kind == p.Kind {
			return &m.Statement
		}
	}
	return nil
}

func (x explanation) write(w io.Writer, asJSON, more bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(x)
	}
	var b strings.Builder
	if more {
		b.WriteString("\n")
	}
	line := func(title, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-10s%s\n", title, text)
		}
	}
	d := x.Denial
	line("Event:", x.ID)
	if !x.Time.IsZero() {
		line("When:", x.Time.UTC().Format("2006-01-02T15:04:05Z"))
	}
	line("Refused:", d.Action)
	line("On:", d.Resource)
	line("To:", d.Principal)
	if x.Via != "" {
		line("Through:", x.Via)
	}
	line("Account:", d.EditAccount)
	line("Document:", d.EditDocument)
	line("Problem:", x.Problem)
	line("Remedy:", x.Remedy)
	if x.Statement != nil {
		for text := range strings.Lines(x.Statement.String()) {
			b.WriteString("   " + strings.TrimRight(text, "\n") + "\n")
		}
	}
	if x.Check != nil {
		line("Checked:", x.Check.Agreement.String()+". "+x.Check.Why)
		for _, f := range x.Check.Faults {
			(&answer{}).writeFault(&b, f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
