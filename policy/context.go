package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// presence says whether the request carries a condition key.
type presence uint8

const (
	unspecified presence = iota
	absent
	present
)

// contextKey is what is known of one condition key.
type contextKey struct {
	presence presence
	values   []string
	// valueUnknown: the key is there, but its value was not supplied.
	valueUnknown bool
	// pathUnknown: the value is a role's ARN, to which a path may belong.
	pathUnknown bool
	// ambiguous: the request has the key in two spellings.
	ambiguous bool
}

func one(value string) contextKey {
	return contextKey{presence: present, values: []string{value}}
}

var (
	absentKey       = contextKey{presence: absent}
	unspecifiedKey  = contextKey{}
	valueUnknownKey = contextKey{presence: present, valueUnknown: true}
)

// lookup finds a key: given by the request, derived from it, or neither.
func (e *evaluation) lookup(key string) contextKey {
	if k, ok := e.given(key); ok {
		return k
	}
	if k, ok := e.derived(strings.ToLower(key)); ok {
		return k
	}
	if e.req.Closed || e.who.kind == callerProvider && isClaim(key) {
		// A token's claims are all in the token: one that is not is absent.
		return absentKey
	}
	return unspecifiedKey
}

// given finds a key in Request.Context, without regard to case
// (reference_policies_elements_condition).
func (e *evaluation) given(key string) (contextKey, bool) {
	var k contextKey
	for name, values := range e.req.Context {
		if !strings.EqualFold(name, key) {
			continue
		}
		if k.presence == present {
			k.ambiguous = true
			k.values = append(slices.Clone(k.values), values...)
			slices.Sort(k.values) // map order must not show
			continue
		}
		k.presence, k.values = present, values
	}
	return k, k.presence == present
}

// isClaim reports whether the key names a claim of a web identity token
// (reference_policies_iam-condition-keys).
func isClaim(key string) bool {
	i := strings.LastIndexByte(key, ':')
	if i < 0 || !strings.Contains(key[:i], ".") {
		return false
	}
	switch strings.ToLower(key[i+1:]) {
	case "sub", "aud", "amr", "azp", "oaud", "email":
		return true
	}
	return false
}

// derived finds a key that follows from the rest of the request
// (reference_policies_condition-keys).
func (e *evaluation) derived(key string) (contextKey, bool) {
	switch key {
	case "aws:resourceaccount":
		return optional(e.resourceAccount), true
	case "aws:currenttime":
		return one(e.now().UTC().Format(time.RFC3339)), true
	case "aws:epochtime":
		return one(strconv.FormatInt(e.now().Unix(), 10)), true
	case "aws:securetransport":
		return one("true"), true
	case "aws:viaawsservice":
		_, via := e.given("kms:ViaService")
		return one(strconv.FormatBool(via)), true
	case "aws:principalisawsservice":
		return one(strconv.FormatBool(e.who.kind == callerService)), true
	case "aws:principalservicename":
		if e.who.kind == callerService {
			return one(e.req.Principal), true
		}
		return absentKey, true
	case "kms:calleraccount":
		if isService(e.req.Action, "kms") {
			return optional(e.who.account), true
		}
	}
	return e.who.derived(key, e.req)
}

func optional(value string) contextKey {
	if value == "" {
		return absentKey
	}
	return one(value)
}

// derived finds a key that follows from who the caller is.
func (c *caller) derived(key string, req *Request) (contextKey, bool) {
	if !c.hasIdentity() {
		return contextKey{}, false
	}
	switch key {
	case "aws:principalarn":
		k := one(c.principalARN())
		// Closed means that the caller told all there is, so no path.
		k.pathUnknown = c.kind == callerSession && !c.roleGiven && !req.Closed
		return k, true
	case "aws:principalaccount":
		return one(c.account), true
	case "aws:principaltype":
		return one(c.principalType()), true
	case "aws:userid":
		return c.userID(req.PrincipalID), true
	case "aws:username":
		if c.kind == callerUser {
			return one(c.name), true
		}
		return absentKey, true
	case "aws:tokenissuetime":
		if c.kind == callerSession || c.kind == callerFederatedUser {
			return valueUnknownKey, true
		}
		return absentKey, true
	case "aws:federatedprovider":
		if c.kind != callerSession {
			return absentKey, true
		}
	}
	return contextKey{}, false
}

// principalType is the value of aws:PrincipalType.
func (c *caller) principalType() string {
	switch c.kind {
	case callerSession:
		return "AssumedRole"
	case callerUser:
		return "User"
	case callerFederatedUser:
		return "FederatedUser"
	}
	return "Account"
}

// userID is the value of aws:userid (reference_policies_variables, "Principal
// key values").
func (c *caller) userID(id string) contextKey {
	switch {
	case c.kind == callerRoot:
		return one(c.account)
	case c.kind == callerFederatedUser:
		return one(c.account + ":" + c.name)
	case id == "" || c.kind == callerSession && c.session == "":
		return valueUnknownKey
	case c.kind == callerSession:
		return one(id + ":" + c.session)
	}
	return one(id)
}
