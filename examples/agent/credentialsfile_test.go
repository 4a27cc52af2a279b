package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// leak is what must not come out of a credentials file.
const leak = "LEAK-7f1e"

// credentialsText is a credentials file with a key.
func credentialsText(key string) string {
	return "[default]\naws_access_key_id = " + key + "\naws_secret_access_key = " + leak + "\naws_session_token = " + leak + "/token==\n"
}

func TestReadCredentials(t *testing.T) {
	t.Parallel()
	write := func(text string) func(string) error {
		return func(path string) error { return os.WriteFile(path, []byte(text), 0o600) }
	}
	whole := credentialsText("ASIAONE")
	want := aws.Credentials{AccessKeyID: "ASIAONE", SecretAccessKey: leak, SessionToken: leak + "/token=="}
	for name, test := range map[string]struct {
		make    func(path string) error
		problem string // empty: it is taken
	}{
		"as it should be":    {write(whole), ""},
		"with its end":       {write(whole + "x_security_token_expires = 2026-11-22T12:30:00+01:00\n[b]\n"), ""},
		"with another's end": {write(whole + "[a]\nx_security_token_expires = 2026-11-22T12:30:00Z\n"), ""},
		"with no such end":   {write(whole + "x_security_token_expires = soon\n"), ""},
		"among others":       {write("[a]\naws_access_key_id = " + leak + "\n" + whole + "region = x\n[b]\n"), ""},
		"without spaces":     {write("# a comment\r\n" + strings.ReplaceAll(strings.ReplaceAll(whole, " = ", "="), "\n", "\r\n")), ""},
		"a link":             {func(p string) error { return errors.Join(write(whole)(p+".1"), os.Symlink(p+".1", p)) }, ""},
		"readable to others": {func(p string) error { return errors.Join(write(whole)(p), os.Chmod(p, 0o444)) }, ""},

		"absent":              {func(string) error { return nil }, "cannot be read: no such file"},
		"a link to nothing":   {func(p string) error { return os.Symlink(p+".1", p) }, "cannot be read: no such file"},
		"a directory":         {func(p string) error { return os.Mkdir(p, 0o700) }, "is not a regular file"},
		"anybody's":           {func(p string) error { return errors.Join(write(whole)(p), os.Chmod(p, 0o602)) }, "can be written by everyone"},
		"empty":               {write(""), "has no profile [default]"},
		"of another profile":  {write(strings.Replace(whole, "default", "prod", 1)), "has no profile [default]"},
		"without keys":        {write("[default]\nregion = " + leak + "\n"), "has no keys"},
		"without token":       {write(whole[:strings.Index(whole, "aws_session")]), "has no aws_session_token"},
		"with an empty token": {write(whole[:strings.LastIndex(whole, leak)] + "\n"), "has no aws_session_token"},
		"torn":                {write(whole[:strings.Index(whole, "aws_secret")]), "one key without the other"},
		"JSON":                {write(`{"SecretAccessKey": "` + leak + `"}`), "has no profile [default]"},
		"another's role":      {write("[default]\nrole_arn = " + leak + "\nsource_profile = " + leak + "\n"), "is not in the form"},
		"of any length":       {write(whole + strings.Repeat("# "+leak+"\n", 6000)), "is longer than 65536 bytes"},
		"not UTF-8":           {write("\xff\xfe" + whole), "has no profile [default]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "credentials")
			if err := test.make(path); err != nil {
				t.Fatal(err)
			}
			got, err := readCredentials(t.Context(), path)
			if test.problem == "" {
				got.Source = ""
				want := want
				if name == "with its end" {
					want.Expires = time.Date(2026, 11, 22, 11, 30, 0, 0, time.UTC)
				}
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("error %v, -want +got:\n%s", err, diff)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.problem) || strings.Contains(err.Error(), leak) {
				t.Errorf("error %v, want one with %q", err, test.problem)
			}
			if strings.HasPrefix(test.problem, "cannot") != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("of the wrong kind: %v", err)
			}
		})
	}
}

// A file is read anew, and what was in it before used as long as it cannot be.
func TestCredentialsFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "credentials")
		var log bytes.Buffer
		file := &credentialsFile{path: path, log: slog.New(slog.NewTextHandler(&log, nil))}
		for _, step := range []struct {
			text    string // of the file; "-": there is none
			key     string // that is given; empty: none
			problem string
			logged  bool
		}{
			{text: "-", problem: "no such file"},
			{text: "[default]\n", problem: "has no keys"},
			{text: credentialsText("ASIAONE"), key: "ASIAONE"},
			{text: credentialsText("ASIATWO"), key: "ASIATWO"},
			{text: "-", key: "ASIATWO", logged: true},
			{text: "[default]\naws_access_key_id = " + leak, key: "ASIATWO"}, // once is enough
			{text: credentialsText("ASIATHREE"), key: "ASIATHREE"},
			{text: "", key: "ASIATHREE", logged: true},
		} {
			err := os.WriteFile(path, []byte(step.text), 0o600)
			if step.text == "-" {
				err = os.RemoveAll(path)
			}
			if err != nil {
				t.Fatal(err)
			}
			log.Reset()
			time.Sleep(time.Minute)
			got, err := file.Retrieve(t.Context())
			switch {
			case got.AccessKeyID != step.key, (err == nil) != (step.problem == ""):
				t.Errorf("%q: key %q, error %v", step.text, got.AccessKeyID, err)
			case err != nil:
				if !strings.Contains(err.Error(), step.problem) || !strings.Contains(err.Error(), path) {
					t.Errorf("%q: %v", step.text, err)
				}
			case !got.CanExpire || got.Expires != time.Now().Add(5*time.Minute):
				t.Errorf("%q: to be asked for again at %v, it is %v", step.text, got.Expires, time.Now())
			}
			if (log.Len() > 0) != step.logged || strings.Contains(log.String(), leak) {
				t.Errorf("%q: logged %s", step.text, &log)
			}
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if text := fmt.Sprintf(verb, file); strings.Contains(text, leak) || !strings.Contains(text, path) {
				t.Errorf("%s prints %s", verb, text)
			}
		}
	})
}

// Somebody looks at the file though nobody needs it, and STS is asked once whose each
// key is, which may fail.
func TestWatchCredentialsFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(secretstest.Story())
		if err != nil {
			t.Fatal(err)
		}
		client := sts.New(sts.Options{Region: secretstest.StoryRegion, HTTPClient: fake.HTTPClient(), Credentials: aws.AnonymousCredentials{}})
		var log bytes.Buffer
		file := newCredentialsFile(filepath.Join(t.TempDir(), "credentials"), slog.New(slog.NewTextHandler(&log, nil)))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); file.watch(ctx, client) }()
		write := func(text string) {
			if err := os.WriteFile(file.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		session := func(name string) {
			text, err := sessionText(ctx, fake, client, name)
			if err != nil {
				t.Fatal(err)
			}
			write(text)
		}
		const of = "arn:aws:sts::" + secretstest.StoryClusterAccount + ":assumed-role/pod-role/"
		for _, step := range []struct {
			do   func()
			want owner
			asks int // of STS, until then
		}{
			{func() {}, owner{}, 0}, // there is no file
			{func() { session("first") }, owner{arn: of + "first", account: secretstest.StoryClusterAccount}, 1},
			{func() { time.Sleep(time.Hour) }, owner{arn: of + "first", account: secretstest.StoryClusterAccount}, 1},
			{func() { session("second") }, owner{arn: of + "second", account: secretstest.StoryClusterAccount}, 2},
			{func() { write("") }, owner{arn: of + "second", account: secretstest.StoryClusterAccount}, 2},
			{func() { write(credentialsText("ASIANOBODYS")) }, owner{problem: "InvalidClientTokenId"}, 3},
			{func() { session("third"); fake.Inject(credentialstest.When{Service: "sts"}, credentialstest.Hanging()) }, owner{problem: "there is no answer"}, 4},
			{func() { time.Sleep(time.Hour) }, owner{problem: "there is no answer"}, 4},
		} {
			step.do()
			time.Sleep(2 * time.Minute)
			file.mu.Lock()
			got, last := file.owner, file.last.AccessKeyID
			file.mu.Unlock()
			if got.key != last {
				t.Errorf("asked of %q, and it is %q", got.key, last)
			}
			got.key = ""
			if got != step.want || fake.CallCount("sts", "GetCallerIdentity") != step.asks {
				t.Errorf("%+v after %d calls, want %+v after %d", got, fake.CallCount("sts", "GetCallerIdentity"), step.want, step.asks)
			}
		}
		s := file.Stats().Sessions[0]
		if age := time.Since(s.LastSuccess); age > credentialsLook || s.Refreshes < 120 || s.Failures.Unavailable < 3 || s.LastFailure.After(s.LastSuccess) {
			t.Errorf("%+v", s)
		}
		if !strings.Contains(s.LastError, "has no profile [default]") || s.Expires.Before(time.Now().Add(-2*time.Hour)) {
			t.Errorf("%q, and they end at %v", s.LastError, s.Expires)
		}
		cancel()
		<-ended
		if strings.Contains(log.String(), leak) {
			t.Errorf("logged %s", &log)
		}
	})
}

// Roles that are assumed with the credentials of a file are assumed with the new ones
// once there are.
func TestCredentialsFileOfRoles(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(taggedStory())
		if err != nil {
			t.Fatal(err)
		}
		client := sts.New(sts.Options{Region: secretstest.StoryRegion, HTTPClient: fake.HTTPClient(), Credentials: aws.AnonymousCredentials{}})
		file := &credentialsFile{path: filepath.Join(t.TempDir(), "credentials"), log: slog.New(slog.DiscardHandler)}
		renew := func(name string) {
			text, err := sessionText(t.Context(), fake, client, name)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file.path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		renew("first")
		store, err := secrets.New(t.Context(), aws.Config{Region: secretstest.StoryRegion, HTTPClient: fake.HTTPClient(), Credentials: file}, secrets.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		if _, err := store.Get(t.Context(), "three?role_arn="+finder); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30 * time.Minute)
		renew("second")
		time.Sleep(50 * time.Minute)
		if _, err := store.Get(t.Context(), "three?role_arn="+finder); err != nil {
			t.Error(err)
		}
		var callers []string
		for _, call := range fake.Calls() {
			if call.Operation == "AssumeRole" {
				callers = append(callers, call.Principal[strings.LastIndex(call.Principal, "/")+1:])
			}
			if call.ErrorCode != "" {
				t.Errorf("%s: %s", call.Operation, call.ErrorCode)
			}
		}
		if diff := cmp.Diff([]string{"first", "second"}, callers); diff != "" {
			t.Errorf("the role was assumed by (-want +got):\n%s", diff)
		}
	})
}

// Until STS has answered, nobody is said to have the keys: not who had those before.
func TestOwnerOfOtherKeys(t *testing.T) {
	t.Parallel()
	f := newCredentialsFile("credentials", slog.New(slog.DiscardHandler))
	f.owner = owner{key: "ASIAOLD", arn: "arn:aws:sts::111122223333:assumed-role/old/s", account: "111122223333"}
	f.keep(aws.Credentials{AccessKeyID: "ASIANEW", SecretAccessKey: "s", SessionToken: "t"}, nil)
	id, ok := f.Identity()
	if s := f.Stats().Sessions[0]; !ok || id.AccessKeyID != "ASIANEW" || s.AccessKeyID != "ASIANEW" || id.ARN+s.ARN+id.Account != "" {
		t.Errorf("%+v, %+v", id, s)
	}
}
