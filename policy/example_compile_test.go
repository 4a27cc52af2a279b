package policy_test

import (
	"fmt"

	"github.com/irsakit/irsa/policy"
)

// A set that is asked often is compiled once.
func ExampleCompile() {
	set := policy.Compile(policy.Set{
		Identity: []policy.Policy{{Name: "pod-role/read", Document: policy.MustParse(`{
			"Version": "2012-10-17",
			"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue",
				"Resource": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/*"}
		}`)}},
	})
	for _, secret := range []string{"prod/db-AbCdEf", "test/db-GhIjKl"} {
		req := policy.Request{
			Principal: "arn:aws:sts::111122223333:assumed-role/pod-role/app",
			Action:    "secretsmanager:GetSecretValue",
			Resource:  "arn:aws:secretsmanager:eu-west-1:111122223333:secret:" + secret,
		}
		fmt.Println(secret, set.Decide(&req))
	}
	// Output:
	// prod/db-AbCdEf Allowed
	// test/db-GhIjKl ImplicitlyDenied
}

// A grant of a key allows what neither the key policy nor an identity-based
// policy mentions.
func ExampleGrant() {
	result := policy.Evaluate(policy.Request{
		Principal: "arn:aws:sts::111122223333:assumed-role/pod-role/app",
		Action:    "kms:Decrypt",
		Resource:  "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
		Context:   policy.Context{"kms:EncryptionContext:SecretARN": {"arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf"}},
		Closed:    true,
	}, policy.Set{
		Resource: &policy.Policy{Kind: policy.KeyPolicy, Document: policy.MustParse(`{"Statement": []}`)},
		Grants: []policy.Grant{{
			Name: "backup", Grantee: "arn:aws:iam::111122223333:role/pod-role", Operations: []string{"Decrypt"},
			EncryptionContextSubset: map[string]string{"SecretARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/db-AbCdEf"},
		}},
	})
	fmt.Println(result.Decision, "by", result.Reasons[0].Policy)
	// Output: Allowed by KMS grant backup
}
