package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"

	"github.com/irsakit/irsa/secrets"
)

// answer is a response of the contract: never with a Content-Type.
type answer struct {
	status int
	body   []byte
}

// plain is an answer in bare text.
func plain(status int, text string) *answer { return &answer{status, []byte(text)} }

// failure is an answer in the form of AWS's errors.
func failure(status int, code, message string) *answer {
	body := appendString([]byte(`{"__type":`), code)
	if message != "" {
		body = appendString(append(body, `,"message":`...), message)
	}
	return &answer{status, append(body, '}')}
}

// The answers that have always the same words.
var (
	pong           = plain(http.StatusOK, "healthy")
	tooMany        = plain(http.StatusTooManyRequests, "Connection limit exceeded")
	hasPassedProxy = plain(http.StatusBadRequest, "Forwarded")
	badHost        = plain(http.StatusForbidden, "Bad Host")
	badToken       = plain(http.StatusForbidden, "Bad Token")
	notAllowed     = plain(http.StatusMethodNotAllowed, "Not allowed")
	notFound       = plain(http.StatusNotFound, "Not found")
	internal       = failure(http.StatusInternalServerError, "InternalFailure", "")
	extensionError = plain(http.StatusBadRequest, "an unexpected error occurred while executing request")
)

// shortBody is up to which size net/http tells the length of a body by itself, and
// does so without allocations.
const shortBody = 2 << 10

// write sends the answer.
func (a *answer) write(w http.ResponseWriter) {
	h := w.Header()
	h["Content-Type"] = nil // or net/http would guess one
	if len(a.body) > shortBody {
		h["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // whoever has left needs none
}

// scratch holds buffers for bodies. They are wiped before they go back.
var scratch = sync.Pool{New: func() any { return new(make([]byte, 0, 4096)) }}

// writeSecret answers a secret as encode writes it.
func writeSecret(w http.ResponseWriter, v secrets.Value, encode func([]byte, secrets.Value) []byte) {
	p := scratch.Get().(*[]byte)
	a := answer{http.StatusOK, encode((*p)[:0], v)}
	a.write(w)
	clear(a.body)
	if *p = a.body; cap(*p) <= 64<<10 {
		scratch.Put(p)
	}
}

// problem is the error of a request that the Agent answers itself.
type problem struct {
	*answer
	text     string // for the log
	upstream bool   // it is what AWS would answer
}

func (p *problem) Error() string { return "agent: " + p.text }

// refuse returns a problem that is answered in bare text.
func refuse(format string, args ...any) *problem {
	text := fmt.Sprintf(format, args...)
	return &problem{answer: plain(http.StatusBadRequest, text), text: text}
}

// invalid returns a problem in the words of AWS.
func invalid(message string) *problem {
	return &problem{failure(http.StatusBadRequest, "ValidationException", message), message, true}
}

// writeJSON answers a value of one of the Agent's own routes.
func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, nil
	}
	h := w.Header()
	h["Content-Type"] = []string{"application/json"}
	h["Cache-Control"] = []string{"no-store"}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// problemOf returns the problem that err is.
func problemOf(err error) (*problem, bool) { return errors.AsType[*problem](err) }
