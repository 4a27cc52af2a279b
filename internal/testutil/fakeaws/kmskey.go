package fakeaws

import (
	"maps"
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// kmsKey is a key as KMS finds it.
type kmsKey struct {
	*Key
	arn     string
	account string
	// service is the service for which AWS manages the key in the account;
	// "" for a customer managed key.
	service string
}

// managedServices have a key that AWS manages, aws/<service>, in every account
// and Region. It exists as soon as it is looked for.
var managedServices = []string{"secretsmanager", "ssm"}

// keysOf are the account's keys in a Region.
func (a *AWS) keysOf(accountID, region string) []*kmsKey {
	account := a.account(accountID)
	if account == nil {
		return nil
	}
	var keys []*kmsKey
	for _, k := range account.Keys {
		if k.Region == region {
			keys = append(keys, &kmsKey{Key: k, arn: account.keyARN(region, k.ID), account: account.ID})
		}
	}
	for _, service := range managedServices {
		keys = append(keys, a.managedKey(&account.Account, region, service))
	}
	return keys
}

// managedKey is the key aws/<service> of the account in the Region.
func (a *AWS) managedKey(account *Account, region, service string) *kmsKey {
	id := uuid(a.ids.derive("aws managed key", account.ID, region, service))
	return &kmsKey{
		Key: &Key{
			ID:      id,
			Region:  region,
			Aliases: []string{"alias/aws/" + service},
			Policy:  managedKeyPolicy(account.ID, service+"."+region+"."+dnsSuffix(region)),
		},
		arn:     account.keyARN(region, id),
		account: account.ID,
		service: service,
	}
}

// keyARN is the ARN of a key.
func (a *Account) keyARN(region, id string) string {
	return "arn:" + a.Partition + ":kms:" + region + ":" + a.ID + ":key/" + id
}

// managedKeyPolicy lets every principal of the account use the key, but only
// through the service (KMS Developer Guide, "AWS managed keys"). No account
// can edit it, and none but its own passes.
func managedKeyPolicy(account, viaService string) *policy.Document {
	return &policy.Document{
		Version: policy.Version2012,
		Statements: []policy.Statement{{
			Effect:    policy.Allow,
			Principal: awsPrincipal("*"),
			Action:    policy.Strings("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey"),
			Resource:  policy.Strings("*"),
			Condition: policy.Condition{{Operator: "StringEquals", Keys: []policy.ConditionKey{
				{Key: "kms:CallerAccount", Values: policy.Strings(account)},
				{Key: "kms:ViaService", Values: policy.Strings(viaService)},
			}}},
		}, {
			Effect:    policy.Allow,
			Principal: awsPrincipal(account),
			Action:    policy.Strings("kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"),
			Resource:  policy.Strings("*"),
		}},
	}
}

func awsPrincipal(value string) policy.Principal {
	return policy.Principal{Entries: []policy.PrincipalEntry{{Type: policy.PrincipalAWS, Values: policy.Strings(value)}}}
}

// keyPolicy is the key's policy; every key has one.
func (k *kmsKey) keyPolicy() *policy.Policy {
	return &policy.Policy{Kind: policy.KeyPolicy, Account: k.account, Name: k.arn, Document: k.Policy}
}

// findKey returns the key that an id, ARN, alias or alias ARN stands for in
// the caller's account and Region, and the alias if it was asked for by one.
// A key of another account that is not there looks like one that lets nobody
// in: its error is that of authorizeKey.
func (c *call) findKey(id string) (key *kmsKey, alias string, err error) {
	arn := policy.ARN{Partition: c.partition(), Service: "kms", Region: c.region, Account: c.caller.account, Resource: "key/" + id}
	switch {
	case strings.HasPrefix(id, "arn:"):
		if arn, err = policy.ParseARN(id); err != nil || arn.Service != "kms" {
			return nil, "", errorf("NotFoundException", "Invalid arn")
		}
		if arn.Region != c.region {
			return nil, "", errorf("NotFoundException", "Invalid arn %s", arn.Region)
		}
	case strings.HasPrefix(id, "alias/"):
		arn.Resource = id
	case !keyIDPattern.MatchString(id):
		return nil, "", errorf("NotFoundException", "Invalid keyId '%s'", id)
	}
	if strings.HasPrefix(arn.Resource, "alias/") {
		alias = arn.Resource
	}
	if key := c.aws.lookUpKey(arn); key != nil {
		return key, alias, nil
	}
	switch {
	case arn.Account != c.caller.account:
		return absentKey(arn), alias, nil
	case alias != "":
		return nil, "", errorf("NotFoundException", "Alias %s is not found.", arn)
	}
	return nil, "", errorf("NotFoundException", "Key '%s' does not exist", arn)
}

// lookUpKey returns the key that a key ARN or alias ARN names, or nil.
func (a *AWS) lookUpKey(arn policy.ARN) *kmsKey {
	for _, k := range a.keysOf(arn.Account, arn.Region) {
		if arn.Resource == "key/"+k.ID || slices.Contains(k.Aliases, arn.Resource) {
			return k
		}
	}
	return nil
}

// absentKey stands for a key that does not exist: its policy allows nothing.
func absentKey(arn policy.ARN) *kmsKey {
	return &kmsKey{Key: &Key{Region: arn.Region, Policy: &policy.Document{}}, arn: arn.String(), account: arn.Account}
}

// authorizeKey decides whether the caller may do action with the key. The
// resource is the key's ARN whichever way it was named; that it was named by
// an alias is a condition key (KMS Developer Guide, "Condition keys for AWS
// KMS").
func (c *call) authorizeKey(action string, key *kmsKey, alias string, extra policy.Context) error {
	keys := policy.Context{
		"kms:CallerAccount": {c.caller.account},
		"kms:KeyOrigin":     {"AWS_KMS"},
		"kms:KeySpec":       {"SYMMETRIC_DEFAULT"},
		"kms:KeyUsage":      {"ENCRYPT_DECRYPT"},
		"kms:MultiRegion":   {"false"},
	}
	if alias != "" {
		keys["kms:RequestAlias"] = []string{alias}
	}
	if len(key.Aliases) > 0 {
		keys["kms:ResourceAliases"] = key.Aliases
	}
	maps.Copy(keys, extra)
	return c.authorize(action, key.arn, key.keyPolicy(), keys)
}

// contextKeys are the condition keys of an encryption context. A request
// without one has none of them.
func contextKeys(context map[string]string) policy.Context {
	keys := policy.Context{}
	for name, value := range context {
		keys["kms:EncryptionContext:"+name] = []string{value}
	}
	if len(context) > 0 {
		keys["kms:EncryptionContextKeys"] = slices.Sorted(maps.Keys(context))
	}
	return keys
}

// atRest is the ARN of the key under which a service stores a value: that of the
// key which the value's owner recorded, or of the account's aws/<service>.
func (a *AWS) atRest(account *Account, region, recorded, service string) string {
	if recorded == "" {
		return a.managedKey(account, region, service).arn
	}
	if arn, err := policy.ParseARN(recorded); err == nil {
		if key := a.lookUpKey(arn); key != nil {
			return key.arn
		}
	}
	return recorded // of a key that is gone
}
