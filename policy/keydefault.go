package policy

// DefaultKeyPolicy is the policy of a KMS key that was created without one: it
// lets the identity policies of the key's account decide (KMS Developer Guide,
// key-policy-default). It is the caller's to change.
func DefaultKeyPolicy(partition, account string) *Document {
	return &Document{
		Version: Version2012,
		ID:      "key-default-1",
		Statements: []Statement{{
			Sid:    "Enable IAM User Permissions",
			Effect: Allow,
			Principal: Principal{Entries: []PrincipalEntry{{
				Type:   PrincipalAWS,
				Values: Strings("arn:" + partition + ":iam::" + account + ":root"),
			}}},
			Action:   Strings("kms:*"),
			Resource: Strings("*"),
		}},
	}
}
