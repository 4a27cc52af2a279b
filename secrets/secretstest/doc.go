// Package secretstest is a fake AWS for tests of code that reads secrets: STS,
// Secrets Manager, Parameter Store and KMS over their real wire protocols,
// signatures verified and policies enforced across accounts. Nothing of it
// needs a network, Docker or package testing.
//
// # Use in three lines
//
// [Story] is a complete world: a pod in one account, its secret in a second,
// the secret's key in a third. [AWS.LoadConfig] gives an aws.Config that gets
// its credentials as the pod would, from a projected token through STS:
//
//	fake, err := secretstest.New(secretstest.Story())
//	cfg, err := fake.LoadConfig(ctx, secretstest.Pod{Dir: t.TempDir()})
//	store, err := secrets.New(ctx, cfg, secrets.Config{})
//
// Any client of the AWS SDK takes the same cfg.
//
// # Step by step
//
//  1. Describe a [World]: start from [Story] and change it, or build your own.
//     It is plain data, also as JSON.
//  2. Start it with [New]. Reach it in memory through [AWS.HTTPClient], or
//     serve [AWS.Handler] on a listener and point any SDK in any language at it
//     with AWS_ENDPOINT_URL.
//  3. Run the code under test.
//  4. Look at what it did with [AWS.Calls], and change what it will see next
//     with [AWS.PutSecretValue], or step by step with [AWS.Rotation].
//  5. To learn why the fake refused something, give [World.SecretAccess] to
//     package policy, which decides offline from the same documents.
//
// # Without AWS
//
// Code that takes a secrets.Store and does not care where its secrets come from
// is tested faster with a [Source], whose secrets are put, changed and refused at
// will:
//
//	source := secretstest.NewSource(map[string]string{"prod/db": "first"})
//	store, err := secrets.NewWithSource(ctx, source, secrets.Config{})
//	source.Put("prod/db", "second")
//
// [TestSource] checks a secrets.Source of your own.
//
// # Time
//
// The fake reads time.Now and works without network in the caller's goroutine,
// so the whole SDK, with retries and refreshes, runs under testing/synctest on
// the bubble's clock. Make the fake and the clients inside the bubble.
//
// # What it is not
//
// It holds no data at rest and offers no protection: it is for tests. Calls
// that are no part of reading secrets are not there.
package secretstest
