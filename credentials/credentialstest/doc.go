// Package credentialstest is a fake of AWS's identity half for tests: cluster
// token issuers, IAM roles and STS, over the real wire protocols. It verifies
// tokens and signatures, decides by the trust policies that a test gives it,
// and refuses in AWS's own words. Its sibling secretstest adds secrets,
// parameters and keys.
//
// # One pod with one role
//
// For the usual case three lines do:
//
//	pod, err := credentialstest.NewPod(t.TempDir(), nil)
//	cfg, err := credentials.LoadConfig(t.Context(), pod.Config())
//	client := s3.NewFromConfig(cfg)
//
// [Pod.Rotate] puts a fresh token in place, as the kubelet does.
//
// # Worlds of your own
//
//  1. Describe clusters and accounts as a [World], or change what [PodWorld]
//     returns. Policies are those of package policy.
//  2. Start the fake with [New].
//  3. Mint a token with [AWS.Token], put it into a [TokenFile].
//  4. Give [AWS.HTTPClient] to credentials.Config, together with the role and
//     the file. Or serve [AWS.Handler] on a listener and set AWS_ENDPOINT_URL,
//     which any SDK in any language understands.
//  5. Look at [AWS.Calls] for what reached the fake.
//
// # Time
//
// The fake reads time.Now and its in-memory client uses no network, so that all
// of it, the real SDK included, runs in a testing/synctest bubble: expiry and
// refresh are tested in no time. Make the fake, the file and the provider inside
// the bubble.
//
// The package does not import testing; it may be used from examples and tools.
package credentialstest
