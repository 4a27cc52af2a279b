package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

func (t *story) write(w io.Writer, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(w)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(t.data())
	}
	_, err := io.WriteString(w, t.text())
	return err
}

// text is the story for people.
func (t *story) text() string {
	var b strings.Builder
	p := t.performed
	fmt.Fprint(&b, "A pod in account 111122223333 reads a secret of account 222233334444,\n"+
		"encrypted under a KMS key of account 333344445555.\n")
	if t.broken != nil {
		fmt.Fprintf(&b, "Broken for this run: %s.\n", t.broken.summary)
	}

	heading(&b, 1, "The pod: what the EKS webhook puts into its environment")
	for _, v := range p.environment {
		fmt.Fprintf(&b, "   %s=%s\n", v.name, v.value)
	}
	claims := p.token.Claims()
	fmt.Fprintf(&b, "   The token says: %s\n", claims.Subject)
	fmt.Fprintf(&b, "   of issuer:      %s\n", claims.Issuer)
	fmt.Fprintf(&b, "   for audience:   %s\n", strings.Join(claims.Audience, ", "))
	fmt.Fprintf(&b, "   until:          %s\n", claims.Expiry.UTC().Format(time.RFC3339))

	heading(&b, 2, "The application: three calls of this library and the SDK")
	for i, s := range p.steps {
		outcome := "ok"
		if p.err != nil && i == len(p.steps)-1 {
			outcome = "REFUSED"
		}
		fmt.Fprintf(&b, "   %-24s %-8s %s\n", s.name, outcome, round(s.took))
	}
	if p.identity != "" {
		fmt.Fprintf(&b, "   We are:     %s\n", p.identity)
	}
	if p.err == nil {
		fmt.Fprintf(&b, "   The secret: %v (version %s, %s)\n", p.secret, p.secret.Version(), strings.Join(p.secret.Stages(), ", "))
	}

	heading(&b, 3, "The calls that AWS saw")
	writeCalls(&b, p.calls)

	if t.broken == nil {
		heading(&b, 4, "Why it was allowed")
		t.writeGrants(&b)
		fmt.Fprint(&b, "\nNow break something: go run ./examples/quickstart -list\n")
		return b.String()
	}
	heading(&b, 4, "What the application is told")
	indent(&b, explain(p.err))
	heading(&b, 5, "What the documents say")
	t.writeFaults(&b)
	return b.String()
}

func heading(b *strings.Builder, n int, title string) { fmt.Fprintf(b, "\n%d. %s\n", n, title) }

func indent(b *strings.Builder, text string) {
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		b.WriteString("   " + strings.TrimRight(line, "\n") + "\n")
	}
}

func round(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }

func writeCalls(b *strings.Builder, calls []credentialstest.Call) {
	if len(calls) == 0 {
		fmt.Fprint(b, "   none: what was wrong was seen before any call was made\n")
		return
	}
	tw := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, c := range calls {
		operation, outcome := c.Service+":"+c.Operation, "ok"
		if c.Via != "" {
			operation = "└ " + operation
		}
		if c.ErrorCode != "" {
			outcome = c.ErrorCode
		}
		fmt.Fprintf(tw, "   %s\t%s\taccount %s\t%s\t%s\n", operation, c.Region, c.Account, outcome, round(c.Duration))
	}
	_ = tw.Flush() // a strings.Builder takes everything
}

// grant is a statement that allowed a link of the chain.
type grant struct {
	Link     string `json:"link"`
	Kind     string `json:"kind"`
	Account  string `json:"account"`
	Document string `json:"document"`
	Sid      string `json:"sid,omitempty"`
}

func (t *story) grants() []grant {
	var out []grant
	add := func(link string, r policy.Result) {
		for _, reason := range r.Reasons {
			if reason.Effect == policy.Allow {
				out = append(out, grant{link, reason.Kind.String(), reason.Account, reason.Policy, reason.Sid})
			}
		}
	}
	add("the token becomes the role", t.explained.Trust.Trust)
	add("the role reads the secret", t.explained.Secret)
	add("the role decrypts it", t.explained.Key)
	return out
}

func (t *story) writeGrants(b *strings.Builder) {
	link := ""
	for _, g := range t.grants() {
		if g.Link != link {
			link = g.Link
			fmt.Fprintf(b, "   %s, by\n", link)
		}
		fmt.Fprintf(b, "     the %s %s in account %s\n", g.Kind, g.Document, g.Account)
	}
}

func (t *story) writeFaults(b *strings.Builder) {
	for _, f := range t.explained.Faults {
		f.Position = policy.Position{} // the story's documents are in no file
		indent(b, f.Explain())
	}
	switch {
	case t.mended == nil:
	case t.mended.err == nil:
		fmt.Fprint(b, "\n   Tried it: with this statement in place the secret is read.\n")
	default:
		fmt.Fprint(b, "\n   Tried it: with this statement in place the secret is still refused.\n")
	}
	if err := t.verdict(); err != nil {
		fmt.Fprintf(b, "   The explanation is WRONG: %v\n", err)
		return
	}
	fmt.Fprint(b, "   The explanation names exactly what was broken.\n")
}

// explain is the long form of an error where it has one.
func explain(err error) string {
	type explainer interface {
		error
		Explain() string
	}
	if e, ok := errors.AsType[explainer](err); ok {
		return e.Explain()
	}
	return err.Error()
}
