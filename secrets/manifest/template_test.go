package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/manifest"
)

// execute renders one template over values, through a whole manifest.
func execute(t testing.TB, text string, values map[string]string) (string, error) {
	t.Helper()
	var b strings.Builder
	b.WriteString(strings.Split(fmt.Sprintf(secretFrame, ""), "---")[0])
	b.WriteString("---\napiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: t}\nspec:\n  secretStoreRef: {name: store}\n")
	b.WriteString("  target:\n    template:\n      data:\n        out: |\n")
	for line := range strings.Lines(text) {
		b.WriteString("          " + line)
	}
	b.WriteString("\n  data:\n  - {secretKey: unused, remoteRef: {key: unused}}\n")
	src := &source{held: []held{{service: secrets.SecretsManager, region: "eu-west-1", name: "unused"}}}
	for key, value := range values {
		fmt.Fprintf(&b, "  - {secretKey: %q, remoteRef: {key: %q}}\n", key, key)
		src.held = append(src.held, held{service: secrets.SecretsManager, region: "eu-west-1", name: key, value: value})
	}
	set, err := manifest.Parse([]manifest.Input{{Name: "a.yaml", Data: []byte(b.String())}}, manifest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	files, err := set.Outputs[0].Render(t.Context(), map[string]manifest.Reader{set.Accesses[0].Name: src.store(t, "eu-west-1")})
	if err != nil {
		return "", err
	}
	return strings.TrimSuffix(files[0].Data.Reveal(), "\n"), nil
}

func TestFunctions(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"text": "  Hello, World  ", "list": "b,a,c,a", "json": `{"a": [1, 2.5], "b": {"c": "d"}, "e": "", "f": "<x>"}`,
		"yaml": "a: y\nb: [1, x]\nc: {d: null}\ne: 'y'\n", "empty": "", "lines": "one\ntwo", "num": "42",
	}
	for text, want := range map[string]string{
		`{{ .text | trim }}`:                                                           "Hello, World",
		`{{ .text | trimAll " d" }}`:                                                   "Hello, Worl",
		`{{ .text | trimall " " | upper }}`:                                            "HELLO, WORLD",
		`{{ "a-b" | trimPrefix "a" | trimSuffix "b" }}`:                                "-",
		`{{ .text | lower | trim }}`:                                                   "hello, world",
		`{{ "one two's x_y" | title }}`:                                                "One Two's X_y",
		`{{ "One Two-Three" | untitle }}`:                                              "one two-Three",
		`{{ repeat 3 "ab" }}`:                                                          "ababab",
		`{{ substr 1 3 "abcd" }}{{ substr -1 2 "abcd" }}`:                              "bcab",
		`{{ substr 2 -1 "abcd" }}{{ substr 2 99 "abcd" }}`:                             "cdcd",
		`{{ trunc 2 "abcd" }}{{ trunc -2 "abcd" }}{{ trunc 9 "ab" }}`:                  "abcdab",
		`{{ nospace " a b\t" }}`:                                                       "ab",
		`{{ contains "b" "abc" }} {{ hasPrefix "a" "abc" }} {{ hasSuffix "a" "abc" }}`: "true true false",
		`{{ quote "a\"b" 1 nil }} {{ squote "x" 2 }}`:                                  `"a\"b" "1" 'x' '2'`,
		`{{ cat "a" 1 true }}`:                                                         "a 1 true",
		`{{ indent 2 .lines }}`:                                                        "  one\n  two",
		`{{ nindent 1 .lines }}`:                                                       "\n one\n two",
		`{{ replace "," ";" .list }}`:                                                  "b;a;c;a",
		`{{ replace "" "-" "ab" }}`:                                                    "-a-b-",
		`{{ splitList "," .list | join "/" }}`:                                         "b/a/c/a",
		`{{ join "," 5 }}`:                                                             "5",
		`{{ (split "," .list)._2 }}{{ (splitn "," 2 .list)._1 }}`:                      "ca,c,a",
		`{{ toString 1 }}{{ print "a" 1 }}{{ printf "%03d|%s|%%|%q" 7 "x" "y" }}`:      `1a1007|x|%|"y"`,
		`{{ println "a" }}`:                                                            "a\n",
		`{{ html "<a>" }}{{ js "'" }}{{ urlquery "a b&c" }}`:                           `&lt;a&gt;\'a+b%26c`,
		`{{ base "a/b.c" }} {{ dir "a/b" }} {{ clean "a//b" }} {{ ext "b.c" }} {{ isAbs "/a" }}`: "b.c a a/b .c true",
		`{{ required "must be there" .num }}`:                                                    "42",
		`{{ sortAlpha (splitList "," .list) | join "" }}`:                                        "aabc",
		`{{ list "a" 1 true | join "," }}{{ tuple "x" | first }}`:                                "a,1,truex",
		`{{ toStrings (list 1 2) | len }}{{ toStrings nil | len }}`:                              "20",
		`{{ range until 3 }}{{ . }}{{ end }}`:                                                    "012",
		`{{ $l := splitList "," .list }}{{ first $l }}{{ last $l }}{{ rest $l | join "" }}{{ initial $l | join "" }}{{ reverse $l | join "" }}`: "baacabacacab",
		`{{ $l := list 1 2 }}{{ append $l 3 }}{{ push $l 4 }}{{ prepend $l 0 }}{{ concat $l $l }}{{ $l }}`:                                      "[1 2 3][1 2 4][0 1 2][1 2 1 2][1 2]",
		`{{ uniq (splitList "," .list) }}{{ compact (list "" 0 "a" false) }}{{ without (list 1 2 3) 2 3 }}`:                                     "[b a c][a][1]",
		`{{ has "a" (splitList "," .list) }}{{ has 1 (list "1") }}{{ mustHas 1 (list 1) }}`:                                                     "truefalsetrue",
		`{{ first (list) }}{{ empty (first (list)) }}`:                                                                                          "<no value>true",
		`{{ $d := dict "a" 1 "b" "x" }}{{ get $d "b" }}{{ get $d "c" }}{{ hasKey $d "a" }}{{ keys $d }}{{ values $d }}`:                         "xtrue[a b][1 x]",
		`{{ pick (dict "a" 1 "b" 2) "a" | toJson }}{{ omit (dict "a" 1 "b" 2) "a" | toJson }}`:                                                  `{"a":1}{"b":2}`,
		`{{ dig "b" "c" "none" (fromJson .json) }}{{ dig "b" "x" "none" (fromJson .json) }}`:                                                    "dnone",
		`{{ keys . | join "," }}`: "empty,json,lines,list,num,text,unused,yaml",
		`{{ default "d" .empty }}{{ default "d" .num }}{{ default "d" }}{{ .empty | default 5 }}`:                      "d42d5",
		`{{ coalesce .empty 0 nil .num }}{{ coalesce "" | empty }}{{ empty .num }}`:                                    "42truefalse",
		`{{ all 1 "a" }}{{ all 1 "" }}{{ any 0 "a" }}{{ any 0 "" }}`:                                                   "truefalsetruefalse",
		`{{ ternary "y" "n" (eq .num "42") }}`:                                                                         "y",
		`{{ add 1 2 "3" }} {{ add1 1 }} {{ sub 5 2 }} {{ mul 2 3 4 }} {{ div 7 2 }} {{ mod 7 2 }}`:                     "6 2 3 24 3 1",
		`{{ max 1 5 3 }}{{ biggest 1 2 }}{{ min 4 2 3 }}{{ atoi .num }}{{ int 4.7 }}{{ int64 true }}{{ int false }}`:   "522424" + "10",
		`{{ b64enc "a?>" }} {{ b64dec "YT8+" }} {{ b32enc "a" }} {{ b32dec "ME======" }} {{ hexdec "6162" }}`:          "YT8+ a?> ME====== a ab",
		`{{ sha1sum "a" | trunc 6 }} {{ sha256sum "a" | trunc 6 }} {{ sha512sum "a" | trunc 6 }} {{ adler32sum "a" }}`: "86f7e4 ca9781 1f40fc 6422626",
		`{{ (fromJson .json).b.c }}{{ index (fromJson .json).a 1 }}{{ (mustFromJson "1.0") }}`:                         "d2.51",
		`{{ $d := fromJson .json }}{{ $d.b.c }}{{ with $d }}{{ .b.c }}{{ end }}`:                                       "dd",
		`{{ fromJson .json | toJson }}`:                        `{"a":[1,2.5],"b":{"c":"d"},"e":"","f":"\u003cx\u003e"}`,
		`{{ (fromJson .json).f | toRawJson }}`:                 `"<x>"`,
		`{{ dict "a" 1 | toPrettyJson }}`:                      "{\n  \"a\": 1\n}",
		`{{ fromYaml .yaml | toJson }}{{ fromYaml "" | len }}`: `{"a":true,"b":[1,"x"],"c":{"d":null},"e":"y"}0`,
		`{{ regexMatch "^b" .list }}{{ regexFind "a." .list }}{{ regexFindAll "[ab]" .list -1 }}{{ mustRegexMatch "z" .list }}`:    "truea,[b a a]false",
		`{{ regexReplaceAll "(a),?" .list "<$1>" }}{{ regexReplaceAllLiteral "a" .list "$1" }}`:                                    "b,<a>c,<a>b,$1,c,$1",
		`{{ regexMatch "^\\pL{4,64}( [a-z0-9]{1,63}){0,10}$" "Ärgernis" }}`:                                                        "true",
		`{{ regexSplit "," .list 2 }}{{ regexQuoteMeta "a.b" }}`:                                                                   `[b a,c,a]a\.b`,
		`{{ len .num }}{{ index .list 0 }}{{ slice .list 0 3 }}{{ and true .num }}{{ or "" "x" }}{{ not true }}{{ ne 1 2 }}`:       "298b,a42xfalsetrue",
		`{{ range $i, $x := splitList "," .list }}{{ if eq $x "c" }}{{ break }}{{ else }}{{ $i }}{{ end }}{{ else }}none{{ end }}`: "01",
		`{{ with .empty }}x{{ else with .num }}{{ . }}{{ end }}{{- /* a comment */ -}}`:                                            "42",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := execute(t, text, values)
			if err != nil || got != want {
				t.Errorf("%q, %v; want %q", got, err, want)
			}
		})
	}
}

// What templates cannot do fails with the place and never with a value.
func TestTemplateFailures(t *testing.T) {
	t.Parallel()
	const marker = "plantedvalue"
	values := map[string]string{"secret": marker, "big": strings.Repeat("a,", 30_000), "quoted": strings.Repeat(`"`, 10_000), "yaml": "a: " + strings.Repeat("x", 8000)}
	const double = `{{ $x := .big }}{{ range until 50 }}{{ $x = %s }}{{ end }}`
	for text, want := range map[string]string{
		"first\n  {{ .missing }}":                                      "a.yaml:16:16: ExternalSecret t: spec.target.template.data.out uses .missing, which is no key",
		`{{ range .secret }}{{ end }}`:                                 "cannot be executed",
		`{{ (.secret).x }}`:                                            "cannot be executed",
		`{{ index .secret 100 }}`:                                      "cannot be executed",
		`{{ index .secret .secret }}`:                                  "cannot be executed",
		`{{ atoi .secret }}`:                                           "calls atoi, which is given something that is no whole number",
		`{{ int (list 1) }}`:                                           "calls int, which",
		`{{ add 1 .secret }}`:                                          "calls add, which",
		`{{ sub .secret 1 }}`:                                          "calls sub, which",
		`{{ add .secret | mul 2 }}`:                                    "calls add, which",
		`{{ div 1 0 }}`:                                                "calls div, which divides by zero",
		`{{ mod 1 .secret }}`:                                          "calls mod, which",
		`{{ b64dec .secret }}{{ b64dec "*" }}`:                         "calls b64dec, which",
		`{{ hexdec .secret }}`:                                         "calls hexdec, which is given text that is not encoded so",
		`{{ fromJson .secret }}`:                                       "calls fromJson, which is given text that is not JSON",
		`{{ fromJson "{\"a\":1,\"a\":2}" }}`:                           "calls fromJson, which is given text that is JSON in which an object has a member twice",
		`{{ fromJson "1e999" }}`:                                       "calls fromJson, which",
		`{{ fromJson (repeat 200 "[") }}`:                              "nested deeper than 128",
		`{{ fromYaml .secret }}`:                                       "calls fromYaml, which is given text that is no map",
		`{{ fromYaml "a: 010" }}`:                                      "calls fromYaml, which is given YAML with a number",
		`{{ fromYaml "a: [010]" }}`:                                    "calls fromYaml, which is given YAML with a number",
		`{{ regexMatch "(" .secret }}`:                                 "calls regexMatch, which is given a pattern",
		`{{ regexFind "(" .secret }}`:                                  "calls regexFind, which",
		`{{ regexFindAll "(" .secret 1 }}`:                             "calls regexFindAll, which",
		`{{ regexSplit .secret "(" 1 }}{{ regexSplit "(" .secret 1 }}`: "calls regexSplit, which",
		`{{ regexReplaceAll "(" .secret "" }}`:                         "calls regexReplaceAll, which",
		`{{ filterPEM "CERTIFICATE" .secret }}`:                        "calls filterPEM, which is given text that is not PEM",
		`{{ filterCertChain "leaf" .secret }}`:                         "calls filterCertChain, which is given no certificate",
		`{{ certSANs .secret }}`:                                       "calls certSANs, which is given no certificate",
		`{{ fail .secret }}`:                                           "calls fail, which is called",
		`{{ required .secret "" }}`:                                    "calls required, which is given nothing",
		`{{ dict "a" }}`:                                               "calls dict, which is given a key without a value",
		`{{ dict "a" (list 1) }}`:                                      "calls dict, which puts a list or map into another",
		`{{ list (dict) }}`:                                            "calls list, which puts",
		`{{ append (list 1) (list 2) }}`:                               "calls append, which puts",
		`{{ append .secret 1 }}`:                                       "calls append, which is given something that is no list",
		`{{ get .secret "a" }}`:                                        "calls get, which is given something that is no map",
		`{{ dig "a" .secret }}`:                                        "calls dig, which needs",
		`{{ dig "secret" "x" "" . }}`:                                  "calls dig, which is given something that is no map",
		`{{ substr 3 1 .secret }}`:                                     "calls substr, which is given a start behind the end",
		`{{ repeat -1 .secret }}`:                                      "calls repeat, which is given a negative count",
		`{{ until -1 }}`:                                               "calls until, which",
		`{{ printf "%*d" 1 2 }}`:                                       "calls printf, which is given a width by argument",
		`{{ printf "%99999d" 1 }}`:                                     "calls printf, which is given a width or precision",
		`{{ first .secret }}`:                                          "calls first, which",
		`{{ repeat 2000000 .secret }}`:                                 "makes more than 1048576 bytes",
		`{{ indent 1000000 .big | indent 1000000 }}`:                   "makes more than",
		`{{ replace "a" .big .big }}`:                                  "makes more than",
		`{{ join .big (splitList "," .big) }}`:                         "makes more than",
		`{{ regexReplaceAll "a" .big .big }}`:                          "makes more than",
		`{{ range until 100 }}{{ $.big }}{{ end }}`:                    "makes more than",
		fmt.Sprintf(double, `printf "%s%s" $x $x`):                     "makes more than",
		fmt.Sprintf(double, `print $x $x`):                             "makes more than",
		fmt.Sprintf(double, `js $x | quote`):                           "makes more than",
		`{{ $x := .quoted }}{{ range until 50 }}{{ $x = toJson $x }}{{ end }}`:          "makes more than",
		`{{ $l := list "a" }}{{ range until 50 }}{{ $l = concat $l $l }}{{ end }}`:      "makes more than",
		`{{ if repeat 1048576 "a" | quote }}{{ end }}`:                                  "makes more than",
		`{{ range 1000000000 }}{{ end }}`:                                               "takes too many steps",
		`{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}`:            "takes too many steps",
		`{{ range splitList "" .big }}{{ range splitList "" $.big }}{{ end }}{{ end }}`: "takes too many steps",
		`{{ range until 1000 }}{{ regexFind "a*b" $.big }}{{ end }}`:                    "takes too many steps",
		`{{ range until 300 }}{{ if fromYaml $.yaml }}{{ end }}{{ end }}`:               "takes too many steps",
		`{{ regexFind "(a?){500}(b?){500}c" $.big }}`:                                   "takes too many steps",
		`{{ range until 20000 }}{{ regexFind "(a?){900}b" "c" }}{{ end }}`:              "takes too many steps",
		`{{ regexFind "(abcdefg?){1000}" "c" }}`:                                        "calls regexFind, which is given a pattern that cannot be used",
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			_, err := execute(t, text, values)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Fatalf("%v; want %q", err, want)
			}
			if !errors.Is(err, secrets.ErrDecode) {
				t.Error("not ErrDecode")
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), marker) {
				t.Errorf("shows the value: %v", err)
			}
		})
	}
}

// Of a template with very many problems some are said: each costs time.
func TestManyProblems(t *testing.T) {
	t.Parallel()
	err := refuse(t, tmpl("      data:\n        a: |\n"+strings.Repeat("          {{ no .a.b }}\n", 1000)))
	if err == nil {
		t.Fatal("accepted")
	}
	problems := fieldErrors(t, err)
	if len(problems) != 20 || problems[19].Line != 30 {
		t.Errorf("%d problems, the last in line %d", len(problems), problems[len(problems)-1].Line)
	}
}
