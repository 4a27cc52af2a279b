package fakeaws

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"
)

// Fault is what goes wrong with a call. The zero Fault is nothing. Delay and
// Skew go with everything; of the others, which say what the caller gets, the
// first in this order counts.
type Fault struct {
	// Delay passes before anything else happens to the call. It ends when the
	// caller gives up; negative, it ends only then.
	Delay time.Duration
	// Skew is by how much AWS's clock is ahead, for all that the call meets:
	// the Date header, the checks of tokens and signatures, expirations.
	Skew time.Duration

	// Reset breaks the connection before the call is served.
	Reset bool
	// Body is answered as it is, as HTML, with Status (zero: 200), and the call
	// is not served.
	Body string
	// Code is an error that is answered in the service's protocol, with Message
	// and with Status (zero: the one that goes with the code); the call is not
	// served.
	Code, Message string
	// Status alone is answered without a body.
	Status int
	// Lose serves the call and breaks the connection before the answer; Cut in
	// the middle of it.
	Lose, Cut bool
	// Lifetime is how long issued credentials last, whatever was asked for and
	// allowed; negative: they have expired. Zero: as long as they should.
	Lifetime time.Duration
}

// answers reports whether the fault says what the caller gets.
func (f Fault) answers() bool {
	f.Delay, f.Skew = 0, 0
	return f != Fault{}
}

// and is both faults at once.
func (f Fault) and(more Fault) Fault {
	delay, skew := f.Delay+more.Delay, f.Skew+more.Skew
	if f.Delay < 0 || more.Delay < 0 {
		delay = -1
	}
	if !f.answers() {
		f = more
	}
	f.Delay, f.Skew = delay, skew
	return f
}

// statuses are those that do not go without saying, by code, or by service and
// code (STS API Reference; IAM
// User Guide, "Common errors").
var statuses = map[string]int{
	"AccessDenied":                http.StatusForbidden,
	"ExpiredToken":                http.StatusForbidden,
	"IDPRejectedClaim":            http.StatusForbidden,
	"InternalFailure":             http.StatusInternalServerError,
	"InternalServerError":         http.StatusInternalServerError,
	"InternalServerException":     http.StatusInternalServerError,
	"InternalServiceError":        http.StatusInternalServerError,
	"InvalidClientTokenId":        http.StatusForbidden,
	"KMSInternalException":        http.StatusInternalServerError,
	"MissingAuthenticationToken":  http.StatusForbidden,
	"RegionDisabledException":     http.StatusForbidden,
	"ServiceUnavailable":          http.StatusServiceUnavailable,
	"ServiceUnavailableException": http.StatusServiceUnavailable,

	podIdentityService + " ThrottlingException": http.StatusTooManyRequests,
}

// spellings are how services write STS's codes (Secrets Manager, Systems
// Manager, KMS and EKS Auth API References, "Common errors").
var spellings = map[string]map[string]string{
	"secretsmanager": {"Throttling": "ThrottlingException", "InternalFailure": "InternalServiceError"},
	"ssm":            {"Throttling": "ThrottlingException", "InternalFailure": "InternalServerError"},
	"kms":            {"Throttling": "ThrottlingException", "InternalFailure": "KMSInternalException"},
	podIdentityService: {
		"Throttling": "ThrottlingException", "InternalFailure": "InternalServerException",
		"ServiceUnavailable": "ServiceUnavailableException", "AccessDenied": "AccessDeniedException",
	},
}

// injected is the error that a fault wants, or nil.
func (c *call) injected() error {
	f := c.fault
	if f.Code == "" {
		return nil
	}
	code := cmp.Or(spellings[c.service][f.Code], f.Code)
	return &apiError{Code: code, Message: f.Message, Status: cmp.Or(f.Status, statuses[c.service+" "+code], statuses[code])}
}

// replaces reports whether the fault stands in the place of the service.
func (f Fault) replaces() bool {
	return f.Reset || f.Body != "" || f.Status != 0 && f.Code == ""
}

// strike does to the call what its fault wants done before it is served, and
// reports whether the caller has its answer with that.
func (c *call) strike(w http.ResponseWriter) bool {
	f := c.fault
	c.record.Fault = f != Fault{}
	if wait(c.ctx, f.Delay) && !f.replaces() {
		return false
	}
	c.end(nil)
	switch {
	case f.Reset:
		hangUp(w)
	case f.Body != "":
		c.write(w, cmp.Or(f.Status, http.StatusOK), "text/html; charset=utf-8", []byte(f.Body))
	case f.Status != 0:
		c.write(w, f.Status, "text/plain", nil)
	}
	return true
}

// wait reports whether d passed before the context ended; a negative d never
// does.
func wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		return true
	}
	var passed <-chan time.Time
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		passed = timer.C
	}
	select {
	case <-passed:
		return true
	case <-ctx.Done():
		return false
	}
}

// errReset is what reading from a connection gives that the peer has reset.
var errReset = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// cut breaks the connection behind what there is of an answer.
func cut(w http.ResponseWriter, start []byte) {
	_, _ = w.Write(start)
	if b, ok := w.(*responseBuffer); ok {
		b.broken = io.ErrUnexpectedEOF
		return
	}
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// hangUp breaks the connection at once. What has been written may be lost.
func hangUp(w http.ResponseWriter) {
	if b, ok := w.(*responseBuffer); ok {
		b.broken = errReset
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if errors.Is(err, http.ErrNotSupported) { // HTTP/2, or a wrapped writer
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset instead of an orderly end
	}
	_ = conn.Close()
}
