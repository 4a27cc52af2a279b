package secrets_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/internal/testutil/redaction"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// checkSilent reports every trace of the marker in what was printed.
func checkSilent(t *testing.T, how, printed string) {
	t.Helper()
	redaction.CheckText(t, how, printed, marker)
}

// printAll prints v in every way there is and reports every trace of the marker.
func printAll(t *testing.T, what string, v any) {
	t.Helper()
	redaction.Check(t, what, v, marker)
}

// words is an error that shows its text under every verb, also where fmt calls
// no methods, as errors of drivers may.
type words string

func (w words) Error() string { return string(w) }

// markedConfig has the marker in all that is secret in it, and as what every
// read answers.
func markedConfig() aws.Config {
	cfg := script(func(operation string) (int, string) {
		switch operation {
		case "Decrypt":
			return 200, `{"KeyId":"k","Plaintext":"` + base64.StdEncoding.EncodeToString([]byte(marker)) + `"}`
		default:
			return 200, goodAnswer
		}
	}).config()
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: marker, SessionToken: marker}, nil
	})
	return cfg
}

// TestRedaction prints every type that the package exports. It is to be taught
// each new one.
func TestRedaction(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "s"), []byte(marker), 0o600); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // in which nothing moves meanwhile: fmt takes no locks
		store := newStore(t, markedConfig(), secrets.Config{})
		value, err := store.Get(t.Context(), "prod/db")
		if err != nil || value.Reveal() != marker {
			t.Fatalf("the value is not what the test looks for: %v", err)
		}
		decrypter, err := secrets.NewDecrypter(markedConfig(), secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer decrypter.Close()
		ciphertext := secrets.Ciphertext{KeyID: "alias/k", Blob: []byte("x")}
		plain, err := decrypter.Decrypt(t.Context(), ciphertext)
		if err != nil || plain.Reveal() != marker {
			t.Fatalf("the plaintext is not what the test looks for: %v", err)
		}
		login := secrets.Login{Username: "app", Password: value}
		static := secrets.Static(map[string]string{"s": marker, "login": object(t, "username", "app", "password", marker)})
		held := newFake(t, static, secrets.Config{})
		text, octets, whole, typed := opened[string](t, held, "s"), opened[[]byte](t, held, "s"), opened[secrets.Value](t, held, "s"), opened[secrets.Login](t, held, "login")
		updater, err := secrets.NewUpdater(t.Context(), text, newPool, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer updater.Close()
		rejected, ok := errors.AsType[*secrets.RejectedError](secrets.UseWith(t.Context(), text,
			secrets.UseConfig{Budget: -1, Rejected: func(error) bool { return true }},
			func(s string) error { return words("no login with " + s) }))
		if _, said := errors.AsType[words](rejected.Attempts[0].Err); !ok || !said || !errors.Is(rejected, words("no login with "+marker)) {
			t.Fatalf("what the function said is lost: %v", rejected)
		}
		_, err = secrets.Open[int](t.Context(), held, "s")
		undecodable, _ := errors.AsType[*secrets.DecodeError](err)
		_, err = secrets.OpenFunc(t.Context(), held, "s", func(secrets.Value) (int, error) { return 0, words(marker) })
		undecoded, _ := errors.AsType[*secrets.DecodeError](err)
		refused, _ := errors.AsType[*secrets.AccessError](refusedRead(t, "AccessDeniedException"))
		failed, _ := errors.AsType[*secrets.ReadError](refusedRead(t, "DecryptionFailure"))
		status, _ := store.Status("prod/db")
		status.Err = undecoded
		outcome, err := held.Refresh(t.Context(), "s")
		if err != nil {
			t.Fatal(err)
		}
		source, _ := secrets.NewAWSSource(t, markedConfig(), secrets.Config{})
		fetch(t, source, "prod/db")
		_, refError := secrets.ParseRef("a b")
		config := secrets.Config{Preload: []string{"s"}, Logger: slog.New(slog.DiscardHandler)}
		synctest.Wait()

		redaction.CheckTypes(t, ".", redaction.Table{
			"AccessError":    redaction.Samples{refused},
			"Attempt":        redaction.Samples{rejected.Attempts[0], &rejected.Attempts[0]},
			"Calls":          redaction.Samples{store.Stats().Calls},
			"Ciphertext":     redaction.Samples{ciphertext},
			"Config":         redaction.Samples{config},
			"ConfigError":    redaction.Samples{&secrets.ConfigError{Field: "f", Problem: "p"}},
			"DecodeError":    redaction.Samples{undecodable, undecoded},
			"Decrypter":      redaction.Samples{decrypter},
			"ErrorCounts":    redaction.Samples{store.Stats().ErrorsByClass},
			"Fetched":        redaction.Samples{secrets.Fetched{Ref: "s", Version: value.Version(), Err: undecoded}},
			"Finder":         redaction.Samples{static, source},
			"Grant":          redaction.Samples{refused.Grants[0], secrets.Grant{Statement: &policy.Statement{}}},
			"Handle":         redaction.Samples{text, octets, whole, typed},
			"Login":          redaction.Samples{login, &login, typed.Value()},
			"Meta":           redaction.Samples{secrets.Meta{Name: value.Name(), Stages: value.Stages()}},
			"Outcome":        redaction.Samples{outcome},
			"Query":          redaction.Samples{secrets.Query{Path: "/prod"}},
			"ReadError":      redaction.Samples{failed},
			"Ref":            redaction.Samples{secrets.Ref{Name: "s"}},
			"RefError":       redaction.Samples{refError},
			"RejectedError":  redaction.Samples{rejected},
			"Result":         redaction.Samples{secrets.Result{Value: value}, &secrets.Result{Value: plain}},
			"Service":        redaction.Samples{secrets.SecretsManager},
			"Source":         redaction.Samples{static, source, secrets.Files(dir), secrets.SourceFunc(nil)},
			"SourceFunc":     redaction.Samples{secrets.SourceFunc(func(context.Context, secrets.Ref) (secrets.Value, error) { return value, nil })},
			"State":          redaction.Samples{status.State},
			"Stats":          redaction.Samples{store.Stats()},
			"Status":         redaction.Samples{status, &status},
			"Store":          redaction.Samples{store, held},
			"Updater":        redaction.Samples{updater},
			"UpdaterOptions": redaction.Samples{secrets.UpdaterOptions[*pool]{Close: (*pool).Close}},
			"UseConfig":      redaction.Samples{secrets.UseConfig{}},
			"Value":          redaction.Samples{value, &value, plain, whole.Value(), value.Clone(), secrets.NewValue([]byte(marker), secrets.Meta{})},
		}, marker)

		type hidden struct{ value secrets.Value }
		checkSilent(t, "a difference", cmp.Diff(value, secrets.Value{})+cmp.Diff(hidden{value}, hidden{}, cmp.AllowUnexported(hidden{})))
		if got := fmt.Sprintf("%v|%s|%d|%#v|%s", value, value, value, value, value.String()); got != strings.Repeat("[redacted]|", 4)+"[redacted]" {
			t.Errorf("printed: %s", got)
		}
		if got := fmt.Sprintf("%s|%s", text, updater); got != `s (version "static")|s (version "static")` {
			t.Errorf("printed: %s", got)
		}
		if got, err := json.Marshal(login); err != nil || !strings.Contains(string(got), `"Password":"[redacted]"`) {
			t.Errorf("JSON: %s, %v", got, err)
		}
	})
}

// opened is a Handle that is closed with the test.
func opened[T any](t *testing.T, store *secrets.Store, ref string) *secrets.Handle[T] {
	t.Helper()
	h, err := secrets.Open[T](t.Context(), store, ref)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// refusedRead reads a secret whose refusal has the marker in AWS's words.
func refusedRead(t *testing.T, code string) error {
	t.Helper()
	cfg := script(func(string) (int, string) { return 400, refusal(code, marker) }).config()
	_, err := newStore(t, cfg, secrets.Config{}).Get(t.Context(), secretARN)
	return err
}

// form is a secret in a form of its own.
type form struct {
	secret string
	json   bool // it is an object that everybody reads alike
	login  bool
	text   bool // its member "password" is a string
}

var forms = map[string]form{
	"text":            {secret: marker},
	"64 KiB":          {secret: strings.Repeat(marker+"-", 65536/(len(marker)+1))},
	"64 KiB of JSON":  {secret: `{"username":"app","password":"` + strings.Repeat(marker+"-", 65000/(len(marker)+1)) + `"}`, json: true, login: true, text: true},
	"binary":          {secret: "\x00\x01" + marker + "\xff\xfe\r\n"},
	"invalid UTF-8":   {secret: `{"username":"app","password":"` + marker + "\xc3\x28\xed\xa0\x80" + `"}`},
	"empty":           {secret: ""},
	"space":           {secret: " \n"},
	"format verbs":    {secret: "%s%d%!" + marker},
	"a login":         {secret: `{"username":"app","password":"` + marker + `","port":"5432"}`, json: true, login: true, text: true},
	"a number":        {secret: `{"username":"app","password":271828182845904523536}`, json: true, login: true},
	"an object":       {secret: `{"username":"app","password":{"` + marker + `":["` + marker + `"]}}`, json: true, login: true},
	"members twice":   {secret: `{"username":"app","password":"` + marker + `","password":"` + marker + `2"}`},
	"deep ones twice": {secret: `{"username":"app","password":"p","a":[{"` + marker + `":1,"` + marker + `":2}]}`},
	"another's names": {secret: `{"` + marker + `":"` + marker + `"}`, json: true},
	"null":            {secret: `{"username":"` + marker + `","password":null}`, json: true},
	"cut off":         {secret: `{"username":"app","password":"` + marker},
	"an array":        {secret: `["` + marker + `"]`},
	"a bad port":      {secret: `{"username":"app","password":"p","port":"` + marker + `"}`, json: true, text: true},
	"a certificate":   {secret: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(marker)})) + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte(marker)}))},
}

// answer is what GetSecretValue says of it: what is no text is binary.
func (f form) answer(t *testing.T) string {
	t.Helper()
	out := map[string]any{"ARN": secretARN, "Name": "s", "VersionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111", "VersionStages": []string{"AWSCURRENT"}}
	if utf8.ValidString(f.secret) {
		out["SecretString"] = f.secret
	} else {
		out["SecretBinary"] = []byte(f.secret)
	}
	text, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// way is a way to read the secret s from a Store.
type way struct {
	// takes reports whether it takes secrets of a form. Those that it does not
	// are ErrDecode.
	takes func(f form) bool
	// read returns what there is to print and, of raw ways, the secret.
	read func(t *testing.T, store *secrets.Store) (shown any, got string, err error)
	raw  bool
}

// openWay is a way through a Handle; reveal is nil if what it holds is not the
// secret as it is.
func openWay[T any](ref string, takes func(form) bool, reveal func(T) string) way {
	return way{takes: takes, raw: reveal != nil, read: func(t *testing.T, store *secrets.Store) (any, string, error) {
		h, err := secrets.Open[T](t.Context(), store, ref)
		if err != nil || reveal == nil {
			return h, "", err
		}
		return h, reveal(h.Value()), err
	}}
}

// loadWay is a way through the tags of a struct.
func loadWay[T any](takes func(form) bool, reveal func(T) string) way {
	return way{takes: takes, raw: reveal != nil, read: func(t *testing.T, store *secrets.Store) (any, string, error) {
		var settings T
		err := store.Load(t.Context(), &settings)
		if err != nil {
			return settings, "", err // which is still empty
		}
		if reveal == nil {
			return nil, "", nil
		}
		return nil, reveal(settings), nil
	}}
}

func ways() map[string]way {
	all := func(form) bool { return true }
	none := func(form) bool { return false }
	isJSON := func(f form) bool { return f.json }
	hasPassword := func(f form) bool { return f.login || f.text }
	isLogin := func(f form) bool { return f.login }
	type account struct {
		Username string
		Password secrets.Value
	}
	return map[string]way{
		"Get": {all, func(t *testing.T, store *secrets.Store) (any, string, error) {
			v, err := store.Get(t.Context(), "s")
			return v, v.Reveal(), err
		}, true},
		"Get of a member": {hasPassword, func(t *testing.T, store *secrets.Store) (any, string, error) {
			v, err := store.Get(t.Context(), "s#password")
			return v, "", err
		}, false},
		"GetAll": {all, func(t *testing.T, store *secrets.Store) (any, string, error) {
			all, err := store.GetAll(t.Context(), "s", "s?version_stage=AWSCURRENT")
			return all, all["s"].Reveal(), err
		}, true},
		"Watch": {all, func(t *testing.T, store *secrets.Store) (any, string, error) {
			for v, err := range secrets.Watch(t.Context(), store, "s") {
				return v, v.Reveal(), err
			}
			return nil, "", nil
		}, true},
		"Open of a Value":                openWay("s", all, secrets.Value.Reveal),
		"Open of a string":               openWay("s", all, func(s string) string { return s }),
		"Open of a pointer to a string":  openWay("s", all, func(s *string) string { return *s }),
		"Open of bytes":                  openWay("s", all, func(b []byte) string { return string(b) }),
		"Open of a struct":               openWay[account]("s", func(f form) bool { return isJSON(f) && !strings.Contains(f.secret, "null") }, nil),
		"Open of a map":                  openWay[map[string]any]("s", isJSON, nil),
		"Open of a map that cannot be":   openWay[map[string]bool]("s", none, nil),
		"Open of a struct with a number": openWay[struct{ Username, Password int }]("s", func(f form) bool { return f.json && strings.HasPrefix(f.secret, `{"M`) }, nil),
		"Open of a Login":                openWay[secrets.Login]("s", isLogin, nil),
		"Open of a pointer to a Login":   openWay[*secrets.Login]("s", isLogin, nil),
		"Open of a certificate":          openWay[tls.Certificate]("s", none, nil),
		"Open of an address":             openWay[netip.AddrPort]("s", func(f form) bool { return f.secret == "" }, nil),
		"Open of a level":                openWay[level]("s", none, nil),
		"Open of an int":                 openWay[int]("s", none, nil),
		"Open of a member":               openWay[string]("s#password", hasPassword, nil),
		"Open of a place":                openWay[string]("s#/password/0/x", none, nil),
		"OpenFunc": {none, func(t *testing.T, store *secrets.Store) (any, string, error) {
			h, err := secrets.OpenFunc(t.Context(), store, "s", func(v secrets.Value) (int, error) { return 0, words("not " + v.Reveal()) })
			return h, "", err
		}, false},
		"Load of a Value": loadWay(all, func(s struct {
			S secrets.Value `secret:"s"`
		},
		) string {
			return s.S.Reveal()
		}),
		"Load of a string": loadWay(all, func(s struct {
			S string `secret:"s"`
		},
		) string {
			return s.S
		}),
		"Load of bytes": loadWay(all, func(s struct {
			S []byte `secret:"s"`
		},
		) string {
			return string(s.S)
		}),
		"Load of a Login": loadWay[struct {
			In struct {
				Login secrets.Login `secret:"s"`
			}
		}](isLogin, nil),
		"Load of numbers": loadWay[struct {
			A int `secret:"s"`
			B int `secret:"s#password"`
		}](none, nil),
		"LoadAndWatch": {isLogin, func(t *testing.T, store *secrets.Store) (any, string, error) {
			var settings struct {
				Login secrets.Login `secret:"s"`
			}
			stop, err := secrets.LoadAndWatch(t.Context(), store, &settings, func(*struct {
				Login secrets.Login `secret:"s"`
			}, error) {
			})
			if err == nil {
				stop()
			}
			return settings, "", err
		}, false},
	}
}

// TestEveryForm reads secrets of all forms in all ways: they come out as they
// went in, or not at all, and neither what was read nor an error nor the log
// shows any of it.
func TestEveryForm(t *testing.T) {
	t.Parallel()
	for name, f := range forms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for how, w := range ways() {
				synctest.Test(t, func(t *testing.T) {
					var log bytes.Buffer
					cfg := script(func(string) (int, string) { return 200, f.answer(t) }).config()
					store := newStore(t, cfg, secrets.Config{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
					shown, got, err := w.read(t, store)
					if h, ok := shown.(io.Closer); ok && err == nil {
						defer h.Close()
					}
					synctest.Wait()
					switch {
					case err == nil && !w.takes(f):
						t.Errorf("%s takes it", how)
					case err != nil && (w.takes(f) || !errors.Is(err, secrets.ErrDecode)):
						t.Errorf("%s: %v", how, err)
					case w.raw && got != f.secret:
						t.Errorf("%s gives another secret, of %d bytes", how, len(got))
					}
					printAll(t, how, shown)
					for _, own := range ours(err) {
						printAll(t, "the error of "+how, own)
					}
					checkSilent(t, "the log of "+how, log.String())
				})
			}
		})
	}
}

// ours returns err and all errors in it that are of this package's types. Those
// of decoders have words of their own, and are reached by errors.As alone.
func ours(err error) []error {
	if err == nil {
		return nil
	}
	found := []error{err}
	var add func(error)
	add = func(inner error) {
		if reflect.Indirect(reflect.ValueOf(inner)).Type().PkgPath() == reflect.TypeFor[secrets.DecodeError]().PkgPath() {
			found = append(found, inner)
		}
		switch wrapped := inner.(type) {
		case interface{ Unwrap() error }:
			if next := wrapped.Unwrap(); next != nil {
				add(next)
			}
		case interface{ Unwrap() []error }:
			for _, next := range wrapped.Unwrap() {
				add(next)
			}
		}
	}
	add(err)
	return found
}

// TestRefusalsOfAHeldSecret takes a secret away from a Store that holds it, and
// from what is made of it, in every way that AWS has.
func TestRefusalsOfAHeldSecret(t *testing.T) {
	t.Parallel()
	for code, kind := range map[string]error{
		"AccessDeniedException": secrets.ErrDenied, "ResourceNotFoundException": secrets.ErrNotFound,
		"InvalidRequestException": secrets.ErrDeleted, "DecryptionFailure": secrets.ErrDecryption,
		"ValidationException": secrets.ErrConfiguration, "ThrottlingException": secrets.ErrUnavailable,
		"ExpiredTokenException": secrets.ErrIdentity, "InternalServiceError": secrets.ErrUnavailable,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				v := &switched{body: (form{secret: object(t, "username", "app", "password", marker)}).answer(t)}
				var log bytes.Buffer
				store := newStore(t, script(v.answer).config(), secrets.Config{Logger: slog.New(slog.NewJSONHandler(&log, nil))})
				login, member := opened[secrets.Login](t, store, "s"), opened[string](t, store, "s#password")
				if login.Value().Password.Reveal() != marker || member.Value() != marker {
					t.Fatal("the value is not what the test looks for")
				}
				v.refuse(refusal(code, "it was marked for deletion: "+marker))
				_, err := store.Refresh(t.Context(), "s")
				if !errors.Is(err, kind) {
					t.Errorf("got %v, want %v", err, kind)
				}
				synctest.Wait()
				_, getErr := store.Get(t.Context(), "s")
				status, _ := store.Status("s")
				for what, x := range map[string]any{
					"Refresh": err, "Get": getErr, "Status": status, "the Store": store,
					"the handle": login, "its error": login.Err(), "another handle": member, "its error too": member.Err(),
				} {
					printAll(t, what, x)
				}
				checkSilent(t, "the log", log.String())
			})
		})
	}
}

// switched is a service that answers with a body until it refuses.
type switched struct {
	body    string
	refusal string
}

func (s *switched) refuse(body string) { s.refusal = body }

func (s *switched) answer(string) (int, string) {
	if s.refusal != "" {
		return 400, s.refusal
	}
	return 200, s.body
}

// TestPanic checks that a program which panics with a secret does not print it.
func TestPanic(t *testing.T) {
	const variable = "SECRETS_TEST_PANIC"
	v := secrets.NewValue([]byte(marker), secrets.Meta{})
	values := map[string]any{
		"value": v, "pointer": &v, "struct": struct{ v secrets.Value }{v}, "error": &secrets.DecodeError{Problem: v.String()},
	}
	if how := os.Getenv(variable); how != "" {
		panic(values[how])
	}
	t.Parallel()
	for _, how := range slices.Sorted(maps.Keys(values)) {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPanic$")
		cmd.Env = append(os.Environ(), variable+"="+how)
		out, err := cmd.CombinedOutput()
		if err == nil || !bytes.Contains(out, []byte("panic:")) {
			t.Fatalf("%s: no panic: %v\n%s", how, err, out)
		}
		checkSilent(t, "a panic with a "+how, string(out))
	}
}
