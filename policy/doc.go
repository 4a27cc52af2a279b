// Package policy holds AWS IAM policies without loss and decides what AWS
// would decide about them, with reasons. It depends on nothing but the
// standard library and never goes online.
//
// [Parse] reads a document of any kind. [Evaluate] decides one request against
// a [Set] of documents. [WebIdentity], [PodIdentity] and [AssumeRole] decide
// whether a token, a pod or a caller becomes a role, and [SecretAccess] follows
// the whole way from the token through the role to a secret and its KMS key,
// which may lie in three accounts.
//
// [IRSA] generates the documents that such a way needs. [Lint] finds what is
// wrong with a document before anyone asks, [SecretAccess.Lint] with documents
// that must fit each other. [ParseDenial] and [ParseEvents] take AWS's refusals
// apart, and [Denial.Check] holds them against the documents.
//
// # Evaluation
//
// A [Result] says more than yes or no. Its reasons are the statements that led
// to the decision; its checks tell which guardrail or side refused; for every
// grant that no document gives there is the statement to add and the account
// to add it in; and statements that failed on one element only are listed with
// what they wanted and what the request had.
//
// What was not supplied is not guessed. Unless [Request.Closed] is set, a
// condition key that is neither given nor derived may be there or not, and a
// decision that depends on it is [Unknown], which is never [Allowed]. The same
// holds for a KMS key's policy and a role's trust policy, which always exist.
//
// Covered are identity-based policies, permissions boundaries, session
// policies, service and resource control policies, VPC endpoint policies and
// resource-based policies, among them key policies and role trust policies;
// KMS grants; all elements, condition operators and policy variables; requests
// within an account and between two. Not covered are access control lists,
// throttling, whether a resource exists, and how long IAM takes to propagate a
// change. A Deny in a resource control policy about a service that AWS did not
// list as subject to them leaves the decision open.
//
// Where AWS's documentation is silent, a rule is taken against the caller, and
// a note in the result says so.
//
// # Many requests
//
// [Compile] prepares a [Set] once. [Compiled.Decide] then answers within about
// a microsecond and without allocating, [Compiled.Evaluate] with the whole
// explanation. All three run the same code. Work grows with the number of
// statements and values, and with the lengths of a pattern and of the text: with
// their sum, but for two kinds of pattern that take 64 characters at a time, and
// so a 64th of their product. One has a ? within more than 63 characters between
// two *, the other a * in an early part of an ARN behind one that covers colons.
//
// # Concurrency
//
// Documents, sets and requests are plain values; any number of goroutines may
// evaluate them as long as nobody changes them meanwhile. So it is with a
// [Compiled], and as long as nobody changes the documents it was made of.
package policy
