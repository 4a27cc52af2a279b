package agent_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
)

// FuzzParseSecret parses the query and the path of a request for a secret. What
// is accepted is a reference to a secret by the name or ARN that was asked for,
// and to nothing else.
func FuzzParseSecret(f *testing.F) {
	for _, v := range vectors {
		path, query, _ := strings.Cut(v.target, "?")
		f.Add(path, query)
	}
	for _, query := range []string{
		"secretId=a%23key", "secretId=ssm:/x", "secretId=a?region=us-east-1", "secretId=ref%2Bawssecrets://a", "secretId=a&versionStage=x%26region=y",
		"secretId=%ff%00", "secretId=" + mainARN + "&versionId=" + currentID, "secretId=arn:aws:ssm:eu-west-1:111122223333:parameter/x", "&&=&;=%",
	} {
		f.Add(q, query)
	}
	f.Fuzz(func(t *testing.T, path, query string) {
		ref, status, body := agent.ParseSecret(path, query)
		if status != 0 {
			if status != 400 && status != 404 || len(body) == 0 || !utf8.ValidString(body) {
				t.Errorf("refused with %d %q", status, body)
			}
			return
		}
		again, err := secrets.ParseRef(ref.String())
		if err != nil {
			return // the Store refuses it
		}
		if again.Service != secrets.SecretsManager || again.Key != "" || again.Replicas != "" || !again.IsARN() && again.Region != "" {
			t.Errorf("%q?%q became %+v", path, query, again)
		}
		if ref.Version == "" && ref.Stage == "AWSCURRENT" {
			ref.Stage = "" // is meant anyway
		}
		if again != ref {
			t.Errorf("%+v became %+v", ref, again)
		}
	})
}

// FuzzInvalidated reads bodies about what to invalidate. One that is taken for a
// list is JSON that says nothing else.
func FuzzInvalidated(f *testing.F) {
	for _, body := range []string{
		"", "null", "{}", `{"refs":["a","b"]}`, `{"refs":null}`, `{"refs":["a"],"refs":["b"]}`, `{"refs":[1]}`, `{"refs":["a"]}x`, `{"ref":["a"]}`, `{"":[]}`,
		event("aws.secretsmanager", `{"name":"a"}`, `"`+mainARN+`"`), event("aws.ssm", `{"name":"/app/x"}`), `{"source":{}}`, strings.Repeat("[", 100),
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		refs, isEvent, err := agent.Invalidated(strings.NewReader(body))
		if err != nil || isEvent {
			if err == nil && !json.Valid([]byte(body)) {
				t.Errorf("%q is taken for an event", body)
			}
			return
		}
		var want map[string][]string
		if err := json.Unmarshal([]byte(body), &want); err != nil || len(want) != 1 || !slices.Equal(want["refs"], refs) {
			t.Errorf("%q is taken for %q: %v", body, refs, err)
		}
	})
}

// FuzzUnescape compares the decoder with that of net/url, which knows the same
// rules for what is well formed.
func FuzzUnescape(f *testing.F) {
	for _, s := range []string{"", "a+b", "%2F", "%2", "%", "%zz", "100%25", "a%C3%9Fb", "%ff", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := agent.Unescape(s)
		if !utf8.ValidString(got) {
			t.Errorf("%q is no UTF-8", got)
		}
		if want, err := url.QueryUnescape(s); err == nil && got != strings.ToValidUTF8(want, "\uFFFD") {
			t.Errorf("%q became %q, not %q", s, got, want)
		}
	})
}

// FuzzString reads what the encoder writes.
func FuzzString(f *testing.F) {
	for _, s := range []string{"", `a"b\c`, "\x00\x1f\b\f\n\r\t\x7f", "<&>\u2028", "ß\xff\xc3", "\U0001F511\xf0\x9f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, out := range [][]byte{agent.AppendString(nil, s), agent.AppendString(nil, []byte(s))} {
			var got string
			if err := json.Unmarshal(out, &got); err != nil || got != string([]rune(s)) {
				t.Errorf("%q became %q: %v", s, out, err)
			}
		}
	})
}

// FuzzGlob compares patterns with a slow way to do the same.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"*", ""}, {"a*b", "ab"}, {"a*b*c", "aXbXbc"}, {"**", "x"}, {"a", "ab"}, {"*ab", "aab"}, {"", ""}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > 20 || len(s) > 40 {
			return
		}
		if got, want := agent.Glob(pattern, s), slowGlob(pattern, s); got != want {
			t.Errorf("%q on %q: %t", pattern, s, got)
		}
	})
}

func slowGlob(pattern, s string) bool {
	// reach[i] says that what is left of s after i bytes may be next.
	reach := make([]bool, len(s)+1)
	reach[0] = true
	for _, c := range []byte(pattern) {
		next := make([]bool, len(s)+1)
		for i, ok := range reach {
			switch {
			case !ok:
			case c == '*':
				for j := i; j <= len(s); j++ {
					next[j] = true
				}
			case i < len(s) && s[i] == c:
				next[i+1] = true
			}
		}
		reach = next
	}
	return reach[len(s)]
}

// TestResolve covers the segments that lead elsewhere.
func TestResolve(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/v1/db/main": "/v1/db/main", "/v1/a/../b": "/v1/b", "/v1/./a": "/v1/a", "/v1/a/.": "/v1/a/", "/v1/a/..": "/v1/", "/../..": "/",
		"/v1/%2e%2E/x": "/x", "/v1/.%2e/x": "/x", "/v1/...": "/v1/...", "/v1//a/../b": "/v1//b", "/v1/a.b/c%2fd": "/v1/a.b/c%2fd", "/v1/%2e.a": "/v1/%2e.a",
	} {
		if got := agent.Resolve(path); got != want {
			t.Errorf("%s became %s, not %s", path, got, want)
		}
	}
}

// TestCreatedDate is the shortest form of the seconds since 1970.
func TestCreatedDate(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		at   time.Time
		want string
	}{
		{time.Time{}, "null"},
		{time.Unix(1_700_000_000, 0), `"1700000000"`},
		{time.Unix(1_700_000_000, 500_000_000), `"1700000000.5"`},
		{time.UnixMilli(1_700_000_000_123), `"1700000000.123"`},
		{time.Unix(0, 0), `"0"`},
		{time.UnixMicro(1_700_000_000_000_012), `"1700000000.000012"`},
		{time.UnixMicro(-1_500_000), `"-1.5"`},
	} {
		if got := string(agent.AppendEpoch(nil, test.at)); got != test.want {
			t.Errorf("%v: %s", test.at, got)
		}
	}
	for ms := range int64(1000) { // no digit is one off
		at := time.UnixMilli(1_763_800_000_000 + ms)
		got := string(agent.AppendEpoch(nil, at))
		want := fmt.Sprintf(`"%s"`, strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%03d", at.Unix(), ms), "0"), "."))
		if ms == 0 {
			want = `"1763800000"`
		}
		if got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}

// TestUnnamedSource is a source that tells nothing but the bytes.
func TestUnnamedSource(t *testing.T) {
	t.Parallel()
	held := map[string]secrets.Value{
		"text":   secrets.NewValue([]byte("a\"b"), secrets.Meta{}),
		"binary": secrets.NewValue([]byte{0xff}, secrets.Meta{Stages: []string{"AWSCURRENT", "AWSPENDING"}}),
		"bytes":  secrets.NewValue([]byte("plain"), secrets.Meta{Type: "binary"}),
	}
	want := map[string]string{
		"text":   `{"ARN":null,"Name":null,"VersionId":null,"SecretString":"a\"b","CreatedDate":null}`,
		"binary": `{"ARN":null,"Name":null,"VersionId":null,"SecretBinary":"/w==","VersionStages":["AWSCURRENT","AWSPENDING"],"CreatedDate":null}`,
		"bytes":  `{"ARN":null,"Name":null,"VersionId":null,"SecretBinary":"cGxhaW4=","CreatedDate":null}`,
	}
	for name, v := range held {
		if got := string(agent.AppendSecret(nil, v)); got != want[name] {
			t.Errorf("%s: %s", name, got)
		}
	}
}
