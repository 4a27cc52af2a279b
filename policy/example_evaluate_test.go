package policy_test

import (
	"fmt"

	"github.com/irsakit/irsa/policy"
)

// A role may read a secret, but the secret lies in another account, and its
// policy names a role of the wrong account.
func ExampleEvaluate() {
	result := policy.Evaluate(policy.Request{
		Principal: "arn:aws:sts::111122223333:assumed-role/pod-role/session",
		Action:    "secretsmanager:GetSecretValue",
		Resource:  "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf",
	}, policy.Set{
		Identity: []policy.Policy{{Name: "pod-role/read", Document: policy.MustParse(`{
			"Version": "2012-10-17",
			"Statement": {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}`)}},
		Resource: &policy.Policy{Name: "testsecret", Document: policy.MustParse(`{
			"Version": "2012-10-17",
			"Statement": {
				"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::222233334444:role/pod-role"},
				"Action": "secretsmanager:GetSecretValue",
				"Resource": "*"}}`)},
	})

	fmt.Println(result.Decision)
	for _, near := range result.Near {
		fmt.Printf("%s of %s, %s: %s\n", near.Kind, near.Policy, near.Pointer, near.Hint)
	}
	for _, missing := range result.Missing {
		fmt.Printf("add to the %s of %s in account %s:\n%s\n", missing.Kind, missing.Policy, missing.Account, missing.Statement)
	}
	// Output:
	// ImplicitlyDenied
	// resource-based policy of testsecret, /Statement/Principal: the caller's role is in account 111122223333, not 222233334444
	// add to the resource-based policy of testsecret in account 222233334444:
	// {
	//   "Effect": "Allow",
	//   "Principal": {
	//     "AWS": "arn:aws:iam::111122223333:role/pod-role"
	//   },
	//   "Action": "secretsmanager:GetSecretValue",
	//   "Resource": "*"
	// }
}
