// Package credentialstest is a fake of AWS's identity half for tests: cluster
// token issuers, IAM roles, STS, the EKS Pod Identity agent and the instance
// metadata service, over the real wire protocols. It verifies tokens and
// signatures, decides by the trust policies that a test gives it, refuses in
// AWS's own words, and fails in AWS's own ways when told to. Its sibling
// secretstest adds secrets, parameters and keys.
//
// # One pod with one role
//
// For the usual case three lines do:
//
//	pod, err := credentialstest.NewPod(t.TempDir(), nil)
//	cfg, err := credentials.LoadConfig(t.Context(), pod.Config())
//	client := s3.NewFromConfig(cfg)
//
// [Pod.Rotate] puts a fresh token in place, as the kubelet does, and
// [Pod.StartKubelet] goes on doing so at the kubelet's times. With
// [PodOptions].PodIdentity the pod has its role by EKS Pod Identity instead;
// [Pod.Environ] is what the webhook puts into its environment.
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
// # When things go wrong
//
// [AWS.Inject] says which calls meet which [Fault]. The next three calls to STS
// are throttled, and after them everything answers slowly for an hour:
//
//	sts := credentialstest.When{Service: "sts", Times: 3}
//	pod.AWS.Inject(sts, credentialstest.Throttled())
//	pod.AWS.Inject(credentialstest.When{Until: time.Now().Add(time.Hour)}, credentialstest.Slow(20*time.Second))
//
// There are faults for throttling, errors of any code, broken connections, lost
// and cut answers, proxies, slowness, clock skew, expired credentials and an
// issuer that STS cannot reach. [AWS.InjectFunc] takes a function for the rest.
// The token's troubles are on disk: [TokenFile.Rotate] with a bad text,
// [TokenFile.Remove], [TokenFile.Chmod], [TokenFile.SubPath], [Kubelet.Stick].
//
// # The node's role
//
// A pod must not take on the role of its node. [NoIMDS] and [NoIMDSServer] fail a
// test in which something asks for it; [AWS.NewIMDS] is a metadata service that
// answers.
//
// # Providers of your own
//
// [TestProvider] is a conformance suite for any caching aws.CredentialsProvider:
// write a [Harness] that makes yours.
//
//	func TestMine(t *testing.T) {
//		credentialstest.TestProvider(t, credentialstest.Harness{
//			New: func(ctx context.Context, pod *credentialstest.Pod) (aws.CredentialsProvider, error) {
//				return mine.New(pod.AWS.HTTPClient(), credentialstest.PodRoleARN, pod.TokenFile.Path())
//			},
//		})
//	}
//
// # Time
//
// The fake reads time.Now and its in-memory client uses no network, so that all
// of it, the real SDK included, runs in a testing/synctest bubble: expiry and
// refresh are tested in no time. Make the fake, the file and the provider inside
// the bubble.
//
// Only TestProvider needs a test: all else may be used from examples and tools.
package credentialstest
