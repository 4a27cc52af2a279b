package main

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// grantJSON is a grant as "aws kms list-grants" prints it (KMS API reference,
// GrantListEntry).
type grantJSON struct {
	KeyID                    string `json:"KeyId"`
	GrantID                  string `json:"GrantId"`
	Name                     string
	GranteePrincipal         string
	GranteeServicePrincipal  string
	RetiringPrincipal        string
	RetiringServicePrincipal string
	IssuingAccount           string
	CreationDate             json.RawMessage
	Operations               []string
	Constraints              struct {
		EncryptionContextEquals, EncryptionContextSubset map[string]string
	}
}

// grants reads the grants of the key that is the request's resource.
func (r *reader) grants(list []json.RawMessage) []policy.Grant {
	if len(list) > 0 && resourceKind(r.request) != policy.KeyPolicy {
		r.fail(r.src.errorf(r.at+"/grants", "grants are those of a KMS key, and the request is not for one"))
		return nil
	}
	var out []policy.Grant
	for i, raw := range list {
		g, err := r.grant(r.at+"/grants/"+strconv.Itoa(i), raw)
		if err != nil {
			r.fail(err)
			return nil
		}
		out = append(out, g)
	}
	return out
}

// grant reads the grant at a pointer.
func (r *reader) grant(at string, raw json.RawMessage) (policy.Grant, error) {
	if source := at + "/Constraints/SourceArn"; r.src.has(source) {
		return policy.Grant{}, r.src.errorf(source, "a grant with a source is one for AWS services, and not decided here")
	}
	var in grantJSON
	if err := cmp.Or(
		r.src.exact(at, "KeyId", "GrantId", "Name", "GranteePrincipal", "GranteeServicePrincipal", "RetiringPrincipal",
			"RetiringServicePrincipal", "IssuingAccount", "CreationDate", "Operations", "Constraints"),
		r.src.exact(at+"/Constraints", "EncryptionContextEquals", "EncryptionContextSubset"),
		r.src.decode(at, raw, &in),
	); err != nil {
		return policy.Grant{}, err
	}
	g := policy.Grant{
		Name:                    cmp.Or(in.Name, in.GrantID),
		Grantee:                 cmp.Or(in.GranteePrincipal, in.GranteeServicePrincipal),
		Operations:              in.Operations,
		EncryptionContextEquals: in.Constraints.EncryptionContextEquals,
		EncryptionContextSubset: in.Constraints.EncryptionContextSubset,
	}
	switch {
	case g.Grantee == "" || len(g.Operations) == 0:
		return g, r.src.errorf(at, "a grant needs GranteePrincipal and Operations")
	case in.KeyID != "" && !strings.HasSuffix(r.request.Resource, in.KeyID[strings.LastIndexByte(in.KeyID, '/')+1:]):
		return g, r.src.errorf(at+"/KeyId", "the grant is of another key than that of the request")
	}
	for i, op := range g.Operations {
		if strings.Contains(op, ":") {
			return g, r.src.errorf(at+"/Operations/"+strconv.Itoa(i), "a grant's operation has no service in front, as in Decrypt")
		}
	}
	return g, nil
}
