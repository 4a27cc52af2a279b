package policy

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// podIdentityService is who assumes the role of an association, in every
// partition (EKS User Guide, pod-id-role).
const podIdentityService = "pods.eks.amazonaws.com"

// PodIdentity asks whether EKS Pod Identity can give a pod its role: the
// service assumes the association's role with six tags, and with that session
// the target role, if the association has one (EKS User Guide, pod-id-abac and
// pod-id-assign-target-role).
type PodIdentity struct {
	ClusterARN     string // arn:…:eks:<region>:<account>:cluster/<name>
	Namespace      string
	ServiceAccount string
	// PodName and PodUID become tags. Empty: not known, so that a condition on
	// them cannot be decided.
	PodName, PodUID string
	// Role is the association's, in the account of the cluster.
	Role Role
	// DisableSessionTags is the association's: the session gets no tags.
	DisableSessionTags bool
	// Policy is the association's session policy, which takes
	// DisableSessionTags. It limits the target role if there is one, and the
	// role otherwise. Nil: none.
	Policy *Document
	// Target is the association's target role; nil: none.
	Target *Role
	// ExternalID is what EKS passes when it assumes the target role: the
	// externalId of the association. Empty: that which EKS makes,
	// <region>/<account>/<cluster>/<namespace>/<service account>.
	ExternalID  string
	SessionName string                // zero: "session"
	Guardrails  map[string]Guardrails // by account
	Context     Context               // further condition keys of both calls
	// Closed says that a key which is neither in Context nor follows from the
	// rest is absent; otherwise it is not known.
	Closed bool
	Time   time.Time // zero: now
}

// PodIdentityResult is the answer, step by step.
type PodIdentityResult struct {
	// Decision is the worst of the steps; an association that EKS would not
	// have is an implicit deny.
	Decision Decision          `json:"decision"`
	Role     AssumeRoleResult  `json:"role"`
	Target   *AssumeRoleResult `json:"target,omitempty"` // nil: there is no target role
	// Faults say what to change, in order of the steps.
	Faults []Fault `json:"faults,omitempty"`
}

// Evaluate decides both steps, the second also if the first fails.
func (p PodIdentity) Evaluate() PodIdentityResult {
	result, findings := p.evaluate()
	result.Faults = mergeFindings(findings)
	return result
}

func (p PodIdentity) evaluate() (PodIdentityResult, []finding) {
	var r PodIdentityResult
	var findings []finding
	r.Role, findings = p.assume().evaluate(TrustLink)
	r.Decision = r.Role.Decision
	for _, fault := range p.associationFaults() {
		findings = append(findings, finding{Fault: fault})
		r.Decision = worst(r.Decision, ImplicitlyDenied)
	}
	if p.Target != nil {
		target, more := p.assumeTarget().evaluate(HopLink)
		r.Target = &target
		r.Decision = worst(r.Decision, target.Decision)
		findings = append(findings, more...)
	}
	return r, findings
}

// Tags are the session tags, all of them transitive: none if they are
// disabled. One that is not known is left out.
func (p PodIdentity) Tags() map[string]string {
	if p.DisableSessionTags {
		return nil
	}
	tags := map[string]string{
		"eks-cluster-arn":            p.ClusterARN,
		"eks-cluster-name":           p.clusterName(),
		"kubernetes-namespace":       p.Namespace,
		"kubernetes-service-account": p.ServiceAccount,
		"kubernetes-pod-name":        p.PodName,
		"kubernetes-pod-uid":         p.PodUID,
	}
	maps.DeleteFunc(tags, func(_, value string) bool { return value == "" })
	return tags
}

// openTags are the keys of the tags that the session has, but whose values are
// not known.
func (p PodIdentity) openTags() []string {
	var keys []string
	if !p.DisableSessionTags && p.PodName == "" {
		keys = append(keys, "kubernetes-pod-name")
	}
	if !p.DisableSessionTags && p.PodUID == "" {
		keys = append(keys, "kubernetes-pod-uid")
	}
	return keys
}

func (p PodIdentity) clusterName() string {
	cluster, _ := ParseARN(p.ClusterARN)
	return strings.TrimPrefix(cluster.Resource, "cluster/")
}

// externalID is what EKS passes with the target role.
func (p PodIdentity) externalID() string {
	cluster, err := ParseARN(p.ClusterARN)
	if p.ExternalID != "" || err != nil {
		return p.ExternalID
	}
	return strings.Join([]string{cluster.Region, cluster.Account, p.clusterName(), p.Namespace, p.ServiceAccount}, "/")
}

// assume is the first step, a call of the service. Without session tags there
// is nothing in it that is not known here, so that it is closed: a condition on
// a tag then fails rather than staying open.
func (p PodIdentity) assume() AssumeRole {
	tags := p.Tags()
	keys := Context{}
	keys.set("aws:SourceArn", p.ClusterARN)
	keys.set("aws:SourceAccount", accountOf(p.ClusterARN))
	maps.Copy(keys, p.Context)
	return AssumeRole{
		Caller: Caller{Principal: podIdentityService}, Role: p.Role, SessionName: p.SessionName,
		Tags: tags, TransitiveTags: slices.Sorted(maps.Keys(tags)),
		Guardrails: p.Guardrails, Context: keys, Closed: p.Closed || p.DisableSessionTags, Time: p.Time,
	}
}

// assumeTarget is the second step: the session of the association's role
// assumes the target role. EKS's guide tests the tags of that call as
// aws:RequestTag.
func (p PodIdentity) assumeTarget() AssumeRole {
	tags := p.Tags()
	return AssumeRole{
		Caller: Caller{
			Principal: sessionARN(p.Role.ARN, p.SessionName), RoleARN: p.Role.ARN, PrincipalID: p.Role.UniqueID,
			Policies: p.Role.Policies, Boundary: p.Role.Boundary, Tags: withoutTags(p.Role.Tags, p.openTags()),
		},
		Role: *p.Target, SessionName: p.SessionName, ExternalID: p.externalID(), Tags: tags, Inherited: tags,
		Guardrails: p.Guardrails, Context: p.Context, Closed: p.Closed || p.DisableSessionTags, Time: p.Time,
	}
}

// associationFaults is what EKS does not accept in an association.
func (p PodIdentity) associationFaults() []Fault {
	var faults []Fault
	account := accountOf(p.ClusterARN)
	name := p.associationName()
	if p.Policy != nil && !p.DisableSessionTags {
		faults = append(faults, Fault{
			Link: TrustLink, Kind: SessionPolicy, Account: account, Document: name,
			Problem: "The association has a session policy, which EKS takes only without session tags.",
			Remedy:  "Set disableSessionTags on the association, or take its policy away.",
		})
	}
	if owner := accountOf(p.Role.ARN); account != "" && owner != account {
		faults = append(faults, Fault{
			Link: TrustLink, Kind: TrustPolicy, Account: account, Document: p.Role.ARN,
			Problem: "The association's role is in account " + owner + ", and the cluster in account " + account +
				". EKS takes only a role of the cluster's account.",
			Remedy: "In account " + account + ", make a role for the association, and give the role " +
				lastElement(p.Role.ARN) + " of account " + owner + " as its target role.",
		})
	}
	return faults
}

// sessionARN is the ARN of a role's session.
func sessionARN(role, session string) string {
	arn, _ := ParseARN(role)
	if session == "" {
		session = defaultSession
	}
	return ARN{
		Partition: arn.Partition, Service: "sts", Account: arn.Account,
		Resource: "assumed-role/" + lastElement(arn.Resource) + "/" + session,
	}.String()
}

// associationName is an association as one finds it in the cluster.
func (p PodIdentity) associationName() string {
	return "the association of " + p.Namespace + "/" + p.ServiceAccount
}
