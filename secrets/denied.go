package secrets

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

// lookupTimeout bounds what is asked of AWS to explain a refusal.
const lookupTimeout = 5 * time.Second

// oldKeyText is in AWS's message when a version is still encrypted under the
// key that the secret had before (Secrets Manager User Guide, "troubleshoot").
const oldKeyText = "not encrypted with the current KMS key"

// explain turns a refusal into an AccessError. Where AWS's sentence says too
// little, because the key refused, it asks which key the secret has and, if
// nothing else tells, who the caller is; both may fail without harm.
func explain(ctx context.Context, a *ask, refused *ReadError) *AccessError {
	e := a.site.accessError(a.ref, refused)
	s := suspect{AccessError: e, service: a.ref.service(), oldKey: strings.Contains(apiMessage(refused.err), oldKeyText)}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	resource, keyID := e.Denial.Resource, ""
	switch {
	case e.Denial.KMS:
		resource, keyID = a.site.lookUpKey(ctx, e)
	case e.Action == decryptAction:
		resource, keyID = "", e.Denial.Resource // the key's, if KMS names it
	}
	a.site.lookUpCaller(ctx, e)
	if !strings.HasPrefix(resource, "arn:") {
		resource = ""
	}
	e.SecretAccount = cmp.Or(a.ref.Account, accountOf(resource), e.RoleAccount)
	if !s.oldKey {
		s.key = completeKey(keyID, e.Region, e.SecretAccount)
	}
	e.KeyAccount = accountOf(s.key)
	s.secret = s.resource(resource)
	s.through()
	e.Grants = s.grants()
	return e
}

// explainKey is explain for a key that the application uses itself.
func (s *site) explainKey(ctx context.Context, ref Ref, c Ciphertext, refused *ReadError) *AccessError {
	e := s.accessError(ref, refused)
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	s.lookUpCaller(ctx, e)
	keyID := cmp.Or(e.Denial.Resource, c.KeyID)
	x := suspect{AccessError: e, key: completeKey(keyID, e.Region, e.RoleAccount)}
	e.KeyAccount = accountOf(x.key)
	for _, key := range slices.Sorted(maps.Keys(c.Context)) {
		x.context = append(x.context, policy.ConditionKey{
			Key: "kms:EncryptionContext:" + key, Values: policy.Strings(c.Context[key]),
		})
	}
	e.Grants = x.grants()
	return e
}

// decryptAction is what is refused when a key refuses.
const decryptAction = "kms:Decrypt"

// actionOf is the permission that an operation takes.
var actionOf = map[string]string{
	getSecret: "secretsmanager:" + getSecret, batchGet: "secretsmanager:" + batchGet,
	getParameters: "ssm:" + getParameters, "Decrypt": decryptAction,
	listSecrets: "secretsmanager:" + listSecrets, describeSecret: "secretsmanager:" + describeSecret,
	byPath: "ssm:" + byPath, describeParameters: "ssm:" + describeParameters, listTags: "ssm:" + listTags,
}

// accessError takes over what a refusal itself says.
func (s *site) accessError(ref Ref, refused *ReadError) *AccessError {
	denial, _ := policy.ParseDenial(apiMessage(refused.err))
	e := &AccessError{
		Ref:       refused.Ref,
		Region:    refused.Region,
		Operation: refused.Operation,
		Action:    cmp.Or(denial.Action, actionOf[refused.Operation]),
		Code:      refused.Code,
		RequestID: refused.RequestID,
		Denial:    denial,
		ref:       ref,
		err:       refused.err,
	}
	if denial.KMS {
		e.Action = decryptAction
	}
	e.setPrincipal(denial.Principal)
	if id, ok := s.identity(); ok {
		e.setIdentity(id)
	}
	return e
}

// lookUpKey returns the secret's ARN and its key, as far as the caller may know
// them. A refusal to tell may still tell who the caller is.
func (s *site) lookUpKey(ctx context.Context, e *AccessError) (secretARN, keyID string) {
	out, err := s.secrets.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: aws.String(e.ref.id())})
	if err != nil {
		denial, _ := policy.ParseDenial(apiMessage(err))
		e.setPrincipal(denial.Principal)
		return denial.Resource, ""
	}
	return aws.ToString(out.ARN), aws.ToString(out.KmsKeyId)
}

// lookUpCaller asks STS who the caller is, if that is not known yet.
func (s *site) lookUpCaller(ctx context.Context, e *AccessError) {
	if e.Principal == "" {
		e.setPrincipal(s.ask(ctx, s.region))
	}
}

// setPrincipal takes over a caller's ARN, and its role as far as that tells: a
// session's ARN does not have the path of its role.
func (e *AccessError) setPrincipal(principal string) {
	arn, err := policy.ParseARN(principal)
	if err != nil {
		return
	}
	e.Principal, e.RoleAccount, e.Role = principal, arn.Account, principal
	if session, ok := strings.CutPrefix(arn.Resource, "assumed-role/"); ok {
		role, _, _ := strings.Cut(session, "/")
		e.Role = policy.ARN{Partition: arn.Partition, Service: "iam", Account: arn.Account, Resource: "role/" + role}.String()
	}
}

// setIdentity takes over what the credentials know of the caller, unless AWS
// has named another one.
func (e *AccessError) setIdentity(id credentials.Identity) {
	if e.Principal == "" {
		e.setPrincipal(id.ARN)
		e.RoleAccount = cmp.Or(e.RoleAccount, id.Account)
	}
	if id.RoleARN != "" && e.Principal == id.ARN {
		e.Role = id.RoleARN
	}
}

// completeKey returns the ARN of a secret's key. One recorded by its bare id is
// in the secret's account; of an alias the key cannot be told.
func completeKey(id, region, account string) string {
	switch {
	case strings.Contains(id, "alias/"):
		return ""
	case id == "" || strings.HasPrefix(id, "arn:"):
		return id
	}
	return policy.ARN{
		Partition: policy.Partition(region), Service: "kms", Region: region, Account: account, Resource: "key/" + id,
	}.String()
}

// accountOf returns the account in an ARN, or "".
func accountOf(arn string) string {
	a, err := policy.ParseARN(arn)
	if err != nil {
		return ""
	}
	return a.Account
}

// apiMessage returns AWS's own words, or "".
func apiMessage(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorMessage()
	}
	return ""
}
