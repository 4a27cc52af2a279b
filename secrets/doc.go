// Package secrets reads secrets from AWS Secrets Manager, keeps them, and says
// exactly what is missing when it may not.
//
// A [Store] is made once from an aws.Config, such as that of package
// credentials, and asked by name or ARN:
//
//	cfg, err := credentials.LoadConfig(ctx, credentials.Config{})
//	store, err := secrets.New(ctx, cfg, secrets.Config{})
//	value, err := store.Get(ctx, "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf")
//
// # References
//
// A secret of the caller's own account and Region may be asked for by name; any
// other needs its ARN, whose Region and account are then used. An ARN without
// the six random characters at its end works too, unless the name itself ends
// in a hyphen and six characters, which Secrets Manager takes for them. A name
// and an ARN are kept apart even if they lead to the same secret, since a name
// can come to mean another one. References are checked before any call is made;
// see [ParseRef].
//
// # Freshness
//
// A value read less than [Config.TTL] ago is returned at once. An older one is
// returned at once as well, and the read starts one fetch behind it, whose
// result later reads get. A value older than [Config.MaxStale] is never
// returned: the read waits for the fetch. What the fetch yields decides:
//
//   - A new value takes the old one's place.
//   - A failure that may pass (network, throttling, a fault of AWS, credentials
//     that cannot be had for the moment) leaves the value in place until it is
//     older than MaxStale; retries are spaced out up to a minute.
//   - A refusal (denied, not found, scheduled for deletion, undecryptable,
//     malformed) is confirmed by a second fetch a second later, since changes
//     to IAM reach all of AWS only after a while, and then ends it: the value
//     is forgotten and reads fail.
//
// A failed first read, and any failed read without a value to fall back on,
// is remembered for [Config.ErrorTTL], so that many readers do not ask many
// times. An end of the caller's own context is never remembered.
//
// Ages are told by a coarse clock that moves about once a second, a hundredth
// of TTL if that is shorter; reading the time costs more than all else in a
// read. It also counts the time that a process or machine spent suspended.
//
// # Concurrency and caching
//
// A Store is safe for concurrent use and meant to be shared. However many
// readers ask, one call per secret is under way; it does not end when the
// reader that caused it gives up, and each waiter leaves when its own context
// ends. No lock is held during a call. A value that nobody has asked for until
// it was past MaxStale is dropped from memory.
//
// # Errors
//
// Every error is one of the sentinels ErrX for errors.Is, and those of a call
// are a [*ReadError] or an [*AccessError] with the details. The error of the
// SDK stays reachable, for example by errors.As for smithy.APIError, and so do
// the errors of package credentials.
//
// # Security considerations
//
// A [Value] shows "[redacted]" wherever it is printed, logged or encoded, and no
// error of this package contains one; see [Value] for what that does not cover.
// Logging of response bodies, if the aws.Config asks for it, is switched off
// for the calls of a Store. Values stay in the memory of the process.
package secrets
