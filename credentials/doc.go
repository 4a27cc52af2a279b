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
//  2. the profile that Config names,
//  3. access keys from the environment,
//  4. web identity from the environment (AWS_ROLE_ARN and
//     AWS_WEB_IDENTITY_TOKEN_FILE),
//  5. the profile of AWS_PROFILE, else the default profile,
//  6. a container endpoint (EKS Pod Identity, ECS),
//  7. the node's instance profile, only with [Config].AllowInstanceProfile.
//
// [Config].Sources changes 3 to 7. The first that is configured wins, and its
// failure is final: a source that is configured by half is an error, and
// nothing falls through to the instance profile, whose role every pod on the
// node shares. What was looked at and why it was chosen or not is in
// [Provider.Selection] and, if nothing was found, in the [NoSourceError]. Where
// the environment configures several sources, programs that use other SDKs may
// have another identity in the same pod: [Selection] says which, and a warning
// is logged.
//
// A profile is read as the AWS SDKs agree to: roles by source_profile to any
// length, credential_source, web_identity_token_file, keys, SSO, login sessions
// and credential_process. The environment never completes a profile, and a
// profile may name the node's role only if Config allows it.
//
// A container endpoint is asked over https, or over http at loopback and at the
// addresses of ECS and EKS, by a client without proxy and redirects.
// [Config].HTTPClient lends it TLS settings; one that is not made of an
// http.Transport is used instead.
//
// # Environment
//
//   - AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN,
//     AWS_ACCOUNT_ID
//   - AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_SESSION_NAME
//   - AWS_PROFILE, AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE
//   - AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, else
//     AWS_CONTAINER_CREDENTIALS_FULL_URI; AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE,
//     else AWS_CONTAINER_AUTHORIZATION_TOKEN
//   - AWS_EC2_METADATA_DISABLED and AWS_EC2_METADATA_SERVICE_ENDPOINT, where the
//     instance profile is allowed
//   - AWS_REGION, else AWS_DEFAULT_REGION
//   - all that the SDK reads for endpoints and transport, also for our calls to
//     STS: AWS_ENDPOINT_URL_STS, AWS_ENDPOINT_URL,
//     AWS_IGNORE_CONFIGURED_ENDPOINT_URLS, AWS_USE_FIPS_ENDPOINT,
//     AWS_USE_DUALSTACK_ENDPOINT, AWS_CA_BUNDLE, AWS_MAX_ATTEMPTS and the
//     shared config file
//
// A variable of nothing but white space counts as unset where credentials are
// selected. The SDK, which reads AWS_PROFILE and the variables of Region,
// endpoints and transport itself, may take it for a mistake: that is an error.
//
// # Concurrency and caching
//
// A [Provider] is safe for concurrent use and caches; it needs no
// aws.CredentialsCache, although one around it does no harm. All callers share
// one refresh. It runs on a context of its own, bounded by
// [Refresh.Timeout], so that a caller who leaves does not end it for the
// others. A goroutine lives only while a refresh is under way.
//
// # Refresh and failure
//
// The projected token is read anew for every attempt, for the kubelet rotates
// it, and is examined before STS sees it. What passes is tried up to three times
// (AWS_MAX_ATTEMPTS) with pauses of half a second, a second and so on, four
// times that when STS throttles; a refused token is tried again, and at once,
// only if the file has another one by then; what would be refused again is not
// tried. A duration that the role does not allow becomes one hour. Where STS
// does not answer, [Config].FallbackRegions are asked. A token that the kubelet
// is late to renew is logged, see [Token.RotationOverdue].
//
// The advisory window begins 5 minutes before expiry for lifetimes up to 20
// minutes, 15 minutes before it for those below 90, else 60. At a random moment of its first two thirds a timer renews
// the credentials behind the callers' backs, so that pods which started together
// part ways. Callers wait when there are no credentials, when they have expired,
// and in their last minute unless an attempt has failed a short time before.
//
// A refresh that fails for a passing reason is tried again after 5 to 10
// minutes, sooner if callers would have to wait by then, or as soon as the token
// has changed on disk. Until then what is in
// hand is served, past its expiry too: [Refresh].MaxStale bounds that, and the
// log and [Provider.Stats] always tell. A refusal that would only be repeated is
// told at once in the log, in Stats and by [Provider.Updated]; callers keep valid
// credentials until their last minute, and get the error from then on. It is
// remembered for some seconds before the source is asked again.
//
// With [Refresh].OnDemand there is no timer: the first caller in the window
// renews and waits for it, and gets a refusal at once. This is the behaviour on
// which the AWS SDKs agree (aws-sdk-java-v2#7109, botocore#3733).
//
// While credentials are valid Retrieve does not look at the clock: timers do. A
// process that was suspended may so serve for five seconds what expired while it
// slept. When a service rejects a key as expired, [Provider.Configure] renews
// it and repeats the request; LoadConfig's clients do that of themselves.
//
// # Roles and pinning
//
// [Config].Hops are roles to go on to, in order. Each session is kept and
// renewed on its own, so that one that ends costs one call. What STS would
// refuse of a [Hop] in any case is an error of New.
//
// [Config].Expect is compared with what STS answers before the credentials are
// published; a session of another role than the one asked for never is.
//
// # Errors
//
// Three sentinels tell whose turn it is: [ErrConfiguration] (the settings),
// [ErrIdentity] and [ErrDenied] (the pod's token; the role's trust), and
// [ErrUnavailable] (the weather). The types behind them, [ConfigError],
// [NoSourceError], [TokenError], [AssumeRoleError], [CallerError] and
// [MismatchError], name the thing at fault and the remedy. STS's own error stays reachable as smithy.APIError.
//
// # Diagnosis
//
// [Diagnose] goes the whole way from the environment to the identity, with real
// calls, and reports what it saw and what to do about it. examples/doctor prints
// that.
//
// # Security considerations
//
// Claims read from a token serve diagnosis only and are never trusted: STS
// verifies the signature. No error, log record or exported value contains a
// token or a key; aws.Credentials, as Retrieve must return it, does, and its
// fmt verbs print it.
package credentials
