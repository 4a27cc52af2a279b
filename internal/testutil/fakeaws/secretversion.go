package fakeaws

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// version is a version of a secret as Secrets Manager keeps it. It is
// immutable. A version keeps the key of its time when the secret gets another.
type version struct {
	id      string
	stages  []string
	created time.Time
	binary  bool   // the value is a SecretBinary
	keyARN  string // of the key under which it is sealed
	sealed  []byte // nil: the version has no value yet
}

// sealVersion is the version as it is kept from now on. It shares nothing with
// v.
func (g *ids) sealVersion(s *secret, v *Version) *version {
	sealed := &version{
		id:      v.ID,
		stages:  slices.Clone(v.Stages),
		created: *v.Created,
		binary:  v.Binary != nil,
		keyARN:  s.keyARN,
	}
	if v.hasValue() {
		sealed.sealed = g.backingKey(s.keyARN).encrypt(v.plaintext(), s.context(v.ID))
	}
	return sealed
}

// holds reports whether the value of a kept version is that of v.
func (g *ids) holds(s *secret, kept *version, v *Version) bool {
	return v.hasValue() && kept.binary == (v.Binary != nil) && bytes.Equal(g.plaintext(s, kept), v.plaintext())
}

// openVersion is the opposite of sealVersion.
func (g *ids) openVersion(s *secret, kept *version) Version {
	v := Version{ID: kept.id, Stages: slices.Clone(kept.stages), Created: new(kept.created)}
	switch plaintext := g.plaintext(s, kept); {
	case kept.sealed == nil:
	case kept.binary:
		v.Binary = plaintext
	default:
		v.String = new(string(plaintext))
	}
	return v
}

// plaintext is the value of a kept version, nil if it has none.
func (g *ids) plaintext(s *secret, kept *version) []byte {
	blob, err := parseCiphertext(kept.sealed)
	if err != nil {
		return nil
	}
	plaintext, err := g.backingKey(kept.keyARN).open(blob, s.context(kept.id))
	if err != nil {
		return nil
	}
	return plaintext
}

// context is the encryption context of a version (Secrets Manager User Guide,
// security-encryption).
func (s *secret) context(versionID string) map[string]string {
	return map[string]string{"SecretARN": s.arn, "SecretVersionId": versionID}
}

// version returns the version that a version id, a staging label or both
// denote. A version without a value, as rotation makes one before its first
// step, is as good as absent.
func (s *secret) version(id, stage string) (*version, error) {
	if id == "" {
		stage = cmp.Or(stage, stageCurrent)
	}
	for _, v := range s.versions {
		switch {
		case id == "" && slices.Contains(v.stages, stage) && v.sealed != nil:
			return v, nil
		case id != "" && v.id == id && stage != "" && !slices.Contains(v.stages, stage):
			return nil, errorf("InvalidRequestException",
				"You provided a VersionStage that is not associated to the provided VersionId.")
		case id != "" && v.id == id && v.sealed != nil:
			return v, nil
		}
	}
	if id != "" {
		return nil, errorf("ResourceNotFoundException",
			"Secrets Manager can't find the specified secret value for VersionId: %s", id)
	}
	return nil, errorf("ResourceNotFoundException",
		"Secrets Manager can't find the specified secret value for staging label: %s", stage)
}

// withID returns the version of that id, with a value or without, or nil.
func (s *secret) withID(id string) *version {
	for _, v := range s.versions {
		if v.id == id {
			return v
		}
	}
	return nil
}

func (v *Version) hasValue() bool { return v.String != nil || v.Binary != nil }

// plaintext is the version's value as it is encrypted.
func (v *Version) plaintext() []byte {
	if v.String != nil {
		return []byte(*v.String)
	}
	return v.Binary
}
