package fakeaws

import (
	"slices"

	"github.com/irsakit/irsa/policy"
)

// UpdateSecretVersionStage moves a staging label of a secret while the fake
// runs, as the operation of that name does but without asking for permission.
// secretARN is the complete ARN. removeFrom is the id of the version that has
// the label, empty if none has it; moveTo that of the version that gets it,
// empty if none does. Where AWSCURRENT moves, AWSPREVIOUS goes to the version
// that had it.
//
// Errors are those of AWS: ResourceNotFoundException, InvalidParameterException.
func (a *AWS) UpdateSecretVersionStage(secretARN, label, removeFrom, moveTo string) error {
	return a.changeSecret(secretARN, func(s *secret) error {
		holder := slices.IndexFunc(s.versions, func(v *version) bool { return slices.Contains(v.stages, label) })
		switch {
		case holder >= 0 && s.versions[holder].id != removeFrom && s.versions[holder].id != moveTo,
			holder < 0 && removeFrom != "":
			return errorf("InvalidParameterException",
				"The parameter RemoveFromVersionId must name the version that the staging label %s is attached to.", label)
		case label == stageCurrent && moveTo == "":
			return errorf("InvalidParameterException", "You can't remove the staging label AWSCURRENT without moving it.")
		case moveTo == "":
			s.versions = withoutLabel(s.versions, label)
			return nil
		}
		return s.label(moveTo, label)
	})
}

// label moves a label to the version with the given id.
func (s *secret) label(id, label string) error {
	at := slices.IndexFunc(s.versions, func(v *version) bool { return v.id == id })
	if at < 0 || label == stageCurrent && s.versions[at].sealed == nil {
		return errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret version: %s", id)
	}
	next := *s.versions[at]
	next.stages = union(next.stages, []string{label})
	versions := moveLabels(s.versions, &next)
	if label == stageCurrent { // it may have been AWSPREVIOUS
		next.stages = slices.DeleteFunc(next.stages, func(l string) bool { return l == stagePrevious })
	}
	versions[at] = &next
	s.versions = versions
	return nil
}

// withoutLabel returns copies of the versions, none of which has the label.
func withoutLabel(versions []*version, label string) []*version {
	out := make([]*version, len(versions))
	for i, v := range versions {
		bare := *v
		bare.stages = slices.DeleteFunc(slices.Clone(v.stages), func(l string) bool { return l == label })
		out[i] = &bare
	}
	return out
}

// SecretVersions returns the versions of a secret that have labels, values
// included, oldest first and without asking for permission. secretARN is the
// complete ARN. The error is a ResourceNotFoundException.
func (a *AWS) SecretVersions(secretARN string) ([]Version, error) {
	arn, err := policy.ParseARN(secretARN)
	if err != nil {
		return nil, invalidSecretName()
	}
	for _, s := range a.secretsOf(arn.Account, arn.Region) {
		if s.arn != secretARN {
			continue
		}
		var versions []Version
		for _, v := range s.versions {
			if len(v.stages) > 0 {
				versions = append(versions, a.ids.openVersion(s, v))
			}
		}
		return versions, nil
	}
	return nil, errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}
