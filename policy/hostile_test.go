package policy_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// None of these tests looks at a clock: what they evaluate would not end, or
// fill the memory, if the work were not bounded. How it grows with the size,
// BenchmarkHostile and BenchmarkStatements show.

func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	const open, shut = `{"Version":"2012-10-17","Statement":[`, `]}`
	one := `{"Effect":"Allow","Action":"*","Resource":"*"}`
	long := strings.Repeat("a", 1<<20)
	for name, tt := range map[string]struct{ text, problem string }{
		"1 MiB of policy":      {open + strings.Repeat(one+",", 1<<20/len(one)) + one + shut, "256 KiB"},
		"1 MiB of text":        {open + strings.Replace(one, "*", long, 1) + shut, "256 KiB"},
		"1 MiB of brackets":    {strings.Repeat("[", 1<<20), "256 KiB"},
		"depth":                {open + strings.Repeat("[", 100) + strings.Repeat("]", 100) + shut, "32 deep"},
		"depth in a condition": {open + `{"Effect":"Allow","Action":"*","Resource":"*","Condition":` + strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100) + "}" + shut, "32 deep"},
		"10 001 values":        {open + `{"Effect":"Allow","Resource":"*","Action":[` + strings.Repeat(`"a",`, 10000) + `"a"]}` + shut, "10"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := policy.Parse([]byte(tt.text))
			syntax, ok := errors.AsType[*policy.SyntaxError](err)
			if !ok || !strings.Contains(err.Error(), tt.problem) {
				t.Fatalf("got %v, want it to say %q", err, tt.problem)
			}
			if len(err.Error()) > 1000 || syntax.Position.Line != 1 {
				t.Errorf("the error is as long as the document: %d bytes, at %+v", len(err.Error()), syntax.Position)
			}
		})
	}
}

func TestHostilePatterns(t *testing.T) {
	t.Parallel()
	resource := ownSecret + strings.Repeat("a", 10000)
	for name, pattern := range hostilePatterns(10000) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := readSecret(resource)
			req.Context = policy.Context{"k": {resource}}
			p := text("doc",
				fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":%q}`, pattern),
				fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":"*"}`, pattern),
				fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"k":%q}}}`, pattern),
				fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"k":%q}}}`, pattern),
				fmt.Sprintf(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"k":"${k}%s"}}}`, pattern))
			if got := policy.Compile(policy.Set{Identity: list(p)}).Decide(&req); got != policy.ImplicitlyDenied {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestHostileSizes(t *testing.T) {
	t.Parallel()
	var values, names []string
	for i := range 10000 {
		values = append(values, fmt.Sprintf(`"%d"`, i))
		names = append(names, fmt.Sprintf(`{"Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"k%d":"x"}}}`, i))
	}
	all := "[" + strings.Join(values, ",") + "]"
	for name, statements := range map[string][]string{
		"10 000 statements":           names,
		"10 000 texts":                {condition10000("StringNotEquals", all)},
		"10 000 patterns":             {condition10000("StringNotLike", all)},
		"10 000 numbers":              {condition10000("NumericNotEquals", all)},
		"300 numbers of 760 digits":   {condition10000("NumericNotEquals", bigNumbers(300))},
		"10 000 dates":                {condition10000("DateNotEquals", all)},
		"10 000 networks":             {condition10000("NotIpAddress", all)},
		"2 000 values against 10 000": {condition10000("ForAllValues:StringNotEquals", all)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			statements := append([]string{`{"Effect":"Allow","Action":"*","Resource":"*"}`}, statements...)
			document := &policy.Document{Version: policy.Version2012}
			for _, s := range statements {
				part := policy.MustParse(`{"Statement":` + s + `}`) // 10 000 statements are more than Parse takes at once
				document.Statements = append(document.Statements, part.Statements...)
			}
			req := readSecret(ownSecret)
			req.Context = policy.Context{"k": {"-1"}}
			if strings.Contains(name, "against") {
				for i := range 2000 {
					req.Context["k"] = append(req.Context["k"], fmt.Sprintf("v%d", i))
				}
			}
			want := policy.ExplicitlyDenied
			if strings.Contains(name, "statements") {
				want = policy.Allowed
			}
			if got := evaluate(t, req, policy.Set{Identity: list(policy.Policy{Document: document})}); got.Decision != want {
				t.Errorf("got %v, want %v", got.Decision, want)
			}
		})
	}
}

// condition10000 denies secrets where none of the values of k is that of the
// request.
func condition10000(operator, values string) string {
	return fmt.Sprintf(`{"Effect":"Deny","Action":"secretsmanager:*","Resource":"*","Condition":{%q:{"k":%s}}}`, operator, values)
}

func bigNumbers(n int) string {
	values := make([]string, n)
	for i := range values {
		values[i] = fmt.Sprintf(`"%s.%s%de999"`, strings.Repeat("9", 380), strings.Repeat("3", 380), i)
	}
	return "[" + strings.Join(values, ",") + "]"
}

// What a set holds grows with the documents, not faster: 10 000 statements
// that mention the same few keys take a few megabytes.
func TestHostileMemory(t *testing.T) {
	one := func(n int) policy.Set {
		document := &policy.Document{Version: policy.Version2012}
		for range n {
			document.Statements = append(document.Statements, policy.MustParse(keyText).Statements...)
		}
		return policy.Set{Identity: list(policy.Policy{Document: document})}
	}
	small, large := compiledBytes(one(500)), compiledBytes(one(5000))
	if large > 20*small {
		t.Errorf("1 000 statements take %d bytes, ten times as many %d", small, large)
	}
}

func compiledBytes(set policy.Set) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	runtime.KeepAlive(policy.Compile(set))
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// TestHostileResource has a Resource of 200 000 characters, against text as
// long. Retried at every place, or followed in all ways at once, it would take
// minutes or hours.
func TestHostileResource(t *testing.T) {
	t.Parallel()
	req := policy.Request{
		Principal: "arn:aws:iam::111111111111:user/u",
		Action:    "s3:GetObject",
		Resource:  "arn:aws:s3:::" + strings.Repeat("a", 500_000),
		Closed:    true, ResourceAccount: "111111111111",
	}
	for _, hostile := range []string{
		strings.Repeat("a*", 100_000) + "b",
		"arn:a*s:s3:::" + strings.Repeat("a*", 100_000) + "b",
		"arn:aws:s3:::*" + strings.Repeat("a", 200_000) + "b*",
		"arn:aws:s3:::*" + strings.Repeat("a?a*", 50_000) + "b*",
	} {
		set := policy.Set{Identity: []policy.Policy{{Kind: policy.IdentityPolicy, Document: &policy.Document{
			Version: policy.Version2012,
			Statements: []policy.Statement{{
				Effect: policy.Allow, Action: policy.Strings("s3:*"), Resource: policy.Strings(hostile),
			}},
		}}}}
		if got := policy.Compile(set).Decide(&req); got != policy.ImplicitlyDenied {
			t.Errorf("%.20s…: %v", hostile, got)
		}
	}
}
