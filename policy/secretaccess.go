package policy

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Secret is a secret and its documents.
type Secret struct {
	ARN    string    // complete, with its six-character suffix
	Policy *Document // resource policy; nil: none
	KeyARN string    // the KMS key's, not an alias; "" is the account's aws/secretsmanager
}

// Key is a KMS key, its policy and its grants.
type Key struct {
	ARN    string    // "" is Secret.KeyARN
	Policy *Document // nil: not known
	Grants []Grant   // nil: none
}

// Guardrails are an account's policies from its organization, by level, root
// first. Nil means that none apply.
type Guardrails struct {
	SCPs [][]Policy
	RCPs [][]Policy
}

// Hop is a further role that the application assumes before it reads.
type Hop struct {
	Role           Role
	SessionName    string // zero: "session"
	ExternalID     string // zero: none
	Tags           map[string]string
	TransitiveTags []string // keys of Tags that pass on to the next hop
	SourceIdentity string   // zero: that of the session before
	Session        []Policy // session policies; nil: none
}

// SecretAccess asks in one call whether a pod can read a secret: the token
// becomes a role, the role reads the secret, the key decrypts it. The three
// may live in three accounts.
type SecretAccess struct {
	Claims      Claims
	Providers   []OIDCProvider // of the role's account
	Role        Role
	SessionName string   // zero: "session"
	Session     []Policy // session policies; nil: none
	// Pod, if not nil, gives the pod its role by EKS Pod Identity. Its Role and
	// Target then stand for Role; of Claims, Providers, Role and Session nothing
	// is used. Its Guardrails, Context, Closed and Time are those below.
	Pod *PodIdentity
	// Hops are the roles that the application assumes from there, in order. It
	// is the last that reads the secret.
	Hops []Hop
	// Request is the name or ARN that the application asks for. Empty:
	// Secret.ARN.
	Request string
	// Region is the Region of the application's client; it matters for a name.
	Region string
	Secret Secret
	Key    Key
	// Endpoint are the policies of the VPC endpoint through which the request
	// for the secret goes; nil: none.
	Endpoint   []Policy
	Guardrails map[string]Guardrails // by account
	// Context holds further condition keys of the session's requests, such as
	// aws:PrincipalOrgID, aws:SourceVpce or aws:ResourceTag/team. Keys that say
	// where a request came from do not reach the key link, which Secrets
	// Manager asks for.
	Context Context
	// Closed says that a key which is neither in Context nor follows from the
	// rest is absent. Otherwise it is not known, and a decision that depends on
	// it is Unknown.
	Closed bool
	Time   time.Time // zero: now
}

// AccessReport is the answer over all links at once.
type AccessReport struct {
	// Decision is the worst of the links; a reference that does not lead to the
	// secret is an implicit deny.
	Decision Decision `json:"decision"`
	// Links are the decisions of the links, in order.
	Links []LinkDecision `json:"links"`
	// Trust is about the token. With EKS Pod Identity it holds the decision
	// alone, and Pod the rest.
	Trust WebIdentityResult  `json:"trust"`
	Pod   *PodIdentityResult `json:"pod,omitempty"`
	// Hops are about the further roles, in order.
	Hops []AssumeRoleResult `json:"hops,omitempty"`
	// Secret is about the secret itself, even if the reference is wrong.
	Secret Result `json:"secret"`
	// Key is zero with Decision Allowed for the account's own
	// aws/secretsmanager key, unless a policy of the role or a service control
	// policy denies the use of it.
	Key Result `json:"key"`
	// Faults name every document to change, in order of the links. Where
	// something that was not supplied decides, there is none for it: see
	// Unsettled of the link.
	Faults []Fault `json:"faults,omitempty"`
}

// LinkDecision is the decision of one link.
type LinkDecision struct {
	Link     Link     `json:"link"`
	Decision Decision `json:"decision"`
	// Subject is what the link leads to: the ARN of a role, the secret or its
	// key.
	Subject string `json:"subject"`
}

// Evaluate evaluates every link, also those behind one that fails.
func (a SecretAccess) Evaluate() AccessReport {
	if a.Time.IsZero() {
		a.Time = time.Now()
	}
	chain := a.chain()
	report, findings := chain.report, chain.findings
	a = chain.reader(a)

	secret := newQuery(SecretLink, a.secretRequest(), a.secretSet(), a.Role.ARN)
	report.Secret = secret.result
	decision := report.Secret.Decision
	if f := a.referenceFault(); f != nil {
		decision = worst(decision, ImplicitlyDenied)
		findings = append(findings, finding{Fault: *f})
	}
	report.add(SecretLink, a.Secret.ARN, decision)
	findings = append(findings, secret.findings()...)

	key, keyFindings := a.evaluateKey()
	report.Key = key
	report.add(KeyLink, cmp.Or(a.Secret.KeyARN, "aws/secretsmanager"), key.Decision)
	findings = append(findings, keyFindings...)

	report.Faults = mergeFindings(findings)
	return report
}

// add adds the decision of a link.
func (r *AccessReport) add(link Link, subject string, d Decision) {
	if len(r.Links) == 0 {
		r.Decision = d
	}
	r.Decision = worst(r.Decision, d)
	r.Links = append(r.Links, LinkDecision{link, d, subject})
}

// worst returns the decision that stands further from Allowed.
func worst(a, b Decision) Decision {
	order := []Decision{Allowed, Unknown, ImplicitlyDenied, ExplicitlyDenied}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// accountOf returns the account in an ARN, "" if there is none.
func accountOf(arn string) string {
	a, err := ParseARN(arn)
	if err != nil {
		return ""
	}
	return a.Account
}

// session returns the request that the role's session makes, without what it
// asks for.
func (a SecretAccess) session(resource string) Request {
	target, _ := ParseARN(resource)
	keys := Context{
		"aws:RequestedRegion": {target.Region},
		"aws:CurrentTime":     {a.Time.UTC().Format(time.RFC3339)},
		"aws:EpochTime":       {strconv.FormatInt(a.Time.Unix(), 10)},
		// The session is thought to be new: whoever revokes older ones spares it.
		"aws:TokenIssueTime": {a.Time.UTC().Format(time.RFC3339)},
	}
	if p := findProvider(a.Providers, a.Claims.Issuer, a.Role.ARN); p != nil && a.Pod == nil {
		keys["aws:FederatedProvider"] = []string{p.ARN}
	}
	return Request{
		Principal: sessionARN(a.Role.ARN, a.SessionName), RoleARN: a.Role.ARN, PrincipalID: a.Role.UniqueID,
		Resource: resource, Context: keys, Closed: a.Closed,
	}
}

// secretRequest is GetSecretValue without version id or stage, for which
// Secrets Manager fills in the stage (service authorization reference,
// list_awssecretsmanager).
func (a SecretAccess) secretRequest() Request {
	req := a.session(a.Secret.ARN)
	req.Action = "secretsmanager:GetSecretValue"
	req.Context["aws:ViaAWSService"] = []string{"false"}
	req.Context["secretsmanager:SecretId"] = []string{a.Secret.ARN}
	req.Context["secretsmanager:VersionStage"] = []string{"AWSCURRENT"}
	maps.Copy(req.Context, a.Context)
	return req
}

// secretSet gathers what bears on the secret link.
func (a SecretAccess) secretSet() Set {
	set := a.sessionSet(a.Secret.ARN)
	set.Endpoint = labelled(a.Endpoint, EndpointPolicy, accountOf(a.Role.ARN))
	if a.Secret.Policy != nil {
		set.Resource = &Policy{
			Kind: ResourcePolicy, Account: accountOf(a.Secret.ARN), Name: a.Secret.ARN, Document: a.Secret.Policy,
		}
	}
	return set
}

// sessionSet gathers the policies of the session, and the guardrails between
// it and the resource.
func (a SecretAccess) sessionSet(resource string) Set {
	account := accountOf(a.Role.ARN)
	set := Set{
		Identity: labelled(a.Role.Policies, IdentityPolicy, account),
		Session:  labelled(a.Session, SessionPolicy, account),
		SCPs:     labelledLevels(a.Guardrails[account].SCPs, ServiceControlPolicy, account),
	}
	if a.Role.Boundary != nil {
		set.Boundaries = labelled([]Policy{*a.Role.Boundary}, PermissionsBoundary, account)
	}
	if owner := accountOf(resource); owner != "" {
		set.RCPs = labelledLevels(a.Guardrails[owner].RCPs, ResourceControlPolicy, owner)
	}
	return set
}

// evaluateKey evaluates the key link.
func (a SecretAccess) evaluateKey() (Result, []finding) {
	if a.Secret.KeyARN != "" {
		if key, err := ParseARN(a.Secret.KeyARN); err != nil || key.Service != "kms" || !strings.HasPrefix(key.Resource, "key/") {
			// Which account's key an alias or a bare id means is not known.
			return Result{Decision: Unknown, Unsettled: []string{"the ARN of the key " + a.Secret.KeyARN}}, nil
		}
		q := newQuery(KeyLink, a.keyRequest(), a.keySet(), a.Role.ARN)
		return q.result, q.findings()
	}
	// The policy of aws/secretsmanager lets in every principal of its own
	// account through Secrets Manager, nobody else, and cannot be changed
	// (Secrets Manager User Guide, security-encryption).
	owner := accountOf(a.Secret.ARN)
	if owner == accountOf(a.Role.ARN) {
		return a.evaluateDefaultKey()
	}
	denied := Result{Checks: []Check{{Kind: KeyPolicy, Account: owner, Policy: "alias/aws/secretsmanager", State: NotGranted}}}
	return denied, []finding{{Fault: a.defaultKeyFault(owner)}}
}

// evaluateDefaultKey evaluates the account's own aws/secretsmanager key. Its
// policy needs no other that allows, but a Deny counts and service control
// policies do; resource control policies leave keys of AWS alone. The key's id
// is not known, so a Deny that names keys one by one is taken to mean others.
func (a SecretAccess) evaluateDefaultKey() (Result, []finding) {
	secret, _ := ParseARN(a.Secret.ARN)
	a.Secret.KeyARN = ARN{
		Partition: secret.Partition, Service: "kms", Region: secret.Region, Account: secret.Account, Resource: "key/aws-secretsmanager",
	}.String()
	a.Key = Key{Policy: &Document{Version: Version2012, Statements: []Statement{{
		Effect: Allow, Principal: Principal{Any: true}, Action: Strings("kms:Decrypt"), Resource: Strings("*"),
	}}}}
	set := a.keySet()
	set.RCPs = nil
	q := newQuery(KeyLink, a.keyRequest(), set, a.Role.ARN)
	if q.result.Decision == Allowed {
		return Result{Decision: Allowed}, nil
	}
	return q.result, q.findings()
}

func (a SecretAccess) defaultKeyFault(owner string) Fault {
	return Fault{
		Link: KeyLink, Kind: KeyPolicy, Account: owner, Document: a.Secret.ARN,
		Problem: "The secret is encrypted with the key aws/secretsmanager of account " + owner +
			". That key works only for principals of its own account, and its policy cannot be changed.",
		Remedy: "In account " + owner + ", encrypt the secret with a customer managed key (aws secretsmanager update-secret --kms-key-id …) " +
			"whose key policy lets the role " + a.Role.ARN + " decrypt, and allow the role kms:Decrypt on that key.",
	}
}

// keyRequest is the kms:Decrypt that Secrets Manager makes with the session's
// identity (Secrets Manager User Guide, security-encryption; KMS developer
// guide, conditions-kms).
func (a SecretAccess) keyRequest() Request {
	secret, _ := ParseARN(a.Secret.ARN)
	req := a.session(a.Secret.KeyARN)
	req.Action = "kms:Decrypt"
	for key, values := range a.Context {
		if !fromNetwork(key) {
			req.Context[key] = values
		}
	}
	maps.Copy(req.Context, Context{
		"aws:ViaAWSService":               {"true"},
		"kms:CallerAccount":               {accountOf(a.Role.ARN)},
		"kms:ViaService":                  {secretsManagerHost(secret)},
		"kms:EncryptionAlgorithm":         {"SYMMETRIC_DEFAULT"},
		"kms:EncryptionContextKeys":       {"SecretARN", "SecretVersionId"},
		"kms:EncryptionContext:SecretARN": {a.Secret.ARN},
	})
	return req
}

// keySet gathers what bears on the key link.
func (a SecretAccess) keySet() Set {
	set := a.sessionSet(a.Secret.KeyARN)
	if cmp.Or(a.Key.ARN, a.Secret.KeyARN) != a.Secret.KeyARN {
		return set // what is known is about another key
	}
	set.Grants = a.Key.Grants
	if a.Key.Policy != nil {
		set.Resource = &Policy{
			Kind: KeyPolicy, Account: accountOf(a.Secret.KeyARN), Name: a.Secret.KeyARN, Document: a.Key.Policy,
		}
	}
	return set
}

// fromNetwork reports a condition key that says where a request came from.
func fromNetwork(key string) bool {
	key = strings.ToLower(key)
	return strings.HasPrefix(key, "aws:source") && !strings.HasPrefix(key, "aws:sourceidentity") ||
		strings.HasPrefix(key, "aws:vpc")
}

// secretsManagerHost is Secrets Manager's name in kms:ViaService.
func secretsManagerHost(secret ARN) string {
	return "secretsmanager." + secret.Region + "." + DNSSuffix(secret.Partition)
}

// labelled returns the policies with the kind that their place gives them, and
// the account where they have none.
func labelled(policies []Policy, kind Kind, account string) []Policy {
	out := slices.Clone(policies)
	for i := range out {
		out[i].Kind = kind
		out[i].Account = cmp.Or(out[i].Account, account)
	}
	return out
}

// labelledLevels is labelled for the levels of an organization.
func labelledLevels(levels [][]Policy, kind Kind, account string) [][]Policy {
	out := slices.Clone(levels)
	for i := range out {
		out[i] = labelled(out[i], kind, account)
	}
	return out
}
