package policy

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

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

// derived finds a key, in lower case, that follows from the rest of the
// request (reference_policies_condition-keys).
func (e *evaluation) derived(key string) (contextKey, bool) {
	switch key {
	case "aws:resourceaccount":
		if e.isOwnerUnknown() {
			return valueUnknownKey, true
		}
		return optional(e.resourceAccount), true
	case "aws:currenttime":
		return one(e.now().UTC().Format(time.RFC3339)), true
	case "aws:epochtime":
		return one(strconv.FormatInt(e.now().Unix(), 10)), true
	case "aws:securetransport":
		return one("true"), true
	case "aws:viaawsservice":
		_, via := e.req.Context.find("kms:ViaService")
		return one(strconv.FormatBool(via > 0)), true
	case "aws:principalisawsservice":
		return one(strconv.FormatBool(e.who.kind == callerService)), true
	case "aws:principalservicename":
		if e.who.kind == callerService {
			return one(e.req.Principal), true
		}
		return absentKey, true
	case "aws:multifactorauthpresent":
		return webIdentityMFA, e.isWebIdentity()
	case "kms:calleraccount":
		if isService(e.req.Action, "kms") {
			return optional(e.who.account), true
		}
	case "kms:encryptioncontextkeys":
		return e.req.Context.encryptionKeys(e.req.Closed)
	}
	return e.who.derived(key, e.req)
}

// webIdentityMFA is aws:MultiFactorAuthPresent of a web identity: false or
// absent, never true, for the provider authenticated the caller, not AWS
// (reference_policies_condition-keys).
var webIdentityMFA = contextKey{presence: present, lone: "false", isLone: true, mayLack: true}

// isWebIdentity reports a session that is known to come from
// AssumeRoleWithWebIdentity.
func (e *evaluation) isWebIdentity() bool {
	if e.who.kind != callerSession {
		return false
	}
	provider, times := e.req.Context.find("aws:FederatedProvider")
	return times == 1 && len(provider) == 1 &&
		(strings.Contains(provider[0], ":oidc-provider/") || isBuiltinProvider(provider[0]))
}

const encryptionContext = "kms:EncryptionContext:"

// encryptionKeys derives kms:EncryptionContextKeys from the pairs that the
// request gives, where those are all that there are (KMS Developer Guide,
// conditions-kms).
func (c Context) encryptionKeys(closed bool) (contextKey, bool) {
	if !closed {
		return contextKey{}, false
	}
	var keys []string
	for name := range c {
		if n := len(encryptionContext); len(name) > n && strings.EqualFold(name[:n], encryptionContext) {
			keys = append(keys, name[n:])
		}
	}
	if keys == nil {
		return absentKey, true
	}
	slices.Sort(keys)
	return contextKey{presence: present, values: keys}, true
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
		k.pathUnknown = c.kind == callerSession && c.roleARN == "" && !req.Closed
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
