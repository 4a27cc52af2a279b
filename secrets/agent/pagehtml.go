package agent

import (
	"bytes"
	_ "embed"
	"fmt"
	"html"
	"time"
)

//go:embed page.css
var pageStyle constant

// constant is text that is in the source: what is made at run time becomes one only
// by a conversion, of which there is none.
type constant string

// markup is HTML that is being written. Package html/template would do it with less
// code, but finds methods by their names, for which the linker would have to keep
// those of AWS's clients that nobody calls: ten megabytes of program, of which the
// agent would have three in memory.
type markup struct{ bytes.Buffer }

// put writes a format as package fmt does, with %s for arguments, which it
// escapes. They may stand between tags and in quoted attributes.
func (m *markup) put(format constant, args ...any) {
	for i, arg := range args {
		args[i] = html.EscapeString(fmt.Sprint(arg))
	}
	fmt.Fprintf(m, string(format), args...)
}

// item writes what a term of a list means, unless that is empty.
func (m *markup) item(format constant, value string) {
	if value != "" {
		m.put(format, value)
	}
}

// write writes the page.
func (v *view) write(m *markup) {
	refresh := constant(`<meta http-equiv="refresh" content="15">` + "\n")
	if v.Login {
		refresh = ""
	}
	m.put(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
`+refresh+`<title>irsa agent</title>
<style nonce="%s">
`, v.Nonce)
	m.WriteString(string(pageStyle))
	m.put("</style>\n</head>\n<body>\n")
	if v.Login {
		v.writeLogin(m)
	} else {
		v.writeHeader(m)
		v.writeIdentity(m)
		v.writeSessions(m)
		v.writeSecrets(m)
		v.writeCalls(m)
	}
	m.put("</body>\n</html>\n")
}

func (v *view) writeLogin(m *markup) {
	m.put("<h1>irsa agent</h1>\n<p>Enter a token of this agent. In the pod it is in the token file.</p>\n")
	m.item("<p class=\"wrong\" role=\"alert\">%s</p>\n", v.Wrong)
	m.put(`<form method="post" action="/irsa/login">
<label>Token <input type="password" name="token" size="40" autocomplete="off" required autofocus></label>
<button>Show the page</button>
</form>
`)
}

func (v *view) writeHeader(m *markup) {
	m.put("<header>\n<h1>irsa agent</h1>\n")
	if v.Snapshot.Ready {
		m.put(`<strong class="ready">ready</strong>`)
	} else {
		m.put(`<strong class="unready">not ready</strong>`)
	}
	if v.Missing > 0 && !v.Snapshot.Ready {
		m.put(" <span>%s of %s declared secrets are missing</span>", v.Missing, v.Total)
	}
	m.put(`
<span class="soft">%s</span>
<form method="post" action="/irsa/logout"><button>Log out</button></form>
</header>
`, clock(v.Now))
}

func (v *view) writeIdentity(m *markup) {
	m.put("\n<h2>Identity</h2>\n")
	id := v.Identity
	switch {
	case v.Unknown:
		m.put("<p class=\"soft\">Not known here.</p>\n")
		return
	case id == nil:
		m.put("<p class=\"soft\">No credentials yet.</p>\n")
		return
	}
	m.put("<dl>\n<dt>Source</dt><dd>%s</dd>\n", id.Source)
	m.item("<dt>Session</dt><dd><code>%s</code></dd>\n", id.ARN)
	m.item("<dt>Role</dt><dd><code>%s</code></dd>\n", id.RoleARN)
	m.item("<dt>Account</dt><dd>%s</dd>\n", id.Account)
	m.item("<dt>Service account</dt><dd><code>%s</code></dd>\n", id.Subject)
	m.item("<dt>Issuer</dt><dd><code>%s</code></dd>\n", id.Issuer)
	m.item("<dt>Audience</dt><dd><code>%s</code></dd>\n", id.Audience)
	m.item("<dt>STS in</dt><dd>%s</dd>\n", id.Region)
	m.put("<dt>Expires</dt><dd>%s", clock(id.Expires))
	if !id.Expires.IsZero() {
		m.put(` <span class="soft">%s</span>`, distance(id.Expires, v.Now))
	}
	m.put("</dd>\n</dl>\n")
}

func (v *view) writeSessions(m *markup) {
	if len(v.Snapshot.Sessions) == 0 {
		return
	}
	m.put(`<table>
<thead><tr><th>Session</th><th>Expires</th><th>Last refresh</th><th>Next refresh</th><th class="n">Refreshes</th><th class="n">Failures</th><th>Last error</th></tr></thead>
<tbody>
`)
	for _, s := range v.Snapshot.Sessions {
		if s.RoleARN != "" {
			m.put("<tr>\n<td><code>%s</code></td>\n", s.RoleARN)
		} else {
			m.put("<tr>\n<td>%s</td>\n", s.Source)
		}
		m.put("<td>%s</td>\n<td>%s</td>\n<td>%s</td>\n<td class=\"n\">%s</td>\n<td class=\"n\">%s</td>\n<td>%s",
			distance(s.Expires, v.Now), distance(s.LastSuccess, v.Now), distance(s.NextRefresh, v.Now), s.Refreshes, sum(s.Failures), s.LastError)
		if s.LastError != "" {
			m.put(` <span class="soft">%s</span>`, distance(s.LastFailure, v.Now))
		}
		m.put("</td>\n</tr>\n")
	}
	m.put("</tbody>\n</table>\n")
}

func (v *view) writeSecrets(m *markup) {
	m.put("\n<h2>Secrets</h2>\n")
	if len(v.Secrets) == 0 {
		m.put("<p class=\"soft\">None have been asked for.</p>\n")
		return
	}
	m.put(`<table>
<thead><tr><th>Secret</th><th>State</th><th>Version</th><th class="n">Age</th><th class="n">Next refresh</th></tr></thead>
<tbody>
`)
	for _, r := range v.Secrets {
		r.write(m)
	}
	m.put("</tbody>\n</table>\n")
	if v.More > 0 {
		m.put("<p class=\"soft\">%s more are not shown.</p>\n", v.More)
	}
}

func (r *row) write(m *markup) {
	m.put("<tr>\n<td><code>%s</code>", r.Ref)
	switch {
	case r.Explain != "":
		m.put(`<details open><summary class="refused">why</summary><pre>%s</pre></details>`, r.Explain)
	case r.Err != nil:
		m.put(`<p class="%s">%s</p>`, r.State, r.Err)
	}
	m.put("</td>\n<td class=\"%s\">%s", r.State, r.State)
	if r.Failures > 0 {
		m.put(", %s failed", r.Failures)
	}
	age, next := "–", "when read"
	if !r.Read.IsZero() {
		age = span(r.Age)
	}
	if r.Next > 0 {
		next = "in " + span(r.Next)
	}
	m.put("</td>\n<td><code>%s</code></td>\n<td class=\"n\">%s</td>\n<td class=\"n\">%s</td>\n</tr>\n", r.Version, age, next)
}

func (v *view) writeCalls(m *markup) {
	s := &v.Snapshot
	m.put("\n<h2>Calls</h2>\n<dl>\n<dt>Reads</dt><dd>%s, of which %s did not wait for AWS</dd>\n", s.Reads, s.Hits)
	m.put("<dt>Secrets Manager</dt><dd>%s calls</dd>\n<dt>Parameter Store</dt><dd>%s calls</dd>\n<dt>KMS</dt><dd>%s calls</dd>\n",
		s.Store.Calls.SecretsManager, s.Store.Calls.ParameterStore, s.Store.Calls.KMS)
	m.put("<dt>Cost</dt><dd>about $%s since start</dd>\n", fmt.Sprintf("%.4f", s.Store.Calls.Cost()))
	m.put("<dt>Changes</dt><dd>%s new versions</dd>\n<dt>Stale reads</dt><dd>%s</dd>\n", s.Store.Changes, s.Store.StaleReads)
	e := s.Store.ErrorsByClass
	m.put("<dt>Errors</dt><dd>denied %s, not found %s, deleted %s, key %s, identity %s, configuration %s, unavailable %s</dd>\n",
		e.Denied, e.NotFound, e.Deleted, e.Decryption, e.Identity, e.Configuration, e.Unavailable)
	m.put("<dt>Connections</dt><dd>%s open, %s turned away, %s watches</dd>\n</dl>\n", s.Connections, s.TurnedAway, s.Watches)
	if len(s.Requests) == 0 {
		return
	}
	m.put("<table>\n<thead><tr><th>Route</th><th>Status</th><th class=\"n\">Requests</th></tr></thead>\n<tbody>\n")
	for _, one := range s.Requests {
		status := "no answer"
		if one.Status != 0 {
			status = fmt.Sprint(one.Status)
		}
		m.put("<tr><td>%s</td><td>%s</td><td class=\"n\">%s</td></tr>\n", one.Route, status, one.Count)
	}
	m.put("</tbody>\n</table>\n")
}

// distance writes how far from now a time is, a dash for none.
func distance(t, now time.Time) string {
	d := t.Sub(now)
	switch {
	case t.IsZero():
		return "–"
	case d < 0:
		return span(-d) + " ago"
	default:
		return "in " + span(d)
	}
}
