package fakeaws

import (
	"slices"
	"sync"
)

// state is what the services read and write at run time. One mutex guards it,
// held for look-ups only, never across a call.
//
// Accounts are copy-on-write: an *account, once in the map, and all that it
// points to never change. A look-up is thus a snapshot, to be used without the
// lock; a change is made by update.
type state struct {
	mu       sync.Mutex
	accounts map[string]*account
	sessions map[string]*session // by access key id
	calls    []Call
}

// account returns the account as it is now, or nil. The account and all that
// it points to must not be changed.
func (s *state) account(id string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[id]
}

// update replaces the account id by what change makes of a copy, if there is
// such an account. The copy's slices are the copy's own, the values that their
// elements point to are not: replace an element, do not write through it.
// change runs under the lock: it must be quick and look nothing up.
func (s *state) update(id string, change func(*account)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.accounts[id]
	if old == nil {
		return
	}
	account := *old
	account.Users = slices.Clone(old.Users)
	account.Roles = slices.Clone(old.Roles)
	account.OIDCProviders = slices.Clone(old.OIDCProviders)
	account.Keys = slices.Clone(old.Keys)
	account.secrets = slices.Clone(old.secrets)
	account.parameters = slices.Clone(old.parameters)
	change(&account)
	s.accounts[id] = &account
}

// session returns what an access key id stands for, or nil.
func (s *state) session(accessKeyID string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[accessKeyID]
}

// issue makes a session's credentials valid.
func (s *state) issue(credentials *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessions[credentials.accessKeyID] = credentials
}

// log appends the record and what it forwarded.
func (s *state) log(r *callRecord) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.append(r)
}

func (s *state) append(r *callRecord) {
	s.calls = append(s.calls, r.Call)
	for _, inner := range r.forwarded {
		s.append(inner)
	}
}
