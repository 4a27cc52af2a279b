package fakeaws

import "strings"

// account is an [Account] as the fake runs it. What its description says of
// secrets and parameters has gone into secrets and parameters, which hold the
// values sealed; Secrets and Parameters are nil.
type account struct {
	Account
	secrets    []*secret
	parameters []*parameter // sorted by name
}

// role returns the role of that name, or nil. IAM compares the names of roles
// and users as they are written, although it lets none differ in case alone.
func (a *Account) role(name string) *Role {
	for _, r := range a.Roles {
		if r.Name == name {
			return r
		}
	}
	return nil
}

// user returns the user of that name, or nil.
func (a *Account) user(name string) *User {
	for _, u := range a.Users {
		if u.Name == name {
			return u
		}
	}
	return nil
}

// roleARN is the ARN of a role, with its path.
func (a *Account) roleARN(r *Role) string {
	return "arn:" + a.Partition + ":iam::" + a.ID + ":role" + r.Path + r.Name
}

// userARN is the ARN of a user.
func (a *Account) userARN(u *User) string {
	return "arn:" + a.Partition + ":iam::" + a.ID + ":user/" + u.Name
}

// sessionARN is the ARN of a role session: the role's path is not in it.
func (a *Account) sessionARN(role, session string) string {
	return "arn:" + a.Partition + ":sts::" + a.ID + ":assumed-role/" + role + "/" + session
}

// providerARN is the ARN of an OIDC provider: its URL without the scheme.
func (a *Account) providerARN(p OIDCProvider) string {
	return "arn:" + a.Partition + ":iam::" + a.ID + ":oidc-provider/" + strings.TrimPrefix(p.URL, "https://")
}
