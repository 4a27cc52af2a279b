package fakeaws

import (
	"encoding/json"
	"slices"
	"sync"
	"time"
)

// When says which calls a fault meets. The zero When is all of them.
type When struct {
	// Service, Operation and Region of the call. Empty: any. The discovery
	// documents of issuers are service "oidc", operations "Discovery" and
	// "Keys"; the Pod Identity agent is "eks-auth", "AssumeRoleForPodIdentity";
	// the metadata service is "imds", "Token", "Role", "Credentials" and
	// "Metadata".
	Service, Operation, Region string
	// Resource is what the call names: a role's ARN, a secret's id, a key's or
	// a parameter's name, in the form in which the call has it. Empty: any.
	Resource string
	// Of the calls that match, the first Skip are spared, and the Times after
	// them are met; zero Times is all.
	Skip, Times int
	// From and Until bound the time: From is the first instant, Until the first
	// that no longer counts. Zero: no bound.
	From, Until time.Time
}

func (w When) matches(c Call) bool {
	return (w.Service == "" || w.Service == c.Service) &&
		(w.Operation == "" || w.Operation == c.Operation) &&
		(w.Region == "" || w.Region == c.Region) &&
		(w.Resource == "" || w.Resource == c.Resource) &&
		(w.From.IsZero() || !c.Time.Before(w.From)) &&
		(w.Until.IsZero() || c.Time.Before(w.Until))
}

// faults are the rules by which calls go wrong.
type faults struct {
	mu    sync.Mutex
	rules []*rule
}

// rule is a function, or a fault with its When.
type rule struct {
	decide func(Call) Fault

	when  When
	fault Fault
	seen  int // calls that matched
}

// of returns what goes wrong with a call according to the rule, which counts it.
// f is what goes wrong already. The caller holds the lock.
func (r *rule) of(c Call, f Fault) Fault {
	switch {
	case f.answers() && r.fault.answers(), !r.when.matches(c):
		return f // an answer that cannot be given is kept for the next call
	}
	r.seen++
	if r.seen <= r.when.Skip || r.when.Times > 0 && r.seen > r.when.Skip+r.when.Times {
		return f
	}
	return f.and(r.fault)
}

// Inject lets calls go wrong from now on, until the function that it returns is
// called. Rules are asked in the order in which they came. Delays and skews of
// several add up; an answer is given by the first rule that has one for the
// call, and the others' Times are not spent on it.
func (a *AWS) Inject(when When, fault Fault) (remove func()) {
	return a.faults.add(&rule{when: when, fault: fault})
}

// InjectFunc is Inject with a function that decides. It is asked about every
// call before that is served, so that the call has Time, Service, Operation,
// Region and Resource alone. It may be called by several goroutines at once.
func (a *AWS) InjectFunc(decide func(Call) Fault) (remove func()) {
	return a.faults.add(&rule{decide: decide})
}

func (f *faults) add(r *rule) (remove func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = append(slices.Clone(f.rules), r)
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.rules = slices.DeleteFunc(slices.Clone(f.rules), func(other *rule) bool { return other == r })
	}
}

// of is what goes wrong with a call. Functions run without the lock.
func (f *faults) of(c *call) Fault {
	f.mu.Lock()
	rules := f.rules // never changed in place
	f.mu.Unlock()
	if len(rules) == 0 {
		return Fault{}
	}
	about := c.record.Call
	about.Resource = c.named()
	var sum Fault
	for _, r := range rules {
		if r.decide != nil {
			sum = sum.and(r.decide(about))
			continue
		}
		f.mu.Lock()
		sum = r.of(about, sum)
		f.mu.Unlock()
	}
	return sum
}

// named is the resource that the call names, before it is checked and looked
// up.
func (c *call) named() string {
	if c.params != nil {
		return c.params.Get("RoleArn")
	}
	var in struct{ SecretID, KeyID, Name string } // members match in any case
	_ = json.Unmarshal(c.body, &in)               // what is no JSON names nothing
	for _, name := range []string{in.SecretID, in.KeyID, in.Name} {
		if name != "" {
			return name
		}
	}
	return ""
}
