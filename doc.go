// Package irsa gives a pod on Amazon EKS its AWS identity and its secrets, and
// says exactly why when it cannot.
//
// The package itself holds documentation only. Its work is done by three
// packages that build on each other:
//
//   - [github.com/irsakit/irsa/policy] decides what AWS would decide about a
//     request, and why. It uses the standard library alone.
//   - [github.com/irsakit/irsa/credentials] is who the pod is: it turns the
//     projected service account token into the credentials of an IAM role and
//     refreshes them before they expire.
//   - [github.com/irsakit/irsa/secrets] is what the pod may read: it fetches
//     secrets, also those of other accounts, keeps them for a while, and
//     names the missing grant when AWS refuses.
//
// Sidecars stand on four more, and so do the programs under examples:
// [github.com/irsakit/irsa/secrets/agent] gives secrets over HTTP,
// [github.com/irsakit/irsa/secrets/manifest] and
// [github.com/irsakit/irsa/secrets/filesink] as files, and
// [github.com/irsakit/irsa/credentials/endpoint] gives credentials to any SDK.
//
// Two more are for tests. [github.com/irsakit/irsa/credentials/credentialstest]
// and [github.com/irsakit/irsa/secrets/secretstest] run an AWS that verifies
// tokens and signatures, enforces policies and answers in AWS's own words,
// without network and without Docker.
//
// # Quick start
//
// In a pod whose service account is annotated with a role:
//
//	cfg, err := credentials.LoadConfig(ctx, credentials.Config{})
//	if err != nil {
//		return err
//	}
//	store, err := secrets.New(ctx, cfg, secrets.Config{})
//	if err != nil {
//		return err
//	}
//	defer store.Close()
//	value, err := store.Get(ctx, "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf")
//
// The aws.Config that LoadConfig returns serves any other client of the AWS SDK
// as well. To see the whole way from token to secret without an AWS account,
// run this in a clone of the repository:
//
//	go run ./examples/quickstart
//
// # The five grants
//
// A secret can live in another account than the pod's role, under a KMS key of
// a third. Five documents must then agree: the role's trust policy, the role's
// permission to read the secret, the secret's resource policy, the role's
// permission to decrypt with the key, and the key policy. Boundaries and the
// organization's policies can each veto. Every refusal is reported as the
// document to change, the account that it is in, and the statement to add.
//
// # Compatibility
//
// Releases follow semantic versioning. Until v1.0.0 a minor release may break
// the exported API; CHANGELOG.md then lists what breaks first, and how to
// adapt. From v1.0.0 on, code that compiles against one release compiles
// against every later one of the same major version, with three reservations:
// structs may gain fields (so name the fields in composite literals),
// interfaces that only this module implements may gain methods, and what AWS
// itself changes is followed. Errors are matched with errors.Is and errors.As;
// their text is for people and may change at any time, as may the text of
// explanations. Packages under internal, the examples and the tools are not
// covered.
//
// The two newest Go releases are supported.
//
// # Threat model
//
// Trusted are the process itself and whoever writes its environment: the
// environment variables, the token file and the shared configuration choose
// the identity and the endpoints, and whoever can set them can be whom they
// like. Trusted are also AWS's answers, through TLS. Under these terms the
// module guards against three things.
//
// A wrong identity: the source of credentials follows from configuration, its
// failure is an error and not a reason to try the next one, and the node's
// instance profile is never used. A token that has expired, is for another
// audience or is no service account's is refused before it leaves the process.
//
// A secret in the wrong place: secret values, tokens and keys appear in no
// error, log line or formatted value. Printing a secret's value redacts it;
// its bytes come from an explicit call.
//
// A permission that is more than was asked for: explanations name the least
// statement that supplies a missing grant, and what an evaluation was not told
// is reported as unknown, never as allowed.
//
// Out of reach are code in the same process, core dumps, swap and memory that
// the garbage collector has not yet reused, an attacker on the node, and
// policies that grant too much. Evaluation predicts and explains AWS's
// decisions; do not use it to guard resources of your own. The fakes are for
// tests: they hold no real secrets and must not be reachable by anyone who
// should not play AWS. SECURITY.md says what counts as a vulnerability.
package irsa
