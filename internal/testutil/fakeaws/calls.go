package fakeaws

import (
	"slices"
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
}

// Calls returns the calls served so far in the order in which they ended.
// Calls that one service makes to another (Via set) follow the call that
// caused them.
func (a *AWS) Calls() []Call {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.calls)
}

// CallCount returns how many calls of an operation, such as "sts" and
// "AssumeRole", were served so far, whatever came of them.
func (a *AWS) CallCount(service, operation string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := 0
	for _, c := range a.calls {
		if c.Service == service && c.Operation == operation {
			n++
		}
	}
	return n
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

// finish completes the record with the outcome.
func (r *callRecord) finish(err error) {
	r.Duration = time.Since(r.Time)
	if err != nil {
		e := asAPIError(err)
		r.ErrorCode, r.ErrorMessage = e.Code, e.Message
	}
}
