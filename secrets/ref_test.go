package secrets_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/secrets"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	arn := secrets.Ref{Partition: "aws", Region: "eu-west-1", Account: "222233334444"}
	named := func(r secrets.Ref, name string) secrets.Ref { r.Name = name; return r }
	for name, test := range map[string]struct {
		ref    string
		want   secrets.Ref
		suffix bool
	}{
		"name":             {"prod/db", secrets.Ref{Name: "prod/db"}, false},
		"every character":  {"aZ09/_+=.@-!", secrets.Ref{Name: "aZ09/_+=.@-!"}, false},
		"suffixed name":    {"prod/db-AbCdEf", secrets.Ref{Name: "prod/db-AbCdEf"}, true},
		"managed name":     {"rds!cluster-1234", secrets.Ref{Name: "rds!cluster-1234"}, false},
		"complete ARN":     {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf", named(arn, "testsecret-AbCdEf"), true},
		"partial ARN":      {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:a/testsecret", named(arn, "a/testsecret"), false},
		"only the suffix":  {"-AbCdEf", secrets.Ref{Name: "-AbCdEf"}, false},
		"suffix too short": {"db-AbCdE", secrets.Ref{Name: "db-AbCdE"}, false},
		"not alphanumeric": {"db-AbC_Ef", secrets.Ref{Name: "db-AbC_Ef"}, false},
		"China": {
			"arn:aws-cn:secretsmanager:cn-north-1:222233334444:secret:x",
			secrets.Ref{Partition: "aws-cn", Region: "cn-north-1", Account: "222233334444", Name: "x"},
			false,
		},
		"longest": {strings.Repeat("x", 2048), secrets.Ref{Name: strings.Repeat("x", 2048)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := secrets.ParseRef(test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.IgnoreUnexported(secrets.Ref{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.String() != test.ref {
				t.Errorf("String() = %q", got)
			}
			if got.IsARN() != strings.HasPrefix(test.ref, "arn:") || got.HasSuffix() != test.suffix {
				t.Errorf("IsARN %t, HasSuffix %t", got.IsARN(), got.HasSuffix())
			}
		})
	}
}

// badRefs are references that no call is made for.
var badRefs = map[string]struct {
	ref      string
	part     string
	position int
	problem  string
}{
	"empty":                {"", "reference", 1, "is empty"},
	"too long":             {strings.Repeat("x", 2049), "reference", 2049, "2049 bytes long"},
	"leading space":        {" db", "reference", 1, "white space"},
	"trailing newline":     {"prod/db\n", "reference", 8, "white space"},
	"trailing wide space":  {"db\u00a0", "reference", 3, "white space"},
	"space inside":         {"prod db", "name", 5, `' '`},
	"not ASCII":            {"prod/dß", "name", 7, `'ß'`},
	"invalid UTF-8":        {"db\xff", "name", 3, "'\ufffd'"},
	"JSON key":             {"prod/db:password", "name", 8, "no part of a reference"},
	"URL":                  {"awssecretsmanager://db", "name", 18, "no part of a reference"},
	"prefix only":          {"arn:", "partition", 5, "is missing"},
	"no partition":         {"arn::secretsmanager:eu-west-1:222233334444:secret:db", "partition", 5, "is missing"},
	"bad partition":        {"arn:amazon:secretsmanager:eu-west-1:222233334444:secret:db", "partition", 5, "no partition"},
	"no service":           {"arn:aws::eu-west-1:222233334444:secret:db", "service", 9, "is missing"},
	"parameter":            {"arn:aws:ssm:eu-west-1:222233334444:parameter/db", "service", 9, "Parameter Store"},
	"key":                  {"arn:aws:kms:eu-west-1:222233334444:key/1234", "service", 9, "this is a key"},
	"role":                 {"arn:aws:iam::222233334444:role/r", "service", 9, "is not secretsmanager"},
	"no region":            {"arn:aws:secretsmanager::222233334444:secret:db", "region", 24, "is missing"},
	"region left out":      {"arn:aws:secretsmanager:222233334444:secret:db", "region", 24, "no Region"},
	"region with a host":   {"arn:aws:secretsmanager:evil.example/x-1:222233334444:secret:db", "region", 24, "no Region"},
	"no account":           {"arn:aws:secretsmanager:eu-west-1::secret:db", "account", 34, "is missing"},
	"short account":        {"arn:aws:secretsmanager:eu-west-1:22223333444:secret:db", "account", 34, "12 digits"},
	"letters in account":   {"arn:aws:secretsmanager:eu-west-1:22223333444x:secret:db", "account", 34, "12 digits"},
	"ends after region":    {"arn:aws:secretsmanager:eu-west-1", "region", 33, "where the ARN ends"},
	"ends after account":   {"arn:aws:secretsmanager:eu-west-1:222233334444", "account", 46, "where the ARN ends"},
	"slash for colon":      {"arn:aws:secretsmanager:eu-west-1:222233334444:secret/db", "resource type", 47, `"secret"`},
	"ends after type":      {"arn:aws:secretsmanager:eu-west-1:222233334444:secret", "resource type", 53, "where the ARN ends"},
	"no name":              {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:", "name", 54, "is missing"},
	"ARN with wildcards":   {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-??????", "name", 57, "no wildcards"},
	"ARN with JSON key":    {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-AbCdEf:password::", "name", 63, "JSON key"},
	"ARN cut by a newline": {"arn:aws:secretsmanager:eu-west-1:222233334444:\nsecret:db", "resource type", 47, `"secret"`},
}

func TestParseRefErrors(t *testing.T) {
	t.Parallel()
	for name, test := range badRefs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := secrets.ParseRef(test.ref)
			refErr, ok := errors.AsType[*secrets.RefError](err)
			if !ok {
				t.Fatalf("ParseRef = %v, %v", got, err)
			}
			if !errors.Is(err, secrets.ErrConfiguration) {
				t.Error("is not ErrConfiguration")
			}
			if refErr.Ref != test.ref || refErr.Part != test.part || refErr.Position != test.position {
				t.Errorf("%q: part %q at %d, want %q at %d", refErr.Ref, refErr.Part, refErr.Position, test.part, test.position)
			}
			if !strings.Contains(refErr.Problem, test.problem) {
				t.Errorf("problem %q, want %q", refErr.Problem, test.problem)
			}
			if text := err.Error(); len(text) > 500 || strings.Contains(text, "\n") {
				t.Errorf("text of %d bytes: %s", len(text), text)
			}
		})
	}
}
