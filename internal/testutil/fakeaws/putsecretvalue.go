package fakeaws

var _ = registerJSON(map[string]operation{"secretsmanager.PutSecretValue": putSecretValue})

// Limits of PutSecretValue (Secrets Manager API reference).
const (
	maxSecretValue = 65536 // bytes
	maxStages      = 20    // of one call
)

type putSecretValueInput struct {
	SecretID           *string `json:"SecretId"`
	ClientRequestToken *string
	SecretString       *string
	SecretBinary       []byte
	VersionStages      []string
}

func putSecretValue(c *call) (any, error) {
	var in putSecretValueInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	s, err := c.openSecret("secretsmanager:PutSecretValue", *in.SecretID, nil)
	if err != nil {
		return nil, err
	}
	if s.DeletedDate != nil {
		return nil, errorf("InvalidRequestException",
			"You can't perform this operation on the secret because it was marked for deletion.")
	}
	if err := c.encryptSecret(s, *in.ClientRequestToken); err != nil {
		return nil, err
	}
	stages, err := c.putVersion(s, in)
	if err != nil {
		return nil, err
	}
	return map[string]any{"ARN": s.arn, "Name": s.Name, "VersionId": *in.ClientRequestToken, "VersionStages": stages}, nil
}

// putVersion adds the version and returns its labels. A request that comes
// again changes nothing, its labels included (Secrets Manager API reference,
// PutSecretValue, ClientRequestToken).
func (c *call) putVersion(s *secret, in putSecretValueInput) (stages []string, err error) {
	v := Version{
		ID: *in.ClientRequestToken, String: in.SecretString, Binary: in.SecretBinary,
		Stages: in.VersionStages, Created: new(c.now()),
	}
	err = c.aws.changeSecret(s.arn, func(s *secret) error {
		old := s.withID(v.ID)
		if old == nil || old.sealed == nil || !c.aws.ids.holds(s, old, &v) {
			if err := s.put(c.aws.ids, v); err != nil {
				return err
			}
		}
		stages = s.withID(v.ID).stages
		return nil
	})
	return stages, err
}

func (in *putSecretValueInput) validate() error {
	var bad violations
	bad.text("secretId", in.SecretID, 1, maxSecretID)
	bad.optionalText("clientRequestToken", in.ClientRequestToken, 32, 64)
	bad.list("versionStages", in.VersionStages, 1, maxStages)
	for _, stage := range in.VersionStages {
		bad.optionalText("versionStages", &stage, 1, 256)
	}
	// The values are sensitive: what is wrong with them is told without them.
	if in.SecretString != nil {
		bad.length("", "secretString", len(*in.SecretString), 1, maxSecretValue)
	}
	if in.SecretBinary != nil {
		bad.length("", "secretBinary", len(in.SecretBinary), 1, maxSecretValue)
	}
	if err := bad.err(); err != nil {
		return err
	}
	switch {
	case in.ClientRequestToken == nil: // the SDKs make one
		return errorf("InvalidParameterException", "You must provide a ClientRequestToken value. We recommend a UUID-type value.")
	case in.SecretString == nil && in.SecretBinary == nil:
		return errorf("InvalidParameterException", "You must provide either SecretString or SecretBinary.")
	}
	return nil
}

// encryptSecret has KMS make the data key of a new version, as the caller, or
// decrypt the version if there is one of that id, whose value is then compared
// (Secrets Manager User Guide, security-encryption).
func (c *call) encryptSecret(s *secret, versionID string) error {
	if v := s.withID(versionID); v != nil && v.sealed != nil {
		_, err := c.decryptSecret(s, v)
		return err
	}
	if s.KeyID == "" && s.account != c.caller.account {
		return errorf("InvalidRequestException", "You can't access a secret from a different AWS account "+
			"if you encrypt the secret with the default KMS service key.")
	}
	err := c.forward("kms", "GenerateDataKey", func(inner *call) error {
		_, err := inner.useKey(s.keyARN, keyUse{action: "kms:GenerateDataKey", context: s.context(versionID)})
		return err
	})
	switch {
	case err == nil:
		return nil
	case asAPIError(err).Code == "AccessDeniedException":
		return errorf("AccessDeniedException", "Access to KMS is not allowed")
	}
	return errorf("EncryptionFailure",
		"Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.")
}
