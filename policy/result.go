package policy

// Place is a statement in a policy.
type Place struct {
	Kind    Kind   `json:"kind"`
	Account string `json:"account,omitempty"`
	Policy  string `json:"policy,omitempty"` // name or ARN
	Index   int    `json:"index"`            // of the statement, from 0
	Sid     string `json:"sid,omitempty"`
	// Pointer is the JSON pointer (RFC 6901) to the statement, or to the
	// element within it.
	Pointer string `json:"pointer,omitempty"`
	// Position is where the statement begins in the source.
	Position Position `json:"position,omitzero"`
}

// Reason is a statement that bore on the decision: where that is an explicit
// deny, the statements that deny, otherwise those that allow. For [Unknown]
// they are joined by those that might do either.
type Reason struct {
	Place
	Effect Effect     `json:"effect"`
	Grant  GrantClass `json:"grant,omitempty"` // for resource-based policies
}

// Check is one guardrail or side, in the order in which AWS evaluates. The
// first that is [Denied], or else the first that is [NotGranted], is the one
// that AWS's denial message names.
type Check struct {
	Kind    Kind       `json:"kind"`
	Account string     `json:"account,omitempty"` // the document's, or whose documents the check is about
	Policy  string     `json:"policy,omitempty"`  // the document at fault, if one is
	State   CheckState `json:"state"`
}

// Missing is a grant that no document gives. With the statements of all the
// missing grants added, a request that was denied implicitly is allowed.
type Missing struct {
	Kind    Kind   `json:"kind"`
	Account string `json:"account,omitempty"` // the account to edit
	Policy  string `json:"policy,omitempty"`  // the document to edit; "" where none exists yet
	// Statement added to that document supplies the grant.
	Statement Statement `json:"statement"`
}

// NearMiss is an Allow statement that would have matched but for one element,
// or for one key of its Condition.
type NearMiss struct {
	Place
	Effect Effect `json:"effect"`
	// Element is "Principal", "Action", "Resource", their Not form, or
	// "Condition/StringEquals/<key>".
	Element string   `json:"element"`
	Wanted  []string `json:"wanted,omitempty"` // what the policy says
	Got     []string `json:"got,omitempty"`    // what the request has; nil: absent
	// Hint says what to change, in words; "" when nothing certain can be said.
	Hint string `json:"hint,omitempty"`
}

// Result is the answer of [Evaluate], with everything that led to it. Its
// lists are in the order of the checks, and within a check in that of the
// documents and statements.
type Result struct {
	Decision Decision   `json:"decision"`
	Reasons  []Reason   `json:"reasons,omitempty"`
	Checks   []Check    `json:"checks,omitempty"`
	Missing  []Missing  `json:"missing,omitempty"`
	Near     []NearMiss `json:"near,omitempty"`
	// Unsettled are the condition keys and kinds of policy that were not
	// supplied and would settle a decision that is Unknown.
	Unsettled []string `json:"unsettled,omitempty"`
	// Notes tell of statements that count for nothing, of rules that AWS does
	// not document, and the like.
	Notes []string `json:"notes,omitempty"`
}
