package policy

import (
	"fmt"
	"strings"
)

// grantedSecret is a secret that is granted, understood.
type grantedSecret struct {
	arn     ARN // complete, or a pattern
	pattern bool
	key     ARN // zero: the default key
	// rootless says that no identity policy of the key's account counts.
	rootless bool
}

// secretNames are the names that Secrets Manager takes (CreateSecret).
var secretNames = lazily(`^[\w/+=.@-]{1,512}$`)

// unknownSuffix stands for the six characters behind a secret's name.
const unknownSuffix = "-??????"

// secrets understands what is granted.
func (d *draft) secrets() []grantedSecret {
	granted := make([]grantedSecret, 0, len(d.Secrets))
	for i, s := range d.Secrets {
		field, sound := fmt.Sprintf("Secrets[%d].", i), len(d.problems)
		arn := d.secretARN(s, field)
		if len(d.problems) > sound {
			continue
		}
		g := grantedSecret{
			arn: arn, pattern: strings.HasSuffix(arn.Resource, unknownSuffix),
			key: d.keyARN(s, field, arn), rootless: s.KeyWithoutRoot,
		}
		for _, other := range granted {
			d.compare(other, g, field)
		}
		granted = append(granted, g)
	}
	return granted
}

// compare looks for a contradiction to a secret before.
func (d *draft) compare(before, g grantedSecret, field string) {
	switch {
	case before.key != g.key:
	case before.arn == g.arn:
		d.reject(field+"ARN", g.arn.String(), "granted twice; leave one out")
	case before.rootless != g.rootless:
		d.reject(field+"KeyWithoutRoot", "", "said otherwise of the same key before; say the same of it each time")
	}
}

// secretARN is the secret's, complete or as a pattern.
func (d *draft) secretARN(s SecretGrant, field string) ARN {
	arn := ARN{Partition: d.partition, Service: "secretsmanager", Region: s.Region, Account: s.Account, Resource: "secret:" + s.Name}
	written, value := field+"Name", s.Name
	switch parts := s.Account + s.Region + s.Name; {
	case s.ARN == "" && parts == "":
		d.reject(strings.TrimSuffix(field, "."), "", "names no secret; write its ARN, or Account, Region and Name")
		return arn
	case s.ARN != "" && parts != "":
		d.reject(field+"ARN", s.ARN, "Account, Region or Name are given as well; write either the ARN or all of them")
		return arn
	case s.ARN != "":
		written, value = field+"ARN", s.ARN
		parsed, err := ParseARN(s.ARN)
		if err != nil || parsed.Service != "secretsmanager" {
			d.reject(written, s.ARN, "not the ARN of a secret; write what aws secretsmanager describe-secret shows, or Account, Region and Name")
			return arn
		}
		arn = parsed
	}
	d.checkPlace(arn, field, s.ARN)
	name, isSecret := strings.CutPrefix(arn.Resource, "secret:")
	if !isSecret || !secretNames().MatchString(strings.TrimSuffix(name, unknownSuffix)) {
		d.reject(written, value, "a secret's name is 1 to 512 letters, digits and /_+=.@-; write it whole, or its ARN in ARN")
		return arn
	}
	d.complete(&arn, s, written, value)
	return arn
}

// checkPlace checks Region and account of a secret, which stand in an ARN or
// by themselves.
func (d *draft) checkPlace(arn ARN, field, written string) {
	region, account := field+"ARN", field+"ARN"
	regionValue, accountValue := written, written
	if written == "" {
		region, account = field+"Region", field+"Account"
		regionValue, accountValue = arn.Region, arn.Account
	}
	// That it is the partition of everything else has been checked.
	foreign := written != "" && arn.Partition == d.partition && Partition(arn.Region) != arn.Partition
	if !regionNames().MatchString(arn.Region) || foreign {
		d.reject(region, regionValue, "%q is no Region of the partition %s; write the secret's, such as eu-west-1", arn.Region, arn.Partition)
	}
	if !isAccount(arn.Account) {
		d.reject(account, accountValue, "an account number has 12 digits; write that of the secret's account")
	}
}

// complete adds a pattern for the six characters that Secrets Manager appends,
// unless the secret has them.
func (d *draft) complete(arn *ARN, s SecretGrant, field, value string) {
	tail := secretSuffix().FindString(arn.Resource)
	switch {
	case s.Complete != nil && *s.Complete && tail == "":
		d.reject(field, value, "Complete is set, but this does not end in a hyphen and six letters or digits; write the ARN that aws secretsmanager describe-secret shows")
	case s.Complete != nil && *s.Complete, strings.HasSuffix(arn.Resource, unknownSuffix):
		return
	case s.Complete != nil || tail == "":
		arn.Resource += unknownSuffix
	case s.ARN == "" || strings.ToLower(tail) == tail:
		// A random suffix has no capital once in 26 times, a name nearly always.
		d.reject(field, value, "%q may end the name, or be the hyphen and six characters that Secrets Manager appends; set Complete to say which", tail)
	}
}

// keyIDs are the ids of KMS keys, multi-Region ones included (KMS Developer
// Guide, concepts#key-id).
var keyIDs = lazily(`^key/[A-Za-z0-9-]+$`)

// keyARN is the key's, and zero for the default key.
func (d *draft) keyARN(s SecretGrant, field string, secret ARN) ARN {
	if s.KeyARN == "" {
		if s.KeyWithoutRoot {
			d.reject(field+"KeyWithoutRoot", "", "said of no key; write the key's ARN in KeyARN")
		}
		if secret.Account != d.RoleAccount {
			d.reject(field+"KeyARN", "", "empty, which is aws/secretsmanager, and that key works for no other account than the secret's, %s; "+
				"encrypt the secret with a customer managed key and write its ARN", secret.Account)
		}
		return ARN{}
	}
	key, err := ParseARN(s.KeyARN)
	switch {
	case err != nil || key.Service != "kms" || !keyIDs().MatchString(key.Resource) || !isAccount(key.Account):
		d.reject(field+"KeyARN", s.KeyARN, "not the ARN of a key, and neither aliases nor bare ids work in a policy; "+
			"write arn:…:kms:…:key/… as aws kms describe-key shows it, or nothing for aws/secretsmanager")
	case key.Region != secret.Region:
		d.reject(field+"KeyARN", s.KeyARN, "a secret's key is in the secret's own Region, %s; write that key", secret.Region)
	}
	return key
}
