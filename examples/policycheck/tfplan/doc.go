// Package tfplan reads "terraform show -json" of a plan with the AWS provider
// and answers whether a pod will be able to read a secret once it is applied.
//
// # What the plan leaves open
//
// The ARN of a role, a managed policy or an identity provider that does not
// exist yet follows from its account, path and name. The ARNs of secrets and
// keys end in what AWS makes up, so a [StandIn] is used: a secret's suffix is
// "NotYet", a key's id is made of zeros and a number. Where a value is unknown
// because it refers to one attribute of one resource, it is taken to be that
// attribute. A plan does not show text around a reference: with
// [Options.Strict] nothing in a document is taken in this way, only which
// resource belongs to which. No document is thought to spell out a suffix or an
// id that does not exist yet.
//
// Everything else that is unknown stays so. The chain is evaluated twice, with
// every open question in favour of the pod and against it; where the two
// differ the decision is Unknown, never Allowed. What looks at documents rather
// than at decisions takes those in which nothing is open: see [Plan.Chain].
//
// # Versions
//
// Plans of version 5 of the provider are what this is tested with. Version 6 adds
// the attribute region to what is not global, which counts before the Region of
// the provider's configuration (its guide enhanced-region-support).
package tfplan
