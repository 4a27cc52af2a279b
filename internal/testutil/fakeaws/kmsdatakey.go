package fakeaws

import "crypto/rand"

type dataKeyInput struct {
	KeyID             *string `json:"KeyId"`
	KeySpec           string
	NumberOfBytes     *int
	EncryptionContext map[string]string
	DryRun            bool
}

type dataKeyOutput struct {
	CiphertextBlob []byte
	Plaintext      []byte
	KeyID          string `json:"KeyId"`
}

func kmsGenerateDataKey(c *call) (any, error) {
	var in dataKeyInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	size, err := in.validate()
	if err != nil {
		return nil, err
	}
	key, err := c.useKey(*in.KeyID, keyUse{action: "kms:GenerateDataKey", context: in.EncryptionContext, dryRun: in.DryRun})
	if err != nil {
		return nil, err
	}
	plaintext := make([]byte, size)
	_, _ = rand.Read(plaintext) // never fails
	return dataKeyOutput{
		CiphertextBlob: c.aws.ids.backingKey(key.arn).encrypt(plaintext, in.EncryptionContext),
		Plaintext:      plaintext,
		KeyID:          key.arn,
	}, nil
}

// validate returns the size of the data key, in bytes.
func (in *dataKeyInput) validate() (int, error) {
	var bad violations
	bad.text("keyId", in.KeyID, 1, maxKeyID)
	bad.oneOf("keySpec", in.KeySpec, "AES_256", "AES_128")
	bad.number("numberOfBytes", in.NumberOfBytes, 1, 1024)
	if err := bad.err(); err != nil {
		return 0, err
	}
	switch {
	case (in.KeySpec == "") == (in.NumberOfBytes == nil):
		return 0, errorf("ValidationException", "Please specify either number of bytes or key spec.")
	case in.NumberOfBytes != nil:
		return *in.NumberOfBytes, nil
	case in.KeySpec == "AES_128":
		return 16, nil
	}
	return 32, nil
}
