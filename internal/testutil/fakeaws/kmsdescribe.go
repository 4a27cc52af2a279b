package fakeaws

type keyMetadata struct {
	AWSAccountID          string `json:"AWSAccountId"`
	Arn                   string
	KeyID                 string `json:"KeyId"`
	Enabled               bool
	KeyState              string
	KeyManager            string
	KeyUsage              string
	KeySpec               string
	CustomerMasterKeySpec string
	EncryptionAlgorithms  []string
	Origin                string
	MultiRegion           bool
	Description           string
}

func kmsDescribeKey(c *call) (any, error) {
	var in struct {
		KeyID *string `json:"KeyId"`
	}
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.text("keyId", in.KeyID, 1, maxKeyID)
	if err := bad.err(); err != nil {
		return nil, err
	}
	key, alias, err := c.findKey(*in.KeyID)
	if err != nil {
		c.record.Resource = *in.KeyID
		return nil, err
	}
	if err := c.authorizeKey("kms:DescribeKey", key, alias, nil); err != nil {
		return nil, err
	}
	return map[string]keyMetadata{"KeyMetadata": key.metadata()}, nil
}

func (k *kmsKey) metadata() keyMetadata {
	m := keyMetadata{
		AWSAccountID:          k.account,
		Arn:                   k.arn,
		KeyID:                 k.ID,
		Enabled:               !k.Disabled,
		KeyState:              "Enabled",
		KeyManager:            "CUSTOMER",
		KeyUsage:              "ENCRYPT_DECRYPT",
		KeySpec:               symmetricDefault,
		CustomerMasterKeySpec: symmetricDefault,
		EncryptionAlgorithms:  []string{symmetricDefault},
		Origin:                "AWS_KMS",
	}
	if k.Disabled {
		m.KeyState = "Disabled"
	}
	if k.service != "" {
		m.KeyManager = "AWS"
	}
	return m
}
