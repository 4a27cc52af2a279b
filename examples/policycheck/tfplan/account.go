package tfplan

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// account returns the account that r is in: as [Options.Accounts] says, by an
// ARN that is known, or by what its provider's configuration tells.
func (b *builder) account(r *resource) string {
	if id := b.given(r.provider); id != "" {
		return id
	}
	if arn, err := policy.ParseARN(r.text("arn")); err == nil && arn.Account != "" {
		return arn.Account
	}
	if id, ok := b.accounts[r.provider]; ok {
		return id
	}
	id := cmp.Or(b.configuredAccount(r.provider), b.observedAccount(r.provider), b.options.Accounts[""])
	if id == "" && b.err == nil {
		b.err = fmt.Errorf("the account of %s is not in the plan: give it with -account %s=ID, "+
			"or set allowed_account_ids in the provider's block", r.address, cmp.Or(r.provider, "aws"))
	}
	b.accounts[r.provider] = id
	return id
}

// given returns what the options say of a provider: by its key, such as
// "aws.secrets", or by its alias alone.
func (b *builder) given(provider string) string {
	_, alias, _ := strings.Cut(provider, ".")
	if id := b.options.Accounts[provider]; id != "" || alias == "" {
		return id
	}
	return b.options.Accounts[alias]
}

// configuredAccount reads the account from the provider's block, where it is
// the only one allowed or that of the role to assume.
func (b *builder) configuredAccount(provider string) string {
	config := b.plan.providers[provider]
	// A provider's expressions are in the scope of the module that has it.
	scope := &resource{module: config.Module}
	if ids := b.constants(scope, config.Expressions["allowed_account_ids"]); len(ids) == 1 {
		return ids[0]
	}
	roles, _ := config.Expressions["assume_role"].([]any)
	for _, block := range roles {
		block, _ := block.(map[string]any)
		for _, text := range b.constants(scope, block["role_arn"]) {
			if arn, err := policy.ParseARN(text); err == nil && arn.Service == "iam" {
				return arn.Account
			}
		}
	}
	return ""
}

// observedAccount reads the account from anything of the same provider.
func (b *builder) observedAccount(provider string) string {
	for _, r := range b.plan.resources {
		if r.provider != provider {
			continue
		}
		if r.kind == "aws_caller_identity" && r.text("account_id") != "" {
			return r.text("account_id")
		}
		// The policies of AWS have "aws" where others have the account.
		if arn, err := policy.ParseARN(r.text("arn")); err == nil && len(arn.Account) == 12 {
			return arn.Account
		}
	}
	return ""
}

// region returns the Region that r is in.
func (b *builder) region(r *resource) string {
	region := cmp.Or(b.knownRegion(r), b.options.Region)
	if region == "" {
		b.fail("the Region of %s is not in the plan: give it with -region", r.address)
	}
	return region
}

// knownRegion returns the Region that the plan tells, "" if it does not: that of
// the resource, which is an attribute since version 6 of the provider (its guide
// enhanced-region-support), or else that of its provider's configuration.
func (b *builder) knownRegion(r *resource) string {
	if region, ok := b.attribute(r, "region"); ok && region != "" {
		return region
	}
	if arn, err := policy.ParseARN(r.text("arn")); err == nil && arn.Region != "" {
		return arn.Region
	}
	if r.configured("region") && r.isOpen("region") {
		return ""
	}
	config := b.plan.providers[r.provider]
	for _, region := range b.constants(&resource{module: config.Module}, config.Expressions["region"]) {
		return region
	}
	return b.observedRegion(r.provider)
}

// observedRegion reads the Region of a provider's configuration from a resource
// that does not choose its own. Data sources have an attribute of that name that
// means other things.
func (b *builder) observedRegion(provider string) string {
	for _, r := range b.plan.resources {
		if r.provider == provider && r.mode == "managed" && !r.configured("region") && r.text("region") != "" {
			return r.text("region")
		}
	}
	return ""
}

// constants returns the strings of an expression that is constant, or a
// variable of the root module.
func (b *builder) constants(scope *resource, expression any) []string {
	var out []string
	for _, o := range b.plan.origins(scope, expression) {
		switch c := o.constant.(type) {
		case string:
			out = append(out, c)
		case []any:
			for _, item := range c {
				out = append(out, fmt.Sprint(item))
			}
		}
	}
	return out
}

// arn makes the ARN of something of r's account.
func (b *builder) arn(r *resource, service, region, rest string) string {
	return policy.ARN{
		Partition: policy.Partition(b.region(r)), Service: service, Region: region, Account: b.account(r), Resource: rest,
	}.String()
}
