package fakeaws

import (
	"fmt"
	"slices"
	"strings"
)

// Decode reads the JSON description of a [World]. It sees to the form alone;
// what the names and documents say is for [New] to check. The error names the
// place and quotes no value.
func Decode(world []byte) (World, error) {
	var w World
	if err := decodeStrict(world, &w); err != nil {
		return World{}, fmt.Errorf("fakeaws: world: %w", err)
	}
	return w, nil
}

// New makes a fake from the JSON description of a [World]. Errors name the
// place in the description, and all mistakes of content at once.
func New(world []byte) (*AWS, error) {
	w, err := Decode(world)
	if err != nil {
		return nil, err
	}
	if err := w.validate(); err != nil {
		return nil, fmt.Errorf("fakeaws: world: %w", err)
	}
	a := &AWS{ids: newIDs(w.Seed)}
	a.fill(&w)
	a.accounts = map[string]*account{}
	a.sessions = map[string]*session{}
	for _, described := range w.Accounts {
		a.accounts[described.ID] = &account{Account: *described}
		for _, u := range described.Users {
			a.sessions[u.AccessKeyID] = userSession(described, u, a.userID(described, u))
		}
	}
	for _, account := range a.accounts { // once all are there, for a key may be another's
		a.store(account)
	}
	for _, c := range w.Clusters {
		a.issuers = append(a.issuers, newIssuer(c))
	}
	return a, nil
}

// store seals what the account's description has of secrets and parameters. The
// plaintexts go with the description.
func (a *AWS) store(into *account) {
	for _, s := range into.Secrets {
		into.secrets = append(into.secrets, a.storedSecret(&into.Account, s))
	}
	for _, p := range into.Parameters {
		into.parameters = append(into.parameters, a.storedParameter(&into.Account, p))
	}
	slices.SortFunc(into.parameters, func(p, q *parameter) int { return strings.Compare(p.Name, q.Name) })
	into.Secrets, into.Parameters = nil, nil
}

// userID is the unique id of a user.
func (a *AWS) userID(account *Account, u *User) string {
	return letters(a.ids.derive("user", account.ID, u.Name), "AIDA", 17, upperAlphanumeric)
}

// userSession is what the access key of a user stands for.
func userSession(account *Account, u *User, id string) *session {
	return &session{
		arn:             account.userARN(u),
		account:         account.ID,
		user:            u.Name,
		principalID:     id,
		accessKeyID:     u.AccessKeyID,
		secretAccessKey: u.SecretAccessKey,
	}
}
