package policy

// Policy is a document and where it hangs.
type Policy struct {
	Kind     Kind
	Account  string    // the account where one would edit it
	Name     string    // what to look for there: an ARN, or a name such as "pod-role/read-secrets"
	Document *Document // nil: not known, as if its kind were in Set.Unknown
}

// Set is all policies that bear on a request. A kind that is absent is not
// attached, except key policies and trust policies: every key and role has
// one, so its absence, like any kind listed in Unknown, means not known. What
// is not known might deny, so that no request is Allowed to which it applies.
type Set struct {
	Identity   []Policy
	Boundaries []Policy   // nil: none attached
	Session    []Policy   // nil: none passed
	SCPs       [][]Policy // of the principal's account, by level, root first
	RCPs       [][]Policy // of the resource's account, by level, root first
	Resource   *Policy    // resource, key or trust policy
	Grants     []Grant    // of the KMS key that is the resource; nil: it has none
	Endpoint   []Policy
	Unknown    []Kind // there may be more of these kinds than the set has
}
