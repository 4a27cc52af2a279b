package policy_test

import (
	"testing"

	"github.com/irsakit/irsa/policy"
)

// What resource control policies leave alone (AWS Organizations User Guide,
// orgs_manage_policies_rcps; KMS Developer Guide, resource-control-policies).
func TestBeyondRCPs(t *testing.T) {
	t.Parallel()
	decrypt := func(keys policy.Context) policy.Request {
		req := asRole("kms:Decrypt", ownKey)
		req.Context = keys
		return req
	}
	assume := func(role string) policy.Request {
		return policy.Request{Principal: "elasticbeanstalk.amazonaws.com", Action: "sts:AssumeRole", Resource: role, Closed: true}
	}
	key := policy.Set{Resource: to("Allow", aws(ownRole))}
	roles := policy.Set{Resource: trust(`{"Service":"elasticbeanstalk.amazonaws.com"}`)}
	aliases := policy.Set{Identity: list(all)}
	cases := map[string]struct {
		req  policy.Request
		set  policy.Set
		want policy.Decision
	}{
		"a key":                        {decrypt(nil), key, policy.ExplicitlyDenied},
		"a customer's alias":           {decrypt(policy.Context{"kms:RequestAlias": {"alias/app"}, "kms:ResourceAliases": {"alias/app", "alias/aws"}}), key, policy.ExplicitlyDenied},
		"an AWS managed key, by alias": {decrypt(policy.Context{"kms:RequestAlias": {"alias/aws/secretsmanager"}}), key, policy.Allowed},
		"an AWS managed key":           {decrypt(policy.Context{"KMS:resourcealiases": {"alias/aws/secretsmanager"}}), key, policy.Allowed},
		"an alias in two spellings": {
			decrypt(policy.Context{"kms:ResourceAliases": {"alias/aws/a"}, "kms:resourceAliases": {"alias/a"}}), key, policy.ExplicitlyDenied,
		},
		"the name of a customer's key": {asRole("kms:DeleteAlias", "arn:aws:kms:eu-west-1:111111111111:alias/app"), aliases, policy.ExplicitlyDenied},
		"the name of AWS's key":        {asRole("kms:DeleteAlias", "arn:aws:kms:eu-west-1:111111111111:alias/aws/s3"), aliases, policy.Allowed},
		"a role":                       {assume(ownRole), roles, policy.ExplicitlyDenied},
		"a service-linked role": {
			assume("arn:aws:iam::111111111111:role/aws-service-role/elasticbeanstalk.amazonaws.com/AWSServiceRoleForElasticBeanstalk"), roles, policy.Allowed,
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.set.RCPs = [][]policy.Policy{list(*to("Deny", `"*"`))}
			if got := evaluate(t, tt.req, tt.set).Decision; got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// An AWS managed policy belongs to no account that could have a say, though
// aws:ResourceAccount is none of the caller's (IAM User Guide,
// access_policies_managed-vs-inline,
// resource_examples_iam_policies_resource_account).
func TestAWSOwned(t *testing.T) {
	t.Parallel()
	req := asRole("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess")
	onlyOwn := text("own", `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:ResourceAccount":"111111111111"}}}`)
	cases := map[string]struct {
		set     policy.Set
		want    policy.Decision
		missing int
	}{
		"allowed":                   {policy.Set{Identity: list(all)}, policy.Allowed, 0},
		"by its ARN":                {policy.Set{Identity: list(doc("Allow", "iam:Get*", "arn:aws:iam::aws:policy/*"))}, policy.Allowed, 0},
		"not allowed":               {policy.Set{}, policy.ImplicitlyDenied, 1},
		"limited":                   {policy.Set{Identity: list(all), Boundaries: list(nothing)}, policy.ImplicitlyDenied, 1},
		"RCPs of an organization":   {policy.Set{Identity: list(all), RCPs: [][]policy.Policy{list(*to("Deny", `"*"`))}}, policy.Allowed, 0},
		"nothing of other accounts": {policy.Set{Identity: list(all, onlyOwn)}, policy.ExplicitlyDenied, 0},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := evaluate(t, req, tt.set)
			if got.Decision != tt.want || len(got.Missing) != tt.missing {
				t.Errorf("got %s", indent(t, got))
			}
		})
	}
}
