package tfplan_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
)

const plans = "../testdata/terraform/plans"

// story is the pod of the three-account configuration.
var story = tfplan.Question{ServiceAccount: "testnamespace/testapp"}

func readPlan(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join(plans, name+".json"))
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func ask(t *testing.T, data []byte, q tfplan.Question, o tfplan.Options) tfplan.Answer {
	t.Helper()
	plan, err := tfplan.Read(data)
	if err != nil {
		t.Fatal(err)
	}
	a, err := plan.Access(q, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestMistakes has the plans of a real configuration, right and with each of
// five mistakes: nothing but the mistake is named.
func TestMistakes(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		kind             policy.Kind
		account, address string
	}{
		"right":            {},
		"trust-sub":        {policy.TrustPolicy, "111122223333", "aws_iam_role.pod"},
		"no-secret-policy": {policy.ResourcePolicy, "222233334444", "module.secret.aws_secretsmanager_secret.this"},
		"key-region":       {policy.KeyPolicy, "333344445555", "aws_kms_key_policy.secrets"},
		"boundary":         {policy.PermissionsBoundary, "111122223333", "aws_iam_policy.boundary"},
		"secret-suffix":    {policy.IdentityPolicy, "111122223333", "aws_iam_role_policy.read"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, readPlan(t, name), story, tfplan.Options{})
			if test.kind == policy.NoKind {
				if a.Decision != policy.Allowed || len(a.Report.Faults) > 0 {
					t.Errorf("%v, faults %+v", a.Decision, a.Report.Faults)
				}
				return
			}
			if a.Decision != policy.ImplicitlyDenied || len(a.Report.Faults) != 1 {
				t.Fatalf("%v, faults %+v", a.Decision, a.Report.Faults)
			}
			f := a.Report.Faults[0]
			if f.Kind != test.kind || f.Account != test.account || !slices.Contains(a.Where[f.Document], test.address) {
				t.Errorf("%v in account %s at %v", f.Kind, f.Account, a.Where[f.Document])
			}
		})
	}
}

// TestForms asks about many ways to write the same thing.
func TestForms(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		role, secret string
		options      tfplan.Options
		want         policy.Decision
		open         string // named, if Unknown
	}{
		"inline and managed policies in the role":   {role: "within", secret: "plain", want: policy.Allowed},
		"key by its alias, with the default policy": {role: "within", secret: "own", want: policy.Allowed},
		"suffix by a pattern":                       {role: "pattern", secret: "plain", want: policy.Allowed},
		"another secret than the pattern's":         {role: "pattern", secret: "own", want: policy.ImplicitlyDenied},
		"jsonencode":                                {role: "encoded", secret: "plain", want: policy.Unknown, open: "aws_iam_role_policy.encoded.policy"},
		"a choice of two documents":                 {role: `aws_iam_role.each["one"]`, secret: "plain", want: policy.Unknown, open: `aws_iam_role_policy.each["one"].policy`},
		"a policy of AWS":                           {role: "managed", secret: "plain", want: policy.Unknown, open: "the document of arn:aws:iam::aws:policy/SecretsManagerReadWrite"},
		"for_each of modules":                       {role: "reader-a", secret: "plain", want: policy.Unknown, open: `module.reader["a"].data.aws_iam_policy_document.read.statement[0].resources`},
		"nothing open would help":                   {role: "reader-b", secret: "own", want: policy.ImplicitlyDenied},
		"a Deny that is open":                       {role: "deny", secret: "plain", want: policy.Unknown, open: "data.aws_iam_policy_document.deny.statement[1].resources"},
		"a key by a grant":                          {role: "granted-free", secret: "own", want: policy.Allowed},
		"a grant that is constrained":               {role: "granted-constrained", secret: "own", want: policy.Unknown, open: "aws_kms_grant.constrained.constraints"},
		"another's grant":                           {role: "reader-b", secret: "own", want: policy.ImplicitlyDenied},
		"a grant, strictly":                         {role: "granted-free", secret: "own", options: tfplan.Options{Strict: true}, want: policy.Unknown, open: "aws_kms_grant.free.grantee_principal"},
		"secret by address":                         {role: "aws_iam_role.within", secret: "aws_secretsmanager_secret.plain", want: policy.Allowed},
		"role by ARN":                               {role: "arn:aws:iam::111122223333:role/within", secret: "plain", want: policy.Allowed},
		"secret by ARN":                             {role: "within", secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:plain-AbCdEf", want: policy.Allowed},
		"secret by ARN without suffix":              {role: "pattern", secret: "arn:aws:secretsmanager:eu-west-1:111122223333:secret:plain", want: policy.Allowed},
		"secret outside the plan":                   {role: "pattern", secret: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:plain-AbCdEf", want: policy.ImplicitlyDenied},
		"name in another Region":                    {role: "within", secret: "plain", options: tfplan.Options{Region: "us-east-1"}, want: policy.ImplicitlyDenied},
		"strict":                                    {role: "within", secret: "plain", options: tfplan.Options{Strict: true}, want: policy.Unknown, open: "aws_iam_role.within.inline_policy"},
		"strict, with nothing open":                 {role: "pattern", secret: "plain", options: tfplan.Options{Strict: true}, want: policy.Allowed},
		"another audience":                          {role: "within", secret: "plain", options: tfplan.Options{Audience: "other"}, want: policy.ImplicitlyDenied},
		"another issuer":                            {role: "within", secret: "plain", options: tfplan.Options{Issuer: "https://oidc.example.com"}, want: policy.ImplicitlyDenied},
	}
	data := readPlan(t, "forms")
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, data, tfplan.Question{ServiceAccount: "default/app", Role: test.role, Secret: test.secret}, test.options)
			if a.Decision != test.want {
				t.Errorf("got %v, want %v\n%+v", a.Decision, test.want, a.Report.Faults)
			}
			if test.open != "" && !slices.Contains(a.Open, test.open) {
				t.Errorf("open: %q, want %q", a.Open, test.open)
			}
		})
	}
}

// TestGivenDocument settles what the plan does not have.
func TestGivenDocument(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:iam::aws:policy/SecretsManagerReadWrite"
	for effect, want := range map[string]policy.Decision{"Allow": policy.Allowed, "Deny": policy.ExplicitlyDenied} {
		doc := policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"` + effect + `","Action":"*","Resource":"*"}}`)
		o := tfplan.Options{Policies: map[string]*policy.Document{arn: doc}}
		a := ask(t, readPlan(t, "forms"), tfplan.Question{Role: "managed", Secret: "plain"}, o)
		if a.Decision != want {
			t.Errorf("%s: got %v, want %v", effect, a.Decision, want)
		}
	}
}

// TestUsage lists questions that have no answer.
func TestUsage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		plan string
		q    tfplan.Question
		want string
	}{
		"which secret":     {"forms", tfplan.Question{Role: "within"}, "which secret: the plan has aws_secretsmanager_secret.own, aws_secretsmanager_secret.plain"},
		"no such secret":   {"forms", tfplan.Question{Role: "within", Secret: "none"}, `no secret "none"`},
		"which role":       {"forms", tfplan.Question{Secret: "plain"}, "which role: there are aws_iam_role.deny"},
		"no such role":     {"right", tfplan.Question{Role: "none"}, `no role "none" but aws_iam_role.pod`},
		"service account":  {"right", tfplan.Question{ServiceAccount: "a/b/c"}, "want NAMESPACE/NAME"},
		"no service accnt": {"right", tfplan.Question{ServiceAccount: "a"}, "want NAMESPACE/NAME"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan, err := tfplan.Read(readPlan(t, test.plan))
			if err != nil {
				t.Fatal(err)
			}
			_, err = plan.Access(test.q, tfplan.Options{})
			usage, ok := errors.AsType[*tfplan.UsageError](err)
			if !ok || !strings.Contains(usage.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ text, want string }{
		"no JSON":       {"{", "not JSON"},
		"another type":  {"[]", "line 1, column 1: not a plan: it cannot be of type array"},
		"a member":      {"{\"format_version\":\"1.0\",\n \"planned_values\":3}", "line 2, column 19: not a plan: planned_values cannot be of type number"},
		"a state":       {`{"format_version":"1.0","values":{}}`, "not a plan"},
		"a new format":  {`{"format_version":"2.0","planned_values":{}}`, `format version "2.0"`},
		"a failed plan": {`{"format_version":"1.2","planned_values":{},"errored":true}`, "incomplete"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := tfplan.Read([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// FuzzAccess gives plans that no Terraform made: an answer or an error, no
// panic, and no end to wait for.
func FuzzAccess(f *testing.F) {
	for _, name := range slices.Sorted(maps.Keys(map[string]bool{"right": true, "forms": true})) {
		f.Add(readPlan(f, name))
	}
	f.Add([]byte(`{"format_version":"1.2","planned_values":{},"resource_changes":[{"address":"aws_iam_policy.a","mode":"managed","type":"aws_iam_policy","name":"a","change":{"after":{"name":"a"},"after_unknown":{"policy":true}}}],"configuration":{"root_module":{"resources":[{"address":"aws_iam_policy.a","expressions":{"policy":{"references":["aws_iam_policy.a.policy"]}}}]}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		plan, err := tfplan.Read(data)
		if err != nil {
			return
		}
		for _, role := range []string{"", "pod-role", "within", "deny"} {
			q := tfplan.Question{ServiceAccount: "testnamespace/testapp", Role: role}
			_, _ = plan.Access(q, tfplan.Options{Region: "eu-west-1", Accounts: map[string]string{"": "111122223333"}})
		}
	})
}

// object is JSON to be changed.
type object = map[string]any

func parseJSON(tb testing.TB, data []byte) object {
	tb.Helper()
	var o object
	if err := json.Unmarshal(data, &o); err != nil {
		tb.Fatal(err)
	}
	return o
}

func marshalJSON(tb testing.TB, o object) []byte {
	tb.Helper()
	data, err := json.Marshal(o)
	if err != nil {
		tb.Fatal(err)
	}
	return data
}
