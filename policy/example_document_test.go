package policy_test

import (
	"errors"
	"fmt"

	"github.com/irsakit/irsa/policy"
)

// A document can be read, changed and written back: what was not touched stays
// as it was written.
func ExampleParse() {
	doc, err := policy.Parse([]byte(`{"Statement": {
		"Action": "secretsmanager:GetSecretValue",
		"Effect": "Allow",
		"Resource": "*"
	}}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	doc.Version = policy.Version2012
	doc.Statements[0].Resource = policy.Strings("arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf")
	fmt.Println(doc)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": {
	//     "Action": "secretsmanager:GetSecretValue",
	//     "Effect": "Allow",
	//     "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	//   }
	// }
}

// An error says where the problem is, for people and for programs.
func ExampleParse_error() {
	_, err := policy.Parse([]byte(`{"Statement": [
  {"Effect": "Allow", "Action": "s3:GetObject"},
  {"Effect": "allow", "Action": "s3:PutObject"}
]}`))
	fmt.Println(err)
	if e, ok := errors.AsType[*policy.SyntaxError](err); ok {
		fmt.Println(e.Pointer, e.Position.Line)
	}
	// Output:
	// policy: line 3, column 14 (/Statement/1/Effect): Effect is "Allow" or "Deny", with these capitals
	// /Statement/1/Effect 3
}
