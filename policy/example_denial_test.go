package policy_test

import (
	"fmt"

	"github.com/irsakit/irsa/policy"
)

// AWS says that a Deny of the organization refuses; the documents that are
// thought to be in force say otherwise.
func ExampleDenial_Check() {
	d, _ := policy.ParseDenial("An error occurred (AccessDeniedException) when calling the GetSecretValue operation: " +
		"User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp is not authorized to perform: secretsmanager:GetSecretValue " +
		"on resource: arn:aws:secretsmanager:eu-west-1:111122223333:secret:testsecret-AbCdEf " +
		"with an explicit deny in a service control policy: arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1")
	fmt.Println(d.Kind, d.Confidence)
	fmt.Println("edit", d.EditDocument, "in account", d.EditAccount)

	check := d.Check(policy.Request{}, policy.Set{
		Identity: []policy.Policy{{Document: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}}`)}},
		SCPs: [][]policy.Policy{{{Document: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
			"Effect": "Allow", "Action": "*", "Resource": "*"}}`)}}},
	})
	fmt.Println(check.Agreement, "-", check.Why)
	// Output:
	// service control policy certain
	// edit arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1 in account 777788889999
	// contradicted - By these documents the call is allowed.
}

// CloudTrail records more than the sentence tells: with it the call can be
// evaluated again.
func ExampleParseEvents() {
	events, err := policy.ParseEvents([]byte(`2026-11-21 trail: {"Records": [{
		"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "awsRegion": "eu-west-1", "eventTime": "2026-11-21T12:00:00Z",
		"userIdentity": {"arn": "arn:aws:sts::111122223333:assumed-role/pod-role/testapp", "invokedBy": "secretsmanager.amazonaws.com"},
		"errorCode": "AccessDenied",
		"errorMessage": "User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:333344445555:key/1234abcd because no resource-based policy allows the kms:Decrypt action",
		"requestParameters": {"encryptionContext": {"SecretARN": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"}}
	}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range events {
		fmt.Println(e.Denial.Kind, "in account", e.Denial.EditAccount, "through", e.Via)
		fmt.Println(e.Request.Context["kms:ViaService"], e.Request.Context["kms:EncryptionContext:SecretARN"])
	}
	// Output:
	// key policy in account 333344445555 through secretsmanager.amazonaws.com
	// [secretsmanager.eu-west-1.amazonaws.com] [arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf]
}

// A role's trust policy was made for EKS Pod Identity, but without the right to
// tag the session.
func ExamplePodIdentity() {
	r := policy.PodIdentity{
		ClusterARN: "arn:aws:eks:eu-west-1:111122223333:cluster/prod",
		Namespace:  "testnamespace", ServiceAccount: "testapp",
		Role: policy.Role{
			ARN: "arn:aws:iam::111122223333:role/pod-role",
			Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
				"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`),
		},
	}.Evaluate()
	fmt.Println(r.Decision, "of", r.Role.Denied)
	fmt.Print(r.Faults[0].Explain())
	// Output:
	// ImplicitlyDenied of sts:TagSession
	// Role trust policy arn:aws:iam::111122223333:role/pod-role in account 111122223333, line 1, column 41
	//   Problem  The trust policy of the role pod-role does not allow the service
	//            pods.eks.amazonaws.com to tag sessions of the role (sts:TagSession). Only those whom
	//            a role's trust policy names can assume it. Statement 1 comes close, but it is about
	//            sts:AssumeRole, not sts:TagSession.
	//   Remedy   In account 111122223333, replace statement 1 of the trust policy of the role pod-role
	//            with this one: it allows sts:TagSession as well.
	//
	//     {
	//       "Effect": "Allow",
	//       "Principal": {
	//         "Service": "pods.eks.amazonaws.com"
	//       },
	//       "Action": [
	//         "sts:AssumeRole",
	//         "sts:TagSession"
	//       ]
	//     }
}

// A role of one account assumes a role of another, whose trust policy wants an
// external id.
func ExampleAssumeRole() {
	r := policy.AssumeRole{
		Caller: policy.Caller{
			Principal: "arn:aws:sts::111122223333:assumed-role/pod-role/testapp",
			Policies: []policy.Policy{{Name: "pod-role/hop", Document: policy.MustParse(`{"Version": "2012-10-17", "Statement": {
				"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::222233334444:role/reader"}}`)}},
		},
		Role: policy.Role{
			ARN: "arn:aws:iam::222233334444:role/reader",
			Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
				"Principal": {"AWS": "arn:aws:iam::111122223333:role/pod-role"}, "Action": "sts:AssumeRole",
				"Condition": {"StringEquals": {"sts:ExternalId": "x-1"}}}}`),
		},
		ExternalID: "x-2",
		Closed:     true,
	}.Evaluate()
	fmt.Println(r.Message)
	fmt.Println(r.Faults[0].Problem)
	// Output:
	// User: arn:aws:sts::111122223333:assumed-role/pod-role/testapp is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222233334444:role/reader because no role trust policy allows the sts:AssumeRole action
	// The trust policy of the role reader does not allow the role pod-role of account 111122223333 to assume the role (sts:AssumeRole). Only those whom a role's trust policy names can assume it. Statement 1 comes close, but its StringEquals wants sts:ExternalId to be x-1, and it is x-2.
}
