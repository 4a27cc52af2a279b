package policy_test

import (
	"fmt"
	"os"

	"github.com/irsakit/irsa/policy"
)

// A file is linted as it is, so that findings point into it.
func ExampleLintText() {
	text := []byte(`{
  "Version": "2012-10-17",
  "Statement": [{
    "Effect": "Allow",
    "Action": "secretsmanager:GetSecretValue",
    "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret"
  }]
}`)
	findings := policy.LintText(text, policy.Policy{Kind: policy.IdentityPolicy})
	if err := findings.InFile("role.json").WriteText(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// role.json:6:17: error IRSA015: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret" lacks the suffix, so it matches no secret
	// 	fix: end it in -??????
}

// Where what to do is certain, a finding has a fix.
func ExampleFix_Apply() {
	doc := policy.MustParse(`{"Version": "2012-10-17", "Statement": {
		"Effect": "Allow",
		"Principal": {"Service": "pods.eks.amazonaws.com"},
		"Action": "sts:AssumeRole"
	}}`)
	for _, f := range policy.Lint(policy.Policy{Kind: policy.TrustPolicy, Document: doc}) {
		fmt.Println(f)
		if fixed, err := f.Fix.Apply(doc); err == nil {
			fmt.Println(fixed.Statements[0].Action.List)
		}
	}
	// Output:
	// role trust policy:1:40: error IRSA021: nothing allows sts:TagSession to pods.eks.amazonaws.com
	// [{sts:AssumeRole 0} {sts:TagSession 0}]
}
