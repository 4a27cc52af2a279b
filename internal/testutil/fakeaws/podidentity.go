package fakeaws

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/irsakit/irsa/policy"
)

// The EKS Pod Identity agent listens at link-local addresses of the node, on one
// path; the container credentials of ECS are at a third address, on any path
// (SDKs and Tools Reference Guide, "Container credential provider"). Both are
// served alike here: for the token of a pod.
const (
	agentPath = "/v1/credentials"
	ecsHost   = "169.254.170.2"
)

var agentHosts = []string{"169.254.170.23", "fd00:ec2::23", ecsHost}

const (
	podIdentityService   = "eks-auth"
	podIdentityOperation = "AssumeRoleForPodIdentity"
	podIdentityPrincipal = "pods.eks.amazonaws.com"
)

// podIdentityLength is how long the agent's credentials last, and
// podIdentityChained how long those of a target role do (EKS User Guide,
// pod-id-assign-target-role).
const (
	podIdentityLength  = 6 * time.Hour
	podIdentityChained = time.Hour
)

// forAgent reports whether a request is the agent's to answer: one to its own
// addresses, or over loopback one to its path.
func forAgent(r *http.Request) bool {
	host := ipHostname(r.Host)
	switch {
	case r.Method != http.MethodGet:
		return false
	case slices.Contains(agentHosts, host):
		return host == ecsHost || r.URL.Path == agentPath
	}
	_, service := parseHost(r.Host)
	return !service && r.URL.Path == agentPath
}

// isLoopback reports whether a host is this machine.
func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// agentAnswer is what the agent gives out.
type agentAnswer struct {
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	Token           string
	AccountID       string `json:"AccountId"`
	Expiration      time.Time
}

// serveAgent answers as the agent, which looks at the request and then asks EKS
// Auth.
func (c *call) serveAgent(w http.ResponseWriter, r *http.Request) {
	out, err := c.podIdentity(r)
	c.end(err)
	if err != nil {
		c.writeAgentError(w, asAPIError(err))
		return
	}
	c.writeJSON(w, "application/json", out)
}

// writeAgentError sends plain text. The agent's own errors have no code.
func (c *call) writeAgentError(w http.ResponseWriter, e *apiError) {
	text := e.Message
	if e.Code != "" {
		fault := "client"
		if e.status() >= http.StatusInternalServerError {
			fault = "server"
		}
		text = "[" + c.requestID + "]: (" + e.Code + "): " + e.Message + ", fault: " + fault
	}
	c.write(w, e.status(), "text/plain; charset=utf-8", []byte(text+"\n"))
}

// podClaims are those of a projected token that EKS Auth reads.
type podClaims struct {
	jwt.RegisteredClaims
	Kubernetes struct {
		Namespace      string
		ServiceAccount struct{ Name string }
		Pod            struct{ Name, UID string }
	} `json:"kubernetes.io"`
}

func (c *call) podIdentity(r *http.Request) (any, error) {
	if err := c.injected(); err != nil {
		return nil, err
	}
	claims, err := c.agentChecks(r)
	if err != nil {
		return nil, err
	}
	issuer, err := c.podIssuer(r.Header.Get("Authorization"), claims)
	if err != nil {
		return nil, err
	}
	c.region, c.record.Region = issuer.Region, issuer.Region
	s, err := c.associate(issuer, claims)
	if err != nil {
		return nil, err
	}
	return agentAnswer{
		AccessKeyID: s.accessKeyID, SecretAccessKey: s.secretAccessKey, Token: s.token,
		AccountID: s.account, Expiration: s.expires.UTC(),
	}, nil
}

// agentChecks are those of the agent itself (eks-pod-identity-agent,
// internal/validation): the address, and whether the token is one that has not
// expired.
func (c *call) agentChecks(r *http.Request) (podClaims, error) {
	var claims podClaims
	host := ipHostname(r.Host)
	if !slices.Contains(agentHosts, host) && !isLoopback(host) {
		return claims, &apiError{Message: "Access Denied. Called agent through invalid address", Status: http.StatusForbidden}
	}
	token := r.Header.Get("Authorization")
	if token == "" {
		return claims, &apiError{Message: "Service account token cannot be empty"}
	}
	if _, _, err := jwt.NewParser().ParseUnverified(token, &claims); err != nil {
		return claims, &apiError{Message: "Service account token cannot be parsed"} // err may quote it
	}
	validator := jwt.NewValidator(jwt.WithTimeFunc(c.now))
	switch err := validator.Validate(claims); {
	case errors.Is(err, jwt.ErrTokenExpired):
		return claims, &apiError{Message: "Service account token failed basic claim validations: token is expired"}
	case err != nil:
		return claims, &apiError{Message: "Service account token failed basic claim validations"}
	}
	return claims, nil
}

// podIssuer checks the token as EKS Auth does and returns the cluster's issuer.
func (c *call) podIssuer(token string, claims podClaims) (*issuer, error) {
	issuer := c.aws.issuer(claims.Issuer)
	switch {
	case issuer == nil:
		return nil, errorf("InvalidTokenException", "The token's issuer is not a cluster's.")
	case !slices.Contains(claims.Audience, podIdentityPrincipal):
		return nil, errorf("InvalidTokenException", "The token's audience is not %s.", podIdentityPrincipal)
	case issuer.signed(token) != nil:
		return nil, errorf("InvalidTokenException", "The token's signature is not the cluster's.")
	}
	return issuer, nil
}

// associate gives a pod the role of its service account's association.
func (c *call) associate(i *issuer, claims podClaims) (*session, error) {
	pod := claims.Kubernetes
	association := i.association(pod.Namespace, pod.ServiceAccount.Name)
	if association == nil {
		return nil, &apiError{
			Code: "ResourceNotFoundException", Status: http.StatusNotFound,
			Message: "No association found for service account " + pod.Namespace + "/" + pod.ServiceAccount.Name + ".",
		}
	}
	name := c.podSessionName(i.Name, pod.Pod.Name)
	first := c.assumptionOf(association.RoleARN, name)
	check := policy.PodIdentity{
		ClusterARN: i.arn(), Namespace: pod.Namespace, ServiceAccount: pod.ServiceAccount.Name,
		PodName: pod.Pod.Name, PodUID: pod.Pod.UID,
		Role: first.policyRole(), DisableSessionTags: association.DisableSessionTags, Policy: association.Policy,
		ExternalID: association.ExternalID, SessionName: name,
		Guardrails: c.aws.guardrailsOf(association.RoleARN, association.TargetRoleARN),
		Context:    c.context(nil), Closed: true, Time: c.now(),
	}
	last, length := first, podIdentityLength
	if association.TargetRoleARN != "" {
		last, length = c.assumptionOf(association.TargetRoleARN, name), podIdentityChained
		check.Target = new(last.policyRole())
	}
	c.record.Principal, c.record.Resource = podIdentityPrincipal, association.RoleARN
	if check.Evaluate().Decision != policy.Allowed || last.role == nil {
		return nil, errorf("AccessDeniedException", "Unauthorized Exception! EKS does not have permissions to assume the associated role.")
	}
	c.record.Account = last.account.ID
	if association.Policy != nil {
		last.policies = []policy.Policy{{
			Kind: policy.SessionPolicy, Account: last.account.ID, Name: "session policy", Document: association.Policy,
		}}
	}
	data := sessionData{requested: check.Tags()}
	for key := range data.requested {
		data.transitive = append(data.transitive, key)
	}
	slices.Sort(data.transitive)
	return c.issue(last, length, data.sessionKeys(), data.transitive), nil
}

// podSessionName is "eks-<cluster>-<pod>-<UUID>", cut to what a name may have.
func (c *call) podSessionName(cluster, pod string) string {
	id := "-" + c.requestID
	name := "eks-" + cluster + "-" + pod
	return name[:min(len(name), 64-len(id))] + id
}

// assumptionOf is that of the role by a service, without parameters.
func (c *call) assumptionOf(roleARN, sessionName string) assumption {
	ask := assumption{roleARN: roleARN, sessionName: sessionName}
	ask.account, ask.role = c.aws.findRole(roleARN)
	return ask
}

// policyRole is the role as package policy wants it, with the policies that
// bear on its assuming another.
func (a assumption) policyRole() policy.Role {
	role := policy.Role{ARN: a.roleARN, Trust: a.trust()}
	if a.role == nil {
		return role
	}
	role.UniqueID = a.role.UniqueID
	for _, p := range a.role.Policies {
		role.Policies = append(role.Policies, p.of(policy.IdentityPolicy, a.account.ID, a.role.Name))
	}
	if a.role.Boundary != nil {
		role.Boundary = new(a.role.Boundary.of(policy.PermissionsBoundary, a.account.ID, a.role.Name))
	}
	return role
}

// guardrailsOf are those of the accounts that own the roles.
func (s *state) guardrailsOf(roleARNs ...string) map[string]policy.Guardrails {
	out := map[string]policy.Guardrails{}
	for _, text := range roleARNs {
		if arn, err := policy.ParseARN(text); err == nil {
			account := s.account(arn.Account)
			out[arn.Account] = policy.Guardrails{
				SCPs: guardrails(policy.ServiceControlPolicy, account, arn.Account),
				RCPs: guardrails(policy.ResourceControlPolicy, account, arn.Account),
			}
		}
	}
	return out
}
