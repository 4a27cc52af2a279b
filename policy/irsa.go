package policy

import "time"

// IRSA describes a pod that becomes an IAM role and reads secrets with it. Its
// methods generate the documents that this takes, for whichever account each
// belongs in. Every method checks the fields that it uses, and that all names
// of Regions and ARNs belong to one partition, and returns a [*FieldError] for
// each field that is wrong, joined; nothing is repaired or guessed. What it
// returns is built anew on every call and the same every time.
//
// The zero IRSA describes nothing; which fields a document needs is said at
// its method. An IRSA is a plain value, safe for concurrent reading.
type IRSA struct {
	// Partition is needed only if nothing else tells it: neither Region nor an
	// ARN nor an issuer of EKS. Otherwise it must agree with them.
	Partition string
	// Region is the cluster's.
	Region string

	RoleAccount string // 12 digits
	RoleName    string // without path
	RolePath    string // zero: "/"

	// Issuer is the iss of the pod's token, with https:// and otherwise to the
	// letter. One slash at the end of an issuer of EKS is dropped, since EKS
	// writes none; the slash of any other issuer is part of its name.
	Issuer    string
	Namespace string
	// ServiceAccounts are the names that may use the role.
	ServiceAccounts []string
	// ServiceAccountPattern may take the place of ServiceAccounts: a name in
	// which * is any run of characters and ? is one. Of the namespace there is
	// no pattern, since that would let in other tenants.
	ServiceAccountPattern string
	// Audience is what the token is made for. Zero: sts.amazonaws.com, which is
	// what EKS gives in every partition.
	Audience string

	// Secrets are what the role itself may read.
	Secrets []SecretGrant
	// DescribeSecret also allows reading the secrets' metadata.
	DescribeSecret bool
	// Write also allows storing new versions, which takes kms:GenerateDataKey.
	Write bool
	// Batch also allows BatchGetSecretValue, and ListSecrets allows finding
	// secrets by filters, which batch reads do with ListSecrets. Neither
	// action can be limited to some secrets; reading their values is.
	Batch, ListSecrets bool

	// Cluster is the name of the only cluster whose pods may use the role
	// through EKS Pod Identity. Zero: any of the account. It takes Region.
	Cluster string
	// TargetRoleARN is a further role that the pod's role assumes, of any
	// account; zero: none.
	TargetRoleARN string
	// ExternalID is what the target role expects. EKS gives each association
	// with a target role one of its own.
	ExternalID string

	// TokenExpiration is how long a token is valid, 10 minutes to 24 hours.
	// Zero: as EKS has it, which is 24 hours.
	TokenExpiration time.Duration
	// RegionalSTS tells old SDKs to use the STS of their Region; new ones do.
	RegionalSTS bool
}

// SecretGrant is a secret that a role may read: either its ARN or its account,
// Region and name.
//
// Secrets Manager appends a hyphen and six characters to the name of a secret
// in its ARN. Where they are not known, six question marks stand for them, and
// never an asterisk, which would cover other secrets too: prod/db-* has
// prod/db-replica-AbCdEf (Secrets Manager User Guide,
// auth-and-access_iam-policies).
type SecretGrant struct {
	// ARN is the complete one, or one without the six characters.
	ARN                   string
	Account, Region, Name string
	// Complete says whether ARN or Name ends in the six characters. It is
	// needed only where that cannot be seen: for a Name that ends in a hyphen
	// and six letters or digits, and for an ARN that ends so without a capital,
	// as …:secret:my-secret does.
	Complete *bool
	// KeyARN is the customer managed key that encrypts the secret, by the ARN of
	// the key itself. Zero: aws/secretsmanager, with which no other account can
	// read. While versions under a former key are left, grant that as well, by
	// another SecretGrant of the same secret.
	KeyARN string
	// KeyWithoutRoot says that the key's policy lacks the statement for its
	// account's root, so that no identity policy of that account counts (KMS
	// Developer Guide, key-policy-default).
	KeyWithoutRoot bool
}

// KeyStatement is a statement for the policy of a KMS key. It is to be added
// to the policy that the key has: a policy made of nothing else would shut the
// key's own account out.
type KeyStatement struct {
	Account   string // the key's
	KeyARN    string
	Statement Statement
}

// Merge returns a copy of the key's policy with the statement added, unless
// the policy has it already.
func (k KeyStatement) Merge(doc *Document) *Document {
	merged := *doc
	merged.Statements = nil
	has := false
	for _, s := range doc.Statements {
		merged.Statements = append(merged.Statements, s)
		has = has || s.Equal(k.Statement)
	}
	if !has {
		merged.Statements = append(merged.Statements, k.Statement)
	}
	return &merged
}
