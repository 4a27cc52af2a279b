// Package secrets reads secrets from AWS Secrets Manager and Parameter Store,
// keeps them, and says exactly what is missing when it may not.
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
// other needs its ARN, whose Region and account are then used, or a Region in
// the reference. "ssm:" and a name is a parameter of Parameter Store. Behind "?"
// a reference can name a version, a stage, a role to assume and replica
// Regions, behind "#" a member of a secret that is JSON. [ParseRef] has the
// grammar; references are checked before any call is made.
//
// An ARN without the six random characters at its end works too, unless the
// name itself ends in a hyphen and six characters, which Secrets Manager takes
// for them. A name and an ARN are kept apart even if they lead to the same
// secret, since a name can come to mean another one.
//
// # Finding
//
// [Store.Find] lists the secrets or parameters that exist, by path, by regular
// expression and by tags, as references; [Store.Tags] reads the tags of one. A
// list tells names alone: whether a value may be read shows when it is read.
//
//	refs, err := store.Find(ctx, secrets.Query{Path: "tenants/", Tags: map[string]string{"stage": "live"}})
//	values, err := store.GetAll(ctx, refs...)
//
// # Calls
//
// What is due at the same moment goes out together: current versions of the
// caller's own account as BatchGetSecretValue, twenty at a time, parameters as
// GetParameters, ten at a time, for each Region and role on its own. Each secret
// has its own error. A role that lacks secretsmanager:BatchGetSecretValue, which
// takes "*" as its resource, does without: one call for each secret is made
// then, and the batch tried again after an hour. So are the secrets of other
// accounts read, unless [Config.Roles] or the reference names a role there, whose
// session is then shared by all reads. What takes a call of its own can be looked
// after by DescribeSecret instead, see [Config.DescribeFirst].
//
// With [Config.ReplicaRegions] a secret whose own Region does not answer is read
// from a replica. What that gives is used if it is the version that was held last
// or one newer than all before, so that a replica that lags, for however long,
// takes no reader back. A refusal is never a reason to look elsewhere.
//
// # Freshness
//
// A value read less than [Config.TTL] ago is returned at once. An older one is
// returned at once as well, and the read starts one fetch behind it, whose
// result later reads get. A value older than [Config.MaxStale] is never
// returned: the read waits for the fetch. What the fetch yields decides:
//
//   - A new value takes the old one's place. If its version is older, that may be
//     a lag: the answer counts as a failure that may pass, unless it comes after
//     [Store.Invalidate] or is still the same a minute later.
//   - A failure that may pass (network, throttling, a fault of AWS, credentials
//     that cannot be had for the moment) leaves the value in place until it is
//     older than MaxStale; retries are spaced out up to a minute. From then on
//     the error is also [ErrStale].
//   - A refusal (denied, not found, scheduled for deletion, undecryptable,
//     malformed) is confirmed by a second fetch a second later, since changes
//     to IAM reach all of AWS only after a while, and then ends it: the value
//     is forgotten and reads fail.
//
// A failed first read, and any failed read without a value to fall back on,
// is remembered for [Config.ErrorTTL], longer when it keeps failing, up to a
// minute, so that many readers do not ask many times. An end of the caller's own
// context is never remembered.
//
// Reads that fall together, within two milliseconds, go out as one fetch, and a
// fetch behind a read takes along the secrets in use that are about to fall due,
// from 80 % of TTL on, so that before long they are all refreshed together and
// in as few calls as there can be. [Store.GetAll] and [Config.Preload] wait for
// nothing.
//
// Ages are told by a coarse clock that moves about once a second, a hundredth
// of TTL if that is shorter; reading the time costs more than all else in a
// read. It also counts the time that a process or machine spent suspended.
//
// # Handles
//
// [Open] returns a [Handle], which holds a secret as a type of one's own: text,
// bytes, a struct from JSON, a [Login], a tls.Certificate. It is decoded once for
// each version, read with one atomic load, and kept fresh by timer, so that a
// read neither waits nor fails:
//
//	login, err := secrets.Open[secrets.Login](ctx, store, "prod/db")
//	connect(login.Value())
//
// When the Store gives the secret up, the Handle does too: its value is zero
// from then on, and Load says why. A version that does not decode leaves the one
// before in place. [Watch] iterates over versions, an [Updater] keeps something
// that is built from a secret, [Store.Load] and [LoadAndWatch] fill a struct by
// its tags, and [Use] retries across a rotation.
//
// # Without AWS
//
// [NewWithSource] makes a Store of any [Source]: [Static] and [Files] are for
// development, and package secretstest has one for tests, a fake of AWS, and a
// suite of checks for a Source of one's own.
//
// # Rotation
//
// While a secret rotates, there is a time in which the database has the new
// password and AWSCURRENT is still the old one. [Use] runs a function with the
// secret of a [Handle] and, when that says that the login was refused, goes
// through what else may work until the rotation is over. Package sqlsecret does
// so for the pools of database/sql.
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
// are a [*ReadError] or an [*AccessError] with the details; a secret that was
// read and does not decode is a [*DecodeError]. The error of the
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
