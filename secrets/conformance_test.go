package secrets_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestAWSConforms runs the suite for sources over AWS's two services.
func TestAWSConforms(t *testing.T) {
	t.Parallel()
	t.Run("Secrets Manager", func(t *testing.T) {
		t.Parallel()
		secretstest.TestSource(t, secretstest.Harness{New: managerSubject})
	})
	t.Run("Parameter Store", func(t *testing.T) {
		t.Parallel()
		const reason = "a parameter is text"
		secretstest.TestSource(t, secretstest.Harness{
			New:    parameterSubject,
			Exempt: map[string]string{"results": reason, "bytes": reason, "version": reason, "context": reason, "concurrency": reason},
		})
	})
}

// openWorld is the story's world, its pod allowed to read all of its account.
func openWorld() (secretstest.World, *secretstest.Account) {
	world := secretstest.Story()
	account := world.Account(secretstest.StoryClusterAccount)
	role := account.Role("pod-role")
	role.Boundary = nil
	role.Policies = []credentialstest.Policy{{Name: "read", Document: policy.MustParse(`{
		"Version": "2012-10-17",
		"Statement": [{"Effect": "Allow", "Action": ["secretsmanager:*", "ssm:*", "kms:*"], "Resource": "*"}]
	}`)}}
	return world, account
}

// awsSubject is AWS's source over a fake.
func awsSubject(ctx context.Context, dir string, world secretstest.World) (secrets.Source, *secretstest.AWS, error) {
	fake, err := secretstest.New(world)
	if err != nil {
		return nil, nil, err
	}
	cfg, err := fake.LoadConfig(ctx, secretstest.Pod{Dir: dir})
	if err != nil {
		return nil, nil, err
	}
	source, err := secrets.OpenAWSSource(cfg)
	return &podSource{source, cfg}, fake, err
}

// podSource closes with it the credentials that it has to itself.
type podSource struct {
	secrets.Source
	cfg aws.Config
}

func (s *podSource) Close() error {
	err := s.Source.(io.Closer).Close()
	if p, ok := credentials.FromConfig(s.cfg); ok {
		err = errors.Join(err, p.Close())
	}
	return err
}

// Find and Tags have the suite see that the source is a Finder.
func (s *podSource) Find(ctx context.Context, q secrets.Query) ([]secrets.Ref, error) {
	return s.Source.(secrets.Finder).Find(ctx, q)
}

func (s *podSource) Tags(ctx context.Context, ref secrets.Ref) (map[string]string, error) {
	return s.Source.(secrets.Finder).Tags(ctx, ref)
}

func managerSubject(ctx context.Context, dir string, held map[string]string) (*secretstest.Subject, error) {
	world, account := openWorld()
	for name, value := range held {
		version := secretstest.Version{String: new(value)}
		if strings.Contains(name, "binary") {
			version = secretstest.Version{Binary: []byte(value)}
		}
		account.Secrets = append(account.Secrets, secretstest.Secret{
			Name: name, Region: secretstest.StoryRegion, Suffix: "AbCdEf", Versions: []secretstest.Version{version},
		})
	}
	source, fake, err := awsSubject(ctx, dir, world)
	if err != nil {
		return nil, err
	}
	return &secretstest.Subject{
		Source: source,
		Put: func(name, value string) error {
			_, err := fake.PutSecretValue("arn:aws:secretsmanager:eu-west-1:111122223333:secret:"+name+"-AbCdEf", secretstest.Version{String: new(value)})
			return err
		},
		Fail: func(name string, kind error) func() { return failAWS(fake, name, kind) },
	}, nil
}

// failAWS lets single reads of a secret fail as AWS words it, and has Batch
// leave it to them.
func failAWS(fake *secretstest.AWS, name string, kind error) func() {
	faults := map[error]credentialstest.Fault{
		secrets.ErrDenied:      {Code: "AccessDeniedException", Message: "User is not authorized to perform: secretsmanager:GetSecretValue"},
		secrets.ErrNotFound:    {Code: "ResourceNotFoundException", Message: "Secrets Manager can't find the specified secret."},
		secrets.ErrDeleted:     {Code: "InvalidRequestException", Message: "You can't perform this operation on the secret because it was marked for deletion."},
		secrets.ErrDecryption:  {Code: "DecryptionFailure", Message: "Secrets Manager can't decrypt the protected secret text using the provided KMS key."},
		secrets.ErrUnavailable: credentialstest.Unavailable(),
	}
	fault, ok := faults[kind]
	if !ok {
		return nil
	}
	denied := faults[secrets.ErrDenied]
	return fake.InjectFunc(func(c credentialstest.Call) credentialstest.Fault {
		switch {
		case c.Operation == "BatchGetSecretValue":
			return denied
		case c.Operation == "GetSecretValue" && c.Resource == name:
			return fault
		}
		return credentialstest.Fault{}
	})
}

func parameterSubject(ctx context.Context, dir string, held map[string]string) (*secretstest.Subject, error) {
	world, account := openWorld()
	for name, value := range held {
		if strings.Contains(name, "binary") || strings.Contains(name, "large") {
			continue
		}
		account.Parameters = append(account.Parameters, secretstest.Parameter{
			Name: "/" + name, Region: secretstest.StoryRegion, Type: "SecureString", Value: value,
		})
	}
	source, fake, err := awsSubject(ctx, dir, world)
	if err != nil {
		return nil, err
	}
	return &secretstest.Subject{
		Source: source,
		Ref:    func(name string) string { return "ssm:/" + name },
		Fail: func(_ string, kind error) func() {
			if !errors.Is(kind, secrets.ErrIdentity) {
				return nil
			}
			return fake.Inject(credentialstest.When{Service: "sts"}, credentialstest.Unavailable())
		},
	}, nil
}
