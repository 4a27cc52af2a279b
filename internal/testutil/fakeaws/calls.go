package fakeaws

import (
	"slices"
	"sync"
	"time"
)

// Call is one API call that the fake served, in the shape of a CloudTrail
// event. It holds no secrets and no tokens.
type Call struct {
	Time         time.Time
	Duration     time.Duration
	Service      string // "sts", "secretsmanager", "ssm", "kms"
	Operation    string
	Region       string
	Principal    string // ARN of the caller; "" if not established
	Account      string // the resource's account
	Resource     string // ARN, or as asked for
	ErrorCode    string
	ErrorMessage string
	// Via is the service that made the call on the caller's behalf, such as
	// "secretsmanager.amazonaws.com" for the KMS call behind GetSecretValue.
	Via       string
	RequestID string
	// Fault says that an injected fault met the call.
	Fault bool
}

// Calls returns the calls served so far, or as many of the last as
// [AWS.KeepCalls] says, in the order in which they ended. Calls that one
// service makes to another (Via set) follow the call that caused them.
func (a *AWS) Calls() []Call {
	l := &a.log
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.calls[max(0, len(l.calls)-l.kept()):])
}

// CallCount returns how many calls of an operation, such as "sts" and
// "AssumeRole", were served so far, whatever came of them.
func (a *AWS) CallCount(service, operation string) int {
	l := &a.log
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts[[2]string{service, operation}]
}

// KeepCalls bounds the log to the last n calls; zero is without bound, which is
// how it begins. CallCount goes on counting all.
func (a *AWS) KeepCalls(n int) {
	l := &a.log
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trim() // what was to go by the old bound is not to come back
	l.keep = max(0, n)
	l.trim()
}

// callLog is the record of calls.
type callLog struct {
	mu     sync.Mutex
	calls  []Call
	keep   int // zero: all
	counts map[[2]string]int
}

// kept is how many of the calls count.
func (l *callLog) kept() int {
	if l.keep == 0 {
		return len(l.calls)
	}
	return l.keep
}

// add appends the record and what it forwarded.
func (l *callLog) add(r *callRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.append(r)
	if len(l.calls) > 2*l.kept() { // so that each call is moved once, on average
		l.trim()
	}
}

func (l *callLog) append(r *callRecord) {
	l.calls = append(l.calls, r.Call)
	if l.counts == nil {
		l.counts = map[[2]string]int{}
	}
	l.counts[[2]string{r.Service, r.Operation}]++
	for _, inner := range r.forwarded {
		l.append(inner)
	}
}

func (l *callLog) trim() {
	l.calls = slices.Delete(l.calls, 0, max(0, len(l.calls)-l.kept()))
}

// callRecord is a Call in the making.
type callRecord struct {
	Call
	forwarded []*callRecord
}

func newRecord(c *call) *callRecord {
	r := &callRecord{Call: Call{
		Time:      time.Now(),
		Service:   c.service,
		Operation: c.operation,
		Region:    c.region,
		RequestID: c.requestID,
	}}
	if c.caller != nil {
		r.Principal = c.caller.arn
	}
	return r
}

// end records the call with its outcome. It comes before the answer, so that
// who has the answer finds the call in the log.
func (c *call) end(err error) {
	c.record.finish(err)
	if c.service != discoveryService && c.service != imdsService {
		c.aws.log.add(c.record)
	}
}

// finish completes the record with the outcome.
func (r *callRecord) finish(err error) {
	r.Duration = time.Since(r.Time)
	if err != nil {
		e := asAPIError(err)
		r.ErrorCode, r.ErrorMessage = e.Code, e.Message
	}
}
