package credentials_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// jwtOf makes a token of JSON texts, with a signature that fits ES256.
func jwtOf(header, claims string) string {
	enc := base64.RawURLEncoding.EncodeToString
	return enc([]byte(header)) + "." + enc([]byte(claims)) + "." + enc(make([]byte, 64))
}

const (
	es256      = `{"alg":"ES256"}`
	goodClaims = `{"iss":"https://issuer.example","sub":"system:serviceaccount:ns:app","aud":"sts.amazonaws.com","exp":4102444800,"iat":1700000000,"nbf":1700000000}`
)

func TestParseTokenUnverified(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	issued := time.Unix(1_700_000_000, 0)
	raw, err := pod.AWS.Token(credentialstest.TokenRequest{
		Namespace: "ns", ServiceAccount: "my.app", Pod: "my-pod", Audience: []string{"a", "b"}, IssuedAt: issued, Lifetime: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := credentials.ParseTokenUnverified("\n " + raw + "\r\n")
	if err != nil {
		t.Fatal(err)
	}
	want := credentials.Token{
		Issuer: credentialstest.PodIssuer, Subject: "system:serviceaccount:ns:my.app", Audience: []string{"a", "b"},
		Namespace: "ns", ServiceAccount: "my.app", Pod: "my-pod", Node: got.Node,
		IssuedAt: issued, NotBefore: issued, Expiry: issued.Add(time.Hour),
	}
	if diff := cmp.Diff(want, got); diff != "" || got.Node == "" {
		t.Errorf("token (-want +got):\n%s", diff)
	}
	claims := policy.Claims{
		Issuer: want.Issuer, Subject: want.Subject, Audience: want.Audience,
		IssuedAt: want.IssuedAt, NotBefore: want.NotBefore, Expiry: want.Expiry,
	}
	if diff := cmp.Diff(claims, got.Claims()); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestParseMinimalToken(t *testing.T) {
	t.Parallel()
	got, err := credentials.ParseTokenUnverified(jwtOf(es256, goodClaims))
	if err != nil {
		t.Fatal(err)
	}
	if got.Pod != "" || got.Node != "" || got.Namespace != "ns" || cmp.Diff(got.Audience, []string{"sts.amazonaws.com"}) != "" {
		t.Errorf("token %+v", got)
	}
}

// Every bad token is an error that says what is wrong and does not repeat what
// the file holds, and STS never hears of it.
func TestBadTokens(t *testing.T) {
	t.Parallel()
	pod := newPod(t, nil)
	good, err := pod.AWS.Token(credentialstest.TokenRequest{Namespace: "ns", ServiceAccount: "app"})
	if err != nil {
		t.Fatal(err)
	}
	segments := strings.Split(good, ".")
	replace := func(claim, by string) string { return jwtOf(es256, strings.Replace(goodClaims, claim, by, 1)) }
	without := func(claim string) string { return replace(`"`+claim+`":`, `"x":`) }
	tests := map[string]struct {
		token   string
		problem credentials.TokenProblem
		text    []string
	}{
		"empty":        {"", credentials.TokenEmpty, nil},
		"white space":  {" \n\t", credentials.TokenEmpty, nil},
		"too large":    {strings.Repeat(marker, 2000), credentials.TokenTooLarge, []string{"20000 bytes"}},
		"garbage":      {marker, credentials.TokenMalformed, []string{"20 bytes in 1 dot-separated segments instead of 3"}},
		"two segments": {segments[0] + "." + segments[1], credentials.TokenMalformed, []string{"2 dot-separated"}},
		"two tokens":   {good + "\n" + good, credentials.TokenMalformed, []string{"5 dot-separated"}},
		"bad header":   {"e30%." + segments[1] + "." + segments[2], credentials.TokenMalformed, []string{"segment 1, the header", "byte 4"}},
		"bad claims":   {segments[0] + "." + segments[1][:8] + "!!." + segments[2], credentials.TokenMalformed, []string{"segment 2, the claims", "byte 9"}},
		"cut off":      {good[:len(good)-12], credentials.TokenMalformed, []string{"segment 3, the signature", "cut off"}},
		"cut in the middle of a byte": {
			good[:len(good)-1], credentials.TokenMalformed, []string{"segment 3, the signature", "cut off"},
		},
		"header not JSON":    {jwtOf(marker, goodClaims), credentials.TokenMalformed, []string{"JSON of header or claims", "byte 1"}},
		"claims not JSON":    {jwtOf(es256, goodClaims[:20]), credentials.TokenMalformed, []string{"JSON of header or claims", "byte"}},
		"claims an array":    {jwtOf(es256, `["`+marker+`"]`), credentials.TokenMalformed, []string{"wrong type"}},
		"expiry a string":    {replace("4102444800", `"`+marker+`"`), credentials.TokenMalformed, []string{"wrong type"}},
		"audience a number":  {replace(`"sts.amazonaws.com"`, "1"), credentials.TokenMalformed, []string{"wrong type"}},
		"no algorithm":       {jwtOf(`{"kid":"`+marker+`"}`, goodClaims), credentials.TokenMalformed, []string{"no known algorithm"}},
		"unknown algorithm":  {jwtOf(`{"alg":"`+marker+`"}`, goodClaims), credentials.TokenMalformed, []string{"no known algorithm"}},
		"symmetric":          {jwtOf(`{"alg":"HS256"}`, goodClaims), credentials.TokenMalformed, []string{"HS256", "ES256"}},
		"unsigned":           {jwtOf(`{"alg":"none"}`, goodClaims), credentials.TokenMalformed, []string{"none"}},
		"no issuer":          {without("iss"), credentials.TokenIncomplete, []string{"iss not there"}},
		"no expiry":          {without("exp"), credentials.TokenIncomplete, []string{"exp not there"}},
		"no claims":          {jwtOf(es256, "{}"), credentials.TokenIncomplete, []string{"iss, sub, aud and exp not there"}},
		"a person's":         {replace("system:serviceaccount:ns:app", "jane"), credentials.TokenNotServiceAccount, []string{`"jane"`}},
		"no account":         {replace("ns:app", "ns:"), credentials.TokenNotServiceAccount, nil},
		"too many parts":     {replace("ns:app", "ns:app:x"), credentials.TokenNotServiceAccount, nil},
		"a very long one's":  {replace("ns:app", strings.Repeat("x", 1000)), credentials.TokenNotServiceAccount, []string{"…"}},
		"wrong audience":     {replace("sts.amazonaws.com", "vault"), credentials.TokenWrongAudience, []string{`"vault"`, `"sts.amazonaws.com"`, "Config.Audience"}},
		"Pod Identity token": {replace("sts.amazonaws.com", "pods.eks.amazonaws.com"), credentials.TokenWrongAudience, []string{"Pod Identity"}},
		"expired":            {replace("4102444800", "1700003600"), credentials.TokenExpired, []string{"at 2023-11-14T23:13:20Z", "kubelet"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := newPod(t, nil)
			if err := pod.TokenFile.Rotate(test.token); err != nil {
				t.Fatal(err)
			}
			_, err := newProvider(t, pod.Config()).Retrieve(t.Context())
			wantText(t, err, append(test.text, fmt.Sprintf("%q", pod.TokenFile.Path()), string(test.problem))...)
			e, ok := errors.AsType[*credentials.TokenError](err)
			if !ok || e.Problem != test.problem || e.Path != pod.TokenFile.Path() {
				t.Errorf("error %v, want %q", err, test.problem)
			}
			if !errors.Is(err, credentials.ErrIdentity) {
				t.Errorf("not ErrIdentity: %v", err)
			}
			for segment := range strings.SplitSeq(strings.TrimSpace(test.token), ".") {
				if len(segment) > 8 && strings.Contains(err.Error(), segment) {
					t.Errorf("error repeats the token: %v", err)
				}
			}
			if calls := pod.AWS.Calls(); len(calls) != 0 {
				t.Errorf("%d calls reached AWS", len(calls))
			}
		})
	}
}

func TestAudienceOfTheConfig(t *testing.T) {
	t.Parallel()
	world := credentialstest.PodWorld()
	world.Accounts[0].OIDCProviders[0].ClientIDs = []string{"mine"}
	pod := newPod(t, &credentialstest.PodOptions{World: &world, Token: credentialstest.TokenRequest{Audience: []string{"mine"}}})
	cfg := pod.Config()
	cfg.Audience = "mine"
	// The token passes our check, the provider takes it, the trust policy wants
	// another audience.
	if _, err := newProvider(t, cfg).Retrieve(t.Context()); !errors.Is(err, credentials.ErrDenied) {
		t.Errorf("error %v, want ErrDenied", err)
	}
}

// A clock that differs a little must not keep a good token from STS.
func TestClockLeeway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		ago   time.Duration
		calls int
	}{
		"STS decides": {4 * time.Minute, 1},
		"we decide":   {6 * time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pod := newPod(t, &credentialstest.PodOptions{Token: credentialstest.TokenRequest{
				IssuedAt: time.Now().Add(-time.Hour - test.ago), Lifetime: time.Hour,
			}})
			_, err := newProvider(t, pod.Config()).Retrieve(t.Context())
			if !errors.Is(err, credentials.ErrIdentity) || count(pod, assume) != test.calls {
				t.Errorf("error %v after %d calls, want %d", err, count(pod, assume), test.calls)
			}
		})
	}
}

func TestTokenFiles(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		make    func(path string) error
		problem credentials.TokenProblem
		is      error
		text    []string
	}{
		"missing":   {func(string) error { return nil }, credentials.TokenMissing, os.ErrNotExist, []string{"projected volume"}},
		"dangling":  {func(p string) error { return os.Symlink("nowhere", p) }, credentials.TokenMissing, os.ErrNotExist, nil},
		"directory": {func(p string) error { return os.Mkdir(p, 0o700) }, credentials.TokenNotRegular, nil, []string{"a directory"}},
		"pipe":      {func(p string) error { return syscall.Mkfifo(p, 0o600) }, credentials.TokenNotRegular, nil, []string{"a named pipe"}},
		"device":    {func(p string) error { return os.Symlink("/dev/null", p) }, credentials.TokenNotRegular, nil, []string{"a device"}},
		"loop":      {func(p string) error { return os.Symlink(filepath.Base(p), p) }, credentials.TokenUnreadable, syscall.ELOOP, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "token")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			_, err := newProvider(t, credentials.Config{
				Region: "eu-west-1", RoleARN: roleARN, TokenFile: path, HTTPClient: noNetwork(t),
			}).Retrieve(t.Context())
			wantText(t, err, append(test.text, fmt.Sprintf("%q", path))...)
			e, ok := errors.AsType[*credentials.TokenError](err)
			if !ok || e.Problem != test.problem || !errors.Is(err, credentials.ErrIdentity) {
				t.Errorf("error %v, want %q", err, test.problem)
			}
			if test.is != nil && !errors.Is(err, test.is) {
				t.Errorf("error is not %v: %v", test.is, err)
			}
		})
	}
}
