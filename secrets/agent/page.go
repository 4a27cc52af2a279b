package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
)

const (
	pagePath   = "/irsa/"
	loginPath  = "/irsa/login"
	logoutPath = "/irsa/logout"

	// maxForm is the longest form: a session token of STS has some kilobytes.
	maxForm = 16 << 10
	// maxRows bounds the secrets on the page: clients may ask for any number of
	// names that there are not.
	maxRows = 1000
)

// view is what the page shows. It has no secret.
type view struct {
	Nonce string
	Login bool   // the form in place of all else
	Wrong string // what was wrong with the last attempt

	Now      time.Time
	Snapshot Snapshot
	Identity *credentials.Identity // nil: none yet
	Unknown  bool                  // whose the credentials are: there is no provider
	Secrets  []row
	More     int // secrets beside these
	Total    int // declared
	Missing  int // of these
}

// row is a secret on the page.
type row struct {
	secrets.Status
	Age     time.Duration
	Next    time.Duration
	Explain string // at length
}

// page answers what belongs to the page: the page itself to a token or a session,
// the form to anyone.
func (x *exchange) page() {
	get := x.r.Method == http.MethodGet
	switch {
	case x.target.path == loginPath && get:
		x.show(http.StatusOK, view{Login: true})
	case x.target.path == pagePath && get:
		x.overview()
	case x.target.path != pagePath && x.r.Method == http.MethodPost:
		x.submit()
	default:
		notAllowed.write(x.w)
	}
}

// overview shows the page to whom it may be shown.
func (x *exchange) overview() {
	who := x.who
	if who == nil {
		who = x.sessions.find(x.r, time.Now())
	}
	if who == nil {
		x.redirect(loginPath)
		return
	}
	x.show(http.StatusOK, x.view(who))
}

// submit takes the forms for login and logout, unless another site has had them
// sent.
func (x *exchange) submit() {
	if err := http.NewCrossOriginProtection().Check(x.r); err != nil {
		plain(http.StatusForbidden, "Bad Origin").write(x.w)
		return
	}
	if x.target.path == logoutPath {
		x.sessions.end(x.r)
		http.SetCookie(x.w, cookie(""))
		x.redirect(loginPath)
		return
	}
	form, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxForm))
	if err != nil {
		plain(http.StatusBadRequest, "Bad Form").write(x.w)
		return
	}
	// As in a header, which is where the token otherwise comes in.
	who := x.keys.find(http.Header{x.keys.headers[0]: {field(string(form), "token")}})
	if who == nil {
		x.logRefusal("its form has no valid token")
		x.show(http.StatusForbidden, view{Login: true, Wrong: "This is not a token of this agent."})
		return
	}
	http.SetCookie(x.w, cookie(x.sessions.start(who, time.Now())))
	x.redirect(pagePath)
}

// field returns the first value of a form's field. ParseForm would keep all of
// them, and those of the query too, which take many times the memory.
func field(form, name string) string {
	for n, value := range pairs(form) {
		if n == name {
			return value
		}
	}
	return ""
}

func (x *exchange) redirect(to string) {
	h := x.w.Header()
	h.Set("Location", to)
	h.Set("Cache-Control", "no-store")
	x.w.WriteHeader(http.StatusSeeOther)
}

// view gathers what a bearer may see.
func (x *exchange) view(who *bearer) view {
	v := view{Now: time.Now(), Snapshot: x.Snapshot(), Total: len(x.config.Declared), Missing: x.missing()}
	if p := x.config.Provider; p == nil {
		v.Unknown = true
	} else if id, ok := p.Identity(); ok {
		v.Identity = &id
	}
	seen := slices.DeleteFunc(slices.Clone(v.Snapshot.Secrets), func(st secrets.Status) bool {
		ref, err := secrets.ParseRef(st.Ref)
		return err != nil || !who.secrets.allows(ref) || ref.Role != "" && !who.roles.match(ref.Role)
	})
	if v.More = max(len(seen)-maxRows, 0); v.More > 0 { // what was never read is left out first
		slices.SortStableFunc(seen, func(a, b secrets.Status) int { return b.Read.Compare(a.Read) })
		seen = seen[:maxRows]
	}
	for _, st := range seen {
		v.Secrets = append(v.Secrets, rowOf(st, v.Now))
	}
	return v
}

func rowOf(st secrets.Status, now time.Time) row {
	r := row{Status: st, Age: age(st, now)}
	if !st.Next.IsZero() {
		r.Next = max(st.Next.Sub(now), time.Second)
	}
	if e, ok := errors.AsType[*secrets.AccessError](st.Err); ok {
		r.Explain = e.Explain()
	}
	return r
}

// show sends the page, which may load nothing, run nothing and be framed by
// nobody.
func (x *exchange) show(status int, v view) {
	v.Nonce = rand.Text()
	var body markup
	v.write(&body)
	h := x.w.Header()
	for name, value := range map[string]string{
		"Content-Type":                 "text/html; charset=utf-8",
		"Content-Length":               strconv.Itoa(body.Len()),
		"Content-Security-Policy":      "default-src 'none'; style-src 'nonce-" + v.Nonce + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
		"Cache-Control":                "no-store",
		"X-Frame-Options":              "DENY",
		"X-Content-Type-Options":       "nosniff",
		"Referrer-Policy":              "same-origin",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		h.Set(name, value)
	}
	x.w.WriteHeader(status)
	_, _ = body.WriteTo(x.w)
}

// span writes a duration as people do: in its largest unit, and the next.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	days, hours, minutes := d/(24*time.Hour), d/time.Hour%24, d/time.Minute%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%d min %d s", minutes, d/time.Second%60)
	default:
		return fmt.Sprintf("%d s", d/time.Second)
	}
}

// clock writes a time, a dash for none.
func clock(t time.Time) string {
	if t.IsZero() {
		return "–"
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

func sum(f credentials.Failures) int { return f.Configuration + f.Identity + f.Denied + f.Unavailable }
