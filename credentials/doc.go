// Package credentials gives a pod on EKS its AWS identity, and says why when
// it cannot.
//
// Use [LoadConfig] for an aws.Config that any SDK client takes, or [New] for
// the [Provider] alone. In a pod that the EKS webhook prepared, the zero
// [Config] is right:
//
//	cfg, err := credentials.LoadConfig(ctx, credentials.Config{})
//
// # Selection
//
// Configuration selects exactly one source, in the order of the SDK for Go:
//
//  1. web identity from [Config] (RoleARN and TokenFile),
//  2. access keys from the environment,
//  3. web identity from the environment (AWS_ROLE_ARN and
//     AWS_WEB_IDENTITY_TOKEN_FILE).
//
// The first that is configured wins, and its failure is final: a source that
// is configured by half is an error, and nothing falls through to the node's
// instance profile, whose role every pod on the node shares. What was looked at
// and why it was chosen or not is in [Provider.Selection] and, if nothing was
// found, in the [NoSourceError].
//
// This version takes no credentials from container endpoints (EKS Pod
// Identity, ECS) or from profiles; it says so when it meets them.
//
// # Environment
//
//   - AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
//     AWS_ACCOUNT_ID
//   - AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_SESSION_NAME
//   - AWS_REGION, else AWS_DEFAULT_REGION
//   - all that the SDK reads for endpoints and transport, also for our calls to
//     STS: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL,
//     AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_USE_FIPS_ENDPOINT,
//     AWS_USE_DUALSTACK_ENDPOINT, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and the
//     shared config file
//
// A variable of nothing but white space counts as unset.
//
// # Concurrency and caching
//
// A [Provider] is safe for concurrent use and caches; it needs no
// aws.CredentialsCache, although one around it does no harm. All callers share
// one refresh. It runs on a context of its own, bounded by
// [Config.RefreshTimeout], so that a caller who leaves does not end it for the
// others. A goroutine lives only while a refresh is under way.
//
// # Refresh and failure
//
// The projected token is read anew for every refresh, for the kubelet rotates
// it, and is examined before STS sees it. Credentials are renewed behind the
// callers' backs once the advisory window begins: 5 minutes before expiry for
// lifetimes up to 20 minutes, 15 minutes below 90 minutes of lifetime, else 60.
// Only in the last minute do callers wait. A refresh that fails leaves valid
// credentials in use and is tried again after 5 to 10 minutes, or as soon as
// they have expired. A refusal that would only be repeated is remembered for 1
// to 5 seconds.
//
// # Errors
//
// Three sentinels tell whose turn it is: [ErrConfiguration] (the settings),
// [ErrIdentity] and [ErrDenied] (the pod's token; the role's trust), and
// [ErrUnavailable] (the weather). The types behind them, [ConfigError],
// [NoSourceError], [TokenError] and [AssumeRoleError], name the thing at fault
// and the remedy. STS's own error stays reachable as smithy.APIError.
//
// # Security considerations
//
// Claims read from a token serve diagnosis only and are never trusted: STS
// verifies the signature. No error, log record or exported value contains a
// token or a key; aws.Credentials, as Retrieve must return it, does, and its
// fmt verbs print it.
package credentials
