package credentials

import "testing"

// Keys differ wherever a part does, also one that cannot be marshalled.
func TestSessionKey(t *testing.T) {
	t.Parallel()
	seen := map[sessionKey]string{}
	for name, key := range map[string]sessionKey{
		"nothing":      sessionKey("").then(),
		"hop":          sessionKey("").then(Hop{RoleARN: "a"}),
		"other hop":    sessionKey("").then(Hop{RoleARN: "b"}),
		"hop of a hop": sessionKey("").then(Hop{RoleARN: "a"}).then(Hop{RoleARN: "a"}),
		"bad":          sessionKey("").then(func() {}),
		"bad of a hop": sessionKey("").then(Hop{RoleARN: "a"}).then(func() {}),
	} {
		if other, taken := seen[key]; taken {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[key] = name
	}
}
