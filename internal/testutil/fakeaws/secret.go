package fakeaws

import (
	"maps"
	"regexp"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// The staging labels that Secrets Manager moves by itself.
const (
	stageCurrent  = "AWSCURRENT"
	stagePrevious = "AWSPREVIOUS"
	stagePending  = "AWSPENDING"
)

// secret is a secret as Secrets Manager keeps it. It is immutable.
type secret struct {
	Secret   // without the Versions
	account  string
	arn      string
	keyARN   string // of the key under which new versions are sealed
	versions []*version
}

var (
	// secretID are the characters of a name as a request may have them.
	secretID = regexp.MustCompile(`^[\w/+=.@!-]+$`)
	// completeARN is how the resource of a complete ARN ends. A partial ARN
	// whose name ends like this is taken for a complete one (Secrets Manager
	// API reference, GetSecretValue, SecretId).
	completeARN = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
)

// storedSecret is the secret as it is kept from now on.
func (a *AWS) storedSecret(owner *Account, s *Secret) *secret {
	stored := &secret{
		Secret:  *s,
		account: owner.ID,
		arn:     owner.secretARN(s),
		keyARN:  a.atRest(owner, s.Region, s.KeyID, "secretsmanager"),
	}
	stored.Versions = nil
	for _, v := range s.Versions {
		stored.versions = append(stored.versions, a.ids.sealVersion(stored, v))
	}
	return stored
}

// secretsOf are the account's secrets in a Region.
func (a *AWS) secretsOf(accountID, region string) []*secret {
	account := a.account(accountID)
	if account == nil {
		return nil
	}
	var secrets []*secret
	for _, s := range account.secrets {
		if s.Region == region {
			secrets = append(secrets, s)
		}
	}
	return secrets
}

// secretARN is the complete ARN of a secret.
func (a *Account) secretARN(s *Secret) string {
	return "arn:" + a.Partition + ":secretsmanager:" + s.Region + ":" + a.ID + ":secret:" + s.Name + "-" + s.Suffix
}

// findSecret returns the secret that a name, an ARN or an ARN without its
// suffix stands for, or nil. A name is one of the caller's account, and all are
// sought in the Region of the request alone. The error is that of an id which
// is neither.
func (c *call) findSecret(id string) (*secret, error) {
	if !strings.HasPrefix(id, "arn:") {
		if !secretID.MatchString(id) {
			return nil, invalidSecretName()
		}
		return c.secretNamed(c.caller.account, id), nil
	}
	arn, err := policy.ParseARN(id)
	tail, isSecret := strings.CutPrefix(arn.Resource, "secret:")
	if err != nil || arn.Service != "secretsmanager" || !isSecret {
		return nil, invalidSecretName()
	}
	if arn.Region != c.region {
		return nil, nil
	}
	if !completeARN.MatchString(tail) {
		return c.secretNamed(arn.Account, tail), nil
	}
	for _, s := range c.aws.secretsOf(arn.Account, c.region) {
		if s.arn == id {
			return s, nil
		}
	}
	return nil, nil
}

// secretNamed returns the account's secret of that name, or nil.
func (c *call) secretNamed(account, name string) *secret {
	for _, s := range c.aws.secretsOf(account, c.region) {
		if s.Name == name {
			return s
		}
	}
	return nil
}

func invalidSecretName() error {
	return errorf("ValidationException",
		"Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
}

// openSecret finds the secret and decides whether the caller may do action
// with it. What exists is told only to those who may: an id that stands for
// nothing is itself the resource, a bare name included, which no policy that
// names ARNs allows.
func (c *call) openSecret(action, id string, extra policy.Context) (*secret, error) {
	s, err := c.findSecret(id)
	if err != nil {
		return nil, err
	}
	keys := policy.Context{"secretsmanager:SecretId": {id}}
	maps.Copy(keys, extra)
	if s == nil {
		if err := c.authorize(action, id, nil, keys); err != nil {
			return nil, err
		}
		return nil, errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}
	for name, value := range s.Tags {
		keys["aws:ResourceTag/"+name] = []string{value}
		keys["secretsmanager:ResourceTag/"+name] = []string{value}
	}
	keys["secretsmanager:SecretPrimaryRegion"] = []string{s.Region}
	return s, c.authorize(action, s.arn, s.policy(), keys)
}

// policy is the secret's resource policy, or nil.
func (s *secret) policy() *policy.Policy {
	if s.Policy == nil {
		return nil
	}
	return &policy.Policy{Kind: policy.ResourcePolicy, Account: s.account, Name: s.arn, Document: s.Policy}
}

// epoch is a time in the JSON 1.1 protocol: seconds with a fraction. A nil time
// is none.
func epoch(t *time.Time) *float64 {
	if t == nil {
		return nil
	}
	return new(float64(t.UnixMilli()) / 1000)
}
