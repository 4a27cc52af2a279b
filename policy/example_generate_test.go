package policy_test

import (
	"fmt"
	"log"
	"maps"
	"slices"

	"github.com/irsakit/irsa/policy"
)

// podAccess describes a pod of account 111122223333 that reads a secret of
// 222233334444 under a key of 333344445555.
var podAccess = policy.IRSA{
	Region:          "eu-west-1",
	RoleAccount:     "111122223333",
	RoleName:        "pod-role",
	Issuer:          "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
	Namespace:       "testnamespace",
	ServiceAccounts: []string{"testapp"},
	Secrets: []policy.SecretGrant{{
		ARN:    "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf",
		KeyARN: "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	}},
}

// The trust policy lets in one service account of one cluster.
func ExampleIRSA_Trust() {
	access := policy.IRSA{
		RoleAccount:     "111122223333",
		Issuer:          "https://oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE",
		Namespace:       "testnamespace",
		ServiceAccounts: []string{"testapp"},
	}
	trust, err := access.Trust()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(trust)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Principal": {
	//         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	//       },
	//       "Action": "sts:AssumeRoleWithWebIdentity",
	//       "Condition": {
	//         "StringEquals": {
	//           "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud": "sts.amazonaws.com",
	//           "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub": "system:serviceaccount:testnamespace:testapp"
	//         }
	//       }
	//     }
	//   ]
	// }
}

// The role may read the secret, and decrypt with its key on behalf of Secrets
// Manager.
func ExampleIRSA_Permissions() {
	permissions, err := podAccess.Permissions()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(permissions)
	// Output:
	// {
	//   "Version": "2012-10-17",
	//   "Statement": [
	//     {
	//       "Effect": "Allow",
	//       "Action": "secretsmanager:GetSecretValue",
	//       "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	//     },
	//     {
	//       "Effect": "Allow",
	//       "Action": "kms:Decrypt",
	//       "Resource": "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab",
	//       "Condition": {
	//         "StringEquals": {
	//           "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"
	//         }
	//       }
	//     }
	//   ]
	// }
}

// The other accounts have their say as well: the secret's by a policy of the
// secret, the key's by a statement in the policy that the key has.
func ExampleIRSA_KeyStatements() {
	policies, err := podAccess.SecretPolicies()
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range policies {
		fmt.Println("account", p.Account, "allows", p.Document.Statements[0].Action.List[0].Text)
	}
	keys, err := podAccess.KeyStatements()
	if err != nil {
		log.Fatal(err)
	}
	for _, k := range keys {
		fmt.Println("account", k.Account, "adds")
		fmt.Println(k.Statement)
	}
	// Output:
	// account 222233334444 allows secretsmanager:GetSecretValue
	// account 333344445555 adds
	// {
	//   "Effect": "Allow",
	//   "Principal": {
	//     "AWS": "arn:aws:iam::111122223333:role/pod-role"
	//   },
	//   "Action": "kms:Decrypt",
	//   "Resource": "*",
	//   "Condition": {
	//     "StringEquals": {
	//       "kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com",
	//       "kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	//     }
	//   }
	// }
}

// Annotations are for the manifest of the Kubernetes service account.
func ExampleIRSA_Annotations() {
	annotations, err := podAccess.Annotations()
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		fmt.Printf("%s: %s\n", key, annotations[key])
	}
	// Output:
	// eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/pod-role
}

// Nothing is guessed: the last seven characters of this ARN may be Secrets
// Manager's suffix, and may just as well end the secret's name.
func ExampleFieldError() {
	unclear := podAccess
	unclear.Secrets = []policy.SecretGrant{{
		ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:my-secret",
	}}
	_, err := unclear.Permissions()
	fmt.Println(err)
	// Output:
	// policy: IRSA.Secrets[0].ARN: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:my-secret": "-secret" may end the name, or be the hyphen and six characters that Secrets Manager appends; set Complete to say which
}

// A key that was created without a policy has one all the same.
func ExampleDefaultKeyPolicy() {
	statement := policy.DefaultKeyPolicy("aws", "333344445555").Statements[0]
	fmt.Println(statement.Compact())
	// Output:
	// {"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::333344445555:root"},"Action":"kms:*","Resource":"*"}
}
