package fakeaws

import (
	"slices"
	"strconv"
	"time"

	"github.com/irsakit/irsa/policy"
)

// PutSecretValue adds a version to a secret while the fake runs, as the
// operation of that name does but without asking for permission, and returns
// the version's id. secretARN is the complete ARN.
//
// v's labels (none: AWSCURRENT) move to it from the versions that have them.
// Where AWSCURRENT moves, AWSPREVIOUS goes to the version that had it. v may
// lack a value if AWSPENDING is its only label, as in the moment when a rotation
// begins; the id of such a version may be put again with a value, that of
// another only with the value that it has, which moves labels alone.
//
// Errors are those of AWS: ResourceNotFoundException, ResourceExistsException,
// InvalidParameterException.
func (a *AWS) PutSecretValue(secretARN string, v Version) (versionID string, err error) {
	err = a.changeSecret(secretARN, func(s *secret) error {
		if v.ID == "" {
			v.ID = uuid(a.ids.derive("put version", secretARN, strconv.Itoa(len(s.versions))))
		}
		return s.put(a.ids, v)
	})
	if err != nil {
		return "", err
	}
	return v.ID, nil
}

// changeSecret replaces the secret with that complete ARN by what change makes
// of a copy, unless change returns an error.
func (a *AWS) changeSecret(secretARN string, change func(*secret) error) error {
	arn, err := policy.ParseARN(secretARN)
	if err != nil {
		return invalidSecretName()
	}
	err = errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	a.update(arn.Account, func(account *account) {
		i := slices.IndexFunc(account.secrets, func(s *secret) bool { return s.arn == secretARN })
		if i < 0 {
			return
		}
		s := *account.secrets[i]
		if err = change(&s); err == nil {
			account.secrets[i] = &s
		}
	})
	return err
}

// put replaces the versions by those with v among them, copies wherever one
// changes.
func (s *secret) put(g *ids, v Version) error {
	if len(v.Stages) == 0 {
		v.Stages = []string{stageCurrent}
	}
	switch onlyPending := slices.Equal(v.Stages, []string{stagePending}); {
	case v.String != nil && v.Binary != nil:
		return errorf("InvalidParameterException", "You can't specify both a binary secret value and a string secret value in the same secret.")
	case !v.hasValue() && !onlyPending:
		return errorf("InvalidParameterException", "You must provide either SecretString or SecretBinary.")
	}
	if v.Created == nil {
		v.Created = new(time.Now())
	}
	next := g.sealVersion(s, &v)
	existing := slices.IndexFunc(s.versions, func(w *version) bool { return w.id == v.ID })
	if existing >= 0 && s.versions[existing].sealed != nil {
		old := *s.versions[existing]
		if !g.holds(s, &old, &v) {
			return errorf("ResourceExistsException", "You can't modify an existing version, you can only create new versions.")
		}
		old.stages = union(old.stages, v.Stages)
		next = &old
	}
	s.versions = moveLabels(s.versions, next)
	if existing >= 0 {
		s.versions[existing] = next
	} else {
		s.versions = append(s.versions, next)
	}
	return nil
}

// moveLabels returns copies of the versions, of which all but v have lost v's
// labels. The one that loses AWSCURRENT becomes AWSPREVIOUS.
func moveLabels(versions []*version, v *version) []*version {
	current := slices.Contains(v.stages, stageCurrent)
	demotes := slices.ContainsFunc(versions, func(w *version) bool {
		return current && w.id != v.id && slices.Contains(w.stages, stageCurrent)
	})
	out := make([]*version, len(versions))
	for i, w := range versions {
		moved := *w
		moved.stages = slices.DeleteFunc(slices.Clone(w.stages), func(label string) bool {
			return slices.Contains(v.stages, label) || demotes && label == stagePrevious
		})
		if demotes && slices.Contains(w.stages, stageCurrent) {
			moved.stages = append(moved.stages, stagePrevious)
		}
		out[i] = &moved
	}
	return out
}

// union is a followed by what b adds.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}
