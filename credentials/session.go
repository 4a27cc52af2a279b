package credentials

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// The bounds of a session name (STS API Reference, AssumeRoleWithWebIdentity,
// RoleSessionName).
const (
	minSessionName = 2
	maxSessionName = 64
)

// checkSessionName checks a name that someone chose; empty means nobody did.
func checkSessionName(s setting) error {
	if s.value == "" {
		return nil
	}
	problem := ""
	if i := strings.IndexFunc(s.value, func(r rune) bool { return r != '+' && !sessionRune(r) }); i >= 0 {
		problem = fmt.Sprintf("%q has an illegal character at position %d", s.value, i+1)
	} else if n := len(s.value); n < minSessionName || n > maxSessionName {
		problem = fmt.Sprintf("%q has %d characters", s.value, n)
	}
	if problem == "" {
		return nil
	}
	return &ConfigError{
		Field:   s.name,
		Problem: problem,
		Remedy:  fmt.Sprintf("use %d to %d letters, digits and characters of +=,.@_-", minSessionName, maxSessionName),
	}
}

// sessionRune reports whether r may stand in a session name that we make. STS
// also takes '+', but its documentation of web identity leaves it out.
func sessionRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return true
	}
	return strings.ContainsRune("_=,.@-", r)
}

// sessionName names the session after namespace, service account and pod, so
// that CloudTrail tells which pod acted. It is the same at every refresh.
func sessionName(t Token) string {
	parts := []string{t.Namespace, t.ServiceAccount}
	if t.Pod != "" {
		parts = append(parts, t.Pod)
	}
	return legalSessionName(strings.Join(parts, "."))
}

// legalSessionName replaces what may not stand in a session name and cuts off
// what is too much of it.
func legalSessionName(full string) string {
	legal := strings.Map(func(r rune) rune {
		if sessionRune(r) {
			return r
		}
		return '-'
	}, full)
	if legal == full && len(legal) <= maxSessionName {
		return legal
	}
	// What was replaced or cut off must still tell two pods apart.
	sum := sha256.Sum256([]byte(full))
	tail := "-" + hex.EncodeToString(sum[:4])
	return legal[:min(len(legal), maxSessionName-len(tail))] + tail
}
