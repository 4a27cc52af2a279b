package policy_test

import (
	"fmt"
	"time"

	"github.com/irsakit/irsa/policy"
)

// A pod of account 111122223333 reads a secret of 222233334444 under a key of
// 333344445555, whose policy names the Secrets Manager of another Region.
func ExampleSecretAccess() {
	const (
		issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
		secret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
		key    = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	)
	now := time.Date(2026, time.November, 21, 12, 0, 0, 0, time.UTC)
	access := policy.SecretAccess{
		Claims: policy.Claims{
			Issuer:   "https://" + issuer,
			Subject:  "system:serviceaccount:testnamespace:testapp",
			Audience: []string{"sts.amazonaws.com"},
			Expiry:   now.Add(time.Hour),
		},
		Providers: []policy.OIDCProvider{{
			ARN:       "arn:aws:iam::111122223333:oidc-provider/" + issuer,
			URL:       issuer,
			ClientIDs: []string{"sts.amazonaws.com"},
		}},
		Role: policy.Role{
			ARN: "arn:aws:iam::111122223333:role/pod-role",
			Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
				"Effect": "Allow",
				"Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/` + issuer + `"},
				"Action": "sts:AssumeRoleWithWebIdentity",
				"Condition": {"StringEquals": {
					"` + issuer + `:aud": "sts.amazonaws.com",
					"` + issuer + `:sub": "system:serviceaccount:testnamespace:testapp"}}}}`),
			Policies: []policy.Policy{{
				Name: "pod-role/read-secret",
				Document: policy.MustParse(`{"Version": "2012-10-17", "Statement": [
					{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + secret + `"},
					{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "` + key + `"}]}`),
			}},
		},
		SessionName: "testapp",
		Secret: policy.Secret{
			ARN: secret,
			Policy: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
				"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/pod-role"},
				"Action": "secretsmanager:GetSecretValue", "Resource": "*"}}`),
			KeyARN: key,
		},
		Key: policy.Key{Policy: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/pod-role"},
			"Action": "kms:Decrypt", "Resource": "*",
			"Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}}}`)},
		Time: now,
	}

	report := access.Evaluate()
	fmt.Println(report.Decision)
	for _, f := range report.Faults {
		fmt.Println(f.Kind, "in account", f.Account)
		fmt.Println(f.Near.Hint)
		fmt.Println(f.Statement)
	}
	// Output:
	// ImplicitlyDenied
	// key policy in account 333344445555
	// the Region differs: kms:ViaService is eu-west-1, not us-east-1
	// {
	//   "Effect": "Allow",
	//   "Principal": {
	//     "AWS": "arn:aws:iam::111122223333:role/pod-role"
	//   },
	//   "Action": "kms:Decrypt",
	//   "Resource": "*",
	//   "Condition": {
	//     "StringEquals": {
	//       "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"
	//     }
	//   }
	// }
}

func ExampleParseDenial() {
	err := fmt.Errorf("operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, " +
		"RequestID: 1b2c, api error AccessDeniedException: User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp " +
		"is not authorized to perform: secretsmanager:GetSecretValue on resource: prod/db " +
		"because no identity-based policy allows the secretsmanager:GetSecretValue action")

	d, ok := policy.ParseDenial(err.Error())
	fmt.Println(ok, d.Kind, d.Explicit)
	fmt.Println(d.Action, "on", d.Resource)
	// Output:
	// true identity-based policy false
	// secretsmanager:GetSecretValue on prod/db
}
