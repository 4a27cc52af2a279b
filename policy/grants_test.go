package policy_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

func TestGrants(t *testing.T) {
	t.Parallel()
	// KMS Developer Guide, grants; KMS API reference, GrantConstraints. The key
	// policy of each case names nobody unless it says so.
	decrypt := asRole("kms:Decrypt", ownKey)
	inContext := decrypt
	inContext.Context = policy.Context{"kms:EncryptionContext:SecretARN": {ownSecret}, "kms:EncryptionContextKeys": {"SecretARN"}}
	derived := decrypt
	derived.Context = policy.Context{"kms:EncryptionContext:SecretARN": {ownSecret}}
	wider := decrypt
	wider.Context = policy.Context{"kms:EncryptionContext:SecretARN": {ownSecret}, "kms:EncryptionContext:SecretVersionId": {"1"}}
	keysOnly := decrypt
	keysOnly.Context = policy.Context{"kms:EncryptionContext:SecretARN": {ownSecret}, "kms:EncryptionContextKeys": {"SecretARN", "SecretVersionId"}}
	open := inContext
	open.Closed = false
	describe := asRole("kms:DescribeKey", ownKey)
	far := asRole("kms:Decrypt", farKey)
	user := decrypt
	user.Principal, user.RoleARN = ownUser, ""
	service := decrypt
	service.Principal, service.RoleARN = "rds.amazonaws.com", ""
	newGrant := asRole("kms:CreateGrant", ownKey)
	newGrant.Context = policy.Context{"kms:GrantConstraintType": {"EncryptionContextSubset"}}
	secret := asRole("secretsmanager:GetSecretValue", ownSecret)

	pair := map[string]string{"SecretARN": ownSecret}
	to := func(grantee string, operations ...string) policy.Grant {
		return policy.Grant{Name: "g1", Grantee: grantee, Operations: operations}
	}
	subset, equals := to(ownRole, "Decrypt", "DescribeKey", "CreateGrant"), to(ownRole, "Decrypt", "DescribeKey", "CreateGrant")
	subset.EncryptionContextSubset, equals.EncryptionContextEquals = pair, pair
	lower := to(ownRole, "Decrypt")
	lower.EncryptionContextEquals = map[string]string{"secretarn": ownSecret}
	other := to(ownRole, "Decrypt")
	other.EncryptionContextSubset = map[string]string{"SecretARN": strings.ToUpper(ownSecret)}
	stars := to(ownRole, "Decrypt")
	stars.EncryptionContextSubset = map[string]string{"SecretARN": "*"}
	empty := to(ownRole, "Decrypt")
	empty.EncryptionContextEquals, empty.EncryptionContextSubset = map[string]string{}, map[string]string{}

	nobody := policy.Policy{Name: "key", Document: policy.MustParse(`{"Statement":[]}`)}
	deny := text("deny", `{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`)
	tests := map[string]struct {
		req   policy.Request
		grant policy.Grant
		set   policy.Set
		want  policy.Decision
	}{
		"role":                            {decrypt, to(ownRole, "Decrypt"), policy.Set{}, policy.Allowed},
		"session":                         {decrypt, to(ownSession, "Decrypt"), policy.Set{}, policy.Allowed},
		"user":                            {user, to(ownUser, "Decrypt"), policy.Set{}, policy.Allowed},
		"service":                         {service, to("rds.amazonaws.com", "Decrypt"), policy.Set{}, policy.Allowed},
		"account, no identity":            {decrypt, to(ownRoot, "Decrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"account and identity":            {decrypt, to(ownRoot, "Decrypt"), policy.Set{Identity: list(all)}, policy.Allowed},
		"somebody else":                   {decrypt, to(ownTarget, "Decrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"everyone is no grantee":          {decrypt, to("*", "Decrypt"), policy.Set{Identity: list(all)}, policy.ImplicitlyDenied},
		"nobody":                          {decrypt, to("", "Decrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"other operation":                 {decrypt, to(ownRole, "Encrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"no operation":                    {decrypt, to(ownRole), policy.Set{}, policy.ImplicitlyDenied},
		"role, boundary":                  {decrypt, to(ownRole, "Decrypt"), policy.Set{Boundaries: list(nothing)}, policy.ImplicitlyDenied},
		"session, boundary":               {decrypt, to(ownSession, "Decrypt"), policy.Set{Boundaries: list(nothing)}, policy.Allowed},
		"key policy denies":               {decrypt, to(ownRole, "Decrypt"), policy.Set{Resource: &deny}, policy.ExplicitlyDenied},
		"identity policy denies":          {decrypt, to(ownRole, "Decrypt"), policy.Set{Identity: list(doc("Deny", "kms:*", "*"))}, policy.ExplicitlyDenied},
		"SCP lacks it":                    {decrypt, to(ownRole, "Decrypt"), policy.Set{SCPs: [][]policy.Policy{list(nothing)}}, policy.ImplicitlyDenied},
		"key policy not known":            {decrypt, to(ownRole, "Decrypt"), policy.Set{Unknown: []policy.Kind{policy.KeyPolicy}}, policy.Unknown},
		"two accounts, no identity":       {far, to(ownRole, "Decrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"two accounts and identity":       {far, to(ownRole, "Decrypt"), policy.Set{Identity: list(all)}, policy.Allowed},
		"not of a key":                    {secret, to(ownRole, "Decrypt"), policy.Set{}, policy.ImplicitlyDenied},
		"subset, has it":                  {inContext, subset, policy.Set{}, policy.Allowed},
		"subset, has more":                {wider, subset, policy.Set{}, policy.Allowed},
		"subset, has none":                {decrypt, subset, policy.Set{}, policy.ImplicitlyDenied},
		"subset, value in other case":     {inContext, other, policy.Set{}, policy.ImplicitlyDenied},
		"subset, star is literal":         {inContext, stars, policy.Set{}, policy.ImplicitlyDenied},
		"subset, open":                    {open, subset, policy.Set{}, policy.Allowed},
		"equals, same":                    {inContext, equals, policy.Set{}, policy.Allowed},
		"equals, keys derived":            {derived, equals, policy.Set{}, policy.Allowed},
		"equals, key in other case":       {inContext, lower, policy.Set{}, policy.Allowed},
		"equals, has more":                {wider, equals, policy.Set{}, policy.ImplicitlyDenied},
		"equals, has a key more":          {keysOnly, equals, policy.Set{}, policy.ImplicitlyDenied},
		"equals, has none":                {decrypt, equals, policy.Set{}, policy.ImplicitlyDenied},
		"empty maps do not constrain":     {wider, empty, policy.Set{}, policy.Allowed},
		"not for DescribeKey":             {describe, equals, policy.Set{}, policy.Allowed},
		"new grant, as strict":            {newGrant, subset, policy.Set{}, policy.Allowed},
		"new grant, less strict":          {newGrant, equals, policy.Set{}, policy.ImplicitlyDenied},
		"new grant, no constraint at all": {asRole("kms:CreateGrant", ownKey), subset, policy.Set{}, policy.ImplicitlyDenied},
		"new grant, none asked":           {asRole("kms:CreateGrant", ownKey), to(ownRole, "CreateGrant"), policy.Set{}, policy.Allowed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.set.Resource == nil && tt.set.Unknown == nil && tt.req.Resource != ownSecret {
				tt.set.Resource = &nobody
			}
			tt.set.Grants = []policy.Grant{to("nobody"), tt.grant}
			if got := evaluate(t, tt.req, tt.set); got.Decision != tt.want {
				t.Errorf("got %v, want %v\n%+v", got.Decision, tt.want, got)
			}
		})
	}
}

func TestGrantsExplained(t *testing.T) {
	t.Parallel()
	key := text("key", `{"Effect":"Allow","Principal":`+aws(farTarget)+`,"Action":"*","Resource":"*"}`)
	grant := policy.Grant{Name: "g1", Grantee: ownRole, Operations: []string{"Decrypt"}}
	set := policy.Set{Resource: &key, Grants: []policy.Grant{grant}}
	t.Run("reason", func(t *testing.T) {
		t.Parallel()
		r := evaluate(t, asRole("kms:Decrypt", ownKey), set)
		want := policy.Reason{
			Place:  policy.Place{Kind: policy.KeyPolicy, Account: "111111111111", Policy: "KMS grant g1"},
			Effect: policy.Allow, Grant: policy.RoleGrant,
		}
		if len(r.Reasons) != 1 || r.Reasons[0] != want {
			t.Errorf("got %+v", r.Reasons)
		}
	})
	t.Run("what it lacks", func(t *testing.T) {
		t.Parallel()
		for why, g := range map[string]policy.Grant{
			"its grantee":     {Name: "g1", Grantee: ownTarget, Operations: []string{"Decrypt"}},
			"its operations":  {Name: "g1", Grantee: ownRole, Operations: []string{"Encrypt"}},
			"its constraints": {Name: "g1", Grantee: ownRole, Operations: []string{"Decrypt"}, EncryptionContextSubset: map[string]string{"a": "b"}},
		} {
			set := set
			set.Grants = []policy.Grant{g}
			r := evaluate(t, asRole("kms:Decrypt", ownKey), set)
			if len(r.Notes) != 1 || r.Notes[0] != "KMS grant g1 would allow but for "+why {
				t.Errorf("notes: %q", r.Notes)
			}
			if len(r.Missing) != 1 || r.Missing[0].Policy != "key" {
				t.Errorf("one edits the key policy: %+v", r.Missing)
			}
		}
	})
	t.Run("another account", func(t *testing.T) {
		t.Parallel()
		r := evaluate(t, asRole("kms:Decrypt", farKey), set)
		if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "does not document whether a KMS grant") {
			t.Errorf("notes: %q", r.Notes)
		}
		if len(r.Missing) != 1 || r.Missing[0].Kind != policy.IdentityPolicy {
			t.Errorf("missing: %+v", r.Missing)
		}
	})
}
