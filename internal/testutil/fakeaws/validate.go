package fakeaws

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// The forms of names in IAM's, Secrets Manager's, Parameter Store's and KMS's
// API references.
var (
	accountPattern   = regexp.MustCompile(`^\d{12}$`)
	regionPattern    = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$`)
	iamNamePattern   = regexp.MustCompile(`^[\w+=,.@-]{1,64}$`)
	pathPattern      = regexp.MustCompile(`^/([!-~]{1,510}/)?$`)
	roleIDPattern    = regexp.MustCompile(`^AROA[A-Z0-9]{12,124}$`)
	accessKeyPattern = regexp.MustCompile(`^\w{16,128}$`)
	secretPattern    = regexp.MustCompile(`^[\w/+=.@-]{1,512}$`)
	suffixPattern    = regexp.MustCompile(`^[A-Za-z0-9]{6}$`)
	parameterPattern = regexp.MustCompile(`^[\w./-]+$`)
	keyIDPattern     = regexp.MustCompile(`^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	aliasPattern     = regexp.MustCompile(`^alias/[\w/-]{1,250}$`)
)

func isRegion(s string) bool { return regionPattern.MatchString(s) }

// validator collects what is wrong with a description. It reports names and
// ids but no secret values.
type validator struct {
	path     string
	problems *[]error
	seen     map[string]bool // what must be unique: "kind name"
}

// at is the validator for a member.
func (v validator) at(format string, args ...any) validator {
	v.path = join(v.path, fmt.Sprintf(format, args...))
	return v
}

func (v validator) errorf(format string, args ...any) {
	*v.problems = append(*v.problems, fmt.Errorf("%s: %s", v.path, fmt.Sprintf(format, args...)))
}

// match reports a value that has not the form.
func (v validator) match(value string, pattern *regexp.Regexp, what string) {
	switch {
	case value == "":
		v.errorf("%s is missing", what)
	case !pattern.MatchString(value):
		v.errorf("%q is not %s", value, what)
	}
}

// unique reports a name that comes twice.
func (v validator) unique(kind, name string) {
	key := kind + " " + name
	if v.seen[key] {
		v.errorf("%s %q comes twice", kind, name)
	}
	v.seen[key] = true
}

// document reports a policy document that is missing.
func (v validator) document(d *policy.Document) {
	if d == nil {
		v.errorf("the document is missing")
	}
}

// httpsURL reports what is not the URL of an issuer (IAM API Reference,
// CreateOpenIDConnectProvider).
func (v validator) httpsURL(text string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		v.errorf("an https URL is missing")
	case err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		v.errorf("%q is not an https URL without user, query and fragment", text)
	}
}

// validate reports all that is wrong.
func (w *World) validate() error {
	var problems []error
	v := validator{problems: &problems, seen: map[string]bool{}}
	for i, c := range w.Clusters {
		c.validate(v.at("clusters[%d]", i))
	}
	for i, a := range w.Accounts {
		a.validate(v.at("accounts[%d]", i))
	}
	return errors.Join(problems...)
}

func (c *Cluster) validate(v validator) {
	if c == nil {
		v.errorf("null")
		return
	}
	if c.Name == "" {
		v.at("name").errorf("a name is missing")
	}
	v.at("name").unique("cluster", c.Name)
	if c.Account != "" {
		v.at("account").match(c.Account, accountPattern, "an account id of twelve digits")
	}
	v.at("issuer").httpsURL(c.Issuer)
	v.at("issuer").unique("issuer", c.Issuer)
	if c.Region != "" {
		v.at("region").match(c.Region, regionPattern, "a Region")
	}
	for i, a := range c.Associations {
		a.validate(v.at("podIdentityAssociations[%d]", i), c)
	}
	if !slices.Contains([]string{"", "ES256", "RS256"}, c.Algorithm) {
		v.at("algorithm").errorf("%q is neither ES256 nor RS256", c.Algorithm)
	}
}

func (a *Account) validate(v validator) {
	if a == nil {
		v.errorf("null")
		return
	}
	v.at("id").match(a.ID, accountPattern, "an account id of twelve digits")
	v.at("id").unique("account", a.ID)
	if !slices.ContainsFunc(partitions, func(p partition) bool { return a.Partition == "" || a.Partition == p.name }) {
		v.at("partition").errorf("%q is not a partition", a.Partition)
	}
	for i, p := range a.OIDCProviders {
		v.at("oidcProviders[%d].url", i).httpsURL(p.URL)
		v.at("oidcProviders[%d].url", i).unique("provider in "+a.ID, p.URL)
	}
	for i, u := range a.Users {
		u.validate(v.at("users[%d]", i), a)
	}
	for i, r := range a.Roles {
		r.validate(v.at("roles[%d]", i), a)
	}
	validatePolicies(v.at("managedPolicies"), a.ManagedPolicies)
	for i, level := range a.SCPs {
		validatePolicies(v.at("serviceControlPolicies[%d]", i), level)
	}
	for i, level := range a.RCPs {
		validatePolicies(v.at("resourceControlPolicies[%d]", i), level)
	}
	a.validateData(v)
}

// validatePolicies checks a list of policies; v is at the list itself.
func validatePolicies(v validator, policies []NamedPolicy) {
	names := map[string]bool{}
	for i, p := range policies {
		at := v
		at.path += "[" + strconv.Itoa(i) + "]"
		if p.Name == "" {
			at.at("name").errorf("a name is missing")
		}
		if names[p.Name] {
			at.at("name").errorf("policy %q comes twice", p.Name)
		}
		names[p.Name] = true
		at.at("document").document(p.Document)
	}
}

func validateBoundary(v validator, boundary *NamedPolicy) {
	if boundary == nil {
		return
	}
	if !strings.HasPrefix(boundary.Name, "arn:") {
		v.at("permissionsBoundary.name").errorf("a boundary is a managed policy: want its ARN")
	}
	v.at("permissionsBoundary.document").document(boundary.Document)
}

func (u *User) validate(v validator, a *Account) {
	if u == nil {
		v.errorf("null")
		return
	}
	v.at("name").match(u.Name, iamNamePattern, "a user name")
	v.at("name").unique("user in "+a.ID, strings.ToLower(u.Name))
	v.at("accessKeyId").match(u.AccessKeyID, accessKeyPattern, "an access key id")
	v.at("accessKeyId").unique("access key", u.AccessKeyID)
	if u.SecretAccessKey == "" {
		v.at("secretAccessKey").errorf("a secret access key is missing")
	}
	validatePolicies(v.at("policies"), u.Policies)
	validateBoundary(v, u.Boundary)
}

func (r *Role) validate(v validator, a *Account) {
	if r == nil {
		v.errorf("null")
		return
	}
	v.at("name").match(r.Name, iamNamePattern, "a role name")
	v.at("name").unique("role in "+a.ID, strings.ToLower(r.Name))
	if r.Path != "" {
		v.at("path").match(r.Path, pathPattern, "a path that begins and ends with a slash")
	}
	if r.UniqueID != "" {
		v.at("uniqueId").match(r.UniqueID, roleIDPattern, "a role's unique id (AROA…)")
		v.at("uniqueId").unique("unique id", r.UniqueID)
	}
	v.at("trustPolicy").document(r.Trust)
	validatePolicies(v.at("policies"), r.Policies)
	validateBoundary(v, r.Boundary)
	if r.MaxDuration != 0 && (r.MaxDuration < 3600 || r.MaxDuration > 43200) {
		v.at("maxSessionDuration").errorf("%d is not between 3600 and 43200 seconds", r.MaxDuration)
	}
}
