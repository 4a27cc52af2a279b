package secrets_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// rotating is a handle on the password in the story's secret, the rotation of
// that secret, and a database that follows it.
type rotating struct {
	fake     *secretstest.AWS
	store    *secrets.Store
	handle   *secrets.Handle[string]
	rotation *secretstest.Rotation
	accepts  string // JSON
	tries    int
}

func startRotating(t *testing.T, change func(*secretstest.World), ref string) *rotating {
	t.Helper()
	world := secretstest.Story()
	if change != nil {
		change(&world)
	}
	r := &rotating{accepts: secretstest.StorySecretString}
	var err error
	if r.fake, err = secretstest.New(world); err != nil {
		t.Fatal(err)
	}
	cfg, err := r.fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r.store = newStore(t, cfg, secrets.Config{})
	if r.handle, err = secrets.Open[string](t.Context(), r.store, ref); err != nil {
		t.Fatal(err)
	}
	r.rotation = r.fake.Rotation(secretstest.StorySecretARN, secretstest.RotationConfig{
		Set: func(_, pending string) error {
			r.accepts = pending
			return nil
		},
	})
	return r
}

func (r *rotating) login(password string) error {
	r.tries++
	if !strings.Contains(r.accepts, `"`+password+`"`) {
		return secrets.Rejected(errors.New("password authentication failed"))
	}
	return nil
}

// Through the real store, the SDK and the wire: every step of three rotations
// finds a login that works, with no more reads than steps need.
func TestUseDuringRotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := startRotating(t, nil, secretstest.StorySecretARN+"#password")
		for range 3 * secretstest.FinishSecret {
			step, err := r.rotation.Step()
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				start, reads := time.Now(), r.fake.CallCount("secretsmanager", "GetSecretValue")
				r.tries = 0
				if err := secrets.Use(t.Context(), r.handle, r.login); err != nil {
					t.Fatalf("after %v: %v", step, err)
				}
				if took := time.Since(start); took > 10*time.Millisecond {
					t.Errorf("after %v: it took %v", step, took)
				}
				if reads = r.fake.CallCount("secretsmanager", "GetSecretValue") - reads; reads > 2 || r.tries > 2 {
					t.Errorf("after %v: %d attempts and %d reads", step, r.tries, reads)
				}
				time.Sleep(3 * time.Second)
			}
		}
	})
}

// A policy that allows AWSCURRENT only is no obstacle: Use waits, and says so
// if it may not.
func TestUseCandidatesDenied(t *testing.T) {
	t.Parallel()
	onlyCurrent := func(w *secretstest.World) {
		role := w.Account(secretstest.StoryClusterAccount).Role("pod-role")
		for i := range role.Policies {
			if role.Policies[i].Name == "read-secret" {
				role.Policies[i].Document = policy.MustParse(`{"Version":"2012-10-17","Statement":{
					"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + secretstest.StorySecretARN + `",
					"Condition":{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}}}`)
			}
		}
	}
	synctest.Test(t, func(t *testing.T) {
		r := startRotating(t, onlyCurrent, secretstest.StorySecretARN+"#password")
		if err := r.rotation.Until(secretstest.SetSecret); err != nil {
			t.Fatal(err)
		}
		err := secrets.UseWith(t.Context(), r.handle, secrets.UseConfig{Budget: -1}, r.login)
		if err == nil || !strings.Contains(err.Error(), "AWSPENDING not readable (access denied)") {
			t.Errorf("got %v", err)
		}
		time.AfterFunc(time.Minute, func() {
			if err := r.rotation.Run(); err != nil {
				t.Error(err)
			}
		})
		start := time.Now()
		if err := secrets.Use(t.Context(), r.handle, r.login); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took < time.Minute || took > 71*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// A handle on one version or one label is on that: there are no candidates.
func TestUsePinned(t *testing.T) {
	t.Parallel()
	for name, ref := range map[string]string{
		"version":   secretstest.StorySecretARN + "?version_id=a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
		"parameter": "ssm:" + secretstest.StoryParameterName,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := startRotating(t, nil, ref)
			if err := r.rotation.Until(secretstest.SetSecret); err != nil {
				t.Fatal(err)
			}
			var rejected *secrets.RejectedError
			err := secrets.UseWith(t.Context(), r.handle, secrets.UseConfig{Budget: -1}, r.login)
			if !errors.As(err, &rejected) || len(rejected.Attempts) != 1 || r.tries != 1 {
				t.Errorf("got %v after %d attempts", err, r.tries)
			}
		})
	}
}

// What cannot be read is not used, and a store that is closed ends the attempts.
func TestUseClosed(t *testing.T) {
	t.Parallel()
	r := startRotating(t, nil, secretstest.StorySecretARN+"#password")
	r.accepts = ""
	err := secrets.Use(t.Context(), r.handle, func(password string) error {
		if err := r.store.Close(); err != nil {
			t.Error(err)
		}
		return r.login(password)
	})
	if !errors.Is(err, secrets.ErrRejected) || !errors.Is(err, secrets.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := r.handle.Close(); err != nil {
		t.Error(err)
	}
	if err := secrets.Use(t.Context(), r.handle, r.login); !errors.Is(err, secrets.ErrClosed) || r.tries != 1 {
		t.Errorf("got %v after %d attempts", err, r.tries)
	}
}
