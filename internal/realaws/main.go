//go:build moto

// Realaws drives a Store against a Secrets Manager, Parameter Store and KMS that
// are not this module's own; see moto.sh. It prints a line for each check and
// fails if one does.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/irsakit/irsa/secrets"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: realaws URL")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := run(ctx, os.Args[1], os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// lab is a service with secrets in it, and a Store on it.
type lab struct {
	cfg   aws.Config
	store *secrets.Store
	out   io.Writer
	bad   int

	arns map[string]string // by name
}

func run(ctx context.Context, endpoint string, out io.Writer) error {
	l := &lab{out: out, arns: map[string]string{}, cfg: aws.Config{
		Region: "eu-west-1", BaseEndpoint: &endpoint,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "example"}, nil
		}),
	}}
	if err := l.furnish(ctx); err != nil {
		return err
	}
	var err error
	if l.store, err = secrets.New(ctx, l.cfg, secrets.Config{}); err != nil {
		return err
	}
	defer l.store.Close()
	for _, check := range checks {
		err := check.run(ctx, l)
		if err != nil {
			l.bad++
			fmt.Fprintf(out, "FAIL  %s: %v\n", check.name, err)
			continue
		}
		fmt.Fprintf(out, "ok    %s\n", check.name)
	}
	if l.bad > 0 {
		return fmt.Errorf("%d of %d checks failed", l.bad, len(checks))
	}
	fmt.Fprintf(out, "all %d checks passed\n", len(checks))
	return nil
}

const (
	binary     = "\x00\x01\xff\xfe"
	parameters = 25 // below one path
)

// furnish makes all that the checks read.
func (l *lab) furnish(ctx context.Context) error {
	client := secretsmanager.NewFromConfig(l.cfg)
	create := func(name string, text *string, data []byte) error {
		out, err := client.CreateSecret(ctx, &secretsmanager.CreateSecretInput{Name: &name, SecretString: text, SecretBinary: data})
		if err == nil {
			l.arns[name] = *out.ARN
		}
		return err
	}
	errs := []error{
		create("prod/db", aws.String(`{"username":"app","password":"first","port":5432}`), nil),
		create("prod/binary", nil, []byte(binary)),
		create("prod/large", aws.String(strings.Repeat("x", 65536)), nil),
		create("prod/suffix-AbCdEf", aws.String("ends like an ARN"), nil),
		create("gone", aws.String("deleted"), nil),
		create("versions", aws.String("one"), nil),
	}
	for n := range 30 {
		name := fmt.Sprintf("many/%02d", n)
		errs = append(errs, create(name, &name, nil))
	}
	for _, text := range []string{"two", "three"} {
		_, err := client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: aws.String("versions"), SecretString: &text})
		errs = append(errs, err)
	}
	_, err := client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: aws.String("gone")})
	errs = append(errs, err, l.furnishParameters(ctx))
	return errors.Join(errs...)
}

func (l *lab) furnishParameters(ctx context.Context) error {
	client := ssm.NewFromConfig(l.cfg)
	put := func(name, value string, kind types.ParameterType) error {
		_, err := client.PutParameter(ctx, &ssm.PutParameterInput{Name: &name, Value: &value, Type: kind, Overwrite: aws.Bool(true)})
		return err
	}
	errs := []error{
		put("/shop/secure", "sealed", types.ParameterTypeSecureString),
		put("/shop/list", "a,b,c", types.ParameterTypeStringList),
		put("plain", "old", types.ParameterTypeString),
		put("plain", "new", types.ParameterTypeString),
		put("/shopping", "beside the path", types.ParameterTypeString),
	}
	for n := range parameters {
		name := fmt.Sprintf("/shop/deep/%02d", n)
		errs = append(errs, put(name, name, types.ParameterTypeString))
	}
	return errors.Join(errs...)
}

// partial is the ARN of a secret without the six random characters.
func (l *lab) partial(name string) string {
	arn := l.arns[name]
	return arn[:len(arn)-len("-AbCdEf")]
}

// gives checks the value of a secret.
func (l *lab) gives(ctx context.Context, ref, want string) error {
	v, err := l.store.Get(ctx, ref)
	if err == nil && v.Reveal() != want {
		err = fmt.Errorf("%s gives %.40q, want %.40q", ref, v.Reveal(), want)
	}
	return err
}

// fails checks what kind of error a read ends with.
func (l *lab) fails(ctx context.Context, ref string, kind error) error {
	_, err := l.store.Get(ctx, ref)
	if !errors.Is(err, kind) {
		return fmt.Errorf("%s: %w, want %w", ref, err, kind)
	}
	return nil
}

// check is one thing that must hold.
type check struct {
	name string
	run  func(ctx context.Context, l *lab) error
}

func given(name string, ref func(*lab) string, want string) check {
	return check{name, func(ctx context.Context, l *lab) error { return l.gives(ctx, ref(l), want) }}
}

func text(s string) func(*lab) string { return func(*lab) string { return s } }

var checks = []check{
	given("a secret by name", text("prod/db#password"), "first"),
	given("a number in a secret", text("prod/db#port"), "5432"),
	given("a secret by complete ARN", func(l *lab) string { return l.arns["prod/db"] + "#username" }, "app"),
	given("a secret by partial ARN", func(l *lab) string { return l.partial("prod/db") + "#username" }, "app"),
	given("a name that ends like an ARN", text("prod/suffix-AbCdEf"), "ends like an ARN"),
	given("a binary secret", text("prod/binary"), binary),
	given("a secret of 64 KiB", text("prod/large"), strings.Repeat("x", 65536)),
	given("AWSCURRENT", text("versions?version_stage=AWSCURRENT"), "three"),
	given("AWSPREVIOUS", text("versions?version_stage=AWSPREVIOUS"), "two"),
	{"a version by its id", versionByID},
	{"the type of a secret", typesOfSecrets},
	{"a new version at Refresh", refreshed},
	{"a handle in the middle of a rotation", rotated},
	{"a secret that there is not", func(ctx context.Context, l *lab) error { return l.fails(ctx, "absent", secrets.ErrNotFound) }},
	{"a secret that is scheduled for deletion", func(ctx context.Context, l *lab) error { return l.fails(ctx, "gone", secrets.ErrDeleted) }},
	{"a label that there is not", func(ctx context.Context, l *lab) error {
		return l.fails(ctx, "versions?version_stage=none", secrets.ErrNotFound)
	}},
	{"thirty secrets in two calls", batch},
	{"a batch in which some are missing", batchWithErrors},
	{"secrets by a path", findSecrets},
	given("a parameter", text("ssm:plain"), "new"),
	given("a parameter by version", text("ssm:plain:1"), "old"),
	given("a SecureString", text("ssm:/shop/secure"), "sealed"),
	given("a StringList", text("ssm:/shop/list"), "a,b,c"),
	{"a SecureString that is not decrypted", sealed},
	{"a parameter that there is not", func(ctx context.Context, l *lab) error { return l.fails(ctx, "ssm:/absent", secrets.ErrNotFound) }},
	{"twenty-five parameters by a path, in pages, and in three calls", findParameters},
	{"ciphertext of the application's own", decrypt},
	{"ciphertext in another context", otherContext},
}

func versionByID(ctx context.Context, l *lab) error {
	v, err := l.store.Get(ctx, "versions?version_stage=AWSPREVIOUS")
	if err != nil {
		return err
	}
	return l.gives(ctx, "versions?version_id="+v.Version(), "two")
}

func typesOfSecrets(ctx context.Context, l *lab) error {
	for ref, want := range map[string]string{
		"prod/db": "string", "prod/binary": "binary", "ssm:/shop/secure": "SecureString", "ssm:/shop/list": "StringList", "ssm:plain": "String",
	} {
		if v, err := l.store.Get(ctx, ref); err != nil || v.Type() != want {
			return fmt.Errorf("%s is a %q: %w", ref, v.Type(), err)
		}
	}
	return nil
}

func refreshed(ctx context.Context, l *lab) error {
	if err := l.gives(ctx, "many/00", "many/00"); err != nil {
		return err
	}
	_, err := secretsmanager.NewFromConfig(l.cfg).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String("many/00"), SecretString: aws.String("newer"),
	})
	if err != nil {
		return err
	}
	if outcome, err := l.store.Refresh(ctx, "many/00"); err != nil || !outcome.Changed {
		return fmt.Errorf("%+v: %w", outcome, err)
	}
	return l.gives(ctx, "many/00", "newer")
}

// rotated puts a version with AWSPENDING, which is what the login takes from then
// on.
func rotated(ctx context.Context, l *lab) error {
	h, err := secrets.Open[string](ctx, l.store, "prod/db#password")
	if err != nil {
		return err
	}
	defer h.Close()
	_, err = secretsmanager.NewFromConfig(l.cfg).PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
		SecretId: aws.String("prod/db"), SecretString: aws.String(`{"username":"app","password":"second"}`), VersionStages: []string{"AWSPENDING"},
	})
	if err != nil {
		return err
	}
	var tried []string
	err = secrets.UseWith(ctx, h, secrets.UseConfig{Budget: -1}, func(password string) error {
		if tried = append(tried, password); password != "second" {
			return secrets.Rejected(errors.New("no such password"))
		}
		return nil
	})
	if err != nil || !slices.Equal(tried, []string{"first", "second"}) {
		return fmt.Errorf("tried %q: %w", tried, err)
	}
	return nil
}

func batch(ctx context.Context, l *lab) error {
	store, err := secrets.New(ctx, l.cfg, secrets.Config{})
	if err != nil {
		return err
	}
	defer store.Close()
	want := map[string]string{}
	for n := range 30 {
		name := fmt.Sprintf("many/%02d", n)
		want[[]string{name, l.arns[name], l.partial(name)}[n%3]] = name
	}
	want["many/00"] = "newer"
	values, err := store.GetAll(ctx, slices.Collect(maps.Keys(want))...)
	if err != nil {
		return err
	}
	for ref, name := range want {
		if values[ref].Reveal() != name {
			return fmt.Errorf("%s gives %q", ref, values[ref].Reveal())
		}
	}
	if calls := store.Stats().Calls.SecretsManager; calls != 2 {
		return fmt.Errorf("%d calls", calls)
	}
	return nil
}

func batchWithErrors(ctx context.Context, l *lab) error {
	store, err := secrets.New(ctx, l.cfg, secrets.Config{})
	if err != nil {
		return err
	}
	defer store.Close()
	values, err := store.GetAll(ctx, "many/01", "gone", "absent", "prod/binary")
	if !errors.Is(err, secrets.ErrDeleted) || !errors.Is(err, secrets.ErrNotFound) {
		return fmt.Errorf("%w, want both a deleted one and one that there is not", err)
	}
	if len(values) != 2 || values["many/01"].Reveal() != "many/01" || values["prod/binary"].Reveal() != binary {
		return fmt.Errorf("%d values", len(values))
	}
	return nil
}

func findSecrets(ctx context.Context, l *lab) error {
	found, err := l.store.Find(ctx, secrets.Query{Path: "many/"})
	if err != nil || len(found) != 30 || found[0] != "many/00" || found[29] != "many/29" {
		return fmt.Errorf("found %q: %w", found, err)
	}
	return nil
}

func sealed(ctx context.Context, l *lab) error {
	v, err := l.store.Get(ctx, "ssm:/shop/secure?decrypt=false")
	if err == nil && v.Reveal() == "sealed" {
		err = errors.New("it is decrypted")
	}
	return err
}

func findParameters(ctx context.Context, l *lab) error {
	store, err := secrets.New(ctx, l.cfg, secrets.Config{})
	if err != nil {
		return err
	}
	defer store.Close()
	found, err := store.Find(ctx, secrets.Query{Service: secrets.ParameterStore, Path: "/shop/deep"})
	if err != nil || len(found) != parameters {
		return fmt.Errorf("found %d: %w", len(found), err)
	}
	all, err := store.Find(ctx, secrets.Query{Service: secrets.ParameterStore, Path: "/shop"})
	if err != nil || len(all) != parameters+2 {
		return fmt.Errorf("found %d below /shop: %w", len(all), err)
	}
	before := store.Stats().Calls.ParameterStore
	values, err := store.GetAll(ctx, found...)
	if err != nil {
		return err
	}
	for ref, v := range values {
		if "ssm:"+v.Reveal() != ref {
			return fmt.Errorf("%s gives %q", ref, v.Reveal())
		}
	}
	if calls := store.Stats().Calls.ParameterStore - before; calls != 3 {
		return fmt.Errorf("%d calls for the values", calls)
	}
	return nil
}

// encrypted is ciphertext in the context app=shop.
func (l *lab) encrypted(ctx context.Context) (secrets.Ciphertext, error) {
	client := kms.NewFromConfig(l.cfg)
	key, err := client.CreateKey(ctx, &kms.CreateKeyInput{})
	if err != nil {
		return secrets.Ciphertext{}, err
	}
	c := secrets.Ciphertext{KeyID: *key.KeyMetadata.Arn, Context: map[string]string{"app": "shop"}}
	out, err := client.Encrypt(ctx, &kms.EncryptInput{KeyId: &c.KeyID, EncryptionContext: c.Context, Plaintext: []byte(binary)})
	if err != nil {
		return secrets.Ciphertext{}, err
	}
	c.Blob = out.CiphertextBlob
	return c, nil
}

func decrypt(ctx context.Context, l *lab) error {
	d, c, err := l.decrypter(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	v, err := d.Decrypt(ctx, c)
	if err == nil && !bytes.Equal(v.RevealBytes(), []byte(binary)) {
		err = errors.New("it is another plaintext")
	}
	return err
}

func otherContext(ctx context.Context, l *lab) error {
	d, c, err := l.decrypter(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	c.Context = map[string]string{"app": "other"}
	if _, err := d.Decrypt(ctx, c); !errors.Is(err, secrets.ErrDecryption) {
		return fmt.Errorf("%w, want %w", err, secrets.ErrDecryption)
	}
	return nil
}

func (l *lab) decrypter(ctx context.Context) (*secrets.Decrypter, secrets.Ciphertext, error) {
	c, err := l.encrypted(ctx)
	if err != nil {
		return nil, c, err
	}
	d, err := secrets.NewDecrypter(l.cfg, secrets.Config{})
	return d, c, err
}
