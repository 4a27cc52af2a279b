package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/irsakit/irsa/examples/internal/terminal"
	"github.com/irsakit/irsa/policy"
)

const explainUsage = `NAME
    policycheck explain - say what a refusal of AWS is about

SYNOPSIS
    policycheck explain [-json] [-color WHEN] <REFUSAL
    policycheck explain [-json] [-color WHEN] -world WORLD.yaml
                        -service-account NS/NAME [-secret ID] [-role ARN]
                        [-region R] <REFUSAL

DESCRIPTION
    Explains a refusal of AWS that is given on standard input, also pasted: the
    message as any SDK or the CLI prints it, also in the lines of a log, a
    CloudTrail event or log file, or what "aws sts decode-authorization-message"
    answers. Says what was refused, which document in which account refuses, and
    what to do; the same refusal but once.

OPTIONS
    -json                     print one JSON object a line instead of text
` + colourUsage + `    -world WORLD.yaml         hold the refusal against the documents of a
                              description of accounts, as access reads it; then:
` + questionUsage + `
OUTPUT
    What was refused, on what and to whom; the account and document that refuse;
    the problem and its remedy, with the statement to add where it is certain.
    With -json, an object a line:

    {"denial": {…}, "id": ID, "time": TIME, "region": REGION, "via": SERVICE,
     "sids": [ID, …], "problem": TEXT, "remedy": TEXT, "statement": {…},
     "check": {"agreement": TEXT, "why": TEXT, "faults": [{…}, …], …}}

    "denial" is what the message says, "id" to "sids" what an event adds to it,
    "check" what -world does. What does not apply is left out.

EXIT STATUS
    0   explained
    2   bad usage, or no refusal in the input

EXAMPLES
    aws sts get-caller-identity 2>&1 | policycheck explain
    kubectl logs deploy/app | policycheck explain
    policycheck explain -world world.yaml -service-account default/app <err.txt
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
	data, _, err := std.read("-", "a refusal of AWS")
	if err != nil {
		return err
	}
	events, err := refusals(data)
	if err != nil {
		return err
	}
	var access *policy.SecretAccess
	if *world != "" {
		data, name, err := std.read(*world, "")
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
		if err := x.write(std.out, *asJSON, std.style(q.colour), i > 0); err != nil {
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
	denials := denialsIn(string(data))
	if len(denials) == 0 {
		return nil, fmt.Errorf("%w: standard input holds no refusal of AWS that is known", errInput)
	}
	for _, d := range denials {
		events = append(events, policy.Event{Denial: d, Request: d.Request()})
	}
	return events, nil
}

// denialsIn returns what a text tells: in a log, the refusals of all lines, each
// but once however often it was logged; else the one that may go over lines.
func denialsIn(text string) []policy.Denial {
	var all []policy.Denial
	for line := range strings.Lines(text) {
		d, ok := policy.ParseDenial(line)
		known := slices.ContainsFunc(all, func(other policy.Denial) bool {
			other.Code, other.RequestID, other.Message = d.Code, d.RequestID, d.Message
			return other == d
		})
		if ok && !known {
			all = append(all, d)
		}
	}
	if len(all) > 1 {
		return all
	}
	if d, ok := policy.ParseDenial(text); ok {
		return []policy.Denial{d}
	}
	return all
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

func (x explanation) write(w io.Writer, asJSON bool, s terminal.Style, more bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		return enc.Encode(x)
	}
	var b strings.Builder
	if more {
		b.WriteString("\n")
	}
	line := func(title, text string) { writeField(&b, s, title, text) }
	d := x.Denial
	line("Event:", x.ID)
	if !x.Time.IsZero() {
		line("When:", x.Time.UTC().Format("2006-01-02T15:04:05Z"))
	}
	line("Refused:", d.Action)
	line("On:", d.Resource)
	line("To:", d.Principal)
	line("Through:", x.Via)
	line("Account:", d.EditAccount)
	line("Document:", d.EditDocument)
	line("Problem:", x.Problem)
	line("Remedy:", x.Remedy)
	if x.Statement != nil {
		writeStatement(&b, x.Statement.String())
	}
	if x.Check != nil {
		line("Checked:", x.Check.Agreement.String()+". "+x.Check.Why)
		for _, f := range x.Check.Faults {
			(&answer{}).writeFault(&b, s, f)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
