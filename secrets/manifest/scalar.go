package manifest

import "regexp"

// kind is what a YAML value is.
type kind int

const (
	nullKind kind = iota
	boolKind
	numberKind
	textKind
	listKind
	mapKind
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "text", "a list", "a map"}[k]
}

// Kubernetes reads YAML 1.1 (sigs.k8s.io/yaml), in which more words are
// something else than text, and are written differently afterwards, than in
// YAML 1.2: y is the boolean true, 0400 is the number 256.
var (
	nulls    = regexp.MustCompile(`^(|~|null|Null|NULL)$`)
	booleans = regexp.MustCompile(`^(y|Y|yes|Yes|YES|n|N|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	integers = regexp.MustCompile(`^[-+]?(0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)$`)
	floats   = regexp.MustCompile(`^([-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
	// decimals are the numbers that stay what they look like.
	decimals = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
)

// plainKind is what a word without quotes is to Kubernetes.
func plainKind(word string) kind {
	switch {
	case nulls.MatchString(word):
		return nullKind
	case booleans.MatchString(word):
		return boolKind
	case integers.MatchString(word), floats.MatchString(word):
		return numberKind
	}
	return textKind
}
