package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// story is one play, its explanation, and, after a break, a second play with
// the remedy applied.
type story struct {
	broken    *breakage // nil: nothing was broken
	scene     scene
	performed *performance
	explained policy.AccessReport
	// mended is the play after the suggested statement was put in place; nil
	// when the remedy is not a statement.
	mended *performance
}

// tell plays the story, with something broken first unless that is nil.
func tell(ctx context.Context, broken *breakage) (*story, error) {
	t := &story{scene: newScene(), broken: broken}
	if broken != nil {
		broken.corrupt(&t.scene)
	}
	var err error
	if t.performed, err = t.scene.play(ctx); err != nil {
		return nil, err
	}
	if t.explained, err = t.scene.explain(t.performed.token.Claims()); err != nil {
		return nil, err
	}
	if fault := t.fault(); fault != nil && fault.Statement != nil && t.scene.mend(*fault) {
		if t.mended, err = t.scene.play(ctx); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// fault is the one thing found wrong, nil if it is not exactly one.
func (t *story) fault() *policy.Fault {
	if len(t.explained.Faults) != 1 {
		return nil
	}
	return &t.explained.Faults[0]
}

// verdict is nil if the story ended as it must: the secret was read, or what
// was broken is what the explanation names, and mending it helps.
func (t *story) verdict() error {
	if t.broken == nil {
		return t.unbrokenVerdict()
	}
	if t.performed.err == nil {
		return fmt.Errorf("%s: the secret was read although something is broken", t.broken.name)
	}
	f := t.fault()
	if f == nil {
		return fmt.Errorf("%s: %d faults were found, not one", t.broken.name, len(t.explained.Faults))
	}
	if f.Kind != t.broken.kind || f.Account != t.broken.account || f.Document != t.broken.document {
		return fmt.Errorf("%s: the explanation blames the %s %s in account %s, but broken is the %s %s in account %s", t.broken.name,
			f.Kind, f.Document, f.Account, t.broken.kind, t.broken.document, t.broken.account)
	}
	if text := remedy(*f); !strings.Contains(text, t.broken.remedy) {
		return fmt.Errorf("%s: the remedy does not mention %s", t.broken.name, t.broken.remedy)
	}
	if f.Statement != nil && t.mended == nil {
		return fmt.Errorf("%s: the suggested statement has no place in the world", t.broken.name)
	}
	if t.mended != nil && t.mended.err != nil {
		return fmt.Errorf("%s: the suggested statement does not help: %w", t.broken.name, t.mended.err)
	}
	return t.errorVerdict(f.Kind)
}

func (t *story) unbrokenVerdict() error {
	if t.performed.err != nil {
		return t.performed.err
	}
	if t.explained.Decision != policy.Allowed {
		return fmt.Errorf("the secret was read, but by its documents it is %s", t.explained.Decision)
	}
	return nil
}

// errorVerdict checks that the error which the application saw points at the
// broken document too, as far as AWS's answer lets it know: KMS's refusals pass
// through Secrets Manager without their kind, so then the account must do; and
// a wrong reference is refused like a missing permission.
func (t *story) errorVerdict(kind policy.Kind) error {
	if _, ok := errors.AsType[*credentials.TokenError](t.performed.err); ok && kind == policy.ServiceAccountToken {
		return nil
	}
	if refused, ok := errors.AsType[*credentials.AssumeRoleError](t.performed.err); ok {
		if f := refused.Fault; f != nil && f.Kind == kind && f.Account == t.broken.account {
			return nil
		}
	}
	if denied, ok := errors.AsType[*secrets.AccessError](t.performed.err); ok {
		for _, g := range denied.Grants {
			if kind == policy.SecretReference || g.Account == t.broken.account && (g.Kind == kind || denied.Denial.KMS) {
				return nil
			}
		}
	}
	return fmt.Errorf("%s: the application's error does not name the %s in account %s", t.broken.name, kind, t.broken.account)
}

// remedy is all that a fault says about its cure.
func remedy(f policy.Fault) string {
	text := f.Remedy
	if f.Statement != nil {
		text += "\n" + f.Statement.String()
	}
	return text
}

// mend carries out a fault's remedy in the scene's world.
func (s *scene) mend(f policy.Fault) bool {
	document := s.document(f)
	if document == nil {
		return false
	}
	*document = f.Apply(*document)
	return true
}

// document finds, or makes, the document that a fault is about.
func (s *scene) document(f policy.Fault) **policy.Document {
	switch f.Kind {
	case policy.TrustPolicy:
		return &s.role().Trust
	case policy.PermissionsBoundary:
		return &s.role().Boundary.Document
	case policy.ResourcePolicy:
		return &s.secret().Policy
	case policy.KeyPolicy:
		return &s.key().Policy
	case policy.IdentityPolicy:
		role := s.role()
		for i := range role.Policies {
			if role.Name+"/"+role.Policies[i].Name == f.Document {
				return &role.Policies[i].Document
			}
		}
	}
	return nil
}
