package policy_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// TestLintClean holds documents such as AWS's guides show them: none has a
// finding. The source is the page that such a document is on.
func TestLintClean(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		source string
		kind   policy.Kind
		text   string
	}{
		"IRSA trust": {"EKS User Guide, associate-service-account-role", policy.TrustPolicy, trustText},
		"IRSA trust, all of a namespace": {"EKS User Guide, associate-service-account-role", policy.TrustPolicy, trustWith(
			`"StringEquals":{` + audTest + `},"StringLike":{"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:*"}`)},
		"Pod Identity trust": {"EKS User Guide, pod-id-role", policy.TrustPolicy, docOf(
			`{"Sid":"AllowEksAuthToAssumeRoleForPodIdentity","Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}`)},
		"Pod Identity trust with tags": {"EKS User Guide, pod-id-abac", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],
			"Condition":{"StringEquals":{"aws:RequestTag/kubernetes-namespace":["n"],"aws:RequestTag/kubernetes-service-account":"s"},"ArnEquals":{"aws:SourceArn":"arn:aws:eks:eu-west-1:111122223333:cluster/c"}}}`)},
		"Pod Identity permissions": {"EKS User Guide, pod-id-abac", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":["s3:GetObject","s3:GetObjectTagging"],"Resource":"*","Condition":{"StringEquals":{"s3:ExistingObjectTag/eks-cluster-name":"${aws:PrincipalTag/eks-cluster-name}"}}}`)},
		"role chain with external id": {"IAM User Guide, id_roles_common-scenarios_third-party", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"12345"}}}`)},
		"role chain with tags": {"IAM User Guide, id_session-tags", policy.TrustPolicy, docOf(
			`{"Sid":"A","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:user/test-session-tags"},"Action":["sts:AssumeRole","sts:TagSession"],
			"Condition":{"StringLike":{"aws:RequestTag/Project":"*"},"StringEquals":{"sts:ExternalId":"Example987","aws:RequestTag/CostCenter":["12345"]},"ForAllValues:StringEquals":{"sts:TransitiveTagKeys":["Project"]}}}`)},
		"SAML trust": {"IAM User Guide, id_roles_create_for-idp_saml", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:saml-provider/ADFS"},"Action":"sts:AssumeRoleWithSAML","Condition":{"StringEquals":{"SAML:aud":"https://signin.aws.amazon.com/saml"}}}`)},
		"GitHub trust": {"IAM User Guide, id_roles_create_for-idp_oidc", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity",
			"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":"repo:org/repo:ref:refs/heads/main"}}}`)},
		"Cognito trust": {"Cognito Developer Guide, iam-roles", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"cognito-identity.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity",
			"Condition":{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:12345678-dead-beef-cafe-123456790ab"},"ForAnyValue:StringLike":{"cognito-identity.amazonaws.com:amr":"authenticated"}}}`)},
		"Amazon trust": {"IAM User Guide, id_roles_providers_oidc_manual", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"www.amazon.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"www.amazon.com:app_id":"amzn1.application-oa2-client.1"}}}`)},
		"Facebook trust": {"IAM User Guide, id_roles_create_for-idp_oidc", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"graph.facebook.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"graph.facebook.com:app_id":"1"}}}`)},
		"Cognito trust in GovCloud": {"Cognito Developer Guide, iam-roles", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"cognito-identity-us-gov.amazonaws.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"cognito-identity-us-gov.amazonaws.com:aud":"us-gov-west-1:x"}}}`)},
		"SAML trust in GovCloud": {"IAM User Guide, id_roles_create_for-idp_saml", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Federated":"arn:aws-us-gov:iam::111122223333:saml-provider/ADFS"},"Action":["sts:AssumeRoleWithSAML","sts:TagSession"],"Condition":{"StringEquals":{"SAML:aud":"https://signin.amazonaws-us-gov.com/saml"}}}`)},
		"two providers": {"IAM User Guide, id_roles_create_for-idp_oidc", policy.TrustPolicy, docOf(
			`{`+byToken+`,`+federated+`,"Condition":{"StringEquals":{`+audTest+`,`+subTest+`}}}`,
			byGitHub(`"StringEquals":{"`+github+`:aud":"https://github.com/org"},"StringLike":{"`+github+`:sub":"repo:org/repo:*"}`))},
		"EC2 trust": {"IAM User Guide, id_roles_create_for-service", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}`)},
		"Roles Anywhere trust": {"IAM Roles Anywhere User Guide, trust-model", policy.TrustPolicy, docOf(
			`{"Effect":"Allow","Principal":{"Service":"rolesanywhere.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession","sts:SetSourceIdentity"],
			"Condition":{"StringEquals":{"aws:PrincipalTag/x509Subject/OU":"team"},"ArnEquals":{"aws:SourceArn":"arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/TA"}}}`)},
		"MFA for people": {"IAM User Guide, reference_policies_examples_aws_my-sec-creds-self-manage", policy.IdentityPolicy, docOf(
			`{"Sid":"AllowManageOwnAccessKeys","Effect":"Allow","Action":["iam:CreateAccessKey","iam:ListAccessKeys"],"Resource":"arn:aws:iam::*:user/${aws:username}"}`,
			`{"Sid":"DenyAllExceptListedIfNoMFA","Effect":"Deny","NotAction":["iam:CreateVirtualMFADevice","iam:ListMFADevices","sts:GetSessionToken"],"Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`)},
		"by address": {"IAM User Guide, reference_policies_examples_aws_deny-ip", policy.IdentityPolicy, docOf(
			`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddress":{"aws:SourceIp":["192.0.2.0/24","203.0.113.0/24"]}}}`)},
		"by date": {"IAM User Guide, reference_policies_examples_aws-dates", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":"service-prefix:action-name","Resource":"*","Condition":{"DateGreaterThan":{"aws:CurrentTime":"2020-04-01T00:00:00Z"},"DateLessThan":{"aws:CurrentTime":"2020-06-30T23:59:59Z"}}}`)},
		"tags, team": {"IAM User Guide, access_tags", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":["ec2:StartInstances","ec2:StopInstances"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/Owner":"${aws:username}"}}}`,
			`{"Effect":"Allow","Action":"ec2:CreateTags","Resource":"arn:aws:ec2:*:*:instance/*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["environment","cost-center"]},"StringEquals":{"aws:RequestTag/environment":["preprod","production"]}}}`)},
		"variables": {"IAM User Guide, reference_policies_variables", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":["s3:ListBucket"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket"],"Condition":{"StringLike":{"s3:prefix":["${aws:PrincipalTag/team, 'company-wide'}/*"]}}}`,
			`{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":["arn:aws:s3:::amzn-s3-demo-bucket/${aws:PrincipalTag/department}/${*}"]}`)},
		"numbers and booleans": {"IAM User Guide, reference_policies_elements_condition_operators", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::amzn-s3-demo-bucket","Condition":{"NumericLessThanEquals":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":true},"Null":{"aws:TokenIssueTime":false}}}`)},
		"read secrets": {"Secrets Manager User Guide, auth-and-access_iam-policies", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret"],"Resource":"arn:aws:secretsmanager:us-west-2:111122223333:secret:aes128-1a2b3c"}`,
			`{"Effect":"Allow","Action":["secretsmanager:BatchGetSecretValue","secretsmanager:ListSecrets"],"Resource":"*"}`,
			`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:us-west-2:111122223333:secret:prod/*"}`)},
		"secret, cross-account": {"Secrets Manager User Guide, auth-and-access_examples_cross", policy.ResourcePolicy, secretText},
		"secret, service": {"Secrets Manager User Guide, auth-and-access_resource-policies", policy.ResourcePolicy, docOf(
			`{"Effect":"Allow","Principal":{"Service":["s3.amazonaws.com"]},"Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"ArnLike":{"aws:sourceArn":"arn:aws:s3::123456789012:*"},"StringEquals":{"aws:sourceAccount":"123456789012"}}}`)},
		"API for addresses": {"API Gateway Developer Guide, apigateway-resource-policies-examples", policy.ResourcePolicy, docOf(
			`{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/*"],"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}}`)},
		"bucket for CloudFront": {"CloudFront Developer Guide, private-content-restricting-access-to-s3", policy.ResourcePolicy, docOf(
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity EH1HDMB1FH2TC"},"Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`)},
		"key for logs": {"CloudWatch Logs User Guide, encrypt-log-data-kms", policy.KeyPolicy, docOf(rootOf,
			`{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:Describe*"],"Resource":"*",
			"Condition":{"ArnEquals":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:333344445555:log-group:g"}}}`)},
		"topic as made": {"SNS Developer Guide, sns-access-policy-use-cases", policy.ResourcePolicy, docOf(
			`{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},"Action":["SNS:Publish"],"Resource":"arn:aws:sns:us-east-2:123456789012:T","Condition":{"StringEquals":{"AWS:SourceOwner":"123456789012"}}}`)},
		"bucket by access points": {"S3 User Guide, access-points-policies", policy.ResourcePolicy, docOf(
			`{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"StringEquals":{"s3:DataAccessPointAccount":"111122223333"}}}`)},
		"organization's perimeter": {"IAM User Guide, access_policies_data-perimeters", policy.ServiceControlPolicy, docOf(
			`{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"NotIpAddressIfExists":{"aws:SourceIp":["203.0.113.0/24"]},"StringNotEqualsIfExists":{"aws:SourceVpc":["vpc-1"]},
			"BoolIfExists":{"aws:PrincipalIsAWSService":"false","aws:ViaAWSService":"false"},"ArnNotLikeIfExists":{"aws:PrincipalArn":["arn:aws:iam::*:role/aws:ec2-infrastructure"]}}}`)},
		"resources' perimeter": {"IAM User Guide, access_policies_data-perimeters", policy.ResourceControlPolicy, docOf(
			`{"Effect":"Deny","Principal":"*","Action":["s3:*","secretsmanager:*"],"Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:SourceOrgID":"o-1"},"Null":{"aws:SourceAccount":"false"},"Bool":{"aws:PrincipalIsAWSService":"true"}}}`)},
		"secret, replica": {"Secrets Manager User Guide, replicate-secrets", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["arn:aws:secretsmanager:eu-west-1:222233334444:secret:a-AbCdEf","arn:aws:secretsmanager:us-east-1:222233334444:secret:a-AbCdEf"]}`)},
		"secret, endpoint": {"Secrets Manager User Guide, auth-and-access_resource-policies", policy.ResourcePolicy, docOf(
			`{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"StringNotEquals":{"aws:sourceVpce":"vpce-1234a5678b9012c"}}}`)},
		"bucket over TLS": {"S3 User Guide, example-bucket-policies", policy.ResourcePolicy, docOf(
			`{"Sid":"RestrictToTLSRequestsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::b","arn:aws:s3:::b/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}`,
			`{"Sid":"Org only","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-aa111bb222"}}}`)},
		"default key policy":  {"KMS Developer Guide, key-policy-default", policy.KeyPolicy, docOf(rootOf)},
		"key policy of story": {"KMS Developer Guide, key-policy-modifying-external-accounts", policy.KeyPolicy, keyText},
		"aws/secretsmanager": {"Secrets Manager User Guide, security-encryption", policy.KeyPolicy, docOf(
			`{"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:CreateGrant","kms:DescribeKey"],"Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-west-2.amazonaws.com","kms:CallerAccount":"111122223333"}}}`,
			`{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root"]},"Action":["kms:*"],"Resource":"*"}`)},
		"key through a service": {"KMS Developer Guide, conditions-kms", policy.IdentityPolicy, decryptText},
		"key by alias": {"KMS Developer Guide, alias-authorization", policy.IdentityPolicy, docOf(
			`{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"arn:aws:kms:*:111122223333:key/*","Condition":{"ForAnyValue:StringEquals":{"kms:ResourceAliases":"alias/ProjectAlpha"}}}`)},
		"FullAWSAccess":    {"Organizations User Guide, orgs_manage_policies_scps", policy.ServiceControlPolicy, fullAccessText},
		"RCPFullAWSAccess": {"Organizations User Guide, orgs_manage_policies_rcps", policy.ResourceControlPolicy, rcpAccessText},
		"SCP, regions": {"Organizations User Guide, orgs_manage_policies_scps_examples_general", policy.ServiceControlPolicy, docOf(
			`{"Sid":"DenyAllOutsideEU","Effect":"Deny","NotAction":["iam:*","sts:*","support:*"],"Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":["eu-central-1","eu-west-1"]},"ArnNotLike":{"aws:PrincipalARN":["arn:aws:iam::*:role/Role1AllowedToBypassThisSCP"]}}}`)},
		"RCP, organization": {"Organizations User Guide, orgs_manage_policies_rcps_examples", policy.ResourceControlPolicy, docOf(
			`{"Sid":"EnforceOrgIdentities","Effect":"Deny","Principal":"*","Action":["s3:*","secretsmanager:*","kms:*"],"Resource":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}}`)},
		"endpoint, default": {"PrivateLink Guide, vpc-endpoints-access", policy.EndpointPolicy, docOf(
			`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)},
		"boundary": {"IAM User Guide, access_policies_boundaries", policy.PermissionsBoundary, docOf(
			`{"Sid":"ServicesLimit","Effect":"Allow","Action":["s3:*","cloudwatch:*","ec2:*"],"Resource":"*"}`)},
		"boundary, all but": {"IAM User Guide, access_policies_boundaries", policy.PermissionsBoundary, docOf(
			`{"Effect":"Allow","NotAction":["iam:*"],"Resource":"*"}`)},
		"session": {"IAM User Guide, access_policies#policies_session", policy.SessionPolicy, readText},
		"China": {"EKS User Guide in China", policy.TrustPolicy, strings.NewReplacer(
			"arn:aws:", "arn:aws-cn:", "eu-west-1.amazonaws.com", "cn-north-1.amazonaws.com.cn").Replace(trustText)},
		"nothing": {"IAM User Guide, reference_policies_grammar", policy.IdentityPolicy, `{"Version":"2012-10-17","Statement":[]}`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, kind := range []policy.Kind{tc.kind, policy.NoKind} {
				if got := policy.LintText([]byte(tc.text), policy.Policy{Kind: kind}); len(got) > 0 {
					t.Errorf("as %v (%s): %v", kind, tc.source, got)
				}
				if got := policy.Lint(policy.Policy{Kind: kind, Document: policy.MustParse(tc.text)}); len(got) > 0 {
					t.Errorf("parsed, as %v (%s): %v", kind, tc.source, got)
				}
			}
		})
	}
}

// TestLintGenerated lints what the generators make.
func TestLintGenerated(t *testing.T) {
	t.Parallel()
	i := policy.IRSA{
		Region: "eu-west-1", RoleAccount: roleAccount, RoleName: "pod-role",
		Issuer: storyIssuer, Namespace: "testnamespace", ServiceAccounts: []string{"testapp", "testjob"},
		Secrets: []policy.SecretGrant{{ARN: storySecret, KeyARN: storyKey}},
	}
	for name, make := range map[string]func() (*policy.Document, error){
		"trust": i.Trust, "pod identity": i.PodIdentityTrust, "permissions": i.Permissions,
	} {
		doc, err := make()
		if err != nil {
			t.Fatal(err)
		}
		if got := policy.Lint(policy.Policy{Document: doc}); len(got) > 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
	secrets, err := i.SecretPolicies()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range secrets {
		if got := policy.Lint(p); len(got) > 0 {
			t.Errorf("%s: %v", p.Name, got)
		}
	}
}

// TestLintKinds shows that a rule of one kind keeps silent where a document of
// no stated kind may be of another.
func TestLintKinds(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		text string
		want []string // rules, without a kind
		kind policy.Kind
	}{
		"trust by its actions": {docOf(`{` + byToken + `,` + federated + `}`), []string{"IRSA006"}, policy.TrustPolicy},
		"key by its actions":   {docOf(`{"Effect":"Allow","Action":"kms:Decrypt",` + aRole + `,` + onAll + `}`), []string{"IRSA019"}, policy.KeyPolicy},
		"some resource":        {docOf(`{` + get + `,"Principal":"*",` + onAll + `}`), []string{}, policy.NoKind},
		"some permissions":     {docOf(`{"Effect":"Allow","NotAction":"s3:*",` + onAll + `}`), []string{}, policy.NoKind},
		"with a bad Sid":       {docOf(`{"Sid":"a b",` + get + `,` + onAll + `}`), []string{"UNSUPPORTED_SID"}, policy.NoKind},
		"a mixture":            {docOf(`{"Sid":"a b",`+get+`,`+onAll+`}`, `{`+get+`,`+aRole+`,`+onAll+`}`), []string{}, policy.NoKind},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := policy.LintText([]byte(tc.text), policy.Policy{})
			if strings.Join(ids(got), " ") != strings.Join(tc.want, " ") {
				t.Errorf("rules = %v, want %v", ids(got), tc.want)
			}
			if len(got) > 0 && got[0].Kind != tc.kind {
				t.Errorf("kind = %v, want %v", got[0].Kind, tc.kind)
			}
		})
	}
}

// TestLintSpares holds what looks like a mistake and is none.
func TestLintSpares(t *testing.T) {
	t.Parallel()
	const other = `"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/idp.example.com/"}`
	cases := map[string]struct {
		kind policy.Kind
		name string
		text string
	}{
		"a slash that belongs to the issuer": {policy.TrustPolicy, "", docOf(`{` + byToken + `,` + other + `,"Condition":{"StringEquals":{"idp.example.com/:sub":"a"}}}`)},
		"a Deny for other subjects":          {policy.TrustPolicy, "", trustWith(`"StringEquals":{` + audTest + `,` + subTest + `},"StringNotEqualsIfExists":{"` + issuerOf + `:sub":"system:serviceaccount:testnamespace:other"}`)},
		"IfExists beside a test of presence": {policy.IdentityPolicy, "", asks(`"StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"},"Null":{"aws:PrincipalOrgID":"false"}`)},
		"a secret whose name ends alike":     {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:222233334444:secret:app-config"}`)},
		"a pattern for secrets":              {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["arn:aws:secretsmanager:*:222233334444:secret:${aws:PrincipalTag/team}/db","arn:aws:secretsmanager:*:222233334444:secret:a-??????"]}`)},
		"several Regions for one service":    {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:eu-west-1:333344445555:key/k","Condition":{"StringEquals":{"kms:ViaService":["secretsmanager.us-east-1.amazonaws.com","secretsmanager.eu-west-1.amazonaws.com"]}}}`)},
		"keys of several Regions":            {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":["arn:aws:kms:eu-west-1:333344445555:key/k","arn:aws:kms:us-east-1:333344445555:key/k"],"Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-west-2.amazonaws.com"}}}`)},
		"a pattern for services":             {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringLike":{"kms:ViaService":"*.eu-west-1.amazonaws.com"}}}`)},
		"the secret's own account":           {policy.ResourcePolicy, storySecret, docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Principal":{"AWS":"222233334444"},` + onAll + `}`)},
		"an account, by role":                {policy.ResourcePolicy, storySecret, docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Principal":{"AWS":"111122223333"},` + onAll + `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/app-*"}}}`)},
		"a Deny for whom it concerns":        {policy.KeyPolicy, "", docOf(rootOf, `{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt",`+onAll+`,"Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}}`)},
		"unlike keys":                        {policy.IdentityPolicy, "", asks(`"StringEquals":{"aws:SecureTransport":"true","aws:PrincipalArn":"arn:aws:iam::111122223333:role/r"},"NumericGreaterThan":{"aws:EpochTime":"1"}`)},
		"a guard against absence":            {policy.TrustPolicy, "", trustWith(`"ForAllValues:StringEquals":{` + audTest + `},"StringEqualsIfExists":{` + subTest + `},"Null":{"` + issuerOf + `:aud":"false","` + issuerOf + `:sub":false}`)},
		"a subject in other case":            {policy.TrustPolicy, "", trustWith(`"StringEquals":{` + audTest + `},"StringEqualsIgnoreCase":{"` + issuerOf + `:sub":"System:ServiceAccount:TestNamespace:TestApp"}`)},
		"a Deny for everyone": {policy.TrustPolicy, "", docOf(
			`{`+byToken+`,`+federated+`,"Condition":{"StringEquals":{`+audTest+`,`+subTest+`}}}`,
			`{"Effect":"Deny","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","sts:AssumeRoleWithWebIdentity"],"Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}`)},
		"a provider's own claim":    {policy.TrustPolicy, "", docOf(byGitHub(`"StringEquals":{"` + github + `:repository":"o/r"}`))},
		"a service with a dot":      {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"timestream.database.us-west-2.amazonaws.com"}}}`)},
		"a service in China":        {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws-cn:kms:cn-north-1:333344445555:key/k","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.cn-north-1.amazonaws.com.cn"}}}`)},
		"one character and many":    {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":["s3:Get?","s3:Get*"],"Resource":["arn:aws:s3:::b/a?c","arn:aws:s3:::b/a*c"]}`)},
		"more than private":         {policy.IdentityPolicy, "", asks(`"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}`)},
		"for several partitions":    {policy.IdentityPolicy, storyRole, docOf(`{` + get + `,"Resource":["arn:aws-cn:s3:::b","arn:aws:s3:::b"]}`)},
		"another partition denied":  {policy.IdentityPolicy, storyRole, docOf(`{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws-cn:s3:::b"}`)},
		"patterns for keys":         {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"kms:Decrypt","Resource":["arn:aws:kms:*:333344445555:key/*","arn:aws:kms:eu-west-1:444455556666:*","arn:aws:kms:eu-west-1:555566667777:${aws:PrincipalTag/key}"]}`)},
		"patterns for names":        {policy.IdentityPolicy, "", docOf(`{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":["arn:aws:secretsmanager:eu-west-1:222233334444:secret:a?b-AbCdEf","arn:aws:secretsmanager:us-east-1:222233334444:sec*","arn:aws:secretsmanager:us-east-2:222233334444:secret:db???????"]}`)},
		"resources that look alike": {policy.IdentityPolicy, "", docOf(`{` + get + `,"Resource":["arn:aws:s3:::b/*","arn:aws:s3:::b","arn:aws:sqs:*:*:q"]}`)},
		"a canonical user":          {policy.ResourcePolicy, "", docOf(`{` + get + `,"Principal":{"CanonicalUser":"` + strings.Repeat("7f", 32) + `"},` + onAll + `}`)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := policy.LintText([]byte(tc.text), policy.Policy{Kind: tc.kind, Name: tc.name}); len(got) > 0 {
				t.Errorf("findings: %v", got)
			}
		})
	}
}

func TestLintNothing(t *testing.T) {
	t.Parallel()
	if got := policy.Lint(policy.Policy{}); got != nil {
		t.Errorf("a policy without document has %v", got)
	}
	unwritable := &policy.Document{Statements: []policy.Statement{{Principal: policy.Principal{Any: true, Entries: []policy.PrincipalEntry{}}}}}
	if got := policy.Lint(policy.Policy{Document: unwritable}); len(got) != 1 || got[0].Severity != policy.SeverityError {
		t.Errorf("a document that JSON cannot hold has %v", got)
	}
}

// TestLintSeveral shows that what cannot be read does not hide the rest.
func TestLintSeveral(t *testing.T) {
	t.Parallel()
	const text = `{"Version": "2013", "Statement": [
  {"Effect": "allow", "Action": 1, "Resource": "*"},
  "x",
  {"Effect": "Allow", "Action": "GetObject", "Resource": "*", "Resource": "x", "NotResource": "*"},
  {"Effect": "Allow", "Action": "GetObject", "Resource": "*"}
], "Version": "2012-10-17"}`
	want := []string{
		"1:13 INVALID_VERSION", "2:14 INVALID_EFFECT", "2:33 DATA_TYPE_MISMATCH", "3:3 DATA_TYPE_MISMATCH",
		"4:63 REPEATED_MEMBER", "4:80 UNSUPPORTED_ELEMENT_COMBINATION", "5:33 INVALID_ACTION", "6:4 REPEATED_MEMBER",
	}
	var got []string
	for _, f := range policy.LintText([]byte(text), policy.Policy{}) {
		place, _, _ := strings.Cut(strings.TrimPrefix(f.String(), "policy:"), ": ")
		got = append(got, place+" "+f.ID)
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("findings:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
