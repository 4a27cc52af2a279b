package fakeaws_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
	"github.com/irsakit/irsa/policy"
)

// param is what the tests look at in a parameter.
type param struct {
	Name, Type, Value, Selector string
	Version                     int64
}

func paramOf(p *types.Parameter) param {
	out := param{Name: *p.Name, Type: string(p.Type), Value: *p.Value, Version: p.Version}
	if p.Selector != nil {
		out.Selector = *p.Selector
	}
	return out
}

// viaSSM replaces the request id, which differs, in KMS's refusals.
func viaSSM(f failure) failure {
	before, rest, found := strings.Cut(f.Message, "Request ID: ")
	_, after, _ := strings.Cut(rest, ";")
	if found {
		f.Message = before + "Request ID: …;" + after
	}
	return f
}

func kmsTail(code string) string {
	return " (Service: AWSKMS; Status Code: 400; Error Code: " + code + "; Request ID: …; Proxy: null)"
}

func TestGetParameter(t *testing.T) {
	t.Parallel()
	const get = "ssm:GetParameter"
	host := param{Name: "/app/host", Type: "String", Value: "localhost", Version: 3}
	selected := func(selector string) param {
		p := host
		p.Selector = selector
		return p
	}
	badName := failure{"ValidationException", `Parameter name: can't be prefixed with "ssm" (case-insensitive). ` +
		"If formed as a path, it can consist of sub-paths divided by slash symbol; " +
		"each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"}
	tests := map[string]struct {
		change  func(*fakeaws.World)
		name    string
		encoded bool // ask for no decryption
		want    param
		fails   failure
	}{
		"name":             {name: "/app/host", want: host},
		"ARN":              {name: ownParam + "/app/host", want: host},
		"version":          {name: "/app/host:3", want: selected(":3")},
		"label":            {name: "/app/host:live", want: selected(":live")},
		"label of ARN":     {name: ownParam + "/app/host:live", want: selected(":live")},
		"name of no path":  {name: "plain", want: param{Name: "plain", Type: "String", Value: "plain", Version: 1}},
		"slash before it":  {name: "/plain", want: param{Name: "plain", Type: "String", Value: "plain", Version: 1}},
		"list":             {name: "/app/hosts", want: param{Name: "/app/hosts", Type: "StringList", Value: "a,b", Version: 1}},
		"secure":           {name: "/app/db/password", want: param{Name: "/app/db/password", Type: "SecureString", Value: marker, Version: 1}},
		"secure, own key":  {name: "/app/db/own-key", want: param{Name: "/app/db/own-key", Type: "SecureString", Value: marker, Version: 1}},
		"no such version":  {name: "/app/host:2", fails: failure{"ParameterVersionNotFound", "Systems Manager could not find version 2 of /app/host. Verify the version and try again."}},
		"no such label":    {name: "/app/host:dead", fails: failure{"ParameterVersionNotFound", "Systems Manager could not find version dead of /app/host. Verify the version and try again."}},
		"no such name":     {name: "/app/nope", fails: failure{Code: "ParameterNotFound"}},
		"another Region":   {name: strings.Replace(ownParam, region, "us-east-1", 1) + "/app/host", fails: failure{Code: "ParameterNotFound"}},
		"another account":  {name: strings.Replace(ownParam, accountA, accountB, 1) + "/x", fails: denied(get, strings.Replace(ownParam, accountA, accountB, 1)+"/x", noIdentity+get+" action")},
		"shared by nobody": {change: role(allow(`"ssm:*"`, `"*"`)), name: strings.Replace(ownParam, accountA, accountB, 1) + "/x", fails: denied(get, strings.Replace(ownParam, accountA, accountB, 1)+"/x", noResource+get+" action")},
		"denied, existent or not": {
			change: role(allow(`"ssm:GetParameter"`, `"`+ownParam+`/other/*"`)), name: "/app/nope",
			fails: denied(get, ownParam+"/app/nope", noIdentity+get+" action"),
		},
		"C's key": {name: "/sealed/c-key", fails: failure{"AccessDeniedException", noCMK + kmsTail("AccessDeniedException")}},
		"no identity policy for the key": {
			change: role(allow(`"ssm:*"`, `"*"`)), name: "/app/db/own-key",
			fails: failure{"AccessDeniedException", denied("kms:Decrypt", ownKey, noIdentity+"kms:Decrypt action").Message + kmsTail("AccessDeniedException")},
		},
		"AWS's key needs no identity policy": {
			change: role(allow(`"ssm:*"`, `"*"`)), name: "/app/db/password",
			want: param{Name: "/app/db/password", Type: "SecureString", Value: marker, Version: 1},
		},
		"key policy sees the service and the context": {
			change: func(w *fakeaws.World) {
				w.Accounts[0].Keys[0].Policy = policy.MustParse(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"` + podRole + `"},"Action":"kms:Decrypt","Resource":"*",
					"Condition":{"StringEquals":{"kms:ViaService":"ssm.eu-west-1.amazonaws.com","kms:EncryptionContext:PARAMETER_ARN":"` + ownParam + `/app/db/own-key"}}}}`)
			},
			name: "/app/db/own-key", want: param{Name: "/app/db/own-key", Type: "SecureString", Value: marker, Version: 1},
		},
		"disabled key":           {name: "/sealed/disabled", fails: failure{"InvalidKeyId", offKey + " is disabled." + kmsTail("DisabledException")}},
		"encoded needs no key":   {name: "/sealed/disabled", encoded: true, want: param{Name: "/sealed/disabled", Type: "SecureString", Value: "…", Version: 1}},
		"reserved prefix":        {name: "/ssm/x", fails: badName},
		"path without its slash": {name: "app/host", fails: badName},
		"bad letter":             {name: "/app/ü", fails: badName},
		"ARN of a secret":        {name: theSecret, fails: badName},
		"empty":                  {name: "", fails: failure{"ValidationException", "1 validation error detected: Value '' at 'name' failed to satisfy constraint: Member must have length greater than or equal to 1"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.change != nil {
				f = startData(t, test.change)
			}
			out, err := f.parameters().GetParameter(t.Context(),
				&ssm.GetParameterInput{Name: &test.name, WithDecryption: new(!test.encoded)})
			if diff := cmp.Diff(test.fails, viaSSM(failureOf(err))); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			got := paramOf(out.Parameter)
			if test.encoded && got.Value != marker {
				got.Value = "…"
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("parameter (-want +got):\n%s", diff)
			}
		})
	}
}

// The ciphertext that Parameter Store returns is KMS's: who may use the key
// can open it with the context that the User Guide names.
func TestSecureStringCiphertext(t *testing.T) {
	t.Parallel()
	f := startData(t)
	read := func(name string) []byte {
		out, err := f.parameters().GetParameter(t.Context(), &ssm.GetParameterInput{Name: &name})
		if err != nil {
			t.Fatal(err)
		}
		blob, err := base64.StdEncoding.DecodeString(*out.Parameter.Value)
		if err != nil {
			t.Fatal(err)
		}
		return blob
	}
	if f.CallCount("kms", "Decrypt") != 0 {
		t.Error("the key was used without need")
	}
	decrypt := func(name string) (*kms.DecryptOutput, error) {
		return f.keys().Decrypt(t.Context(), &kms.DecryptInput{
			CiphertextBlob: read(name), EncryptionContext: map[string]string{"PARAMETER_ARN": ownParam + name},
		})
	}
	out, err := decrypt("/app/db/own-key")
	if err != nil || string(out.Plaintext) != marker {
		t.Errorf("own key: %v", err)
	}
	_, err = decrypt("/app/db/password")
	if diff := cmp.Diff(failure{"AccessDeniedException", noCMK}, failureOf(err)); diff != "" {
		t.Errorf("aws/ssm without SSM: error (-want +got):\n%s", diff)
	}
}

func TestLastModifiedDate(t *testing.T) {
	t.Parallel()
	before := time.Now().Truncate(time.Millisecond) // the wire has no finer fraction
	set := time.Date(2026, 11, 1, 12, 30, 0, 0, time.UTC)
	f := startData(t, func(w *fakeaws.World) { w.Accounts[0].Parameters[0].Modified = &set })
	out, err := f.parameters().GetParametersByPath(t.Context(), &ssm.GetParametersByPathInput{Path: new("/app")})
	if err != nil {
		t.Fatal(err)
	}
	if got := out.Parameters[0].LastModifiedDate; got == nil || !got.Equal(set) {
		t.Errorf("modified %v, want %v", got, set)
	}
	if got := out.Parameters[1].LastModifiedDate; got == nil || got.Before(before) || got.After(time.Now()) {
		t.Errorf("modified %v, want the fake's start", got)
	}
}

func TestGetParameters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change      func(*fakeaws.World)
		names       []string
		want, wrong []string
		fails       failure
	}{
		"sorted, the unknown apart": {
			names: []string{"plain", "/nope", "/app/hosts", "/app/host:live", "/app/host:9", ownParam + "/app/db/password"},
			want:  []string{"/app/db/password", "/app/host", "/app/hosts", "plain"},
			wrong: []string{"/nope", "/app/host:9"},
		},
		"one is denied": {
			change: role(allow(`"ssm:GetParameters"`, `"`+ownParam+`/app/*"`)),
			names:  []string{"/app/host", "plain"},
			fails:  denied("ssm:GetParameters", ownParam+"/plain", noIdentity+"ssm:GetParameters action"),
		},
		"GetParameter is not GetParameters": {
			change: role(allow(`"ssm:GetParameter"`, `"*"`)),
			names:  []string{"/app/host"},
			fails:  denied("ssm:GetParameters", ownParam+"/app/host", noIdentity+"ssm:GetParameters action"),
		},
		"a key denied": {names: []string{"/app/host", "/sealed/c-key"}, fails: failure{"AccessDeniedException", noCMK + kmsTail("AccessDeniedException")}},
		"a bad name": {names: []string{"app/host"}, fails: failure{"ValidationException", `Parameter name: can't be prefixed with "ssm" (case-insensitive). ` +
			"If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_"}},
		"none": {names: []string{}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '[]' at 'names' failed to satisfy constraint: Member must have length greater than or equal to 1",
		}},
		"eleven": {names: strings.Split("abcdefghijk", ""), fails: failure{
			"ValidationException",
			"1 validation error detected: Value '[a, b, c, d, e, f, g, h, i, j, k]' at 'names' failed to satisfy constraint: Member must have length less than or equal to 10",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.change != nil {
				f = startData(t, test.change)
			}
			out, err := f.parameters().GetParameters(t.Context(), &ssm.GetParametersInput{Names: test.names, WithDecryption: new(true)})
			if diff := cmp.Diff(test.fails, viaSSM(failureOf(err))); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(test.want, namesOf(out.Parameters)); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.wrong, out.InvalidParameters); diff != "" {
				t.Errorf("invalid (-want +got):\n%s", diff)
			}
		})
	}
}

func namesOf(parameters []types.Parameter) []string {
	var names []string
	for _, p := range parameters {
		names = append(names, *p.Name)
	}
	return names
}

func TestGetParametersByPath(t *testing.T) {
	t.Parallel()
	const byPath = "ssm:GetParametersByPath"
	tests := map[string]struct {
		change func(*fakeaws.World)
		in     ssm.GetParametersByPathInput
		want   []string
		fails  failure
	}{
		"one level":      {in: ssm.GetParametersByPathInput{Path: new("/app")}, want: []string{"/app/host", "/app/hosts"}},
		"trailing slash": {in: ssm.GetParametersByPathInput{Path: new("/app/")}, want: []string{"/app/host", "/app/hosts"}},
		"all levels": {
			in:   ssm.GetParametersByPathInput{Path: new("/app"), Recursive: new(true), WithDecryption: new(true)},
			want: []string{"/app/db/own-key", "/app/db/password", "/app/host", "/app/hosts"},
		},
		"trailing slash is not in the resource": {
			change: role(allow(`"ssm:*"`, `"`+ownParam+`/app"`)),
			in:     ssm.GetParametersByPathInput{Path: new("/app/")}, want: []string{"/app/host", "/app/hosts"},
		},
		"root":          {in: ssm.GetParametersByPathInput{Path: new("/")}, want: []string{"plain"}},
		"not by prefix": {in: ssm.GetParametersByPathInput{Path: new("/app/ho")}},
		"a path overrides a child's deny": {
			change: role(`{"Version":"2012-10-17","Statement":[` + allowStatement(`"ssm:*"`, `"`+ownParam+`/app"`) +
				`,{"Effect":"Deny","Action":"ssm:*","Resource":"` + ownParam + `/app/host"}]}`),
			in: ssm.GetParametersByPathInput{Path: new("/app")}, want: []string{"/app/host", "/app/hosts"},
		},
		"children without the path": {
			change: role(allow(`"ssm:*"`, `"`+ownParam+`/app/*"`)), in: ssm.GetParametersByPathInput{Path: new("/app")},
			fails: denied(byPath, ownParam+"/app", noIdentity+byPath+" action"),
		},
		"recursion denied": {
			change: role(strings.Replace(allow(`"ssm:*"`, `"*"`), `"*"}`, `"*","Condition":{"StringEquals":{"ssm:Recursive":"false"}}}`, 1)),
			in:     ssm.GetParametersByPathInput{Path: new("/app"), Recursive: new(true)},
			fails:  denied(byPath, ownParam+"/app", noIdentity+byPath+" action"),
		},
		"a key denied": {
			in:    ssm.GetParametersByPathInput{Path: new("/sealed"), WithDecryption: new(true)},
			fails: failure{"AccessDeniedException", noCMK + kmsTail("AccessDeniedException")},
		},
		"by type": {
			in: ssm.GetParametersByPathInput{Path: new("/app"), Recursive: new(true), ParameterFilters: []types.ParameterStringFilter{
				{Key: new("Type"), Option: new("Equals"), Values: []string{"StringList", "String"}}, {Key: new("Label"), Values: []string{"live"}},
			}},
			want: []string{"/app/host"},
		},
		"by an attribute that is none": {
			in:    ssm.GetParametersByPathInput{Path: new("/app"), ParameterFilters: []types.ParameterStringFilter{{Key: new("Tier")}}},
			fails: failure{Code: "InvalidFilterKey"},
		},
		"by another comparison": {
			in:    ssm.GetParametersByPathInput{Path: new("/app"), ParameterFilters: []types.ParameterStringFilter{{Key: new("Type"), Option: new("Contains")}}},
			fails: failure{"InvalidFilterOption", "The following filter option is not valid: Contains. Valid options include: [Equals]."},
		},
		"no path": {in: ssm.GetParametersByPathInput{Path: new("app")}, fails: failure{
			"ValidationException",
			`The parameter doesn't meet the parameter name requirements. The parameter name must begin with a forward slash "/". ` +
				`It can't be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: ` +
				`. (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward slash symbol "/". ` +
				"Valid example: /get/parameters2-/by1./path0_.",
		}},
		"too many": {in: ssm.GetParametersByPathInput{Path: new("/app"), MaxResults: new(int32(11))}, fails: failure{
			"ValidationException",
			"1 validation error detected: Value '11' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 10",
		}},
		"no token": {in: ssm.GetParametersByPathInput{Path: new("/app"), NextToken: new("eA==")}, fails: failure{"InvalidNextToken", "The specified token isn't valid."}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := startData(t)
			if test.change != nil {
				f = startData(t, test.change)
			}
			out, err := f.parameters().GetParametersByPath(t.Context(), &test.in)
			if diff := cmp.Diff(test.fails, viaSSM(failureOf(err))); diff != "" {
				t.Fatalf("error (-want +got):\n%s", diff)
			}
			if err != nil {
				return
			}
			if diff := cmp.Diff(test.want, namesOf(out.Parameters)); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetParametersByPathPages(t *testing.T) {
	t.Parallel()
	pages := ssm.NewGetParametersByPathPaginator(startData(t).parameters(),
		&ssm.GetParametersByPathInput{Path: new("/app"), Recursive: new(true), MaxResults: new(int32(3))})
	var got [][]string
	for pages.HasMorePages() {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, namesOf(out.Parameters))
	}
	want := [][]string{{"/app/db/own-key", "/app/db/password", "/app/host"}, {"/app/hosts"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}
