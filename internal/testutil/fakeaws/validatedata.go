package fakeaws

import (
	"slices"

	"github.com/irsakit/irsa/policy"
)

// validateData checks what the account stores.
func (a *Account) validateData(v validator) {
	for i, s := range a.Secrets {
		s.validate(v.at("secrets[%d]", i), a)
	}
	for i, p := range a.Parameters {
		p.validate(v.at("parameters[%d]", i), a)
	}
	for i, k := range a.Keys {
		k.validate(v.at("keys[%d]", i), a)
	}
}

// region reports what is not a Region of the account's partition.
func (v validator) region(region string, a *Account) {
	v.match(region, regionPattern, "a Region")
	if want := policy.Partition(region); a.Partition != "" && want != a.Partition {
		v.errorf("%q is not in the account's partition %s", region, a.Partition)
	}
}

// keyARN reports what is not the ARN of a KMS key; "" is the service's own.
func (v validator) keyARN(arn string) {
	if arn == "" {
		return
	}
	if parsed, err := policy.ParseARN(arn); err != nil || parsed.Service != "kms" {
		v.errorf("%q is not the ARN of a KMS key", arn)
	}
}

func (s *Secret) validate(v validator, a *Account) {
	if s == nil {
		v.errorf("null")
		return
	}
	v.at("name").match(s.Name, secretPattern, "a secret's name")
	v.at("region").region(s.Region, a)
	v.at("name").unique("secret in "+a.ID+"/"+s.Region, s.Name)
	if s.Suffix != "" {
		v.at("suffix").match(s.Suffix, suffixPattern, "six letters and digits")
	}
	v.at("kmsKeyId").keyARN(s.KeyID)
	ids, stages := map[string]bool{}, map[string]bool{}
	for i, version := range s.Versions {
		at := v.at("versions[%d]", i)
		if version == nil {
			at.errorf("null")
			continue
		}
		if version.String != nil && version.Binary != nil {
			at.errorf("both string and binary are set")
		}
		if version.ID != "" && ids[version.ID] {
			at.at("id").errorf("version %q comes twice", version.ID)
		}
		ids[version.ID] = true
		for _, stage := range version.Stages {
			if stages[stage] {
				at.at("stages").errorf("stage %q is at two versions", stage)
			}
			stages[stage] = true
		}
	}
	if len(s.Versions) > 1 && !stages["AWSCURRENT"] {
		v.at("versions").errorf("no version has stage AWSCURRENT")
	}
}

func (p *Parameter) validate(v validator, a *Account) {
	if p == nil {
		v.errorf("null")
		return
	}
	v.at("name").match(p.Name, parameterPattern, "a parameter's name")
	v.at("region").region(p.Region, a)
	v.at("name").unique("parameter in "+a.ID+"/"+p.Region, p.Name)
	if !slices.Contains([]string{"", "String", "StringList", "SecureString"}, p.Type) {
		v.at("type").errorf("%q is none of String, StringList, SecureString", p.Type)
	}
	if p.Value == "" {
		v.at("value").errorf("a value is missing")
	}
	if p.KeyID != "" && p.Type != "SecureString" {
		v.at("keyId").errorf("only a SecureString has a key")
	}
	v.at("keyId").keyARN(p.KeyID)
	if p.Version < 0 {
		v.at("version").errorf("%d is negative", p.Version)
	}
}

func (k *Key) validate(v validator, a *Account) {
	if k == nil {
		v.errorf("null")
		return
	}
	v.at("id").match(k.ID, keyIDPattern, "a key id (a UUID in lower case, or mrk-…)")
	v.at("region").region(k.Region, a)
	v.at("id").unique("key in "+a.ID+"/"+k.Region, k.ID)
	for i, alias := range k.Aliases {
		v.at("aliases[%d]", i).match(alias, aliasPattern, "an alias (alias/…)")
		v.at("aliases[%d]", i).unique("alias in "+a.ID+"/"+k.Region, alias)
	}
}
