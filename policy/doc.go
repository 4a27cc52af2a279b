// Package policy holds AWS IAM policies without loss and decides what AWS
// would decide about them, with reasons. It depends on nothing but the
// standard library and never goes online.
//
// [Parse] reads a document of any kind. [Evaluate] decides one request against
// a [Set] of documents. [WebIdentity] decides whether a service account's
// token becomes a role, and [SecretAccess] follows the whole way from the
// token through the role to a secret and its KMS key, which may lie in three
// accounts.
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
// all elements, condition operators and policy variables; requests within an
// account and between two. Not covered are KMS grants, access control lists,
// throttling, whether a resource exists, and how long IAM takes to propagate a
// change.
//
// Where AWS's documentation is silent, a rule is taken against the caller, and
// a note in the result says so.
//
// # Concurrency
//
// Documents, sets and requests are plain values; any number of goroutines may
// evaluate them as long as nobody changes them meanwhile.
package policy
