package policy_test

import (
	"encoding/json"
	"testing"

	"github.com/irsakit/irsa/policy"
)

func TestKind(t *testing.T) {
	t.Parallel()
	cases := map[policy.Kind]struct{ phrase, text string }{
		policy.NoKind:                {"policy", ""},
		policy.IdentityPolicy:        {"identity-based policy", "identity-policy"},
		policy.ResourcePolicy:        {"resource-based policy", "resource-policy"},
		policy.KeyPolicy:             {"key policy", "key-policy"},
		policy.TrustPolicy:           {"role trust policy", "trust-policy"},
		policy.PermissionsBoundary:   {"permissions boundary", "permissions-boundary"},
		policy.SessionPolicy:         {"session policy", "session-policy"},
		policy.ServiceControlPolicy:  {"service control policy", "service-control-policy"},
		policy.ResourceControlPolicy: {"resource control policy", "resource-control-policy"},
		policy.EndpointPolicy:        {"VPC endpoint policy", "endpoint-policy"},
		policy.ServiceAccountToken:   {"service account token", "service-account-token"},
		policy.IdentityProvider:      {"OIDC identity provider", "identity-provider"},
		policy.SecretReference:       {"secret reference", "secret-reference"},
	}
	for kind, want := range cases {
		if got := kind.String(); got != want.phrase {
			t.Errorf("Kind(%d).String() = %q, want %q", kind, got, want.phrase)
		}
		text, err := json.Marshal(kind)
		if err != nil || string(text) != `"`+want.text+`"` {
			t.Errorf("Kind(%d) as JSON = %s, %v, want %q", kind, text, err, want.text)
		}
		back := policy.Kind(99)
		if err := json.Unmarshal(text, &back); err != nil || back != kind {
			t.Errorf("%s as Kind = %d, %v, want %d", text, back, err, kind)
		}
	}
}

func TestKindOutOfRange(t *testing.T) {
	t.Parallel()
	if got := policy.Kind(99).String(); got != "Kind(99)" {
		t.Errorf("String() = %q, want Kind(99)", got)
	}
	if text, err := policy.Kind(99).MarshalText(); err == nil {
		t.Errorf("MarshalText() = %q, want an error", text)
	}
	kind := policy.TrustPolicy
	if err := kind.UnmarshalText([]byte("trust")); err == nil || kind != policy.TrustPolicy {
		t.Errorf("UnmarshalText of no kind: kind %v, error %v; want an error and no change", kind, err)
	}
}
