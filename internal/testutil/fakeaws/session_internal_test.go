package fakeaws

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// A session has what its role has now, and nothing once the role is gone, also
// if another has taken its name.
func TestSessionFollowsRole(t *testing.T) {
	t.Parallel()
	const id = "111122223333"
	all := NamedPolicy{Name: "all", Document: policy.MustParse(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)}
	role := Role{Name: "r", Path: "/", UniqueID: "AROAAAAAAAAAAAAAAAAAA", Trust: &policy.Document{}, Policies: []NamedPolicy{all}}
	tests := map[string]struct {
		roles   func() []*Role
		allowed bool
	}{
		"as it was":  {func() []*Role { return []*Role{&role} }, true},
		"no policy":  {func() []*Role { r := role; r.Policies = nil; return []*Role{&r} }, false},
		"removed":    {func() []*Role { return nil }, false},
		"made anew":  {func() []*Role { r := role; r.UniqueID = "AROABBBBBBBBBBBBBBBBB"; return []*Role{&r} }, false},
		"new name":   {func() []*Role { r := role; r.Name = "s"; return []*Role{&r} }, false},
		"no account": {nil, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world, err := json.Marshal(World{Accounts: []*Account{{ID: id, Roles: []*Role{&role}}}})
			if err != nil {
				t.Fatal(err)
			}
			a, err := New(world)
			if err != nil {
				t.Fatal(err)
			}
			if test.roles == nil {
				delete(a.accounts, id)
			}
			a.update(id, func(account *account) { account.Roles = test.roles() })
			c := &call{
				aws: a, service: "ssm", region: "eu-west-1",
				caller: &session{
					arn: "arn:aws:sts::" + id + ":assumed-role/r/s", account: id,
					role: "r", name: "s", principalID: role.UniqueID,
				},
			}
			c.record = newRecord(c)
			err = c.authorize("ssm:GetParameter", "arn:aws:ssm:eu-west-1:"+id+":parameter/x", nil, nil)
			if (err == nil) != test.allowed {
				t.Errorf("got %v, want allowed %t", err, test.allowed)
			}
		})
	}
}

// An error that is not AWS's own shows nothing of itself.
func TestInternalFailure(t *testing.T) {
	t.Parallel()
	e := asAPIError(errors.New("marker"))
	if e.Code != "InternalFailure" || e.status() != 500 || e.Message == "marker" {
		t.Errorf("got %+v", e)
	}
}
