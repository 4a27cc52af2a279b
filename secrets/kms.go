package secrets

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/irsakit/irsa/policy"
)

// Ciphertext is a secret that the application holds itself, encrypted by KMS.
type Ciphertext struct {
	// KeyID is the key that it was encrypted under: its ARN, whose Region is then
	// asked, its id or an alias. It is required, so that what was encrypted under
	// another key is refused.
	KeyID string
	// Context is the encryption context, which must be that of the encryption to
	// the letter. Nil: none.
	Context map[string]string
	// Blob is what KMS gave, at most 6,144 bytes, not in base64.
	Blob []byte
}

// Decrypter decrypts with KMS. It is safe for concurrent use and keeps
// nothing that it decrypts.
type Decrypter struct{ source *awsSource }

// NewDecrypter returns a Decrypter that uses cfg's credentials, endpoints and
// HTTP client and, for a key without ARN, its Region. Of opts, Timeout, Roles
// and Logger count: keys of an account in Roles are used through that role.
func NewDecrypter(cfg aws.Config, opts Config) (*Decrypter, error) {
	if cfg.Credentials == nil {
		return nil, noCredentialsConfig()
	}
	source, err := newAWSSource(cfg, opts)
	if err != nil {
		return nil, err
	}
	return &Decrypter{source}, nil
}

// Decrypt returns what c holds. Its [Value.ARN] is the key's. The error is a
// [*ConfigError], an [*AccessError] or a [*ReadError], whose Ref is the key, or
// wraps ctx's own.
func (d *Decrypter) Decrypt(ctx context.Context, c Ciphertext) (Value, error) {
	switch {
	case c.KeyID == "":
		return Value{}, &ConfigError{"Ciphertext.KeyID", "is empty; it must name the key"}
	case len(c.Blob) == 0:
		return Value{}, &ConfigError{"Ciphertext.Blob", "is empty"}
	}
	ref := Ref{Name: c.KeyID}
	if arn, err := policy.ParseARN(c.KeyID); err == nil {
		ref.Partition, ref.Region, ref.Account = arn.Partition, arn.Region, arn.Account
	}
	region := d.source.region(ref)
	if problem := checkRegion(region); problem != "" {
		return Value{}, &ConfigError{"Ciphertext.KeyID", "has no Region of its own, and that of the aws.Config " + problem}
	}
	who, err := d.source.callerFor(ref)
	if err != nil {
		return Value{}, err
	}
	defer d.source.leave(who)
	ctx, cancel := context.WithTimeout(ctx, d.source.timeout)
	defer cancel()
	return d.source.site(who, region).decrypt(ctx, ref, c)
}

// Close ends the sessions of Config.Roles. It always returns nil.
func (d *Decrypter) Close() error { return d.source.Close() }

// decrypt makes the call.
func (s *site) decrypt(ctx context.Context, ref Ref, c Ciphertext) (Value, error) {
	const operation = "Decrypt"
	out, err := s.keys.Decrypt(ctx, &kms.DecryptInput{
		KeyId: &c.KeyID, EncryptionContext: maps.Clone(c.Context), CiphertextBlob: c.Blob,
	})
	if err != nil {
		e := classify(ref, s.region, operation, err)
		e.Ref = c.KeyID
		if e.kind == ErrDenied {
			return Value{}, s.explainKey(ctx, ref, c, e)
		}
		return Value{}, e
	}
	return newValue(&payload{data: out.Plaintext, arn: aws.ToString(out.KeyId), name: c.KeyID}), nil
}
