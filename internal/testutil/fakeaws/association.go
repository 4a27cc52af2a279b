package fakeaws

import (
	"net/url"
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// validate checks an association of the cluster.
func (a Association) validate(v validator, c *Cluster) {
	if a.Namespace == "" {
		v.at("namespace").errorf("a namespace is missing")
	}
	if a.ServiceAccount == "" {
		v.at("serviceAccount").errorf("a service account is missing")
	}
	v.unique("association in "+c.Name, a.Namespace+"/"+a.ServiceAccount)
	v.at("roleArn").roleARN(a.RoleARN)
	if a.TargetRoleARN != "" {
		v.at("targetRoleArn").roleARN(a.TargetRoleARN)
	}
	if c.Account == "" {
		v.errorf("the cluster's account is missing")
	}
	if c.Region == "" && issuerRegion(c.Issuer) == "" {
		v.errorf("the cluster's region is missing")
	}
}

// roleARN reports what is not the ARN of a role.
func (v validator) roleARN(text string) {
	arn, err := policy.ParseARN(text)
	if err != nil || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		v.errorf("%q is not the ARN of a role", text)
	}
}

// issuerRegion is the Region of a cluster whose issuer is EKS's:
// https://oidc.eks.<region>.amazonaws.com/id/….
func issuerRegion(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	labels := strings.Split(u.Hostname(), ".")
	if len(labels) > 3 && labels[0] == "oidc" && labels[1] == "eks" && isRegion(labels[2]) {
		return labels[2]
	}
	return ""
}

// association returns that of a service account, or nil.
func (c *Cluster) association(namespace, serviceAccount string) *Association {
	i := slices.IndexFunc(c.Associations, func(a Association) bool {
		return a.Namespace == namespace && a.ServiceAccount == serviceAccount
	})
	if i < 0 {
		return nil
	}
	return &c.Associations[i]
}

// arn is the ARN of the cluster.
func (c *Cluster) arn() string {
	return policy.ARN{
		Partition: policy.Partition(c.Region), Service: "eks", Region: c.Region, Account: c.Account,
		Resource: "cluster/" + c.Name,
	}.String()
}
