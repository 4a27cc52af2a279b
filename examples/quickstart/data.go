package main

import (
	"time"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// data is the story for machines: what -json prints.
type data struct {
	Break       string            `json:"break,omitempty"`
	Environment map[string]string `json:"environment"`
	Token       tokenData         `json:"token"`
	Identity    string            `json:"identity,omitempty"`
	Secret      *secretData       `json:"secret,omitempty"`
	Steps       []stepData        `json:"steps"`
	Calls       []callData        `json:"calls"`
	Decision    policy.Decision   `json:"decision"`
	AllowedBy   []grant           `json:"allowedBy,omitempty"`
	Error       string            `json:"error,omitempty"`
	Faults      []policy.Fault    `json:"faults,omitempty"`
	// Mended tells whether the remedy's statement let the secret be read;
	// absent when the remedy is not a statement.
	Mended *bool `json:"mended,omitempty"`
	// OK is what the exit status says.
	OK      bool   `json:"ok"`
	Verdict string `json:"verdict,omitempty"`
}

type tokenData struct {
	Issuer   string    `json:"issuer"`
	Subject  string    `json:"subject"`
	Audience []string  `json:"audience"`
	Expiry   time.Time `json:"expiry"`
}

type secretData struct {
	ARN     string        `json:"arn"`
	Version string        `json:"version"`
	Stages  []string      `json:"stages"`
	Value   secrets.Value `json:"value"` // prints as "[redacted]"
}

type stepData struct {
	Name         string  `json:"name"`
	Milliseconds float64 `json:"milliseconds"`
}

type callData struct {
	Service      string  `json:"service"`
	Operation    string  `json:"operation"`
	Region       string  `json:"region,omitempty"`
	Account      string  `json:"account,omitempty"`
	Principal    string  `json:"principal,omitempty"`
	Resource     string  `json:"resource,omitempty"`
	Via          string  `json:"via,omitempty"`
	ErrorCode    string  `json:"errorCode,omitempty"`
	ErrorMessage string  `json:"errorMessage,omitempty"`
	Milliseconds float64 `json:"milliseconds"`
}

func (t *story) data() data {
	p := t.performed
	claims := p.token.Claims()
	d := data{
		Environment: map[string]string{},
		Calls:       []callData{}, // an empty list, not null
		Token:       tokenData{claims.Issuer, claims.Subject, claims.Audience, claims.Expiry.UTC()},
		Identity:    p.identity,
		Decision:    t.explained.Decision,
		Faults:      t.explained.Faults,
	}
	for _, v := range p.environment {
		d.Environment[v.name] = v.value
	}
	for _, s := range p.steps {
		d.Steps = append(d.Steps, stepData{s.name, milliseconds(s.took)})
	}
	for _, c := range p.calls {
		d.Calls = append(d.Calls, callData{
			c.Service, c.Operation, c.Region, c.Account, c.Principal, c.Resource, c.Via,
			c.ErrorCode, c.ErrorMessage, milliseconds(c.Duration),
		})
	}
	if t.broken != nil {
		d.Break = t.broken.name
	}
	if p.err != nil {
		d.Error = p.err.Error()
	} else {
		d.Secret = &secretData{p.secret.ARN(), p.secret.Version(), p.secret.Stages(), p.secret}
		d.AllowedBy = t.grants()
	}
	if t.mended != nil {
		d.Mended = new(t.mended.err == nil)
	}
	err := t.verdict()
	if d.OK = err == nil; !d.OK {
		d.Verdict = err.Error()
	}
	return d
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
