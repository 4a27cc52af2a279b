package secrets

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
)

// lookupTimeout bounds what is asked of AWS to explain a refusal.
const lookupTimeout = 5 * time.Second

// explain turns a refusal into an AccessError. Where AWS's sentence says too
// little, because the key refused, it asks which key the secret has and, if
// nothing else tells, who the caller is; both may fail without harm.
func (m *manager) explain(ctx context.Context, ref Ref, refused *ReadError) *AccessError {
	denial, _ := policy.ParseDenial(apiMessage(refused.err))
	e := &AccessError{
		Ref:       refused.Ref,
		Region:    refused.Region,
		Operation: refused.Operation,
		Action:    cmp.Or(denial.Action, "secretsmanager:"+refused.Operation),
		Code:      refused.Code,
		RequestID: refused.RequestID,
		Denial:    denial,
		err:       refused.err,
	}
	e.setPrincipal(denial.Principal)
	if id, ok := m.identity(); ok {
		e.setIdentity(id)
	}
	secretARN, keyID := denial.Resource, ""
	if denial.KMS {
		ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		e.Action = "kms:Decrypt"
		secretARN, keyID = m.lookUpKey(ctx, e)
		m.lookUpCaller(ctx, e)
	}
	if !strings.HasPrefix(secretARN, "arn:") {
		secretARN = ""
	}
	e.SecretAccount = cmp.Or(ref.Account, accountOf(secretARN), e.RoleAccount)
	keyARN := completeKey(keyID, e.Region, e.SecretAccount)
	e.KeyAccount = accountOf(keyARN)
	e.suspects(secretARN, keyARN)
	return e
}

// lookUpKey returns the secret's ARN and its key, as far as the caller may know
// them. A refusal to tell may still tell who the caller is.
func (m *manager) lookUpKey(ctx context.Context, e *AccessError) (secretARN, keyID string) {
	out, err := m.client(e.Region).DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: &e.Ref})
	if err != nil {
		denial, _ := policy.ParseDenial(apiMessage(err))
		e.setPrincipal(denial.Principal)
		return denial.Resource, ""
	}
	return aws.ToString(out.ARN), aws.ToString(out.KmsKeyId)
}

// lookUpCaller asks STS who the caller is, if that is not known yet. Nobody can
// be forbidden to ask.
func (m *manager) lookUpCaller(ctx context.Context, e *AccessError) {
	if e.Principal != "" {
		return
	}
	client := sts.NewFromConfig(m.cfg, func(o *sts.Options) { o.Region = e.Region })
	if out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}); err == nil {
		e.setPrincipal(aws.ToString(out.Arn))
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
