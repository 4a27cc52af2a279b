package policy

import (
	"slices"
	"strings"
)

// obscurity says what the request leaves open, so that it cannot be allowed
// whatever the policies say; "" if nothing.
func (e *evaluation) obscurity() string {
	switch {
	case e.who.kind == callerUnknown:
		return "who the principal is"
	case e.who.isMixedUp():
		return "which role the session is of"
	case takesRole(e.req.Action) && !e.isTarget("iam", "role/"):
		return "the ARN of the role"
	case takesKey(e.req.Action) && !e.isTarget("kms", "key/"):
		return "the ARN of the key"
	case e.isOwnerUnknown() && e.grantAcross() != yes:
		return "the account of the resource"
	}
	return ""
}

// isTarget reports a resource of the service whose name begins so.
func (e *evaluation) isTarget(service, prefix string) bool {
	return e.target.Service == service && strings.HasPrefix(e.target.Resource, prefix)
}

// isOwnerUnknown reports a resource whose ARN does not tell the account, as
// that of an S3 bucket, where the request does not tell it either.
func (e *evaluation) isOwnerUnknown() bool {
	return e.target.Account == "" && e.req.ResourceAccount == "" && e.req.Resource != "*"
}

// takesRole reports the actions whose resource is a role.
func takesRole(action string) bool {
	const assume = actionAssumeRole // also …WithWebIdentity and …WithSAML
	return len(action) >= len(assume) && strings.EqualFold(action[:len(assume)], assume)
}

// keylessActions are those of KMS whose resource is no key, or can be something
// else (Service Authorization Reference, list_awskeymanagementservice).
var keylessActions = append([]string{
	"kms:CreateKey", "kms:GenerateRandom", "kms:ListAliases", "kms:ListKeys",
	"kms:ConnectCustomKeyStore", "kms:CreateCustomKeyStore", "kms:DeleteCustomKeyStore",
	"kms:DescribeCustomKeyStores", "kms:DisconnectCustomKeyStore", "kms:UpdateCustomKeyStore",
}, aliasActions...)

// takesKey reports the actions whose resource is a KMS key: by its ARN, never
// by an alias or a bare id (KMS Developer Guide, "Specifying KMS keys in IAM
// policy statements").
func takesKey(action string) bool {
	return isService(action, "kms") &&
		!slices.ContainsFunc(keylessActions, func(a string) bool { return strings.EqualFold(a, action) })
}
