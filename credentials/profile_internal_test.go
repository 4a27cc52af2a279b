package credentials

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/go-cmp/cmp"
)

// profileCase is a file of testdata/profile: header lines, then the shared
// config files as txtar sections.
type profileCase struct {
	rule    string // what the case shows
	profile string // Config.Profile
	node    bool   // Config.AllowInstanceProfile
	env     map[string]string
	want    []string // the base, then the hops; nothing is "not configured"
	err     []string // parts of the error
	sdk     string   // what the SDK makes of the same files: agrees, refuses, differs
	files   map[string]string
}

// readProfileCase is strict: what it does not know fails the test.
func readProfileCase(t *testing.T, path string) profileCase {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := profileCase{env: map[string]string{}, files: map[string]string{}}
	sections := strings.Split(string(data), "\n-- ")
	for line := range strings.SplitSeq(strings.TrimSuffix(sections[0], "\n"), "\n") {
		key, value, ok := strings.Cut(line, ": ")
		switch {
		case !ok:
			t.Fatalf("header %q", line)
		case key == "rule":
			c.rule = value
		case key == "profile":
			c.profile = value
		case key == "node":
			c.node = true
		case key == "env":
			name, v, _ := strings.Cut(value, "=")
			c.env[name] = v
		case key == "want":
			c.want = append(c.want, value)
		case key == "error":
			c.err = append(c.err, value)
		case key == "sdk" && slices.Contains([]string{"agrees", "refuses", "differs"}, value):
			c.sdk = value
		default:
			t.Fatalf("header %q", line)
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"config", "credentials"} {
		c.files[name] = filepath.Join(dir, name)
	}
	for _, section := range sections[1:] {
		name, body, _ := strings.Cut(section, " --\n")
		if c.files[name] == "" {
			t.Fatalf("section %q", name)
		}
		if err := os.WriteFile(c.files[name], []byte(body+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c.env["AWS_CONFIG_FILE"], c.env["AWS_SHARED_CREDENTIALS_FILE"] = c.files["config"], c.files["credentials"]
	if c.rule == "" || c.sdk == "" || len(c.err) > 0 && len(c.want) > 0 {
		t.Fatal("a header is missing, or contradicts another")
	}
	return c
}

func (c profileCase) find(t *testing.T) (finding, setup) {
	t.Helper()
	env := environ(func(name string) string { return c.env[name] })
	cfg := Config{AllowInstanceProfile: c.node, Profile: c.profile}
	name := env.profile()
	if c.profile != "" {
		name = setting{"Config.Profile", c.profile}
	}
	return findProfile(t.Context(), cfg, env, name), setup{cfg: cfg, env: env}
}

// TestProfiles holds the rules about profiles against the corpus. Each case
// also says what the SDK makes of the same files, which is looked at, too.
func TestProfiles(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/profile/*.txtar")
	if err != nil || len(paths) < 40 {
		t.Fatalf("%d cases: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			t.Parallel()
			c := readProfileCase(t, path)
			f, s := c.find(t)
			switch {
			case len(c.err) > 0:
				c.wantError(t, f)
			case f.err != nil:
				t.Fatal(f.err)
			default:
				if diff := cmp.Diff(c.want, summary(t, f, s)); diff != "" {
					t.Errorf("%s (-want +got):\n%s", c.rule, diff)
				}
			}
			if got := c.askSDK(t, f); got != c.sdk {
				t.Errorf("the SDK %s, the case says that it %s", got, c.sdk)
			}
		})
	}
}

func (c profileCase) wantError(t *testing.T, f finding) {
	t.Helper()
	if f.err == nil || f.State != Incomplete || f.Reason == "" {
		t.Fatalf("%s: no error, but %s", c.rule, f.State)
	}
	for _, part := range c.err {
		if !strings.Contains(f.err.Error(), part) {
			t.Errorf("%s: the error lacks %q:\n%v", c.rule, part, f.err)
		}
	}
	if strings.Contains(f.err.Error(), "s3cr3t") {
		t.Errorf("the error quotes a file: %v", f.err)
	}
}

// summary is the base and the hops in words.
func summary(t *testing.T, f finding, s setup) []string {
	t.Helper()
	if f.open == nil {
		if f.State != NotConfigured || f.Reason == "" {
			t.Errorf("state %s, reason %q", f.State, f.Reason)
		}
		return nil
	}
	src, err := f.open(s)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	switch src := src.(type) {
	case static:
		out = append(out, fmt.Sprintf("%s %s", src.grant.creds.Source, src.grant.creds.AccessKeyID))
	case *webIdentity:
		out = append(out, fmt.Sprintf("token %s role %s session %s duration %v", src.tokenFile, src.role, src.sessionName, src.duration))
	case *container:
		out = append(out, "container "+src.endpoint.String())
	case *providerSource:
		out = append(out, src.setting)
	case *instance:
		out = append(out, "instance profile")
	default:
		t.Fatalf("source %T", src)
	}
	for _, h := range f.hops {
		out = append(out, fmt.Sprintf("%s: role %s session %q external %q duration %v", h.field, h.RoleARN, h.SessionName, h.ExternalID, h.Duration))
	}
	return out
}

// askSDK says whether the SDK reads the same out of the files, refuses them, or
// reads something else. It follows the SDK's own rules for what it has read.
func (c profileCase) askSDK(t *testing.T, ours finding) string {
	t.Helper()
	name := c.profile
	if name == "" {
		name = c.env["AWS_PROFILE"]
	}
	asked := name
	if asked == "" {
		asked = "default"
	}
	p, err := config.LoadSharedConfigProfile(t.Context(), asked, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{c.files["config"]}, []string{c.files["credentials"]}
	})
	if _, missing := err.(config.SharedConfigProfileNotExistError); missing && name == "" {
		p, err = config.SharedConfig{}, nil
	}
	if err != nil {
		return "refuses"
	}
	if ours.err != nil {
		return "differs"
	}
	var roles []string
	base := &p
	for ; ; base = base.Source {
		if base.RoleARN != "" && base.WebIdentityTokenFile == "" {
			roles = append(roles, base.RoleARN)
		}
		if base.Source == nil {
			break
		}
	}
	slices.Reverse(roles)
	var got []string
	for _, h := range ours.hops {
		got = append(got, h.RoleARN)
	}
	if !slices.Equal(roles, got) {
		return "differs"
	}
	return "agrees"
}

// What a profile names is opened with what the Config says: it is nearer to
// the program than a file.
func TestProfileWebIdentityOverrides(t *testing.T) {
	t.Parallel()
	env := map[string]string{"AWS_ROLE_SESSION_NAME": "environment"}
	c := profileCase{env: env, files: map[string]string{}}
	file := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(file, []byte("[default]\nrole_arn = arn:aws:iam::111122223333:role/r\nweb_identity_token_file = /t\nrole_session_name = file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	maps.Copy(c.env, map[string]string{"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file + ".none"})
	f, s := c.find(t)
	for _, test := range []struct{ config, want string }{{"", "file"}, {"code", "code"}} {
		s.cfg.SessionName = test.config
		src, err := f.open(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := src.(*webIdentity).sessionName; got != test.want {
			t.Errorf("session name %q, want %q", got, test.want)
		}
	}
}

func TestStaticKeysOfProfile(t *testing.T) {
	t.Parallel()
	got := newStatic(aws.Credentials{AccessKeyID: "AKID", AccountID: "111122223333", Source: string(SourceProfile)}).grant.identity
	if diff := cmp.Diff(Identity{Source: SourceProfile, AccessKeyID: "AKID", Account: "111122223333"}, got); diff != "" {
		t.Error(diff)
	}
}

// What a provider of the SDK gives is looked at before anyone gets it.
func TestProviderWithoutKeys(t *testing.T) {
	t.Parallel()
	src := &providerSource{provider: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
	}), setting: "SSO", explain: explainLogin("aws sso login")}
	g, err := src.fetch(t.Context())
	if e, ok := errors.AsType[*SourceError](err); !ok || !strings.Contains(e.Problem, "lacks credentials") {
		t.Errorf("grant %v, error %v", g != nil, err)
	}
}
