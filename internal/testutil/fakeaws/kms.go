package fakeaws

import (
	"slices"

	"github.com/irsakit/irsa/policy"
)

var _ = registerJSON(map[string]operation{
	"TrentService.Encrypt":         kmsEncrypt,
	"TrentService.Decrypt":         kmsDecrypt,
	"TrentService.GenerateDataKey": kmsGenerateDataKey,
	"TrentService.DescribeKey":     kmsDescribeKey,
})

const symmetricDefault = "SYMMETRIC_DEFAULT"

// Limits of the KMS API, in bytes.
const (
	maxKeyID      = 2048
	maxPlaintext  = 4096
	maxCiphertext = 6144
)

type encryptInput struct {
	KeyID               *string `json:"KeyId"`
	Plaintext           []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	DryRun              bool
}

type encryptOutput struct {
	CiphertextBlob      []byte
	KeyID               string `json:"KeyId"`
	EncryptionAlgorithm string
}

func kmsEncrypt(c *call) (any, error) {
	var in encryptInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.text("keyId", in.KeyID, 1, maxKeyID)
	bad.blob("plaintext", in.Plaintext, maxPlaintext)
	if err := bad.err(); err != nil {
		return nil, err
	}
	key, err := c.useKey(*in.KeyID, keyUse{"kms:Encrypt", in.EncryptionContext, in.EncryptionAlgorithm, in.DryRun})
	if err != nil {
		return nil, err
	}
	return encryptOutput{
		CiphertextBlob:      c.aws.ids.backingKey(key.arn).encrypt(in.Plaintext, in.EncryptionContext),
		KeyID:               key.arn,
		EncryptionAlgorithm: symmetricDefault,
	}, nil
}

type decryptInput struct {
	KeyID               *string `json:"KeyId"`
	CiphertextBlob      []byte
	EncryptionContext   map[string]string
	EncryptionAlgorithm string
	DryRun              bool
}

type decryptOutput struct {
	Plaintext           []byte
	KeyID               string `json:"KeyId"`
	EncryptionAlgorithm string
}

func kmsDecrypt(c *call) (any, error) {
	var in decryptInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	var bad violations
	bad.optionalText("keyId", in.KeyID, 1, maxKeyID)
	bad.blob("ciphertextBlob", in.CiphertextBlob, maxCiphertext)
	if err := bad.err(); err != nil {
		return nil, err
	}
	return c.decrypt(in)
}

// decrypt opens a ciphertext for the caller. Which key it needs is written in
// the ciphertext; a KeyId can only insist on it (KMS API reference, Decrypt).
func (c *call) decrypt(in decryptInput) (*decryptOutput, error) {
	blob, err := parseCiphertext(in.CiphertextBlob)
	if err != nil {
		return nil, invalidCiphertext()
	}
	use := keyUse{"kms:Decrypt", in.EncryptionContext, in.EncryptionAlgorithm, in.DryRun}
	var key *kmsKey
	if in.KeyID == nil {
		key, err = c.useKeyOf(blob, use)
	} else {
		key, err = c.useKey(*in.KeyID, use)
	}
	if err != nil {
		return nil, err
	}
	if key.arn != blob.keyARN {
		return nil, errorf("IncorrectKeyException",
			"The key ID in the request does not identify a CMK that can perform this operation.")
	}
	plaintext, err := c.aws.ids.backingKey(key.arn).open(blob, in.EncryptionContext)
	if err != nil {
		return nil, invalidCiphertext()
	}
	return &decryptOutput{Plaintext: plaintext, KeyID: key.arn, EncryptionAlgorithm: symmetricDefault}, nil
}

// invalidCiphertext is the answer to garbage and to a wrong encryption context
// alike; KMS gives no message with it.
func invalidCiphertext() error { return &apiError{Code: "InvalidCiphertextException"} }

// keyUse is what a cryptographic operation wants with a key.
type keyUse struct {
	action    string
	context   map[string]string
	algorithm string // "" is the only one that the keys have
	dryRun    bool
}

// conditions are the condition keys of the use.
func (u keyUse) conditions() policy.Context {
	keys := contextKeys(u.context)
	if u.action != "kms:GenerateDataKey" {
		keys["kms:EncryptionAlgorithm"] = []string{symmetricDefault}
	}
	return keys
}

// useKey finds the key, and tells whether the caller may use it and it can be
// used.
func (c *call) useKey(id string, use keyUse) (*kmsKey, error) {
	key, alias, err := c.findKey(id)
	if err != nil {
		c.record.Resource = id
		return nil, err
	}
	if err := c.authorizeKey(use.action, key, alias, use.conditions()); err != nil {
		return nil, err
	}
	return key, key.ready(use)
}

// useKeyOf is useKey for the key that a ciphertext names. A key that is not
// there and a key whose policy does not let the caller in are one answer,
// which names neither.
func (c *call) useKeyOf(blob ciphertext, use keyUse) (*kmsKey, error) {
	arn, err := policy.ParseARN(blob.keyARN)
	if err != nil {
		return nil, invalidCiphertext()
	}
	key := absentKey(arn)
	if found := c.aws.lookUpKey(arn); found != nil && arn.Region == c.region {
		key = found
	}
	err = c.authorizeKey(use.action, key, "", use.conditions())
	switch {
	case err == nil:
		return key, key.ready(use)
	case deniedByResource(err):
		return nil, errorf("AccessDeniedException", "The ciphertext refers to a customer master key that does not exist, "+
			"does not exist in this region, or you are not allowed to access.")
	}
	return nil, err
}

// deniedByResource reports that it was the resource's own policy that refused.
func deniedByResource(err error) bool {
	d, ok := policy.ParseDenial(asAPIError(err).Message)
	return ok && slices.Contains([]policy.Kind{policy.ResourcePolicy, policy.KeyPolicy}, d.Kind)
}

// ready checks what KMS checks after the permissions.
func (k *kmsKey) ready(use keyUse) error {
	switch {
	case k.Disabled:
		return errorf("DisabledException", "%s is disabled.", k.arn)
	case use.algorithm != "" && use.algorithm != symmetricDefault:
		return errorf("InvalidKeyUsageException", "Algorithm %s is incompatible with key spec %s.", use.algorithm, symmetricDefault)
	case use.dryRun:
		return errorf("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.")
	}
	return nil
}
