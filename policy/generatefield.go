package policy

import (
	"errors"
	"fmt"
	"slices"
)

// FieldError says what is wrong with a field of an [IRSA] and what to write
// there.
type FieldError struct {
	Field   string // such as "RoleAccount" or "Secrets[1].KeyARN"
	Value   string // as given; empty if nothing was
	Problem string
}

// Error names the field, its value and what to write.
func (e *FieldError) Error() string {
	if e.Value == "" {
		return "policy: IRSA." + e.Field + ": " + e.Problem
	}
	return fmt.Sprintf("policy: IRSA.%s: %q: %s", e.Field, clip(e.Value), e.Problem)
}

// draft is documents being generated: the input and what is wrong with it. Its
// methods return the parts of a document; once one of them has found a
// problem, the document is given up.
type draft struct {
	IRSA
	partition string
	problems  []error
}

func newDraft(i IRSA) *draft {
	d := &draft{IRSA: i}
	d.settlePartition()
	return d
}

func (d *draft) reject(field, value, problem string, args ...any) {
	d.problems = append(d.problems, &FieldError{Field: field, Value: value, Problem: fmt.Sprintf(problem, args...)})
}

// err is all that is wrong.
func (d *draft) err() error { return errors.Join(d.problems...) }

// document is the document of the statements, unless a part of it was wrong.
func (d *draft) document(s ...Statement) (*Document, error) {
	if err := d.err(); err != nil {
		return nil, err
	}
	return &Document{Version: Version2012, Statements: s}, nil
}

// regionNames are the names of Regions, not of their zones.
var regionNames = lazily(`^[a-z]+(-[a-z]+)+-[0-9]+$`)

// settlePartition finds the one partition that everything belongs to.
func (d *draft) settlePartition() {
	if d.Region != "" && !regionNames().MatchString(d.Region) {
		d.reject("Region", d.Region, "not the name of a Region; write one such as eu-west-1")
	}
	claims := d.claims()
	if len(claims) == 0 {
		d.reject("Region", "", "empty; write the cluster's Region, such as eu-west-1, or the Partition")
		return
	}
	d.partition = claims[0].partition
	for _, c := range claims {
		switch {
		case !isPartition(c.partition):
			d.reject(c.field, c.value, "no partition %s is known; there are aws, aws-cn, aws-us-gov and others", c.partition)
			return
		case c.partition != d.partition:
			d.reject(c.field, c.value, "belongs to the partition %s, and %s to %s; partitions do not trust each other, so describe each by itself",
				c.partition, claims[0].field, d.partition)
			return
		}
	}
}

// claim is a field that tells the partition.
type claim struct{ field, value, partition string }

// claims are all the fields that tell the partition.
func (d *draft) claims() []claim {
	var claims []claim
	byARN := func(field, value string) {
		if a, err := ParseARN(value); err == nil {
			claims = append(claims, claim{field, value, a.Partition})
		}
	}
	if d.Partition != "" {
		claims = append(claims, claim{"Partition", d.Partition, d.Partition})
	}
	if d.Region != "" {
		claims = append(claims, claim{"Region", d.Region, Partition(d.Region)})
	}
	if region, _ := splitEKSIssuer(d.Issuer); region != "" {
		claims = append(claims, claim{"Issuer", d.Issuer, Partition(region)})
	}
	for i, s := range d.Secrets {
		field := fmt.Sprintf("Secrets[%d].", i)
		byARN(field+"ARN", s.ARN)
		byARN(field+"KeyARN", s.KeyARN)
		if s.Region != "" {
			claims = append(claims, claim{field + "Region", s.Region, Partition(s.Region)})
		}
	}
	byARN("TargetRoleARN", d.TargetRoleARN)
	return claims
}

func isPartition(name string) bool {
	return slices.ContainsFunc(partitions, func(p struct{ name, regions, suffix string }) bool { return p.name == name })
}

// The names of roles and their paths (IAM User Guide, reference_iam-quotas).
// Wildcards, which paths may hold, would mean something else in a policy.
var (
	roleNames = lazily(`^[\w+=,.@-]{1,64}$`)
	rolePaths = lazily(`^/([\w!"#%&'()+,./:;<=>@^|~\[\]\\-]+/)?$`)
)

const longestPath = 512

// account is the role's.
func (d *draft) account() string {
	if !isAccount(d.RoleAccount) {
		d.reject("RoleAccount", d.RoleAccount, "an account number has 12 digits; write that of the account the role is in")
	}
	return d.RoleAccount
}

// roleARN is the pod's role's.
func (d *draft) roleARN() string {
	if !roleNames().MatchString(d.RoleName) {
		d.reject("RoleName", d.RoleName, "a role's name is 1 to 64 letters, digits and +=,.@_-; write it without path and ARN")
	}
	path := d.RolePath
	if path == "" {
		path = "/"
	}
	if !rolePaths().MatchString(path) || len(path) > longestPath {
		d.reject("RolePath", d.RolePath, "a path begins and ends with a slash, has no white space or wildcards and at most 512 characters; write one such as /pods/, or none")
	}
	return ARN{Partition: d.partition, Service: "iam", Account: d.account(), Resource: "role" + path + d.RoleName}.String()
}

// The names of Kubernetes objects: a DNS-1123 label for namespaces and a
// DNS-1123 subdomain for service accounts (Kubernetes, "Object Names and IDs").
const dnsLabel = `[a-z0-9]([-a-z0-9]*[a-z0-9])?`

var (
	namespaces      = lazily(`^` + dnsLabel + `$`)
	serviceAccounts = lazily(`^` + dnsLabel + `(\.` + dnsLabel + `)*$`)
	accountPatterns = lazily(`^[a-z0-9.*?-]*[*?][a-z0-9.*?-]*$`)
)

const (
	longestLabel     = 63
	longestSubdomain = 253
)

func (d *draft) namespace() string {
	if !namespaces().MatchString(d.Namespace) || len(d.Namespace) > longestLabel {
		d.reject("Namespace", d.Namespace, "a namespace is 1 to 63 small letters, digits and hyphens; write the pod's")
	}
	return d.Namespace
}

// accounts are the names of the service accounts, and the operator that
// compares with them.
func (d *draft) accounts() (operator string, names []string) {
	switch {
	case d.ServiceAccountPattern != "" && len(d.ServiceAccounts) > 0:
		d.reject("ServiceAccountPattern", d.ServiceAccountPattern, "ServiceAccounts are given as well; leave one of them empty")
	case d.ServiceAccountPattern != "":
		if !accountPatterns().MatchString(d.ServiceAccountPattern) || len(d.ServiceAccountPattern) > longestSubdomain {
			d.reject("ServiceAccountPattern", d.ServiceAccountPattern,
				"a pattern is small letters, digits, hyphens and dots with * or ? among them; write one such as web-*, or a whole name in ServiceAccounts")
		}
		return "StringLike", []string{d.ServiceAccountPattern}
	case len(d.ServiceAccounts) == 0:
		d.reject("ServiceAccounts", "", "empty; write the name of the pod's service account")
	}
	for i, name := range d.ServiceAccounts {
		field := fmt.Sprintf("ServiceAccounts[%d]", i)
		if !serviceAccounts().MatchString(name) || len(name) > longestSubdomain {
			d.reject(field, name, "a service account's name is 1 to 253 small letters, digits, hyphens and dots; write the name alone, without its namespace")
		}
		if slices.Contains(d.ServiceAccounts[:i], name) {
			d.reject(field, name, "named twice; leave one out")
		}
	}
	return "StringEquals", d.ServiceAccounts
}

// defaultAudience is the audience that EKS gives tokens, in every partition.
const defaultAudience = "sts.amazonaws.com"

// audiences are strings that mean nothing else in a policy; IAM has client IDs
// of up to 255 characters (CreateOpenIDConnectProvider).
var audiences = lazily(`^[\w!#%&'()+,./:;=@~-]{1,255}$`)

func (d *draft) audience() string {
	if d.Audience == "" {
		return defaultAudience
	}
	if !audiences().MatchString(d.Audience) {
		d.reject("Audience", d.Audience, "an audience is one string without white space, quotes and wildcards; write the token's aud, or nothing for %s", defaultAudience)
	}
	return d.Audience
}
