package secrets

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

// clients makes the clients of each Region and role once.
type clients struct {
	cfg    aws.Config // as it was given
	roles  map[string]credentials.Hop
	log    Config
	counts callCounter
	own    *caller // the credentials of cfg

	mu      sync.Mutex
	closed  bool
	callers map[string]*caller // that assume a role, by hop
	idle    []*caller          // that only references name and nobody uses, the one longest idle first
	sites   map[siteKey]*site
	visits  uint64 // of sites
}

// References name roles and Regions, and may come from others than the one who
// runs the Store. So what is made for them does not stay for ever.
const (
	// maxIdle bounds the roles that nobody uses, beside those of Config.Roles.
	maxIdle = 100
	// maxSites bounds the sites that are kept. One that is dropped is good for
	// whoever still has it.
	maxSites = 1000
)

// siteKey tells sites apart.
type siteKey struct {
	caller *caller
	region string
}

// caller is whom AWS is asked as: the credentials of the aws.Config, or a role
// that is assumed with them.
type caller struct {
	cfg      aws.Config // whose credentials tell their own failures
	provider aws.CredentialsProvider
	hop      *credentials.Provider // to be closed; nil for clients.own
	key      string                // in clients.callers
	users    int                   // under clients.mu; see callerFor

	mu      sync.Mutex
	account string    // "" until it is known
	retry   time.Time // STS is not asked again before
}

// site is a Region as one caller sees it.
type site struct {
	*caller
	region string

	secrets    *secretsmanager.Client
	parameters *ssm.Client
	keys       *kms.Client
	visited    uint64 // clients.visits at the latest; under clients.mu

	mu       sync.Mutex
	noBatch  time.Time // BatchGetSecretValue is denied until then
	separate map[Ref]time.Time

	indescribable shunned // by DescribeSecret
}

func newClients(cfg aws.Config, opts Config) (*clients, error) {
	c := &clients{cfg: cfg, roles: maps.Clone(opts.Roles), log: opts, callers: map[string]*caller{}, sites: map[siteKey]*site{}}
	c.own = c.newCaller(cfg, cfg.Credentials)
	for _, account := range slices.Sorted(maps.Keys(c.roles)) {
		field := fmt.Sprintf("Config.Roles[%q]", account)
		if checkAccount(account) != "" {
			return nil, &ConfigError{field, "is of no account id of 12 digits"}
		}
		if _, err := c.assume(c.roles[account]); err != nil {
			return nil, &ConfigError{field, "cannot be assumed: " + err.Error()}
		}
	}
	return c, nil
}

// newCaller returns a caller with the credentials of provider.
func (c *clients) newCaller(cfg aws.Config, p aws.CredentialsProvider) *caller {
	cfg = cfg.Copy()
	cfg.Credentials = provider{p}
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), c.counts.addTo)
	return &caller{cfg: cfg, provider: p}
}

// callerFor returns who asks for a secret. Its session does not end before leave.
func (c *clients) callerFor(ref Ref) (*caller, error) {
	hop, ok := c.roles[ref.Account]
	if ref.Role != "" && hop.RoleARN != ref.Role {
		hop, ok = credentials.Hop{RoleARN: ref.Role}, true
		// A role that is configured keeps its external id and all else.
		for _, account := range slices.Sorted(maps.Keys(c.roles)) {
			if c.roles[account].RoleARN == ref.Role {
				hop = c.roles[account]
				break
			}
		}
	}
	if !ok {
		return c.own, nil
	}
	return c.assume(hop)
}

// leave ends what callerFor began. A role that only references name is kept for
// a while, and assumed anew when it is asked for after that.
func (c *clients) leave(who *caller) {
	if who == c.own {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if who.users--; who.users > 0 {
		return
	}
	c.idle = append(c.idle, who)
	if len(c.idle) <= maxIdle {
		return
	}
	oldest := c.idle[0]
	c.idle = slices.Delete(c.idle, 0, 1)
	delete(c.callers, oldest.key)
	maps.DeleteFunc(c.sites, func(key siteKey, _ *site) bool { return key.caller == oldest })
	_ = oldest.hop.Close() // always nil
}

// assume returns the caller that a hop leads to and counts its user. It makes no
// call.
func (c *clients) assume(hop credentials.Hop) (*caller, error) {
	key := fmt.Sprintf("%#v", hop) // all of it: policies and tags make other sessions
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.callers[key]; found != nil {
		if found.users++; found.users == 1 {
			c.idle = slices.DeleteFunc(c.idle, func(who *caller) bool { return who == found })
		}
		return found, nil
	}
	if c.closed {
		return nil, ErrClosed
	}
	base := c.cfg.Copy()
	if arn, err := policy.ParseARN(hop.RoleARN); err == nil && base.Region == "" {
		base.Region = defaultRegion[arn.Partition]
	}
	p, err := credentials.Assume(base, credentials.Config{Hops: []credentials.Hop{hop}, Logger: c.log.Logger})
	if err != nil {
		return nil, err
	}
	p.Configure(&base)
	made := c.newCaller(base, p)
	made.hop, made.key, made.users = p, key, 1
	if arn, err := policy.ParseARN(hop.RoleARN); err == nil {
		made.account = arn.Account
	}
	c.callers[key] = made
	return made, nil
}

// defaultRegion is where the STS of a partition is asked if nothing says where.
var defaultRegion = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// site returns the clients of a caller in a Region.
func (c *clients) site(who *caller, region string) *site {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := siteKey{who, region}
	s := c.sites[key]
	if s == nil {
		cfg := who.cfg.Copy()
		cfg.Region = region
		// Bodies are secrets (github.com/boto/boto3/issues/2292).
		cfg.ClientLogMode.ClearResponseWithBody()
		cfg.ClientLogMode.ClearRequestWithBody()
		s = &site{
			caller: who, region: region, separate: map[Ref]time.Time{},
			secrets: secretsmanager.NewFromConfig(cfg), parameters: ssm.NewFromConfig(cfg), keys: kms.NewFromConfig(cfg),
		}
		c.sites[key] = s
		c.dropSite()
	}
	c.visits++
	s.visited = c.visits
	return s
}

// dropSite drops the site that was not visited for longest, if there are too
// many. c.mu is held.
func (c *clients) dropSite() {
	if len(c.sites) <= maxSites {
		return
	}
	visited := func(key siteKey) uint64 { return c.sites[key].visited }
	oldest := func(a, b siteKey) int { return cmp.Compare(visited(a), visited(b)) }
	delete(c.sites, slices.MinFunc(slices.Collect(maps.Keys(c.sites)), oldest))
}

// Close ends the sessions that were assumed.
func (c *clients) Close() error {
	c.mu.Lock()
	c.closed = true
	callers := slices.Collect(maps.Values(c.callers))
	c.mu.Unlock()
	for _, who := range callers {
		_ = who.hop.Close() // always nil
	}
	return nil
}

// sessions returns the stats of the roles that were assumed, sorted by role.
func (c *clients) sessions() []credentials.SessionStats {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []credentials.SessionStats
	for _, key := range slices.Sorted(maps.Keys(c.callers)) {
		sessions := c.callers[key].hop.Stats().Sessions
		all = append(all, sessions[len(sessions)-1]) // before it is what it was assumed with
	}
	return all
}

// provider marks the failures of another provider as such.
type provider struct{ aws.CredentialsProvider }

// Retrieve implements aws.CredentialsProvider.
func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	creds, err := p.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &identityError{err}
	}
	return creds, nil
}

// identity returns what the provider knows of the caller.
func (w *caller) identity() (credentials.Identity, bool) {
	p, ok := w.provider.(interface {
		Identity() (credentials.Identity, bool)
	})
	if !ok {
		return credentials.Identity{}, false
	}
	return p.Identity()
}

// ask asks STS who the caller is. Nobody can be forbidden to ask.
func (w *caller) ask(ctx context.Context, region string) string {
	client := sts.NewFromConfig(w.cfg, func(o *sts.Options) { o.Region = region })
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return ""
	}
	return aws.ToString(out.Arn)
}

// ownAccount returns the caller's account; "" if it cannot be told. It gets
// credentials if there have been none yet.
func (w *caller) ownAccount(ctx context.Context, region string) string {
	w.mu.Lock()
	account, wait := w.account, time.Now().Before(w.retry)
	w.mu.Unlock()
	if account != "" || wait {
		return account
	}
	creds, err := w.provider.Retrieve(ctx)
	if err != nil {
		return ""
	}
	id, _ := w.identity()
	account = cmp.Or(creds.AccountID, id.Account)
	if account == "" {
		account = accountOf(w.ask(ctx, region))
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.account, w.retry = account, time.Now().Add(time.Minute)
	return account
}
