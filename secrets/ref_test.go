package secrets_test

import (
	gocmp "cmp"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
)

func TestParseRef(t *testing.T) {
	t.Parallel()
	const (
		role = "arn:aws:iam::444455556666:role/path/reader"
		id   = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"
	)
	secret := func(name string) secrets.Ref { return secrets.Ref{Service: secrets.SecretsManager, Name: name} }
	parameter := func(name string) secrets.Ref { return secrets.Ref{Service: secrets.ParameterStore, Name: name} }
	at := func(r secrets.Ref) secrets.Ref {
		r.Partition, r.Region, r.Account = "aws", "eu-west-1", "222233334444"
		return r
	}
	with := func(r secrets.Ref, change func(*secrets.Ref)) secrets.Ref { change(&r); return r }
	for name, test := range map[string]struct {
		ref       string
		want      secrets.Ref
		canonical string // default: ref
	}{
		"name":            {ref: "prod/db", want: secret("prod/db")},
		"every character": {ref: "aZ09/_+=.@-!", want: secret("aZ09/_+=.@-!")},
		"leading slash":   {ref: "/prod/db", want: secret("/prod/db")},
		"suffixed name":   {ref: "prod/db-AbCdEf", want: secret("prod/db-AbCdEf")},
		"managed name":    {ref: "rds!cluster-1234", want: secret("rds!cluster-1234")},
		"explicit secret": {ref: "secretsmanager:/prod/db", want: secret("/prod/db"), canonical: "/prod/db"},
		"longest":         {ref: strings.Repeat("x", 2048), want: secret(strings.Repeat("x", 2048))},
		"name like vals":  {ref: "secretsmanager:ref+a", want: secret("ref+a")},
		"vals, name like": {ref: "ref+awssecrets://secretref+a", want: secret("secretref+a"), canonical: "secretsmanager:secretref+a"},
		"complete ARN":    {ref: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf", want: at(secret("testsecret-AbCdEf"))},
		"partial ARN":     {ref: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:a/testsecret", want: at(secret("a/testsecret"))},
		"China": {
			ref:  "arn:aws-cn:secretsmanager:cn-north-1:222233334444:secret:x",
			want: secrets.Ref{Service: secrets.SecretsManager, Partition: "aws-cn", Region: "cn-north-1", Account: "222233334444", Name: "x"},
		},
		"member":         {ref: "prod/db#password", want: with(secret("prod/db"), func(r *secrets.Ref) { r.Key = "password" })},
		"JSON pointer":   {ref: "prod/db#/a~1b/~0/0", want: with(secret("prod/db"), func(r *secrets.Ref) { r.Key = "/a~1b/~0/0" })},
		"strange member": {ref: "prod/db#a%20b?c#d%25", want: with(secret("prod/db"), func(r *secrets.Ref) { r.Key = "a b?c#d%" })},
		"escaped for naught": {
			ref:  "prod/db#%70%61%c3%9F",
			want: with(secret("prod/db"), func(r *secrets.Ref) { r.Key = "paß" }), canonical: "prod/db#pa%C3%9F",
		},
		"all of a query": {
			ref: "prod/db?version_stage=AWSPREVIOUS&version_id=" + id + "&role_arn=" + role + "&replica_regions=us-east-1,us-west-2&region=eu-west-1#k",
			want: secrets.Ref{
				Service: secrets.SecretsManager, Region: "eu-west-1", Name: "prod/db", Version: id, Stage: "AWSPREVIOUS",
				Role: role, Replicas: "us-east-1,us-west-2", Key: "k",
			},
			canonical: "prod/db?region=eu-west-1&replica_regions=us-east-1,us-west-2&role_arn=" + role +
				"&version_id=" + id + "&version_stage=AWSPREVIOUS#k",
		},
		"stage that is meant anyway": {ref: "prod/db?version_stage=AWSCURRENT", want: secret("prod/db"), canonical: "prod/db"},
		"id that must be current": {
			ref:  "prod/db?version_id=" + id + "&version_stage=AWSCURRENT",
			want: with(secret("prod/db"), func(r *secrets.Ref) { r.Version, r.Stage = id, "AWSCURRENT" }),
		},
		"stage to escape": {
			ref:  "prod/db?version_stage=a%26b%23=%25",
			want: with(secret("prod/db"), func(r *secrets.Ref) { r.Stage = "a&b#=%" }),
		},
		"role with a plus": {
			ref:  "prod/db?role_arn=arn:aws:iam::444455556666:role/a+b",
			want: with(secret("prod/db"), func(r *secrets.Ref) { r.Role = "arn:aws:iam::444455556666:role/a+b" }),
		},
		"parameter":           {ref: "ssm:/prod/db", want: parameter("/prod/db")},
		"plain parameter":     {ref: "ssm:loglevel", want: parameter("loglevel")},
		"parameter's version": {ref: "ssm:/prod/db:3", want: with(parameter("/prod/db"), func(r *secrets.Ref) { r.Version = "3" })},
		"parameter's label":   {ref: "ssm:/prod/db:good-1", want: with(parameter("/prod/db"), func(r *secrets.Ref) { r.Stage = "good-1" })},
		"parameter's number":  {ref: "ssm:/prod/db?version=12", want: with(parameter("/prod/db"), func(r *secrets.Ref) { r.Version = "12" }), canonical: "ssm:/prod/db:12"},
		"secret of a parameter": {
			ref: "ssm:/aws/reference/secretsmanager/a+b@c", want: parameter("/aws/reference/secretsmanager/a+b@c"),
		},
		"parameter's ARN": {ref: "arn:aws:ssm:eu-west-1:222233334444:parameter/prod/db", want: at(parameter("/prod/db"))},
		"parameter's ARN with all": {
			ref: "arn:aws:ssm:eu-west-1:222233334444:parameter/prod/db:7?role_arn=" + role + "#x",
			want: with(at(parameter("/prod/db")), func(r *secrets.Ref) {
				r.Version, r.Role, r.Key = "7", role, "x"
			}),
		},
		"parameter as it is stored": {
			ref: "ssm:/a:3?decrypt=false", want: with(parameter("/a"), func(r *secrets.Ref) { r.Version, r.Ciphertext = "3", true }),
		},
		"parameter's ARN as it is stored": {
			ref:       "arn:aws:ssm:eu-west-1:222233334444:parameter/a?role_arn=" + role + "&decrypt=false",
			want:      with(at(parameter("/a")), func(r *secrets.Ref) { r.Role, r.Ciphertext = role, true }),
			canonical: "arn:aws:ssm:eu-west-1:222233334444:parameter/a?decrypt=false&role_arn=" + role,
		},
		"decrypted anyway": {ref: "ssm:/a?decrypt=true", want: parameter("/a"), canonical: "ssm:/a"},
		"vals, parameter as it is stored": {
			ref:  "ref+awsssm://a?decrypt=false&mode=singleparam#k",
			want: with(parameter("/a"), func(r *secrets.Ref) { r.Ciphertext, r.Key = true, "k" }), canonical: "ssm:/a?decrypt=false#k",
		},
		"parameter elsewhere": {ref: "ssm:/a?region=us-east-1", want: with(parameter("/a"), func(r *secrets.Ref) { r.Region = "us-east-1" })},
		"vals":                {ref: "ref+awssecrets://prod/db#/password", want: with(secret("prod/db"), func(r *secrets.Ref) { r.Key = "/password" }), canonical: "prod/db#/password"},
		"vals, sensitive":     {ref: "secretref+awssecrets://prod/db", want: secret("prod/db"), canonical: "prod/db"},
		"vals, ARN": {
			ref:       "ref+awssecrets://arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf?region=eu-west-1&version_stage=AWSPENDING",
			want:      with(at(secret("testsecret-AbCdEf")), func(r *secrets.Ref) { r.Stage = "AWSPENDING" }),
			canonical: "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf?version_stage=AWSPENDING",
		},
		"vals, parameter":      {ref: "ref+awsssm://prod/db?version=3", want: with(parameter("/prod/db"), func(r *secrets.Ref) { r.Version = "3" }), canonical: "ssm:/prod/db:3"},
		"vals, parameter path": {ref: "ref+awsssm:///prod/db", want: parameter("/prod/db"), canonical: "ssm:/prod/db"},
		"vals, parameter's member": {
			ref:  "ref+awsssm://prod/db?mode=singleparam#/password",
			want: with(parameter("/prod/db"), func(r *secrets.Ref) { r.Key = "/password" }), canonical: "ssm:/prod/db#/password",
		},
		"vals, parameter's ARN": {
			ref:  "ref+awsssm://arn:aws:ssm:eu-west-1:222233334444:parameter/prod/db",
			want: at(parameter("/prod/db")), canonical: "arn:aws:ssm:eu-west-1:222233334444:parameter/prod/db",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := secrets.ParseRef(test.ref)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if want := gocmp.Or(test.canonical, test.ref); got.String() != want {
				t.Errorf("String() = %q, want %q", got, want)
			}
			if again, err := secrets.ParseRef(got.String()); err != nil || again != got {
				t.Errorf("the canonical form parses to %#v, %v", again, err)
			}
			if got.IsARN() != strings.Contains(test.ref, "arn:aws:s") && name != "China" {
				t.Errorf("IsARN %t", got.IsARN())
			}
		})
	}
}

// TestHasSuffix covers the rule by which Secrets Manager tells complete ARNs.
func TestHasSuffix(t *testing.T) {
	t.Parallel()
	for ref, want := range map[string]bool{
		"prod/db":        false,
		"prod/db-AbCdEf": true,
		"-AbCdEf":        false,
		"db-AbCdE":       false,
		"db-AbC_Ef":      false,
		"ssm:db-AbCdEf":  false,
		"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-1a2B3c": true,
		"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db":        false,
	} {
		r, err := secrets.ParseRef(ref)
		if err != nil || r.HasSuffix() != want {
			t.Errorf("%s: %t, %v", ref, r.HasSuffix(), err)
		}
	}
}

// badRefs are references that no call is made for.
var badRefs = map[string]struct {
	ref      string
	part     string
	position int
	problem  string
}{
	"empty":                     {"", "reference", 1, "is empty"},
	"too long":                  {strings.Repeat("x", 2049), "reference", 2049, "2049 bytes long"},
	"leading space":             {" db", "reference", 1, "white space"},
	"trailing newline":          {"prod/db\n", "reference", 8, "white space"},
	"trailing wide space":       {"db\u00a0", "reference", 3, "white space"},
	"space inside":              {"prod db", "name", 5, `' '`},
	"not ASCII":                 {"prod/dß", "name", 7, `'ß'`},
	"invalid UTF-8":             {"db\xff", "name", 3, "'\ufffd'"},
	"JSON key":                  {"prod/db:password", "name", 8, `behind "#"`},
	"URL":                       {"awssecretsmanager://db", "name", 18, `begins with "ssm:"`},
	"prefix only":               {"arn:", "partition", 5, "is missing"},
	"no partition":              {"arn::secretsmanager:eu-west-1:222233334444:secret:db", "partition", 5, "is missing"},
	"bad partition":             {"arn:amazon:secretsmanager:eu-west-1:222233334444:secret:db", "partition", 5, "no partition"},
	"no service":                {"arn:aws::eu-west-1:222233334444:secret:db", "service", 9, "is missing"},
	"key":                       {"arn:aws:kms:eu-west-1:222233334444:key/1234", "service", 9, "this is a key"},
	"role":                      {"arn:aws:iam::222233334444:role/r", "service", 9, "neither secretsmanager nor ssm"},
	"no region":                 {"arn:aws:secretsmanager::222233334444:secret:db", "region", 24, "is missing"},
	"region left out":           {"arn:aws:secretsmanager:222233334444:secret:db", "region", 24, "no Region"},
	"region with a host":        {"arn:aws:secretsmanager:evil.example/x-1:222233334444:secret:db", "region", 24, "no Region"},
	"no account":                {"arn:aws:secretsmanager:eu-west-1::secret:db", "account", 34, "is missing"},
	"short account":             {"arn:aws:secretsmanager:eu-west-1:22223333444:secret:db", "account", 34, "12 digits"},
	"letters in account":        {"arn:aws:secretsmanager:eu-west-1:22223333444x:secret:db", "account", 34, "12 digits"},
	"ends after region":         {"arn:aws:secretsmanager:eu-west-1", "region", 33, "where the ARN ends"},
	"ends after account":        {"arn:aws:secretsmanager:eu-west-1:222233334444", "account", 46, "where the ARN ends"},
	"slash for colon":           {"arn:aws:secretsmanager:eu-west-1:222233334444:secret/db", "resource type", 47, `"secret"`},
	"ends after type":           {"arn:aws:secretsmanager:eu-west-1:222233334444:secret", "resource type", 53, "where the ARN ends"},
	"no name":                   {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:", "name", 54, "is missing"},
	"ARN with wildcards":        {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-??????", "name", 57, "no wildcards"},
	"ARN with JSON key":         {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db-AbCdEf:password::", "name", 63, "JSON key"},
	"parameter without slash":   {"arn:aws:ssm:eu-west-1:222233334444:parameter:db", "resource type", 36, `"parameter/"`},
	"parameter's ARN ends":      {"arn:aws:ssm:eu-west-1:222233334444", "account", 35, "where the ARN ends"},
	"no parameter":              {"ssm:", "name", 5, "is missing"},
	"root of parameters":        {"ssm:/", "name", 6, "is missing"},
	"no slash":                  {"ssm:prod/db", "name", 5, "must begin with a slash"},
	"character of a secret":     {"ssm:/a+b", "name", 7, `'+'`},
	"empty selector":            {"ssm:/a:", "label", 8, "is missing"},
	"version zero":              {"ssm:/a:0", "version", 8, "not the number"},
	"label with a slash":        {"ssm:/a:b/c", "label", 8, "neither the number nor the label"},
	"label with a digit":        {"ssm:/a:1a", "label", 8, "neither the number nor the label"},
	"two versions":              {"ssm:/a:1?version=2", "version", 18, "given twice"},
	"version of letters":        {"ssm:/a?version=x", "version", 16, "not the number"},
	"scheme and ARN disagree":   {"ssm:arn:aws:secretsmanager:eu-west-1:222233334444:secret:db", "service", 13, "scheme"},
	"unknown vals scheme":       {"ref+vault://db", "scheme", 5, "neither"},
	"vals without slashes":      {"ref+awssecrets:db", "scheme", 5, "neither"},
	"vals without path":         {"ref+awssecrets://", "name", 18, "is missing"},
	"vals, path of parameters":  {"ref+awsssm://prod#db", "key", 19, "mode=singleparam"},
	"vals, other mode":          {"ref+awsssm://prod?mode=x", "mode", 24, "singleparam"},
	"vals, recursive":           {"ref+awsssm://prod?recursive=true", "query", 19, `"recursive"`},
	"unknown setting":           {"prod/db?profile=x", "query", 9, `"profile"`},
	"mode elsewhere":            {"ssm:/a?mode=singleparam", "query", 8, `"mode"`},
	"decrypt of a secret":       {"prod/db?decrypt=false", "query", 9, `"decrypt"`},
	"decrypt of a secret, vals": {"ref+awssecrets://db?region=eu-west-1&decrypt=false", "query", 38, `"decrypt"`},
	"decrypt of a secret's ARN": {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db?decrypt=true", "query", 57, `"decrypt"`},
	"decrypt or not":            {"ssm:/a?decrypt=0", "decrypt", 16, "neither true nor false"},
	"secret not decrypted":      {"ssm:/aws/reference/secretsmanager/a?decrypt=false", "decrypt", 45, "only decrypted"},
	"stage of a parameter":      {"ssm:/a?version_stage=x", "query", 8, `"version_stage"`},
	"setting twice":             {"prod/db?region=eu-west-1&region=eu-west-1", "query", 26, "twice"},
	"setting without value":     {"prod/db?region=&version_stage=x", "region", 15, "is empty"},
	"empty query":               {"prod/db?", "query", 9, "no setting"},
	"no Region in query":        {"prod/db?region=mars", "region", 16, "no Region"},
	"Region of another ARN":     {"arn:aws:secretsmanager:eu-west-1:222233334444:secret:db?region=us-east-1", "region", 64, "another"},
	"no replica":                {"prod/db?replica_regions=us-east-1,", "replica_regions", 25, "is missing"},
	"no role":                   {"prod/db?role_arn=arn:aws:iam::444455556666:user/x", "role_arn", 18, "ARN of a role"},
	"role with a wildcard":      {"prod/db?role_arn=arn:aws:iam::444455556666:role/x*", "role_arn", 18, "ARN of a role"},
	"short version id":          {"prod/db?version_id=x", "version_id", 20, "32 to 64"},
	"long stage":                {"prod/db?version_stage=" + strings.Repeat("x", 257), "version_stage", 23, "256"},
	"stage with a space":        {"prod/db?version_stage=a%20b", "version_stage", 23, "white space"},
	"broken escape":             {"prod/db?version_stage=a%2", "version_stage", 24, "hexadecimal"},
	"bad escape":                {"prod/db#a%zz", "key", 10, "hexadecimal"},
	"no key":                    {"prod/db#", "key", 9, "is missing"},
	"bad pointer":               {"prod/db#/a~2", "key", 9, `"~0"`},
	"ARN cut by a newline":      {"arn:aws:secretsmanager:eu-west-1:222233334444:\nsecret:db", "resource type", 47, `"secret"`},
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

// TestRefOfAnyName has a Ref made by hand of a name that somebody else gave: what
// it is written as must not be a reference to something else.
func TestRefOfAnyName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a?role_arn=arn:aws:iam::111122223333:role/r", "a#b", "a?version_stage=AWSPENDING#b", "a%3Fb"} {
		for _, ref := range []secrets.Ref{
			{Name: name},
			{Service: secrets.ParameterStore, Name: name},
			{Service: secrets.ParameterStore, Name: "a", Stage: name},
		} {
			if got, err := secrets.ParseRef(ref.String()); err == nil {
				t.Errorf("%q is %+v", ref, got)
			}
		}
	}
}

// TestLongRole has AWS's limit of a role's ARN.
func TestLongRole(t *testing.T) {
	t.Parallel()
	const role = "arn:aws:iam::111122223333:role/"
	for length, good := range map[int]bool{2048: true, 2049: false} {
		_, err := secrets.ParseRef("a?role_arn=" + role + strings.Repeat("r", length-len(role)))
		if good != (err == nil) || !good && !errors.Is(err, secrets.ErrConfiguration) {
			t.Errorf("%d characters: %v", length, err)
		}
	}
}
