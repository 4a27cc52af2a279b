package tfplan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// Options say what the plan does not.
type Options struct {
	// Accounts holds the account ids by provider: "aws.secrets", its alias
	// "secrets", or "" for all others.
	Accounts map[string]string
	// Region is that of the application's client, and of providers whose block
	// does not tell theirs.
	Region string
	// Issuer is the cluster's, whose identity provider is then taken to exist
	// in the role's account. Empty: that of the identity provider in the plan.
	Issuer string
	// Audience of the token; zero: sts.amazonaws.com.
	Audience string
	// Policies holds documents that the plan does not, by ARN: of managed
	// policies, secrets and keys.
	Policies map[string]*policy.Document
	// Context holds condition keys of the pod's requests. Others are not
	// known, as far as they do not follow.
	Context policy.Context
	// Strict takes nothing that is open to be what it refers to.
	Strict bool
}

// Question asks for one pod and secret.
type Question struct {
	// ServiceAccount is "namespace/name". Empty: the one that the trust policy
	// names, if it names one.
	ServiceAccount string
	// Role is an address in the plan, an ARN or a name. Empty: the only role
	// that the service account may assume, else the only one for any pod.
	Role string
	// Secret is an address in the plan, or a name or ARN as the application
	// has it. Empty: the only one in the plan.
	Secret string
}

// Answer says whether the pod will be able to read the secret.
type Answer struct {
	Decision policy.Decision
	// Report is about the chain with every open question settled in favour of
	// the pod: its faults are there however these turn out. Its decisions are
	// Unknown where that made the difference.
	Report policy.AccessReport
	// Subject, Role and Secret are what the question came to mean.
	Subject, Role, Secret string
	// Open is what the plan leaves open; it may settle a decision that is
	// Unknown. Taken is what was taken to be what it refers to.
	Open, Taken []string
	// Where holds the addresses in the plan of the documents that the report
	// names.
	Where map[string][]string
	// StandIns are the names in all this that AWS will make up.
	StandIns []StandIn
}

// UsageError is a question that the plan cannot tell the meaning of.
type UsageError struct{ Problem string }

// Error returns the problem, which says what to give.
func (e *UsageError) Error() string { return e.Problem }

// Access answers the question. The error is a [*UsageError], or names what in
// the plan cannot be read.
func (p *Plan) Access(q Question, o Options) (Answer, error) {
	good, err := p.build(q, o, true)
	if err != nil {
		return Answer{}, err
	}
	bad, err := p.build(q, o, false)
	if err != nil {
		return Answer{}, err
	}
	report, worst := good.access.Evaluate(), bad.access.Evaluate()
	settle(&report.Decision, worst.Decision)
	settle(&report.Trust.Decision, worst.Trust.Decision)
	settle(&report.Secret.Decision, worst.Secret.Decision)
	settle(&report.Key.Decision, worst.Key.Decision)
	a := Answer{
		Decision: report.Decision, Report: report,
		Subject: good.access.Claims.Subject, Role: good.access.Role.ARN, Secret: good.access.Secret.ARN,
		Open: good.leftOpen, Taken: good.taken, Where: good.addresses(), StandIns: good.standIns(),
	}
	if a.Decision != policy.Unknown {
		// What is settled is settled whatever the open ones turn out to be.
		a.Open = nil
	}
	return a, nil
}

// settle makes Unknown of what is allowed in the best case only.
func settle(decision *policy.Decision, worst policy.Decision) {
	if *decision == policy.Allowed && worst != policy.Allowed {
		*decision = policy.Unknown
	}
}

// builder gathers the chain's documents, with every open question settled in
// favour of the pod, or against it.
type builder struct {
	plan       *Plan
	options    Options
	favourable bool

	accounts        map[string]string // by provider
	suffixes        map[string]string // of secrets, by address
	where           map[string][]*resource
	standing        []*resource               // those with a stand-in
	partial         map[*policy.Document]bool // those in which something is open
	leftOpen, taken []string
	depth           int
	err             error
	access          policy.SecretAccess
}

func (p *Plan) build(q Question, o Options, favourable bool) (*builder, error) {
	b := &builder{
		plan: p, options: o, favourable: favourable,
		accounts: map[string]string{}, suffixes: map[string]string{}, where: map[string][]*resource{},
		partial: map[*policy.Document]bool{},
	}
	b.options.Audience = cmp.Or(o.Audience, "sts.amazonaws.com")
	secret, err := b.findSecret(q.Secret)
	if err != nil {
		return nil, err
	}
	role, err := b.findRole(q)
	if err != nil {
		return nil, err
	}
	b.access = policy.SecretAccess{
		Role: b.role(role), Region: o.Region, Context: o.Context, Time: time.Now(),
	}
	b.setSecret(q.Secret, secret)
	if err := b.setIdentity(q, role); err != nil {
		return nil, err
	}
	return b, b.err
}

func (b *builder) setSecret(asked string, secret *resource) {
	a := &b.access
	if secret != nil {
		a.Secret, a.Key = b.secret(secret)
		if asked != secret.address {
			a.Request = asked
		}
		return
	}
	// It is not in the plan: nothing but its ARN is known.
	a.Secret = policy.Secret{ARN: asked, Policy: b.options.Policies[asked], KeyARN: unknownKey}
	a.Key.ARN = unknownKey
	b.leaveOpen("the key of " + asked)
	if a.Secret.Policy == nil {
		a.Secret.Policy = b.anything(policy.ResourcePolicy, "the resource policy of "+asked)
	}
}

// setIdentity says who the pod is.
func (b *builder) setIdentity(q Question, role *resource) error {
	a := &b.access
	a.Providers = b.identityProviders(b.account(role))
	issuer := b.issuer()
	if issuer == "" {
		return &UsageError{"which cluster the pod runs in is not in the plan: give its issuer with -issuer"}
	}
	subject, err := b.subject(q, issuer)
	if err != nil {
		return err
	}
	a.Claims = policy.Claims{
		Issuer: issuer, Subject: subject, Audience: []string{b.options.Audience},
		IssuedAt: a.Time, Expiry: a.Time.Add(time.Hour),
	}
	if slices.ContainsFunc(a.Providers, func(p policy.OIDCProvider) bool { return bare(p.URL) == bare(issuer) }) {
		return nil
	}
	if b.options.Issuer == "" {
		b.leaveOpen("the identity provider " + issuer + " in account " + b.account(role) + ", which -issuer takes to exist")
	}
	if b.options.Issuer != "" || b.favourable {
		a.Providers = append(a.Providers, policy.OIDCProvider{
			ARN: b.arn(role, "iam", "", "oidc-provider/"+bare(issuer)), URL: issuer, ClientIDs: []string{b.options.Audience},
		})
	}
	return nil
}

func bare(url string) string { return strings.TrimPrefix(url, "https://") }

// identityProviders are those of an account that the plan knows.
func (b *builder) identityProviders(account string) []policy.OIDCProvider {
	var out []policy.OIDCProvider
	for _, r := range b.plan.of("aws_iam_openid_connect_provider") {
		arn, ok := b.attribute(r, "arn")
		url := r.text("url")
		if !ok || url == "" || b.account(r) != account {
			continue
		}
		clients, ok := b.strings(r, "client_id_list")
		if !ok {
			b.leaveOpen(r.address + ".client_id_list")
			if b.favourable {
				clients = append(clients, b.options.Audience)
			}
		}
		b.where[url] = append(b.where[url], r)
		b.where["https://"+bare(url)] = append(b.where["https://"+bare(url)], r)
		out = append(out, policy.OIDCProvider{ARN: arn, URL: "https://" + bare(url), ClientIDs: clients})
	}
	return out
}

// issuer is that of the options, of the provider that the trust policy names, or
// of the only one in the role's account.
func (b *builder) issuer() string {
	if b.options.Issuer != "" {
		return b.options.Issuer
	}
	for _, s := range b.access.Role.Trust.Statements {
		for _, entry := range s.Principal.Entries {
			for _, v := range texts(entry.Values) {
				if _, issuer, ok := strings.Cut(v, ":oidc-provider/"); ok {
					return "https://" + issuer
				}
			}
		}
	}
	if len(b.access.Providers) == 1 {
		return b.access.Providers[0].URL
	}
	return ""
}

// subject is that of the question, or the only one that the trust policy names.
func (b *builder) subject(q Question, issuer string) (string, error) {
	if q.ServiceAccount != "" {
		namespace, name, ok := strings.Cut(q.ServiceAccount, "/")
		if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			return "", &UsageError{fmt.Sprintf("service account %q: want NAMESPACE/NAME", q.ServiceAccount)}
		}
		return "system:serviceaccount:" + namespace + ":" + name, nil
	}
	subjects := Subjects(b.access.Role.Trust, issuer)
	if len(subjects) != 1 {
		return "", &UsageError{"which pod: the trust policy of " + b.access.Role.ARN +
			" does not name just one service account; give -service-account NAMESPACE/NAME"}
	}
	b.take(ChosenSubject(subjects[0]))
	return subjects[0], nil
}

// ChosenSubject says that the pod was chosen by the trust policy, which thus
// cannot be wrong about it.
func ChosenSubject(subject string) string {
	return "the pod is " + subject + ", the only one that the trust policy names; -service-account tells which it is"
}

// Subjects returns the service accounts of an issuer that a trust policy names
// in full.
func Subjects(trust *policy.Document, issuer string) []string {
	found := map[string]bool{}
	for _, s := range trust.Statements {
		for _, operator := range s.Condition {
			for _, key := range operator.Keys {
				if s.Effect != policy.Allow || !strings.EqualFold(key.Key, bare(issuer)+":sub") || strings.Contains(operator.Operator, "Not") {
					continue
				}
				for _, v := range texts(key.Values) {
					if !strings.ContainsAny(v, "*?") {
						found[v] = true
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (b *builder) leaveOpen(what string) {
	if !slices.Contains(b.leftOpen, what) {
		b.leftOpen = append(b.leftOpen, what)
	}
}

func (b *builder) take(notes ...string) {
	for _, note := range notes {
		if !slices.Contains(b.taken, note) {
			b.taken = append(b.taken, note)
		}
	}
}

func (b *builder) fail(format string, args ...any) {
	if b.err == nil {
		b.err = fmt.Errorf(format, args...)
	}
}

func (b *builder) addresses() map[string][]string {
	out := map[string][]string{}
	for document, resources := range b.where {
		for _, r := range resources {
			if !slices.Contains(out[document], r.address) {
				out[document] = append(out[document], r.address)
			}
		}
	}
	return out
}
