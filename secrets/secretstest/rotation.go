package secretstest

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// RotationStep is a step of a rotation (Secrets Manager User Guide, rotation
// by Lambda function).
type RotationStep int

// The steps of a rotation, in order. Before the first, and after the last, no
// rotation is under way.
const (
	// RotateSecret attaches AWSPENDING to a version that has no value yet. Who
	// asks for AWSPENDING now hears that it is not found.
	RotateSecret RotationStep = iota + 1
	// CreateSecret gives that version its value.
	CreateSecret
	// SetSecret changes the database. From now on, AWSCURRENT does not work
	// there, unless users alternate.
	SetSecret
	// TestSecret tries the new value.
	TestSecret
	// FinishSecret moves AWSCURRENT to the new version and AWSPREVIOUS to the
	// one before.
	FinishSecret
)

// String is the step's name as AWS writes it.
func (s RotationStep) String() string {
	names := []string{"none", "RotateSecret", "createSecret", "setSecret", "testSecret", "finishSecret"}
	if s < 0 || int(s) >= len(names) {
		return fmt.Sprintf("RotationStep(%d)", int(s))
	}
	return names[s]
}

// RotationConfig says what a rotation does beyond moving labels. The zero
// RotationConfig changes nothing but the secret.
type RotationConfig struct {
	// Next makes the new value from the current one. Nil: the "password" of a
	// JSON object is replaced; any other value is replaced whole.
	Next func(current string) (string, error)
	// Set changes the database from the current value to the new one; it plays
	// the step SetSecret. Nil: there is no database.
	Set func(current, pending string) error
	// Test tries the new value; it plays the step TestSecret. Nil: it works.
	Test func(pending string) error
	// AlternatingUsers lets the default Next also switch "username" between two
	// users, NAME and NAME_clone, so that what is AWSPREVIOUS afterwards goes on
	// working: the alternating users strategy.
	AlternatingUsers bool
	// KeepPending leaves AWSPENDING on the version that has become AWSCURRENT, as
	// many rotation functions do, where it no longer means a rotation.
	KeepPending bool
}

// Rotation rotates one secret of a fake, step by step. To leave a rotation half
// done, take no further step. It is for one goroutine.
type Rotation struct {
	engine *fakeaws.AWS
	arn    string
	config RotationConfig
	done   RotationStep // zero: no rotation is under way
	id     string       // of the version under rotation
}

// Rotation returns a rotation of the secret with the given ARN. It begins with
// the first step that is asked for; as Secrets Manager does, it then takes up
// a version on which an earlier rotation has left AWSPENDING.
func (a *AWS) Rotation(secretARN string, c RotationConfig) *Rotation {
	return &Rotation{engine: a.engine, arn: secretARN, config: c}
}

// Step plays the next step and returns which it was. After FinishSecret comes
// the RotateSecret of the next rotation. A step that fails, with an error of a
// function of [RotationConfig] or because there is no such secret, comes again.
func (r *Rotation) Step() (RotationStep, error) {
	step := r.done%FinishSecret + 1
	if err := r.play(step); err != nil {
		return step, fmt.Errorf("secretstest: rotate %q: %v: %w", r.arn, step, err)
	}
	r.done = step
	return step, nil
}

// Until plays steps until it has played the given one; at least one.
func (r *Rotation) Until(last RotationStep) error {
	if last < RotateSecret || last > FinishSecret {
		return fmt.Errorf("secretstest: rotate %q: there is no step %v", r.arn, last)
	}
	for {
		if step, err := r.Step(); err != nil || step == last {
			return err
		}
	}
}

// Run completes the rotation that is under way; if none is, it plays a whole
// one.
func (r *Rotation) Run() error { return r.Until(FinishSecret) }

// Cancel ends the rotation that is under way and takes AWSPENDING away, as an
// operator does after a rotation that failed. The database is left as it is.
func (r *Rotation) Cancel() error {
	if r.done == 0 || r.done == FinishSecret {
		return nil
	}
	r.done = 0
	return r.drop()
}

func (r *Rotation) play(step RotationStep) error {
	current, pending, err := r.versions()
	if err != nil {
		return err
	}
	switch step {
	case RotateSecret:
		if pending.ID != "" && pending.ID != current.ID {
			r.id = pending.ID
			return nil
		}
		r.id, err = r.engine.PutSecretValue(r.arn, fakeaws.Version{Stages: []string{"AWSPENDING"}})
		return err
	case CreateSecret:
		return r.create(*current.String, pending)
	case SetSecret:
		if r.config.Set == nil {
			return nil
		}
		return r.config.Set(*current.String, *pending.String)
	case TestSecret:
		if r.config.Test == nil {
			return nil
		}
		return r.config.Test(*pending.String)
	default:
		return r.finish(current.ID)
	}
}

// create gives the pending version a value. One that it has from an earlier
// attempt stays.
func (r *Rotation) create(current string, pending fakeaws.Version) error {
	if pending.String != nil {
		return nil
	}
	next := r.config.Next
	if next == nil {
		next = r.next
	}
	value, err := next(current)
	if err != nil {
		return err
	}
	_, err = r.engine.PutSecretValue(r.arn, fakeaws.Version{ID: r.id, String: &value, Stages: []string{"AWSPENDING"}})
	return err
}

func (r *Rotation) finish(currentID string) error {
	if err := r.engine.UpdateSecretVersionStage(r.arn, "AWSCURRENT", currentID, r.id); err != nil {
		return err
	}
	if r.config.KeepPending {
		return nil
	}
	return r.drop()
}

func (r *Rotation) drop() error {
	return r.engine.UpdateSecretVersionStage(r.arn, "AWSPENDING", r.id, "")
}

// versions returns the current version, which has a string, and the one that
// is pending; zero if there is none.
func (r *Rotation) versions() (current, pending fakeaws.Version, err error) {
	versions, err := r.engine.SecretVersions(r.arn)
	if err != nil {
		return current, pending, err
	}
	for _, v := range versions {
		if slices.Contains(v.Stages, "AWSCURRENT") {
			current = v
		}
		if slices.Contains(v.Stages, "AWSPENDING") {
			pending = v
		}
	}
	switch {
	case current.String == nil:
		return current, pending, errors.New("the secret has no AWSCURRENT that is a string")
	case r.done != 0 && r.done != FinishSecret && pending.ID != r.id:
		return current, pending, errors.New("AWSPENDING has been moved by somebody else")
	case r.done >= CreateSecret && r.done != FinishSecret && pending.String == nil:
		return current, pending, errors.New("AWSPENDING has lost its value")
	}
	return current, pending, nil
}

// next is the default of RotationConfig.Next.
func (r *Rotation) next(current string) (string, error) {
	var login map[string]any
	d := json.NewDecoder(strings.NewReader(current))
	d.UseNumber()
	if d.Decode(&login) != nil || login == nil {
		return rand.Text(), nil
	}
	login["password"] = rand.Text()
	if name, ok := login["username"].(string); ok && r.config.AlternatingUsers {
		login["username"] = otherUser(name)
	}
	text, err := json.Marshal(login)
	return string(text), err
}

// otherUser is the user that takes turns with name.
func otherUser(name string) string {
	if first, isClone := strings.CutSuffix(name, "_clone"); isClone {
		return first
	}
	return name + "_clone"
}
