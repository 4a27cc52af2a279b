package policy_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// place is a document of the story.
type place struct {
	kind              policy.Kind
	account, document string
}

var (
	inTrust     = place{policy.TrustPolicy, roleAccount, storyRole}
	inProvider  = place{policy.IdentityProvider, roleAccount, storyIssuer}
	inToken     = place{policy.ServiceAccountToken, roleAccount, storySubject}
	inRead      = place{policy.IdentityPolicy, roleAccount, readPolicy}
	inDecrypt   = place{policy.IdentityPolicy, roleAccount, decryptPolicy}
	inBoundary  = place{policy.PermissionsBoundary, roleAccount, storyBoundary}
	inSession   = place{policy.SessionPolicy, roleAccount, "inline"}
	inSCP       = place{policy.ServiceControlPolicy, roleAccount, "scp-ou"}
	inEndpoint  = place{policy.EndpointPolicy, roleAccount, "vpce-1"}
	inSecret    = place{policy.ResourcePolicy, secretAccount, storySecret}
	inSecretRCP = place{policy.ResourceControlPolicy, secretAccount, "rcp"}
	inKey       = place{policy.KeyPolicy, keyAccount, storyKey}
	inKeyRCP    = place{policy.ResourceControlPolicy, keyAccount, "rcp"}
)

// texts are the documents as they are before anything is altered.
var texts = map[place]string{
	inTrust: trustText, inRead: readText, inDecrypt: decryptText, inBoundary: boundaryText,
	inSession: boundaryText, inSCP: fullAccessText, inEndpoint: rcpAccessText,
	inSecret: secretText, inSecretRCP: rcpAccessText, inKey: keyText, inKeyRCP: rcpAccessText,
}

// whole is the story with a document of every kind.
func whole() policy.SecretAccess {
	a := story()
	a.Closed = true
	a.Session = []policy.Policy{named("inline", boundaryText)}
	a.Endpoint = []policy.Policy{named("vpce-1", rcpAccessText)}
	for _, account := range []string{secretAccount, keyAccount} {
		a.Guardrails[account].RCPs[0] = append(a.Guardrails[account].RCPs[0], named("rcp", rcpAccessText))
	}
	a.Context = policy.Context{"aws:PrincipalOrgID": {"o-story"}}
	return a
}

// of finds the document in the story.
func (p place) of(a *policy.SecretAccess) **policy.Document {
	if p.kind == policy.ResourceControlPolicy {
		return findPolicy(a.Guardrails[p.account].RCPs[0], p.document)
	}
	return document(a, policy.Fault{Kind: p.kind, Account: p.account, Document: p.document})
}

// alteration is one thing that is altered in a document's text.
type alteration struct {
	in       place
	from, to string
	// statement is the index of the statement that the explanation must name;
	// none where a statement is missing and none comes close.
	statement int
	// denies wants an explicit deny, for which there is nothing to add.
	denies bool
	// elsewhere is named in its stead.
	elsewhere place
}

const none = -1

// statement is all that is between the brackets.
func onlyStatement(text string) string {
	return text[strings.Index(text, "[{")+1 : strings.LastIndex(text, "]")]
}

func region(s string) string { return strings.Replace(s, "eu-west-1", "eu-central-1", 1) }

// alterations are slips in one document each.
var alterations = map[string]alteration{
	// Trust: subject.
	"sub: another name":                     {in: inTrust, from: ":testapp", to: ":testap"},
	"sub: another namespace":                {in: inTrust, from: ":testnamespace:", to: ":default:"},
	"sub: serviceaccounts":                  {in: inTrust, from: "serviceaccount:", to: "serviceaccounts:"},
	"sub: a space behind":                   {in: inTrust, from: ":testapp", to: ":testapp "},
	"sub: in capitals":                      {in: inTrust, from: ":testapp", to: ":TestApp"},
	"sub: * under StringEquals":             {in: inTrust, from: ":testapp", to: ":*"},
	"sub: the name alone":                   {in: inTrust, from: storySubject, to: "testapp"},
	"sub: a pattern that misses":            {in: inTrust, from: `,` + "\n\t\t\t\t\"" + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:testapp"`, to: `}, "StringLike": {"` + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:web-*"`},
	"sub: empty list":                       {in: inTrust, from: `"` + storySubject + `"`, to: `[]`},
	"sub: negated":                          {in: inTrust, from: `"StringEquals"`, to: `"StringNotEquals"`},
	"sub: must be absent":                   {in: inTrust, from: `"Condition": {`, to: `"Condition": {"Null": {"` + storyIssuerName + `:sub": "true"}, `},
	"sub: under the key of another claim":   {in: inTrust, from: `:sub"`, to: `:azp"`},
	"sub: a claim that EKS tokens lack":     {in: inTrust, from: `"StringEquals": {`, to: `"StringEquals": {"` + storyIssuerName + `:amr": "authenticated",`},
	"sub: a nested claim":                   {in: inTrust, from: `"StringEquals": {`, to: `"StringEquals": {"` + storyIssuerName + `:kubernetes.io/namespace": "testnamespace",`},
	"aud: another":                          {in: inTrust, from: `"sts.amazonaws.com"`, to: `"https://kubernetes.default.svc"`},
	"aud: an endpoint":                      {in: inTrust, from: `"sts.amazonaws.com"`, to: `"https://sts.amazonaws.com"`},
	"aud: China's":                          {in: inTrust, from: `"sts.amazonaws.com"`, to: `"sts.amazonaws.com.cn"`},
	"aud: * under StringEquals":             {in: inTrust, from: `"sts.amazonaws.com"`, to: `"sts.*"`},
	"issuer: a slash in the keys":           {in: inTrust, from: storyIssuerName + ":", to: storyIssuerName + "/:"},
	"issuer: a slash in one key":            {in: inTrust, from: storyIssuerName + ":sub", to: storyIssuerName + "/:sub"},
	"issuer: a slash in Federated":          {in: inTrust, from: storyIssuerName + `"}`, to: storyIssuerName + `/"}`},
	"issuer: a slash everywhere":            {in: inTrust, from: "EXAMPLED539D4633E53DE1B71EXAMPLE", to: "EXAMPLED539D4633E53DE1B71EXAMPLE/"},
	"issuer: a scheme in the keys":          {in: inTrust, from: `"` + storyIssuerName + ":", to: `"https://` + storyIssuerName + ":"},
	"issuer: a scheme in Federated":         {in: inTrust, from: "oidc-provider/", to: "oidc-provider/https://"},
	"issuer: a scheme everywhere":           {in: inTrust, from: storyIssuerName, to: "https://" + storyIssuerName},
	"issuer: small letters in Federated":    {in: inTrust, from: `EXAMPLE"}`, to: `example"}`},
	"issuer: the ARN in the keys":           {in: inTrust, from: `"` + storyIssuerName + ":", to: `"` + storyProvider + ":"},
	"issuer: another Region in the keys":    {in: inTrust, from: `"oidc.eks.eu-west-1`, to: `"oidc.eks.eu-central-1`},
	"issuer: another Region in Federated":   {in: inTrust, from: `/oidc.eks.eu-west-1`, to: `/oidc.eks.eu-central-1`},
	"issuer: another Region everywhere":     {in: inTrust, from: `oidc.eks.eu-west-1`, to: `oidc.eks.eu-central-1`, statement: none},
	"issuer: Region before eks":             {in: inTrust, from: `oidc.eks.eu-west-1`, to: `oidc.eu-west-1.eks`, statement: none},
	"issuer: another cluster in the keys":   {in: inTrust, from: `EXAMPLE:`, to: `EXAMPLF:`},
	"issuer: another cluster in Federated":  {in: inTrust, from: `EXAMPLE"}`, to: `EXAMPLF"}`},
	"issuer: without the path in the keys":  {in: inTrust, from: "/id/EXAMPLED539D4633E53DE1B71EXAMPLE:", to: ":"},
	"Federated: another account":            {in: inTrust, from: "arn:aws:iam::" + roleAccount, to: "arn:aws:iam::" + secretAccount},
	"Federated: another partition":          {in: inTrust, from: "arn:aws:iam", to: "arn:aws-cn:iam"},
	"Federated: a colon short":              {in: inTrust, from: "arn:aws:iam::", to: "arn:aws:iam:"},
	"Federated: the issuer alone":           {in: inTrust, from: `"` + storyProvider + `"`, to: `"` + storyIssuerName + `"`},
	"Federated: under AWS":                  {in: inTrust, from: `"Federated"`, to: `"AWS"`},
	"Federated: the account under AWS":      {in: inTrust, from: `"Federated": "` + storyProvider + `"`, to: `"AWS": "arn:aws:iam::111122223333:root"`},
	"Federated: EKS as a service":           {in: inTrust, from: `"Federated": "` + storyProvider + `"`, to: `"Service": "eks.amazonaws.com"`},
	"Federated: a role's trust policy":      {in: inTrust, from: trustText, to: `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}`, statement: none},
	"trust: AssumeRole":                     {in: inTrust, from: "sts:AssumeRoleWithWebIdentity", to: "sts:AssumeRole"},
	"trust: AssumeRoleWithSAML":             {in: inTrust, from: "sts:AssumeRoleWithWebIdentity", to: "sts:AssumeRoleWithSAML"},
	"trust: a misspelt action":              {in: inTrust, from: "WebIdentity", to: "WebIdentiy"},
	"trust: Deny":                           {in: inTrust, from: `"Allow"`, to: `"Deny"`, denies: true},
	"trust: a Deny besides":                 {in: inTrust, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "sts:*"}]`, statement: 1, denies: true},
	"trust: a Deny of the namespace":        {in: inTrust, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"` + storyIssuerName + `:sub": "system:serviceaccount:test*"}}}]`, statement: 1, denies: true},
	"trust: no statement":                   {in: inTrust, from: onlyStatement(trustText), to: "", statement: none},
	"trust: an element that IAM lacks":      {in: inTrust, from: `"Action"`, to: `"Actions": "sts:*", "Action"`, statement: none},
	"trust: a Resource":                     {in: inTrust, from: `"Action"`, to: `"Resource": "*", "Action"`, statement: none},
	"trust: another session name":           {in: inTrust, from: `"StringEquals": {`, to: `"StringEquals": {"sts:RoleSessionName": "other",`},
	"trust: only inside of an organization": {in: inTrust, from: `"StringEquals": {`, to: `"StringEquals": {"aws:PrincipalOrgID": "o-story",`},

	// Identity: the secret.
	"read: DescribeSecret":           {in: inRead, from: "GetSecretValue", to: "DescribeSecret"},
	"read: a misspelt action":        {in: inRead, from: "GetSecretValue", to: "GetSecretValues"},
	"read: a misspelt service":       {in: inRead, from: "secretsmanager:GetSecretValue", to: "secretmanager:GetSecretValue"},
	"read: everything but":           {in: inRead, from: `"Action": "secretsmanager:GetSecretValue"`, to: `"NotAction": "secretsmanager:*"`},
	"read: no suffix":                {in: inRead, from: "testsecret-AbCdEf", to: "testsecret"},
	"read: another suffix":           {in: inRead, from: "testsecret-AbCdEf", to: "testsecret-GhIjKl"},
	"read: the suffix's case":        {in: inRead, from: "testsecret-AbCdEf", to: "testsecret-abcdef"},
	"read: another name":             {in: inRead, from: "testsecret-AbCdEf", to: "othersecret-AbCdEf"},
	"read: a pattern that misses":    {in: inRead, from: "testsecret-AbCdEf", to: "prod/*"},
	"read: five question marks":      {in: inRead, from: "testsecret-AbCdEf", to: "testsecret-?????"},
	"read: another Region":           {in: inRead, from: storySecret, to: region(storySecret)},
	"read: another account":          {in: inRead, from: secretAccount, to: roleAccount},
	"read: another partition":        {in: inRead, from: "arn:aws:", to: "arn:aws-us-gov:"},
	"read: a slash behind secret":    {in: inRead, from: "secret:testsecret", to: "secret/testsecret"},
	"read: the name":                 {in: inRead, from: storySecret, to: "testsecret"},
	"read: the key's ARN":            {in: inRead, from: storySecret, to: storyKey},
	"read: everything else":          {in: inRead, from: `"Resource": "` + storySecret, to: `"NotResource": "` + storySecret},
	"read: no resource":              {in: inRead, from: `"` + storySecret + `"`, to: `[]`},
	"read: a variable in 2008":       {in: inRead, from: readText, to: `{"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:${aws:PrincipalAccount}"}]}`},
	"read: requested in a Region":    {in: inRead, from: `"}]`, to: `", "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}}]`},
	"read: with MFA":                 {in: inRead, from: `"}]`, to: `", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}]`},
	"read: by tag":                   {in: inRead, from: `"}]`, to: `", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "payments"}}}]`},
	"read: the former version":       {in: inRead, from: `"}]`, to: `", "Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}}}]`},
	"read: no longer":                {in: inRead, from: `"}]`, to: `", "Condition": {"DateLessThan": {"aws:CurrentTime": "2026-11-21T00:00:00Z"}}}]`},
	"read: a principal":              {in: inRead, from: `"Action"`, to: `"Principal": "*", "Action"`, statement: none},
	"read: no statement":             {in: inRead, from: onlyStatement(readText), to: "", statement: none},
	"read: Deny":                     {in: inRead, from: `"Allow"`, to: `"Deny"`, denies: true},
	"read: a Deny besides":           {in: inRead, from: `"}]`, to: `"}, {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]`, statement: 1, denies: true},
	"read: a Deny outside a network": {in: inRead, from: `"}]`, to: `"}, {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-2"}}}]`, statement: 1, denies: true},

	// Identity: the key.
	"decrypt: Encrypt":                     {in: inDecrypt, from: "kms:Decrypt", to: "kms:Encrypt"},
	"decrypt: a misspelt action":           {in: inDecrypt, from: "kms:Decrypt", to: "kms:Decypt"},
	"decrypt: the secret's ARN":            {in: inDecrypt, from: storyKey, to: storySecret},
	"decrypt: an alias":                    {in: inDecrypt, from: "key/1234abcd-12ab-34cd-56ef-1234567890ab", to: "alias/secrets"},
	"decrypt: the key's id":                {in: inDecrypt, from: storyKey, to: "1234abcd-12ab-34cd-56ef-1234567890ab"},
	"decrypt: an alias's name":             {in: inDecrypt, from: storyKey, to: "alias/secrets"},
	"decrypt: another key":                 {in: inDecrypt, from: "1234567890ab", to: "1234567890ac"},
	"decrypt: another Region":              {in: inDecrypt, from: storyKey, to: region(storyKey)},
	"decrypt: another account":             {in: inDecrypt, from: keyAccount, to: roleAccount},
	"decrypt: ViaService in another":       {in: inDecrypt, from: "secretsmanager.eu-west-1", to: "secretsmanager.eu-central-1"},
	"decrypt: ViaService without a Region": {in: inDecrypt, from: "secretsmanager.eu-west-1.", to: "secretsmanager."},
	"decrypt: ViaService of S3":            {in: inDecrypt, from: "secretsmanager.eu-west-1", to: "s3.eu-west-1"},
	"decrypt: ViaService in China":         {in: inDecrypt, from: "amazonaws.com", to: "amazonaws.com.cn"},
	"decrypt: ViaService with a scheme":    {in: inDecrypt, from: `"secretsmanager.`, to: `"https://secretsmanager.`},
	"decrypt: ViaService with *":           {in: inDecrypt, from: "secretsmanager.eu-west-1.", to: "secretsmanager.*."},
	"decrypt: another secret":              {in: inDecrypt, from: `"StringEquals": {`, to: `"StringEquals": {"kms:EncryptionContext:SecretARN": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-AbCdEf", `},
	"decrypt: the key by alias":            {in: inDecrypt, from: `"StringEquals": {`, to: `"StringEquals": {"kms:RequestAlias": "alias/secrets", `},
	"decrypt: no statement":                {in: inDecrypt, from: onlyStatement(decryptText), to: "", statement: none, elsewhere: inRead},
	"decrypt: Deny":                        {in: inDecrypt, from: `"Allow"`, to: `"Deny"`, denies: true},

	// The secret's policy.
	"secret: another role":            {in: inSecret, from: "role/pod-role", to: "role/pod-rol"},
	"secret: another account's role":  {in: inSecret, from: roleAccount, to: keyAccount},
	"secret: another account":         {in: inSecret, from: storyRole, to: "arn:aws:iam::333344445555:root"},
	"secret: its own account":         {in: inSecret, from: storyRole, to: secretAccount},
	"secret: a user":                  {in: inSecret, from: "role/pod-role", to: "user/pod-role"},
	"secret: a role with a path":      {in: inSecret, from: "role/pod-role", to: "role/pods/pod-role"},
	"secret: every role":              {in: inSecret, from: "role/pod-role", to: "role/*"},
	"secret: another session":         {in: inSecret, from: storyRole, to: "arn:aws:sts::111122223333:assumed-role/pod-role/other"},
	"secret: a deleted role":          {in: inSecret, from: storyRole, to: "AROADELETEDROLEEXAMPL"},
	"secret: a colon short":           {in: inSecret, from: "iam::", to: "iam:"},
	"secret: eleven digits":           {in: inSecret, from: roleAccount, to: roleAccount[1:]},
	"secret: another partition":       {in: inSecret, from: "arn:aws:", to: "arn:aws-cn:"},
	"secret: the pod's provider":      {in: inSecret, from: `"AWS": "` + storyRole, to: `"Federated": "` + storyProvider},
	"secret: a service":               {in: inSecret, from: `"AWS": "` + storyRole, to: `"Service": "eks.amazonaws.com`},
	"secret: DescribeSecret":          {in: inSecret, from: "GetSecretValue", to: "DescribeSecret"},
	"secret: a misspelt action":       {in: inSecret, from: "GetSecretValue", to: "GetSecretvalues"},
	"secret: no suffix":               {in: inSecret, from: `"Resource": "*"`, to: `"Resource": "` + strings.TrimSuffix(storySecret, "-AbCdEf") + `"`},
	"secret: another secret":          {in: inSecret, from: `"Resource": "*"`, to: `"Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-AbCdEf"`},
	"secret: another organization":    {in: inSecret, from: `"Resource": "*"`, to: `"Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-other"}}`},
	"secret: inside of a network":     {in: inSecret, from: `"Resource": "*"`, to: `"Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-2"}}`},
	"secret: another role by ARN":     {in: inSecret, from: `"Resource": "*"`, to: `"Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/other-*"}}`},
	"secret: no statement":            {in: inSecret, from: onlyStatement(secretText), to: "", statement: none},
	"secret: Deny":                    {in: inSecret, from: `"Allow"`, to: `"Deny"`, denies: true},
	"secret: a Deny besides":          {in: inSecret, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:GetSecretValue", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "222233334444"}}}]`, statement: 1, denies: true},
	"secret: a Deny of all others":    {in: inSecret, from: `}]`, to: `}, {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::222233334444:role/admin"}, "Action": "secretsmanager:*", "Resource": "*"}]`, statement: 1, denies: true},
	"secret: a Deny of its own Allow": {in: inSecret, from: `}]`, to: `}, {"Effect": "Deny", "Principal": {"AWS": "` + storyRole + `"}, "Action": "*", "Resource": "*"}]`, statement: 1, denies: true},

	// The key's policy: its first statement is for administration.
	"key: another role":                     {in: inKey, from: "role/pod-role", to: "role/pod-rol", statement: 1},
	"key: another account's role":           {in: inKey, from: roleAccount, to: secretAccount, statement: 1},
	"key: a deleted role":                   {in: inKey, from: storyRole, to: "AROADELETEDROLEEXAMPL", statement: 1},
	"key: a colon short":                    {in: inKey, from: storyRole, to: "arn:aws:iam:111122223333:role/pod-role", statement: 1},
	"key: the secret's account":             {in: inKey, from: storyRole, to: "arn:aws:iam::222233334444:root", statement: 1},
	"key: Secrets Manager itself":           {in: inKey, from: `"AWS": "` + storyRole, to: `"Service": "secretsmanager.amazonaws.com`, statement: 1},
	"key: Encrypt":                          {in: inKey, from: "kms:Decrypt", to: "kms:Encrypt", statement: 1},
	"key: a misspelt action":                {in: inKey, from: "kms:Decrypt", to: "kms:Decript", statement: 1},
	"key: an alias":                         {in: inKey, from: `"Action": "kms:Decrypt", "Resource": "*"`, to: `"Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:333344445555:alias/secrets"`, statement: 1},
	"key: another key":                      {in: inKey, from: `"Action": "kms:Decrypt", "Resource": "*"`, to: `"Action": "kms:Decrypt", "Resource": "arn:aws:kms:eu-west-1:333344445555:key/0"`, statement: 1},
	"key: ViaService in another Region":     {in: inKey, from: "secretsmanager.eu-west-1.", to: "secretsmanager.eu-central-1.", statement: 1},
	"key: ViaService of another service":    {in: inKey, from: "secretsmanager.eu-west-1.", to: "ssm.eu-west-1.", statement: 1},
	"key: ViaService without the host":      {in: inKey, from: `"secretsmanager.eu-west-1.amazonaws.com"`, to: `"secretsmanager"`, statement: 1},
	"key: ViaService with *":                {in: inKey, from: "secretsmanager.eu-west-1.", to: "secretsmanager.*.", statement: 1},
	"key: ViaService must be absent":        {in: inKey, from: `"StringEquals"`, to: `"Null": {"kms:ViaService": "true"}, "StringEquals"`, statement: 1},
	"key: another secret":                   {in: inKey, from: `"` + storySecret + `"`, to: `"arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-AbCdEf"`, statement: 1},
	"key: the secret without suffix":        {in: inKey, from: `"` + storySecret + `"`, to: `"` + strings.TrimSuffix(storySecret, "-AbCdEf") + `"`, statement: 1},
	"key: the secret with ?":                {in: inKey, from: `"` + storySecret + `"`, to: `"` + strings.TrimSuffix(storySecret, "AbCdEf") + `??????"`, statement: 1},
	"key: the context by another name":      {in: inKey, from: "kms:EncryptionContext:SecretARN", to: "kms:EncryptionContext:SecretId", statement: 1},
	"key: another calling account":          {in: inKey, from: `"StringEquals": {`, to: `"StringEquals": {"kms:CallerAccount": "222233334444",`, statement: 1},
	"key: another organization":             {in: inKey, from: `"StringEquals": {`, to: `"StringEquals": {"aws:PrincipalOrgID": "o-other",`, statement: 1},
	"key: both ViaService and secret wrong": {in: inKey, from: "eu-west-1", to: "eu-central-1", statement: 1},
	"key: no statement":                     {in: inKey, from: keyText[strings.Index(keyText, "},\n\t\t\t{")+1 : strings.LastIndex(keyText, "]")], to: "", statement: none},
	"key: Deny":                             {in: inKey, from: `"PodRole", "Effect": "Allow"`, to: `"PodRole", "Effect": "Deny"`, statement: 1, denies: true},
	"key: a Deny outside the account":       {in: inKey, from: `"Statement": [`, to: `"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringNotEquals": {"kms:CallerAccount": "333344445555"}}},`, denies: true},

	// What limits the role.
	"boundary: no reading":                 {in: inBoundary, from: `"secretsmanager:GetSecretValue", `, to: "", statement: none},
	"boundary: no decrypting":              {in: inBoundary, from: `, "kms:Decrypt"`, to: "", statement: none},
	"boundary: its own account":            {in: inBoundary, from: `"Resource": "*"`, to: `"Resource": ["arn:aws:secretsmanager:*:111122223333:*", "arn:aws:kms:*:*:*"]`},
	"boundary: another Region":             {in: inBoundary, from: `"Resource": "*"`, to: `"Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "us-east-1"}}`},
	"boundary: nothing":                    {in: inBoundary, from: onlyStatement(boundaryText), to: "", statement: none},
	"boundary: Deny":                       {in: inBoundary, from: `}]`, to: `}, {"Effect": "Deny", "Action": "kms:*", "Resource": "*"}]`, statement: 1, denies: true},
	"session: no decrypting":               {in: inSession, from: `, "kms:Decrypt"`, to: "", statement: none},
	"session: no reading":                  {in: inSession, from: `"secretsmanager:GetSecretValue", `, to: "", statement: none},
	"session: another secret":              {in: inSession, from: `"Resource": "*"`, to: `"Resource": ["arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-AbCdEf", "arn:aws:kms:*:*:*"]`},
	"session: Deny":                        {in: inSession, from: `}]`, to: `}, {"Effect": "Deny", "Action": "secretsmanager:*", "Resource": "*"}]`, statement: 1, denies: true},
	"SCP: no Allow of the secret":          {in: inSCP, from: `"Action": "*"`, to: `"Action": ["kms:*", "s3:*"]`, statement: none},
	"SCP: no Allow of the key":             {in: inSCP, from: `"Action": "*"`, to: `"Action": ["secretsmanager:*", "s3:*"]`, statement: none},
	"SCP: nothing":                         {in: inSCP, from: onlyStatement(fullAccessText), to: "", statement: none},
	"SCP: Deny of Secrets Manager":         {in: inSCP, from: `}]`, to: `}, {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]`, statement: 1, denies: true},
	"SCP: Deny of Regions":                 {in: inSCP, from: `}]`, to: `}, {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "us-east-1"}}}]`, statement: 1, denies: true},
	"SCP: Deny outside of the account":     {in: inSCP, from: `}]`, to: `}, {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:ResourceAccount": "111122223333"}}}]`, statement: 1, denies: true},
	"SCP: Deny of a role":                  {in: inSCP, from: `}]`, to: `}, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/pod-*"}}}]`, statement: 1, denies: true},
	"endpoint: another service":            {in: inEndpoint, from: `"Action": "*"`, to: `"Action": "s3:*"`, statement: none},
	"endpoint: another account's role":     {in: inEndpoint, from: `"Principal": "*"`, to: `"Principal": {"AWS": "arn:aws:iam::222233334444:root"}`},
	"endpoint: Deny":                       {in: inEndpoint, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "` + storySecret + `"}]`, statement: 1, denies: true},
	"RCP: Deny of another account":         {in: inSecretRCP, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "222233334444"}}}]`, statement: 1, denies: true},
	"RCP: Deny of another organization":    {in: inSecretRCP, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-other"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]`, statement: 1, denies: true},
	"RCP: Deny of the key":                 {in: inKeyRCP, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-other"}}}]`, statement: 1, denies: true},
	"RCP: Deny of the key, but for itself": {in: inKeyRCP, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "333344445555"}}}]`, statement: 1, denies: true},
}

// TestMutation: every slip in one document denies, and the explanation names
// that document, its account and, where there is one, the statement. Where it
// offers a statement, that mends everything.
func TestMutation(t *testing.T) {
	t.Parallel()
	a := whole()
	if r := a.Evaluate(); r.Decision != policy.Allowed || len(r.Faults) > 0 {
		t.Fatalf("the story itself is %v: %s", r.Decision, indent(t, r))
	}
	for name, m := range alterations {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := whole()
			*m.in.of(&a) = edited(texts[m.in], m.from, m.to)
			f := onlyFault(t, &a)
			want := m.in
			if m.elsewhere != (place{}) {
				want = m.elsewhere
			}
			m.checkNamed(t, f, want)
			checkMended(t, &a, f)
		})
	}
}

// onlyFault is what the story is told to suffer from.
func onlyFault(t *testing.T, a *policy.SecretAccess) policy.Fault {
	t.Helper()
	r := a.Evaluate()
	if r.Decision != policy.ImplicitlyDenied && r.Decision != policy.ExplicitlyDenied {
		t.Errorf("decision is %v", r.Decision)
	}
	if len(r.Faults) != 1 {
		t.Fatalf("%d faults, want 1: %s", len(r.Faults), indent(t, r.Faults))
	}
	return r.Faults[0]
}

func (m alteration) checkNamed(t *testing.T, f policy.Fault, want place) {
	t.Helper()
	if got := (place{f.Kind, f.Account, f.Document}); got != want {
		t.Errorf("named is %v, want %v", got, want)
	}
	named := none
	if f.Near != nil {
		named = f.Near.Index
	}
	if named != m.statement {
		t.Errorf("named is statement %d, want %d: %s", named, m.statement, indent(t, f))
	}
	if denies := f.Near != nil && f.Near.Effect == policy.Deny; denies != m.denies || denies != (f.Statement == nil) {
		t.Errorf("an explicit deny is %v, want %v, with the statement %v", denies, m.denies, f.Statement)
	}
	m.checkSense(t, f)
	if !strings.Contains(f.Problem, m.in.account) && !strings.Contains(f.Remedy, m.in.account) {
		t.Errorf("the account is not told: %s", indent(t, f))
	}
}

// checkSense looks for sentences that contradict themselves.
func (m alteration) checkSense(t *testing.T, f policy.Fault) {
	t.Helper()
	if strings.Contains(f.Remedy, "trailing slash") && !strings.Contains(m.to, "/") {
		t.Errorf("a slash is blamed: %s", f.Remedy)
	}
	if strings.Contains(f.Problem, "to be , ") {
		t.Errorf("wanted is nothing: %s", f.Problem)
	}
	if f.Near == nil || f.Near.Effect == policy.Deny {
		return
	}
	wanted, got := strings.Join(f.Near.Wanted, ", "), strings.Join(f.Near.Got, ", ")
	if strings.Contains(f.Problem, "to be "+wanted+", and it is "+got) && (wanted == got || strings.Contains(f.Near.Element, "/Null/")) {
		t.Errorf("wanted is what there is: %s", f.Problem)
	}
}

// checkMended applies the statement that is offered, after which all is well.
// What is added is itself without fault.
func checkMended(t *testing.T, a *policy.SecretAccess, f policy.Fault) {
	t.Helper()
	if f.Statement == nil {
		return
	}
	if added := f.Apply(nil); !f.Replace {
		found := policy.Lint(policy.Policy{Kind: f.Kind, Account: f.Account, Name: f.Document, Document: added})
		found = slices.DeleteFunc(found, func(g policy.Finding) bool {
			// Of a whole key policy, and where only the token tells that the audience is right.
			return g.ID == "IRSA019" || g.ID == "IRSA006" && !slices.Contains(a.Claims.Audience, storyAudience)
		})
		if len(found) > 0 {
			t.Errorf("what is to be added has findings: %s\n%s", indent(t, found), added)
		}
	}
	doc := place{f.Kind, f.Account, f.Document}.of(a)
	*doc = policy.MustParse(f.Apply(*doc).String())
	if r := a.Evaluate(); r.Decision != policy.Allowed || len(r.Faults) > 0 {
		t.Errorf("applied, the remedy leads to %v: %s", r.Decision, indent(t, r.Faults))
	}
}

// TestMutationBeyondDocuments: what is wrong lies in no policy's text.
func TestMutationBeyondDocuments(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change func(*policy.SecretAccess)
		want   place
	}{
		"no provider": {func(a *policy.SecretAccess) { a.Providers = nil }, inProvider},
		"the provider of another account": {func(a *policy.SecretAccess) {
			a.Providers[0].ARN = strings.Replace(storyProvider, roleAccount, secretAccount, 1)
		}, inProvider},
		"the provider of another cluster": {func(a *policy.SecretAccess) { a.Providers[0].URL = "oidc.eks.eu-west-1.amazonaws.com/id/0" }, inProvider},
		"the provider of another Region":  {func(a *policy.SecretAccess) { a.Providers[0].URL = region(storyIssuerName) }, inProvider},
		"a slash behind the provider":     {func(a *policy.SecretAccess) { a.Providers[0].URL += "/" }, inProvider},
		"the provider in small letters":   {func(a *policy.SecretAccess) { a.Providers[0].URL = strings.ToLower(storyIssuerName) }, inProvider},
		"the provider without client id":  {func(a *policy.SecretAccess) { a.Providers[0].ClientIDs = nil }, inProvider},
		"the provider with another's":     {func(a *policy.SecretAccess) { a.Providers[0].ClientIDs = []string{"kubernetes"} }, inProvider},
		"token expired":                   {func(a *policy.SecretAccess) { a.Claims.Expiry = storyTime }, inToken},
		"token of the future":             {func(a *policy.SecretAccess) { a.Claims.NotBefore = storyTime.AddDate(0, 0, 1) }, inToken},
		"token for another audience":      {func(a *policy.SecretAccess) { a.Claims.Audience = []string{"vault"} }, inToken},
		"token without expiry":            {func(a *policy.SecretAccess) { a.Claims.Expiry = storyTime.AddDate(-1, 0, 0) }, inToken},
		"pod of another namespace":        {func(a *policy.SecretAccess) { a.Claims.Subject = "system:serviceaccount:default:testapp" }, inTrust},
		"pod of another service account":  {func(a *policy.SecretAccess) { a.Claims.Subject = otherSubject }, inTrust},
		"role recreated, secret":          {func(a *policy.SecretAccess) { a.Secret.Policy = edited(secretText, storyRole, "AROAFORMERROLEEXAMPLE") }, inSecret},
		"role recreated, key":             {func(a *policy.SecretAccess) { a.Key.Policy = edited(keyText, storyRole, "AROAFORMERROLEEXAMPLE") }, inKey},
		"role's read policy detached":     {func(a *policy.SecretAccess) { a.Role.Policies = a.Role.Policies[1:] }, inDecrypt},
		"role's decrypt policy detached":  {func(a *policy.SecretAccess) { a.Role.Policies = a.Role.Policies[:1] }, inRead},
		"role without policies":           {func(a *policy.SecretAccess) { a.Role.Policies = nil }, place{policy.IdentityPolicy, roleAccount, storyRole}},
		"secret's policy deleted":         {func(a *policy.SecretAccess) { a.Secret.Policy = nil }, inSecret},
		"secret under the default key":    {func(a *policy.SecretAccess) { a.Secret.KeyARN, a.Key = "", policy.Key{} }, place{policy.KeyPolicy, secretAccount, storySecret}},
		"key's policy reset":              {func(a *policy.SecretAccess) { a.Key.Policy.Statements = a.Key.Policy.Statements[:1] }, inKey},
		"boundary of another team": {func(a *policy.SecretAccess) {
			a.Role.Boundary.Document = edited(boundaryText, "secretsmanager:GetSecretValue", "s3:GetObject")
		}, inBoundary},
		"organization of the role changed": {
			func(a *policy.SecretAccess) {
				a.Context = policy.Context{"aws:PrincipalOrgID": {"o-other"}}
				*inSecretRCP.of(a) = edited(rcpAccessText, `}]`, `}, {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-story"}}}]`)
			}, inSecretRCP,
		},
		"asked for by name":           {func(a *policy.SecretAccess) { a.Request = "testsecret" }, place{policy.SecretReference, roleAccount, "testsecret"}},
		"asked for in another Region": {func(a *policy.SecretAccess) { a.Request = region(storySecret) }, place{policy.SecretReference, roleAccount, region(storySecret)}},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := whole()
			tt.change(&a)
			f := onlyFault(t, &a)
			if got := (place{f.Kind, f.Account, f.Document}); got != tt.want {
				t.Errorf("named is %v, want %v: %s", got, tt.want, indent(t, f))
			}
			checkMended(t, &a, f)
		})
	}
}

// TestMutationWithoutEffect: changes that look alike but leave the access as
// it was. Without them a test that blames everything would pass.
func TestMutationWithoutEffect(t *testing.T) {
	t.Parallel()
	cases := map[string]alteration{
		"sub: StringLike without a pattern":    {in: inTrust, from: "StringEquals", to: "StringLike"},
		"sub: a pattern under StringLike":      {in: inTrust, from: `"sts.amazonaws.com",` + "\n\t\t\t\t\"" + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:testapp"`, to: `"sts.amazonaws.com"}, "StringLike": {"` + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:test*"`},
		"keys: in small letters":               {in: inTrust, from: "EXAMPLE:", to: "example:"},
		"trust: every web identity action":     {in: inTrust, from: "WithWebIdentity", to: "With*"},
		"read: another case of the action":     {in: inRead, from: "GetSecretValue", to: "getsecretvalue"},
		"read: six question marks":             {in: inRead, from: "AbCdEf", to: "??????"},
		"read: every secret":                   {in: inRead, from: storySecret, to: "arn:aws:secretsmanager:*"},
		"decrypt: every key of the account":    {in: inDecrypt, from: "key/1234abcd-12ab-34cd-56ef-1234567890ab", to: "key/*"},
		"decrypt: ViaService under StringLike": {in: inDecrypt, from: `"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1`, to: `"StringLike": {"kms:ViaService": "secretsmanager.*`},
		"secret: the role's account":           {in: inSecret, from: storyRole, to: roleAccount},
		"secret: this very session":            {in: inSecret, from: storyRole, to: "arn:aws:sts::111122223333:assumed-role/pod-role/testapp"},
		"secret: everybody of the org":         {in: inSecret, from: `{"AWS": "` + storyRole + `"}`, to: `"*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-story"}}`},
		"secret: a Deny of another role":       {in: inSecret, from: `}]`, to: `}, {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}, "Action": "*", "Resource": "*"}]`},
		"key: the role's account":              {in: inKey, from: storyRole, to: "arn:aws:iam::111122223333:root"},
		"key: every secret of the account":     {in: inKey, from: `"kms:EncryptionContext:SecretARN": "` + storySecret + `"`, to: `"kms:CallerAccount": "111122223333"`},
		"SCP: a Deny of another Region":        {in: inSCP, from: `}]`, to: `}, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}}}]`},
		"RCP: a Deny of outsiders":             {in: inSecretRCP, from: `}]`, to: `}, {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-story"}}}]`},
	}
	for name, m := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := whole()
			*m.in.of(&a) = edited(texts[m.in], m.from, m.to)
			if r := a.Evaluate(); r.Decision != policy.Allowed || len(r.Faults) > 0 {
				t.Errorf("decision is %v: %s", r.Decision, indent(t, r))
			}
		})
	}
	t.Run("SCP of the secret's account", func(t *testing.T) {
		t.Parallel()
		a := whole()
		for _, account := range []string{secretAccount, keyAccount} {
			a.Guardrails[account].SCPs[1][0].Document = edited(fullAccessText, `"Allow"`, `"Deny"`)
		}
		if r := a.Evaluate(); r.Decision != policy.Allowed {
			t.Errorf("decision is %v: %s", r.Decision, indent(t, r))
		}
	})
}
