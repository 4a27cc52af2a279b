package fakeaws

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/irsakit/irsa/policy"
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
	sweepAt  int                 // number of sessions at which to look for old ones
	log      callLog
}

// account returns the account as it is now, or nil. The account and all that
// it points to must not be changed.
func (s *state) account(id string) *account {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.accounts[id]
}

// findRole returns the role of an ARN and its account; nil for what there is
// not.
func (s *state) findRole(roleARN string) (*account, *Role) {
	arn, err := policy.ParseARN(roleARN)
	if err != nil {
		return nil, nil
	}
	account := s.account(arn.Account)
	if account == nil {
		return nil, nil
	}
	role := account.role(arn.Resource[strings.LastIndex(arn.Resource, "/")+1:])
	if role == nil || account.roleARN(role) != roleARN {
		return account, nil
	}
	return account, role
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
	if len(s.sessions) >= max(minSweep, s.sweepAt) {
		s.sweep(time.Now())
	}
}

// minSweep is the number of sessions up to which all are kept.
const minSweep = 1 << 13

// sweep forgets sessions that expired long ago: simulations of fleets make very
// many. Whoever still uses one hears that it is unknown instead of expired.
func (s *state) sweep(now time.Time) {
	maps.DeleteFunc(s.sessions, func(_ string, old *session) bool { return old.expired(now.Add(-time.Hour)) })
	s.sweepAt = 2 * len(s.sessions)
}

// Expiry is when the temporary credentials under an access key id end; the zero
// time if they are not known, or do not end.
func (a *AWS) Expiry(accessKeyID string) time.Time {
	if s := a.session(accessKeyID); s != nil {
		return s.expires
	}
	return time.Time{}
}
