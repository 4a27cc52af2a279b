package fakeaws_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

const unknownKeyID = "eeeeeeee-12ab-34cd-56ef-1234567890ab"

// noCMK is what Decrypt says of a key that it does not want to talk about.
const noCMK = "The ciphertext refers to a customer master key that does not exist, " +
	"does not exist in this region, or you are not allowed to access."

func TestKMSKeyIdentifiers(t *testing.T) {
	t.Parallel()
	const (
		describe = "kms:DescribeKey"
		ownAlias = "arn:aws:kms:eu-west-1:111122223333:alias/"
		notThere = "arn:aws:kms:eu-west-1:333344445555:key/" + unknownKeyID
	)
	f := startData(t)
	tests := map[string]struct {
		id    string
		want  string
		fails failure
	}{
		"id":          {id: ownKeyID, want: ownKey},
		"ARN":         {id: ownKey, want: ownKey},
		"alias":       {id: "alias/app", want: ownKey},
		"alias ARN":   {id: ownAlias + "app", want: ownKey},
		"no such id":  {id: unknownKeyID, fails: failure{"NotFoundException", "Key 'arn:aws:kms:eu-west-1:111122223333:key/" + unknownKeyID + "' does not exist"}},
		"no id":       {id: "app", fails: failure{"NotFoundException", "Invalid keyId 'app'"}},
		"no alias":    {id: "alias/x", fails: failure{"NotFoundException", "Alias " + ownAlias + "x is not found."}},
		"not KMS's":   {id: theSecret, fails: failure{"NotFoundException", "Invalid arn"}},
		"elsewhere":   {id: strings.Replace(ownKey, region, "us-east-1", 1), fails: failure{"NotFoundException", "Invalid arn us-east-1"}},
		"C's key":     {id: theKey, fails: denied(describe, theKey, noResource+describe+" action")},
		"C's absence": {id: notThere, fails: denied(describe, notThere, noResource+describe+" action")},
		"empty":       {id: "", fails: failure{"ValidationException", "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := f.keys().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &test.id})
			if code := failureOf(err).Code; code == "NotFoundException" && !slices.ContainsFunc(f.Calls(), func(c fakeaws.Call) bool { return c.Resource == test.id }) {
				t.Error("the record does not tell what was asked for")
			}
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err == nil && *out.KeyMetadata.Arn != test.want {
				t.Errorf("got %s, want %s", *out.KeyMetadata.Arn, test.want)
			}
		})
	}
}

func TestDescribeKey(t *testing.T) {
	t.Parallel()
	f := startData(t)
	tests := map[string]struct {
		id      string
		state   types.KeyState
		manager types.KeyManagerType
	}{
		"own":         {ownKey, types.KeyStateEnabled, types.KeyManagerTypeCustomer},
		"disabled":    {offKey, types.KeyStateDisabled, types.KeyManagerTypeCustomer},
		"AWS manages": {"alias/aws/secretsmanager", types.KeyStateEnabled, types.KeyManagerTypeAws},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := f.keys().DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: &test.id})
			if err != nil {
				t.Fatal(err)
			}
			m := out.KeyMetadata
			if m.KeyState != test.state || m.KeyManager != test.manager || m.Enabled != (test.state == "Enabled") || *m.AWSAccountId != accountA {
				t.Errorf("got %s, %s", m.KeyState, m.KeyManager)
			}
		})
	}
}

func TestKMSDecrypt(t *testing.T) {
	t.Parallel()
	context := map[string]string{"purpose": "test", "a": "b"}
	type change = func(*kms.DecryptInput)
	garble := func(at int) change {
		return func(in *kms.DecryptInput) {
			in.CiphertextBlob = bytes.Clone(in.CiphertextBlob)
			in.CiphertextBlob[(at+len(in.CiphertextBlob))%len(in.CiphertextBlob)] ^= 1
		}
	}
	invalid := failure{Code: "InvalidCiphertextException"}
	tests := map[string]struct {
		world func(*fakeaws.World)
		in    change
		fails failure
	}{
		"context, no key":   {},
		"key by ARN":        {in: func(in *kms.DecryptInput) { in.KeyId = new(ownKey) }},
		"key by alias":      {in: func(in *kms.DecryptInput) { in.KeyId = new("alias/app") }},
		"no context":        {in: func(in *kms.DecryptInput) { in.EncryptionContext = nil }, fails: invalid},
		"part of context":   {in: func(in *kms.DecryptInput) { in.EncryptionContext = map[string]string{"a": "b"} }, fails: invalid},
		"other case":        {in: func(in *kms.DecryptInput) { in.EncryptionContext = map[string]string{"Purpose": "test", "a": "b"} }, fails: invalid},
		"garbled text":      {in: garble(-1), fails: invalid},
		"garbled version":   {in: garble(0), fails: invalid},
		"garbage":           {in: func(in *kms.DecryptInput) { in.CiphertextBlob = []byte("garbage") }, fails: invalid},
		"cut short":         {in: func(in *kms.DecryptInput) { in.CiphertextBlob = in.CiphertextBlob[:40] }, fails: invalid},
		"ARN that is none":  {in: func(in *kms.DecryptInput) { in.CiphertextBlob = append([]byte{1, 0, 3}, make([]byte, 40)...) }, fails: invalid},
		"empty":             {in: func(in *kms.DecryptInput) { in.CiphertextBlob = []byte{} }, fails: failure{"ValidationException", "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		"another key":       {in: func(in *kms.DecryptInput) { in.KeyId = new(otherKey) }, fails: failure{"IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation."}},
		"another algorithm": {in: func(in *kms.DecryptInput) { in.EncryptionAlgorithm = "RSAES_OAEP_SHA_256" }, fails: failure{"InvalidKeyUsageException", "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."}},
		"dry run":           {in: func(in *kms.DecryptInput) { in.DryRun = new(true) }, fails: failure{"DryRunOperationException", "The request would have succeeded, but the DryRun option is set."}},
		"key is disabled":   {world: func(w *fakeaws.World) { w.Accounts[0].Keys[0].Disabled = true }, fails: failure{"DisabledException", ownKey + " is disabled."}},
		"key is gone":       {world: func(w *fakeaws.World) { w.Accounts[0].Keys = nil }, fails: failure{"AccessDeniedException", noCMK}},
		"key is elsewhere":  {world: func(w *fakeaws.World) { w.Accounts[0].Keys[0].Region = "us-east-1" }, fails: failure{"AccessDeniedException", noCMK}},
		"key policy denies": {
			world: func(w *fakeaws.World) {
				w.Accounts[0].Keys[0].Policy = policy.MustParse(`{"Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}`)
			},
			fails: failure{"AccessDeniedException", noCMK},
		},
		"identity policy is silent": {
			world: role(allow(`"kms:Encrypt"`, `"*"`)),
			fails: denied("kms:Decrypt", ownKey, noIdentity+"kms:Decrypt action"),
		},
		"key policy names the alias": {
			world: role(strings.Replace(allow(`"kms:Decrypt"`, `"*"`), `"*"}`, `"*","Condition":{"StringEquals":{"kms:RequestAlias":"alias/app"}}}`, 1)),
			in:    func(in *kms.DecryptInput) { in.KeyId = new("alias/app") },
		},
		"an alias is not a resource": {
			world: role(allow(`"kms:Decrypt"`, `"arn:aws:kms:eu-west-1:111122223333:alias/app"`)),
			in:    func(in *kms.DecryptInput) { in.KeyId = new("alias/app") },
			fails: denied("kms:Decrypt", ownKey, noIdentity+"kms:Decrypt action"),
		},
		"context is a condition": {
			world: role(strings.Replace(allow(`"kms:Decrypt"`, `"*"`), `"*"}`, `"*","Condition":{"StringEquals":{"kms:EncryptionContext:purpose":"test"},`+
				`"ForAllValues:StringEquals":{"kms:EncryptionContextKeys":["purpose","a"]}}}`, 1)),
		},
		"context fails a condition": {
			world: role(strings.Replace(allow(`"kms:Decrypt"`, `"*"`), `"*"}`, `"*","Condition":{"StringEquals":{"kms:EncryptionContext:purpose":"prod"}}}`, 1)),
			fails: denied("kms:Decrypt", ownKey, noIdentity+"kms:Decrypt action"),
		},
		"not through a service": {
			world: role(strings.Replace(allow(`"kms:Decrypt"`, `"*"`), `"*"}`, `"*","Condition":{"StringLike":{"kms:ViaService":"*"}}}`, 1)),
			fails: denied("kms:Decrypt", ownKey, noIdentity+"kms:Decrypt action"),
		},
	}
	// Fakes of one seed share their keys, so one of them can encrypt for all.
	sealed, err := startData(t).keys().Encrypt(t.Context(),
		&kms.EncryptInput{KeyId: new("alias/app"), Plaintext: []byte(marker), EncryptionContext: context})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.world != nil {
				f = startData(t, test.world)
			}
			in := &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob, EncryptionContext: context}
			if test.in != nil {
				test.in(in)
			}
			out, err := f.keys().Decrypt(t.Context(), in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err == nil && (string(out.Plaintext) != marker || *out.KeyId != ownKey) {
				t.Errorf("wrong plaintext, or the wrong key %s", *out.KeyId)
			}
		})
	}
}

// A key cannot be reached from another Region, although its ARN says where it is.
func TestKMSDecryptElsewhere(t *testing.T) {
	t.Parallel()
	f := startData(t)
	sealed, err := f.keys().Encrypt(t.Context(), &kms.EncryptInput{KeyId: new(ownKey), Plaintext: []byte(marker)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = kms.NewFromConfig(f.config("us-east-1")).Decrypt(t.Context(), &kms.DecryptInput{CiphertextBlob: sealed.CiphertextBlob})
	if diff := cmp.Diff(failure{"AccessDeniedException", noCMK}, failureOf(err)); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestKMSEncrypt(t *testing.T) {
	t.Parallel()
	f := startData(t)
	encrypt := func(id string, plaintext []byte) (*kms.EncryptOutput, error) {
		return f.keys().Encrypt(t.Context(), &kms.EncryptInput{KeyId: &id, Plaintext: plaintext})
	}
	one, err := encrypt(ownKeyID, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	two, err := encrypt(ownKeyID, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(one.CiphertextBlob, two.CiphertextBlob) || *one.KeyId != ownKey {
		t.Errorf("two encryptions gave one ciphertext, or under the wrong key %s", *one.KeyId)
	}
	for name, test := range map[string]struct {
		id        string
		plaintext []byte
		want      failure
	}{
		"disabled":     {offKey, []byte("x"), failure{"DisabledException", offKey + " is disabled."}},
		"another's":    {theKey, []byte("x"), denied("kms:Encrypt", theKey, noResource+"kms:Encrypt action")},
		"AWS's own":    {"alias/aws/ssm", []byte("x"), failure{Code: "AccessDeniedException"}},
		"empty":        {ownKey, []byte{}, failure{"ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
		"too long":     {ownKey, make([]byte, 4097), failure{"ValidationException", "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096"}},
		"no such key":  {unknownKeyID, []byte("x"), failure{"NotFoundException", "Key 'arn:aws:kms:eu-west-1:111122223333:key/" + unknownKeyID + "' does not exist"}},
		"as long as …": {ownKey, make([]byte, 4096), failure{}},
	} {
		_, err := encrypt(test.id, test.plaintext)
		got := failureOf(err)
		if test.want.Message == "" {
			got.Message = "" // names the key, whose id is derived
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: error (-want +got):\n%s", name, diff)
		}
	}
}

func TestKMSGenerateDataKey(t *testing.T) {
	t.Parallel()
	f := startData(t)
	either := failure{"ValidationException", "Please specify either number of bytes or key spec."}
	for name, test := range map[string]struct {
		in    kms.GenerateDataKeyInput
		size  int
		fails failure
	}{
		"AES_256": {in: kms.GenerateDataKeyInput{KeySpec: "AES_256"}, size: 32},
		"AES_128": {in: kms.GenerateDataKeyInput{KeySpec: "AES_128"}, size: 16},
		"bytes":   {in: kms.GenerateDataKeyInput{NumberOfBytes: new(int32(64))}, size: 64},
		"neither": {fails: either},
		"both":    {in: kms.GenerateDataKeyInput{KeySpec: "AES_256", NumberOfBytes: new(int32(64))}, fails: either},
		"spec": {in: kms.GenerateDataKeyInput{KeySpec: "RSA"}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value 'RSA' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [AES_256, AES_128]",
		}},
		"too many": {in: kms.GenerateDataKeyInput{NumberOfBytes: new(int32(1025))}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy constraint: Member must have value less than or equal to 1024",
		}},
		"too few": {in: kms.GenerateDataKeyInput{NumberOfBytes: new(int32(0))}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '0' at 'numberOfBytes' failed to satisfy constraint: Member must have value greater than or equal to 1",
		}},
		"disabled": {in: kms.GenerateDataKeyInput{KeyId: new(offKey), KeySpec: "AES_256"}, fails: failure{"DisabledException", offKey + " is disabled."}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.in.KeyId == nil {
				test.in.KeyId = new(ownKey)
			}
			test.in.EncryptionContext = map[string]string{"a": "b"}
			key, err := f.keys().GenerateDataKey(t.Context(), &test.in)
			if diff := cmp.Diff(test.fails, failureOf(err)); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			out, err := f.keys().Decrypt(t.Context(), &kms.DecryptInput{
				CiphertextBlob: key.CiphertextBlob, EncryptionContext: test.in.EncryptionContext,
			})
			if err != nil || !bytes.Equal(out.Plaintext, key.Plaintext) || len(key.Plaintext) != test.size {
				t.Errorf("a data key of %d bytes did not come back (%v)", len(key.Plaintext), err)
			}
		})
	}
}
