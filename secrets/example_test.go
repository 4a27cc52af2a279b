package secrets_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// In a pod, credentials.Config{} is all it takes. Here it names a token and an
// AWS that are made up for the example, and connect is a database in a line.
func Example() {
	podConfig, done := examplePod(exampleDatabase())
	defer done()

	ctx := context.Background()
	cfg, err := credentials.LoadConfig(ctx, podConfig)
	if err != nil {
		log.Fatal(err)
	}
	const dbSecret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	store, err := secrets.New(ctx, cfg, secrets.Config{Preload: []string{dbSecret}})
	if err != nil {
		log.Fatal(err) // says which document in which account is wrong
	}
	defer store.Close()

	db, err := secrets.Open[secrets.Login](ctx, store, dbSecret)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	fmt.Println(db.Value()) // always the latest, never waits, shows no password

	err = secrets.Use(ctx, db, func(l secrets.Login) error {
		err := connect(l.Addr(), l.Username, l.Password.Reveal())
		if errors.Is(err, errWrongPassword) {
			return secrets.Rejected(err) // a rotation may be under way: goes on to other versions
		}
		return err
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// app@db.example:5432/orders
	// connected to db.example:5432 as app
}

// A refusal says which document in which account to change, and how.
func ExampleAccessError() {
	world := secretstest.Story()
	world.Account(secretstest.StorySecretAccount).Secrets[0].Policy = nil
	podConfig, done := examplePod(world)
	defer done()

	ctx := context.Background()
	cfg, err := credentials.LoadConfig(ctx, podConfig)
	if err != nil {
		log.Fatal(err)
	}
	store, err := secrets.New(ctx, cfg, secrets.Config{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()

	_, err = store.Get(ctx, secretstest.StorySecretARN)
	if denied, ok := errors.AsType[*secrets.AccessError](err); ok {
		for _, g := range denied.Grants {
			fmt.Println(g.Kind, "in account", g.Account)
			fmt.Println(g.Statement)
		}
	}
	// Output:
	// resource-based policy in account 222233334444
	// {
	//   "Effect": "Allow",
	//   "Principal": {
	//     "AWS": "arn:aws:iam::111122223333:role/pod-role"
	//   },
	//   "Action": "secretsmanager:GetSecretValue",
	//   "Resource": "*"
	// }
}

// The same error at length, for people.
func ExampleAccessError_Explain() {
	denied := &secrets.AccessError{
		Ref:       "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf",
		Region:    "eu-west-1",
		Operation: "GetSecretValue",
		Action:    "secretsmanager:GetSecretValue",
		Principal: "arn:aws:sts::111122223333:assumed-role/pod-role/testapp",
		Code:      "AccessDeniedException",
		RequestID: "b1946ac9",
		Grants: []secrets.Grant{{
			Kind:     policy.PermissionsBoundary,
			Account:  "111122223333",
			Document: "arn:aws:iam::111122223333:role/pod-role",
			Statement: &policy.Statement{
				Effect:   policy.Allow,
				Action:   policy.Strings("secretsmanager:GetSecretValue"),
				Resource: policy.Strings("arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"),
			},
			Explanation: "no statement allows secretsmanager:GetSecretValue on this secret",
		}},
	}
	fmt.Println(denied.Explain())
	// Output:
	// Access denied: secretsmanager:GetSecretValue
	//
	//   secret    arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf
	//   region    eu-west-1
	//   caller    arn:aws:sts::111122223333:assumed-role/pod-role/testapp
	//   code      AccessDeniedException, request b1946ac9
	//
	// Permissions boundary of arn:aws:iam::111122223333:role/pod-role in account 111122223333
	//   No statement allows secretsmanager:GetSecretValue on this secret.
	//   Add this statement:
	//
	//     {
	//       "Effect": "Allow",
	//       "Action": "secretsmanager:GetSecretValue",
	//       "Resource": "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	//     }
}

// References are checked without a call.
func ExampleParseRef() {
	for _, s := range []string{
		"prod/db#password",
		"arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db-AbCdEf?version_stage=AWSPREVIOUS",
		"ref+awsssm://prod/apikey?version=3",
		"prod/db?region=Ireland",
	} {
		ref, err := secrets.ParseRef(s)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(strings.TrimSpace(fmt.Sprintln(ref.Service, ref.Region, ref.Name, ref.Version, ref.Stage, ref.Key)))
		fmt.Println("  ", ref)
	}
	// Output:
	// secretsmanager  prod/db   password
	//    prod/db#password
	// secretsmanager eu-west-1 prod/db-AbCdEf  AWSPREVIOUS
	//    arn:aws:secretsmanager:eu-west-1:222233334444:secret:prod/db-AbCdEf?version_stage=AWSPREVIOUS
	// ssm  /prod/apikey 3
	//    ssm:/prod/apikey:3
	// secrets: reference "prod/db?region=Ireland": region at position 16 is no Region of AWS, such as "eu-west-1"
}

// examplePod starts a fake and returns what the environment of its pod says.
func examplePod(w secretstest.World) (cfg credentials.Config, done func()) {
	fake, err := secretstest.New(w)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	cfg, err = fake.CredentialsConfig(secretstest.Pod{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	return cfg, func() {
		if err := os.RemoveAll(dir); err != nil {
			log.Fatal(err)
		}
	}
}

// exampleAWS starts a fake and returns the configuration of its pod.
func exampleAWS(w secretstest.World) (cfg aws.Config, fake *secretstest.AWS, done func()) {
	fake, err := secretstest.New(w)
	if err != nil {
		log.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pod")
	if err != nil {
		log.Fatal(err)
	}
	cfg, err = fake.LoadConfig(context.Background(), secretstest.Pod{Dir: dir})
	if err != nil {
		log.Fatal(err)
	}
	return cfg, fake, func() {
		if err := os.RemoveAll(dir); err != nil {
			log.Fatal(err)
		}
	}
}

// exampleDatabase is the story with a secret that says where the database is.
func exampleDatabase() secretstest.World {
	world := secretstest.Story()
	world.Account(secretstest.StorySecretAccount).Secrets[0].Versions[0].String = aws.String(
		`{"engine":"postgres","host":"db.example","port":5432,"dbname":"orders","username":"app","password":"correct-horse-battery-staple"}`)
	return world
}

var errWrongPassword = errors.New("password authentication failed")

// connect is a database whose password does not change.
func connect(addr, username, password string) error {
	if password != "correct-horse-battery-staple" {
		return errWrongPassword
	}
	fmt.Println("connected to", addr, "as", username)
	return nil
}
