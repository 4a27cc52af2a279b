package policy

import (
	"strings"
)

// eksIssuer recognises the issuers of EKS clusters, those of dual-stack
// clusters included, with their Region (EKS User Guide,
// enable-iam-roles-for-service-accounts).
var eksIssuer = lazily(`^https://(oidc\.eks|oidc-eks)\.([a-z0-9-]+)\.[a-z0-9.-]+/id/[0-9A-Z]{32}/?$`)

// splitEKSIssuer returns the Region in the issuer of an EKS cluster, and the
// host as EKS has it there; both are empty for any other issuer.
func splitEKSIssuer(issuer string) (region, host string) {
	m := eksIssuer().FindStringSubmatch(issuer)
	if m == nil {
		return "", ""
	}
	region = m[2]
	partition := Partition(region)
	if m[1] == "oidc.eks" {
		return region, "oidc.eks." + region + "." + DNSSuffix(partition)
	}
	suffix := "api.aws"
	switch partition {
	case "aws-cn":
		suffix = "api.amazonwebservices.com.cn"
	case "aws-eusc":
		suffix = "api.amazonwebservices.eu"
	}
	return region, "oidc-eks." + region + "." + suffix
}

// issuers are the issuers that IAM takes as a provider's URL: a host and
// perhaps a path (CreateOpenIDConnectProvider).
var issuers = lazily(`^https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(/[\w.~%/+=-]*)?$`)

const longestIssuer = 255

// issuer is the token's issuer as ARNs and condition keys have it.
func (d *draft) issuer() string {
	if problem := d.issuerProblem(); problem != "" {
		d.reject("Issuer", d.Issuer, "%s", problem)
	}
	name := strings.TrimPrefix(d.Issuer, "https://")
	if eksIssuer().MatchString(d.Issuer) {
		name = strings.TrimSuffix(name, "/")
	}
	return name
}

func (d *draft) issuerProblem() string {
	const write = "write the iss of the pod's token, such as https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	bare, secure := strings.CutPrefix(d.Issuer, "https://")
	host, _, _ := strings.Cut(bare, "/")
	region, eksHost := splitEKSIssuer(d.Issuer)
	switch {
	case d.Issuer == "":
		return "empty; " + write
	case !secure:
		return "an issuer begins with https://; " + write
	case len(d.Issuer) > longestIssuer:
		return "an issuer has at most 255 characters; " + write
	case strings.Contains(host, "@"):
		return "an issuer has no user before its host; " + write
	case strings.Contains(host, ":"):
		return "an issuer has no port; " + write
	case strings.ContainsAny(bare, "?#"):
		return "an issuer has no query and no fragment; " + write
	case !issuers().MatchString(d.Issuer):
		return "an issuer is a host and perhaps a path; " + write
	case host != eksHost && eksHost != "":
		return "the host of EKS in " + region + " is " + eksHost + "; " + write
	case eksHost != "" && Partition(region) == d.partition && regionNames().MatchString(d.Region) && region != d.Region:
		return "this is a cluster in " + region + ", and Region is " + d.Region + "; " + write
	case isEKS(host) && eksHost == "":
		return "an issuer of EKS is oidc.eks., the Region, the suffix of its partition, /id/ and 32 capitals and digits; " + write
	}
	return ""
}
