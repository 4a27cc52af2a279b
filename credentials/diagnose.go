package credentials

import (
	"context"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
)

// How long the parts of a diagnosis may take; the caller's context bounds them
// all.
const (
	probeTimeout    = 5 * time.Second  // one question to the network
	sessionTimeout  = 20 * time.Second // one exchange, with its attempts
	metadataTimeout = time.Second      // a node on the same machine answers within milliseconds
)

// The names of the checks, in the order of the report.
const (
	nameEnvironment = "environment"
	nameOtherSDKs   = "other SDKs"
	nameSelection   = "selection"
	nameProxy       = "proxy"
	nameTokenFile   = "token file"
	nameClaims      = "token claims"
	nameAudience    = "token audience"
	nameExpiry      = "token expiry"
	nameIssuer      = "issuer"
	nameSignature   = "token signature"
	nameAddress     = "STS address"
	nameConnection  = "STS connection"
	nameClock       = "clock"
	nameSession     = "session"
	nameHop         = "hop" // with its number
	nameCaller      = "caller"
	nameExpected    = "expected identity"
	nameNodeRole    = "node role"
)

// Diagnose looks at everything on the way from the pod's environment to its AWS
// identity, and says what it saw and what to do. It fails in no case: what goes
// wrong is in the report. It ends soon after ctx, and leaves no goroutine,
// connection or session in use behind. The report has these checks, in this
// order:
//
//   - environment: what is set for IRSA and for EKS Pod Identity, and what of it
//     only by half; other SDKs: what they would choose in this pod; selection:
//     what the chain chose, and why; proxy: the variables that redirect requests
//   - token file, token claims, token audience, token expiry: the projected
//     token, and whether the kubelet still renews it
//   - issuer: the discovery document of the token's issuer; token signature:
//     verified with the keys that it leads to. An issuer within a private
//     network is out of many pods' reach, which does no harm
//   - STS address, STS connection: name and port of the Region's STS, and whether
//     the address is a VPC endpoint's; clock: ours beside that of STS
//   - session: the credentials of the source, from STS if that is where they come
//     from; hop 1, hop 2, …: the roles of [Config.Hops]; caller: what
//     GetCallerIdentity calls us; expected identity: [Config.Expect]
//   - node role: whether the node's instance metadata service answers in this
//     pod, which then could become the node. Its credentials are not asked for.
//     AWS_EC2_METADATA_DISABLED=true leaves this check out
//
// The calls to STS are real, and seen in CloudTrail. With a [Config.HTTPClient]
// that is not the SDK's own, all requests go through it, and name, port and
// proxy are not looked at. [Config.Pool] and [Config.Logger] play no part.
// [DiagnoseWatched] tells meanwhile what it is at.
func Diagnose(ctx context.Context, cfg Config) Report {
	return newExamination(cfg).run(ctx)
}

// examination is one run of [Diagnose]. Its fields are set before its sections
// run concurrently, which only add to secrets and under.
type examination struct {
	cfg      Config // as given, but for what a diagnosis must not share
	env      environ
	raw      func(name string) string // environment variables with their white space
	network  network
	metadata aws.HTTPClient // for IMDS
	web      aws.HTTPClient // for the issuer
	custom   bool           // requests go through the caller's client

	sdk       aws.Config // all settings but credentials
	sdkErr    error
	winner    *finding // nil if nothing was selected
	selection Selection
	chosenErr error // why nothing was selected
	token     tokenFacts

	mu      sync.Mutex
	secrets []string // what no check may show
	under   underWay
}

func newExamination(cfg Config) *examination {
	x := &examination{cfg: cfg, env: trimmed(os.Getenv), raw: os.Getenv}
	x.cfg.Pool = new(Pool)
	x.cfg.Logger = nil
	x.cfg.Refresh = Refresh{OnDemand: true, Timeout: sessionTimeout}
	buildable, isBuildable := cfg.HTTPClient.(*awshttp.BuildableClient)
	switch {
	case cfg.HTTPClient == nil:
		buildable = awshttp.NewBuildableClient()
	case !isBuildable:
		x.custom = true
		// What the issuer redirects to is not looked at.
		x.web, x.metadata = still(cfg.HTTPClient), still(cfg.HTTPClient)
		return x
	}
	// Connections that are kept alive outlive the diagnosis.
	buildable = buildable.WithTransportOptions(func(t *http.Transport) { t.DisableKeepAlives = true })
	x.cfg.HTTPClient = buildable
	x.network = systemNetwork(buildable.GetTransport().Proxy)
	x.web = webClient()
	x.metadata = metadataClient()
	return x
}

// run goes through the sections, of which none waits for another: only the
// local files and variables that they all need are read before.
func (x *examination) run(ctx context.Context) Report {
	x.sdk, x.sdkErr = loadSDK(ctx, x.cfg, x.env)
	x.choose(ctx)
	x.readToken()
	x.hide(x.env(envSecretKey), x.env(envSessionToken), x.env(envAuthToken))
	sections := []func(context.Context) []Check{
		x.settings,
		x.tokenChecks,
		x.issuerChecks,
		x.endpointChecks,
		x.sessionChecks,
		x.nodeChecks,
	}
	found := make([][]Check, len(sections))
	var wg sync.WaitGroup
	for i, section := range sections {
		wg.Go(func() { found[i] = section(ctx) })
	}
	wg.Wait()
	return Report{Checks: x.scrub(slices.Concat(found...))}
}

// hide notes secrets for scrub. Short ones are no secrets, but words that occur.
func (x *examination) hide(secrets ...string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, s := range secrets {
		if len(s) >= 8 {
			x.secrets = append(x.secrets, s)
		}
	}
}

// scrub makes certain that no secret that passed through our hands is in the
// report, and nothing that a terminal obeys. No check puts a secret there;
// errors of a caller's HTTP client might. Tokens and answers are not ours.
func (x *examination) scrub(checks []Check) []Check {
	x.mu.Lock()
	defer x.mu.Unlock()
	pairs := make([]string, 0, 2*len(x.secrets))
	for _, s := range x.secrets {
		pairs = append(pairs, s, "[redacted]")
	}
	replacer := strings.NewReplacer(pairs...)
	for i := range checks {
		checks[i].Evidence = printable(replacer.Replace(checks[i].Evidence))
		checks[i].Fix = printable(replacer.Replace(checks[i].Fix))
	}
	return checks
}

// printable replaces what is neither visible nor a space.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}
