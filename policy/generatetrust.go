package policy

import (
	"strconv"
	"time"
)

// Trust generates the trust policy of the pod's role: who shows a token of the
// issuer, made for the audience, and is one of the service accounts (EKS User
// Guide, associate-service-account-role). It takes RoleAccount, Issuer,
// Namespace and ServiceAccounts or ServiceAccountPattern.
func (i IRSA) Trust() (*Document, error) {
	d := newDraft(i)
	issuer := d.issuer()
	namespace := d.namespace()
	operator, names := d.accounts()
	subjects := make([]string, len(names))
	for j, name := range names {
		subjects[j] = "system:serviceaccount:" + namespace + ":" + name
	}
	return d.document(Statement{
		Effect:    Allow,
		Principal: principalOf(PrincipalFederated, d.providerARN(issuer)),
		Action:    Strings(actionWebIdentity),
		Condition: conditionOf(
			keyTest{"StringEquals", issuer + ":aud", []string{d.audience()}},
			keyTest{operator, issuer + ":sub", subjects},
		),
	})
}

// Provider generates the IAM OIDC identity provider that the trust policy
// names. It is one for all roles of the account that pods of the cluster use.
// It takes RoleAccount and Issuer.
func (i IRSA) Provider() (OIDCProvider, error) {
	d := newDraft(i)
	issuer := d.issuer()
	p := OIDCProvider{ARN: d.providerARN(issuer), URL: "https://" + issuer, ClientIDs: []string{d.audience()}}
	if err := d.err(); err != nil {
		return OIDCProvider{}, err
	}
	return p, nil
}

func (d *draft) providerARN(issuer string) string {
	return ARN{Partition: d.partition, Service: "iam", Account: d.account(), Resource: "oidc-provider/" + issuer}.String()
}

// clusterNames are the names that EKS takes (CreateCluster).
var clusterNames = lazily(`^[0-9A-Za-z][\w-]{0,99}$`)

// PodIdentityTrust generates the trust policy of a role that pods use through
// EKS Pod Identity instead of a token: EKS assumes it, for the account's own
// clusters, with tags that name namespace and service account (EKS User Guide,
// pod-id-role). The association must not disable session tags. It takes
// RoleAccount, Namespace and ServiceAccounts or ServiceAccountPattern.
func (i IRSA) PodIdentityTrust() (*Document, error) {
	const tag = "aws:RequestTag/"
	d := newDraft(i)
	operator, names := d.accounts()
	tests := []keyTest{
		{"StringEquals", "aws:SourceAccount", []string{d.account()}},
		{"StringEquals", tag + "kubernetes-namespace", []string{d.namespace()}},
	}
	if d.Cluster != "" {
		tests = append(tests, keyTest{"StringEquals", tag + "eks-cluster-arn", []string{d.clusterARN()}})
	}
	return d.document(Statement{
		Effect:    Allow,
		Principal: principalOf(PrincipalService, podIdentityService),
		Action:    Strings("sts:AssumeRole", "sts:TagSession"),
		Condition: conditionOf(append(tests, keyTest{operator, tag + "kubernetes-service-account", names})...),
	})
}

func (d *draft) clusterARN() string {
	if !clusterNames().MatchString(d.Cluster) {
		d.reject("Cluster", d.Cluster, "a cluster's name is 1 to 100 letters, digits, hyphens and underscores; write the name alone")
	}
	if d.Region == "" {
		d.reject("Region", "", "empty; write the Region of the cluster %s", d.Cluster)
	}
	return ARN{Partition: d.partition, Service: "eks", Region: d.Region, Account: d.RoleAccount, Resource: "cluster/" + d.Cluster}.String()
}

// externalIDs are what STS takes (AssumeRole, ExternalId).
var externalIDs = lazily(`^[\w+=,.@:/-]{2,}$`)

const longestExternalID = 1224

// TargetTrust generates the trust policy of the target role, which lets the
// pod's role in with the external id and the tags that EKS Pod Identity hands
// on (EKS User Guide, pod-id-assign-target-role). It belongs in the target
// role's account. It takes RoleAccount, RoleName and ExternalID.
func (i IRSA) TargetTrust() (*Document, error) {
	d := newDraft(i)
	if !externalIDs().MatchString(d.ExternalID) || len(d.ExternalID) > longestExternalID {
		d.reject("ExternalID", d.ExternalID, "an external id is 2 to 1224 letters, digits and _+=,.@:/-; write that of the Pod Identity association, or agree on one")
	}
	return d.document(Statement{
		Effect:    Allow,
		Principal: principalOf(PrincipalAWS, d.roleARN()),
		Action:    Strings("sts:AssumeRole", "sts:TagSession"),
		Condition: conditionOf(keyTest{"StringEquals", "sts:ExternalId", []string{d.ExternalID}}),
	})
}

// Annotations generates the annotations of the Kubernetes service account, by
// which EKS gives its pods the role and a token (EKS User Guide,
// pod-configuration; the README of amazon-eks-pod-identity-webhook). It takes
// RoleAccount and RoleName.
func (i IRSA) Annotations() (map[string]string, error) {
	const prefix = "eks.amazonaws.com/"
	d := newDraft(i)
	annotations := map[string]string{prefix + "role-arn": d.roleARN()}
	if audience := d.audience(); audience != defaultAudience {
		annotations[prefix+"audience"] = audience
	}
	if d.TokenExpiration != 0 {
		annotations[prefix+"token-expiration"] = d.tokenExpiration()
	}
	if d.RegionalSTS {
		annotations[prefix+"sts-regional-endpoints"] = "true"
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return annotations, nil
}

// tokenExpiration is in seconds, within what Kubernetes and EKS allow.
func (d *draft) tokenExpiration() string {
	t := d.TokenExpiration
	if t < 10*time.Minute || t > 24*time.Hour || t%time.Second != 0 {
		d.reject("TokenExpiration", t.String(), "a token is valid for 10 minutes to 24 hours, in whole seconds; write a time within, or nothing")
	}
	return strconv.FormatInt(int64(t/time.Second), 10)
}
