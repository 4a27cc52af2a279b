package secretstest_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// rotationWorld starts a fake and returns what the pod reads from its secret by
// label: a version number from 1 in the order in which versions were seen, or
// AWS's error code.
func rotationWorld(t *testing.T) (*secretstest.AWS, func() map[string]string) {
	t.Helper()
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	client := secretsmanager.NewFromConfig(cfg)
	names := map[string]string{}
	return fake, func() map[string]string {
		t.Helper()
		found := map[string]string{}
		for _, label := range []string{"AWSPREVIOUS", "AWSCURRENT", "AWSPENDING"} {
			out, err := client.GetSecretValue(t.Context(), &secretsmanager.GetSecretValueInput{
				SecretId: aws.String(secretstest.StorySecretARN), VersionStage: &label,
			})
			if err != nil {
				if !strings.Contains(err.Error(), "ResourceNotFoundException") {
					t.Fatal(err)
				}
				continue
			}
			var login struct{ Username, Password string }
			if err := json.Unmarshal([]byte(*out.SecretString), &login); err != nil {
				t.Fatal(err)
			}
			if names[login.Password] == "" {
				names[login.Password] = string(rune('A' + len(names)))
			}
			found[label] = login.Username + " " + names[login.Password]
		}
		return found
	}
}

// Every step shows the labels that a reader of AWS would find then, through two
// rotations.
func TestRotationSteps(t *testing.T) {
	t.Parallel()
	type labels = map[string]string
	tests := map[string]struct {
		config secretstest.RotationConfig
		want   []labels // before, and after each step
	}{
		"single user": {
			want: []labels{
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B", "AWSPENDING": "app C"},
			},
		},
		"AWSPENDING stays": {
			config: secretstest.RotationConfig{KeepPending: true},
			want: []labels{
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B", "AWSPENDING": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app B", "AWSPENDING": "app C"},
			},
		},
		"alternating users": {
			config: secretstest.RotationConfig{AlternatingUsers: true},
			want: []labels{
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app_clone B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app_clone B"},
				{"AWSCURRENT": "app A", "AWSPENDING": "app_clone B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app_clone B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app_clone B"},
				{"AWSPREVIOUS": "app A", "AWSCURRENT": "app_clone B", "AWSPENDING": "app C"},
			},
		},
	}
	order := []secretstest.RotationStep{
		secretstest.RotateSecret, secretstest.CreateSecret, secretstest.SetSecret, secretstest.TestSecret, secretstest.FinishSecret,
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake, read := rotationWorld(t)
			rotation := fake.Rotation(secretstest.StorySecretARN, test.config)
			got := []labels{read()}
			for i := range len(test.want) - 1 {
				step, err := rotation.Step()
				if err != nil || step != order[i%len(order)] {
					t.Fatalf("step %d is %v: %v", i, step, err)
				}
				got = append(got, read())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

// The functions get what is current and what comes next, at their step.
func TestRotationFunctions(t *testing.T) {
	t.Parallel()
	fake, read := rotationWorld(t)
	var log []string
	down := errors.New("database is down")
	failing := down
	rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{
		Next: func(current string) (string, error) {
			log = append(log, "next "+current)
			return `{"username":"app","password":"2"}`, nil
		},
		Set: func(current, pending string) error {
			log = append(log, "set "+current+" "+pending)
			return failing
		},
		Test: func(pending string) error {
			log = append(log, "test "+pending)
			return nil
		},
	})
	if err := rotation.Run(); !errors.Is(err, down) || !strings.Contains(err.Error(), "setSecret") {
		t.Fatalf("got %v", err)
	}
	if read()["AWSPENDING"] == "" {
		t.Error("a rotation that failed has left no AWSPENDING")
	}
	failing = nil
	if err := rotation.Run(); err != nil {
		t.Fatal(err)
	}
	const old, next = secretstest.StorySecretString, `{"username":"app","password":"2"}`
	want := []string{"next " + old, "set " + old + " " + next, "set " + old + " " + next, "test " + next}
	if diff := cmp.Diff(want, log); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// A rotation that was left half done is taken up by the next, as Secrets Manager
// does, or canceled.
func TestRotationHalfDone(t *testing.T) {
	t.Parallel()
	fake, read := rotationWorld(t)
	first := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{})
	if err := first.Until(secretstest.SetSecret); err != nil {
		t.Fatal(err)
	}
	before := read()
	second := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{})
	if err := second.Until(secretstest.CreateSecret); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("labels after it was taken up (-before +after):\n%s", diff)
	}
	if err := second.Cancel(); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Step(); err == nil || !strings.Contains(err.Error(), "moved by somebody else") {
		t.Errorf("a canceled rotation went on: %v", err)
	}
	if err := second.Cancel(); err != nil {
		t.Error(err)
	}
	delete(before, "AWSPENDING")
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("labels after Cancel (-want +got):\n%s", diff)
	}
	if err := second.Run(); err != nil {
		t.Error(err)
	}
}

func TestRotationErrors(t *testing.T) {
	t.Parallel()
	fake, _ := rotationWorld(t)
	if err := fake.Rotation("arn:aws:secretsmanager:eu-west-1:222233334444:secret:nope-AbCdEf", secretstest.RotationConfig{}).Run(); err == nil {
		t.Error("rotated a secret that there is not")
	}
	rotation := fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{
		Next: func(string) (string, error) { return "", errors.New("no entropy") },
	})
	if err := rotation.Run(); err == nil || !strings.Contains(err.Error(), "createSecret: no entropy") {
		t.Errorf("got %v", err)
	}
	if err := rotation.Until(0); err == nil {
		t.Error("played until a step that there is not")
	}
	if got := secretstest.RotationStep(9).String(); got != "RotationStep(9)" {
		t.Error(got)
	}
	if _, err := fake.PutSecretValue(secretstest.StorySecretARN, secretstest.Version{Binary: []byte{1}}); err != nil {
		t.Fatal(err)
	}
	if err := rotation.Run(); err == nil || !strings.Contains(err.Error(), "is a string") {
		t.Errorf("rotated a binary secret: %v", err)
	}
}

// A value that is not a JSON object is replaced whole.
func TestRotationOfText(t *testing.T) {
	t.Parallel()
	fake, err := secretstest.New(secretstest.Story())
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	rotation := fake.Rotation(secretstest.StoryAppSecretARN, secretstest.RotationConfig{
		Set: func(current, pending string) error {
			seen = append(seen, current, pending)
			return nil
		},
	})
	for range 2 {
		if err := rotation.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 4 || seen[0] != "session-signing-key" || len(seen[1]) < 20 || seen[2] != seen[1] || seen[3] == seen[2] {
		t.Errorf("rotated %d values, not one into the next", len(seen))
	}
}
