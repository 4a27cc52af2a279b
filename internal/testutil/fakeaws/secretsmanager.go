package fakeaws

import "github.com/irsakit/irsa/policy"

var _ = registerJSON(map[string]operation{
	"secretsmanager.GetSecretValue":      getSecretValue,
	"secretsmanager.BatchGetSecretValue": batchGetSecretValue,
	"secretsmanager.DescribeSecret":      describeSecret,
})

// maxSecretID is the longest SecretId.
const maxSecretID = 2048

type getSecretValueInput struct {
	SecretID     *string `json:"SecretId"`
	VersionID    *string `json:"VersionId"`
	VersionStage *string
}

// secretValue is a secret's value in a response.
type secretValue struct {
	ARN           string
	Name          string
	VersionID     string   `json:"VersionId"`
	SecretString  *string  `json:",omitempty"`
	SecretBinary  []byte   `json:",omitempty"`
	VersionStages []string `json:",omitempty"`
	CreatedDate   *float64 `json:",omitempty"`
}

func getSecretValue(c *call) (any, error) {
	var in getSecretValueInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.text("secretId", in.SecretID, 1, maxSecretID)
	bad.optionalText("versionId", in.VersionID, 32, 64)
	bad.optionalText("versionStage", in.VersionStage, 1, 256)
	if err := bad.err(); err != nil {
		return nil, err
	}
	return c.secretValue(in)
}

// secretValue reads a value for the caller: permission, then the secret's
// state, then the version, then the key.
func (c *call) secretValue(in getSecretValueInput) (*secretValue, error) {
	id, stage := "", ""
	keys := policy.Context{} // condition keys are there only if the request has the member
	if in.VersionID != nil {
		id = *in.VersionID
		keys["secretsmanager:VersionId"] = []string{id}
	}
	if in.VersionStage != nil {
		stage = *in.VersionStage
		keys["secretsmanager:VersionStage"] = []string{stage}
	}
	s, err := c.openSecret("secretsmanager:GetSecretValue", *in.SecretID, keys)
	if err != nil {
		return nil, err
	}
	if s.DeletedDate != nil {
		return nil, errorf("InvalidRequestException",
			"You can't perform this operation on the secret because it was marked for deletion.")
	}
	v, err := s.version(id, stage)
	if err != nil {
		return nil, err
	}
	plaintext, err := c.decryptSecret(s, v)
	if err != nil {
		return nil, err
	}
	out := &secretValue{ARN: s.arn, Name: s.Name, VersionID: v.id, VersionStages: v.stages, CreatedDate: epoch(&v.created)}
	if v.binary {
		out.SecretBinary = plaintext
	} else {
		out.SecretString = new(string(plaintext))
	}
	return out, nil
}

// decryptSecret has KMS decrypt a version's value, as the caller, under the key
// with which it was sealed.
func (c *call) decryptSecret(s *secret, v *version) ([]byte, error) {
	if s.KeyID == "" && s.account != c.caller.account {
		return nil, errorf("InvalidRequestException", "You can't access a secret from a different AWS account "+
			"if you encrypt the secret with the default KMS service key.")
	}
	out, err := c.forwardDecrypt(decryptInput{
		KeyID: &v.keyARN, CiphertextBlob: v.sealed, EncryptionContext: s.context(v.id),
	})
	switch {
	case err == nil:
		return out.Plaintext, nil
	case err.Code != "AccessDeniedException" && err.Code != "NotFoundException":
		return nil, errorf("DecryptionFailure",
			"Secrets Manager can't decrypt the protected secret text using the provided KMS key.")
	case v.keyARN != s.keyARN:
		return nil, errorf("AccessDeniedException", "Access to KMS is not allowed. "+
			"This version of secret is not encrypted with the current KMS key.")
	}
	return nil, errorf("AccessDeniedException", "Access to KMS is not allowed")
}

// forwardDecrypt calls kms:Decrypt for c's caller on behalf of c's service.
func (c *call) forwardDecrypt(in decryptInput) (*decryptOutput, *apiError) {
	var out *decryptOutput
	err := c.forward("kms", "Decrypt", func(inner *call) (err error) {
		out, err = inner.decrypt(in)
		return err
	})
	if err != nil {
		return nil, asAPIError(err)
	}
	return out, nil
}

type tag struct{ Key, Value string }

// secretDescription is a secret's metadata in a response, but for its versions,
// which operations name differently. KmsKeyId is absent for the key that AWS
// manages.
type secretDescription struct {
	ARN             string
	Name            string
	Description     string   `json:",omitempty"`
	KmsKeyID        string   `json:"KmsKeyId,omitempty"`
	CreatedDate     *float64 `json:",omitempty"`
	LastChangedDate *float64 `json:",omitempty"`
	DeletedDate     *float64 `json:",omitempty"`
	Tags            []tag    `json:",omitempty"`
}

func describeSecret(c *call) (any, error) {
	var in struct {
		SecretID *string `json:"SecretId"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.text("secretId", in.SecretID, 1, maxSecretID)
	if err := bad.err(); err != nil {
		return nil, err
	}
	s, err := c.openSecret("secretsmanager:DescribeSecret", *in.SecretID, nil)
	if err != nil {
		return nil, err
	}
	return struct {
		secretDescription
		VersionIDsToStages map[string][]string `json:"VersionIdsToStages,omitempty"`
	}{s.describe(), s.stages()}, nil
}

func (s *secret) describe() secretDescription {
	d := secretDescription{
		ARN:         s.arn,
		Name:        s.Name,
		Description: s.Description,
		KmsKeyID:    s.KeyID,
		DeletedDate: epoch(s.DeletedDate),
		Tags:        tagList(s.Tags),
	}
	for _, v := range s.versions {
		created := epoch(&v.created)
		if d.CreatedDate == nil || *created < *d.CreatedDate {
			d.CreatedDate = created
		}
		if d.LastChangedDate == nil || *created > *d.LastChangedDate {
			d.LastChangedDate = created
		}
	}
	return d
}

// stages are the staging labels of the versions that have any. One that has none
// is deprecated and not told.
func (s *secret) stages() map[string][]string {
	stages := map[string][]string{}
	for _, v := range s.versions {
		if len(v.stages) > 0 {
			stages[v.id] = v.stages
		}
	}
	return stages
}
