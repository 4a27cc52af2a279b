package secrets_test

import (
	"errors"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

type inner struct {
	User string `secret:"db#user"`
	Port int    `secret:"db#port"`
	Note string
}

type settings struct {
	Plain    string
	Password secrets.Value  `secret:"db#password"`
	Text     *string        `secret:"text"`
	List     []string       `secret:"list"`
	Peer     netip.AddrPort `secret:"peer"`
	In       inner
	Deep     *inner
	Skipped  *struct{ A int }
	Self     *settings
	inner
	Embedded
	hidden inner
}

// Embedded has a secret of its own.
type Embedded struct {
	All map[string]any `secret:"db"`
}

// held are the secrets for settings.
func heldSettings(user string) map[string]string {
	return map[string]string{
		"db":   `{"user":"` + user + `","password":"` + marker + `","port":"5432"}`,
		"text": "text", "list": `["a","b"]`, "peer": "10.0.0.1:80",
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(heldSettings("app"))
	store := sourceStore(t, source, secrets.Config{})
	note := &inner{Note: "kept"}
	list := []string{"old", "old"}
	s := settings{Plain: "plain", Deep: note, List: list[:0]}
	if err := store.Load(t.Context(), &s); err != nil {
		t.Fatal(err)
	}
	if s.Plain != "plain" || s.Password.Reveal() != marker || *s.Text != "text" || !cmp.Equal(s.List, []string{"a", "b"}) ||
		s.Peer.Port() != 80 || s.In.User != "app" || s.In.Port != 5432 || *s.Deep != (inner{"app", 5432, "kept"}) ||
		s.User != "app" || s.All["user"] != "app" || s.Skipped != nil || s.Self != nil || s.hidden != (inner{}) {
		t.Errorf("loaded %+v", s)
	}
	if s.Deep == note || note.User != "" || list[0] != "old" {
		t.Error("what the struct pointed to has been changed")
	}
	if n := source.Fetches(); n != 1 {
		t.Errorf("%d fetches for all, want 1", n)
	}
	var empty settings
	if err := store.Load(t.Context(), &empty); err != nil || empty.Deep == nil || empty.Deep.User != "app" {
		t.Errorf("a pointer that is nil: %v", err)
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	type bad struct {
		A string `secret:"absent"`
		B struct {
			C int    `secret:"db#user"`
			D string `secret:"db#nothing"`
			E string `secret:"text"`
		}
		F string `secret:"absent#key"`
	}
	type unparsed struct {
		G string `secret:"no good"`
		H struct {
			i string `secret:"text"`
		}
		J string `secret:""`
	}
	store := sourceStore(t, secretstest.NewSource(heldSettings(marker)), secrets.Config{})
	for name, test := range map[string]struct {
		into any
		kind error
		want string
	}{
		"all at once": {&bad{}, secrets.ErrNotFound, `
			secrets: field A: secretstest: secret "absent": secrets: not found
			secrets: field B.C: decode "db#user" version version-1: it is not JSON: syntax error at byte 1 of 18
			secrets: field B.D: decode "db#nothing" version version-1: it lacks "/nothing": there is an object of 3 members
			secrets: field F: secretstest: secret "absent": secrets: not found`},
		"tags": {&unparsed{}, secrets.ErrConfiguration, `
			secrets: field G: reference "no good": name at position 3 holds ' '; it may have letters, digits and /_+=.@-
			secrets: field H.i has a tag ` + "`secret`" + ` but is not exported
			secrets: field J: reference "": reference at position 1 is empty`},
		"no pointer":  {settings{}, secrets.ErrConfiguration, "secrets: Load takes a pointer to a struct, not secrets_test.settings"},
		"nil":         {nil, secrets.ErrConfiguration, "secrets: Load takes a pointer to a struct, not <nil>"},
		"nil pointer": {(*settings)(nil), secrets.ErrConfiguration, "secrets: Load takes a pointer to a struct, not *secrets_test.settings"},
		"no struct":   {new("x"), secrets.ErrConfiguration, "secrets: Load takes a pointer to a struct, not to string"},
		"no tag":      {&struct{ A string }{}, secrets.ErrConfiguration, "secrets: Load finds no field with a tag `secret` in struct { A string }"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := store.Load(t.Context(), test.into)
			if !errors.Is(err, test.kind) {
				t.Fatalf("%v, want %v", err, test.kind)
			}
			if diff := cmp.Diff(sortedLines(test.want), sortedLines(err.Error())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			printAll(t, "the error", err)
			printAll(t, "the error in a field", struct{ err error }{err})
			if b, ok := test.into.(*bad); ok && *b != (bad{}) {
				t.Errorf("changed in spite of errors: %+v", b)
			}
		})
	}
}

func sortedLines(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// heard collects what LoadAndWatch says.
type heard struct {
	mu   sync.Mutex
	got  []*settings
	errs []error
}

func (h *heard) changed(s *settings, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.got, h.errs = append(h.got, s), append(h.errs, err)
}

// last returns the last call, and forgets all.
func (h *heard) last() (s *settings, n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n = len(h.got); n > 0 {
		s, err = h.got[n-1], h.errs[n-1]
	}
	h.got, h.errs = nil, nil
	return s, n, err
}

func TestLoadAndWatch(t *testing.T) {
	following(t, heldSettings("first"), func(f followed) {
		var h heard
		deep := &inner{Note: "kept"}
		first := settings{Plain: "plain", Deep: deep}
		stop, err := secrets.LoadAndWatch(f.Context(), f.store, &first, h.changed)
		if err != nil {
			f.Fatal(err)
		}
		if first.User != "first" || first.Deep.User != "first" || deep.User != "" {
			f.Errorf("loaded %+v", first)
		}
		f.refresh()
		if _, n, _ := h.last(); n != 0 {
			f.Errorf("%d calls without a change", n)
		}

		f.source.Put("db", heldSettings("second")["db"])
		f.refresh()
		second, n, err := h.last()
		if err != nil || n != 1 || second.User != "second" || second.Plain != "plain" || *second.Text != "text" || second.Deep.Note != "kept" {
			f.Fatalf("%d calls, the last with %+v: %v", n, second, err)
		}
		if first.User != "first" || first.Deep.User != "first" || second == &first || second.Deep == first.Deep || second.Text == first.Text {
			f.Error("a struct that was handed out has been changed")
		}

		for _, kind := range []error{secrets.ErrUnavailable, secrets.ErrDenied} {
			f.source.Fail("text", kind)
			f.refresh()
			if s, n, err := h.last(); s != nil || !errors.Is(err, kind) || n < 1 {
				f.Errorf("%v: %d calls, the last with %+v: %v", kind, n, s, err)
			}
			f.source.Fail("text", nil)
			f.refresh()
			if s, _, err := h.last(); err != nil || *s.Text != "text" || s.User != "second" {
				f.Errorf("after %v: %+v: %v", kind, s, err)
			}
		}
		f.source.Put("list", "not a list")
		f.refresh()
		if s, _, err := h.last(); s != nil || !errors.Is(err, secrets.ErrDecode) {
			f.Errorf("%+v: %v", s, err)
		}
		stop()
		stop()
		f.source.Put("list", "[]")
		f.refresh()
		if _, n, _ := h.last(); n != 0 {
			f.Errorf("%d calls after stop", n)
		}
	})
}

func TestLoadAndWatchEnds(t *testing.T) {
	following(t, heldSettings("first"), func(f followed) {
		var h heard
		stop, err := secrets.LoadAndWatch(f.Context(), f.store, new(settings), h.changed)
		if err != nil {
			f.Fatal(err)
		}
		if err := f.store.Close(); err != nil {
			f.Error(err)
		}
		synctest.Wait()
		if s, n, err := h.last(); s != nil || !errors.Is(err, secrets.ErrClosed) || n != 1 {
			f.Errorf("%d calls, the last with %+v: %v", n, s, err)
		}
		time.Sleep(time.Hour)
		stop()
	})
}

func TestLoadAndWatchErrors(t *testing.T) {
	following(t, map[string]string{"text": "x"}, func(f followed) {
		var h heard
		before := settings{Plain: "plain"}
		_, err := secrets.LoadAndWatch(f.Context(), f.store, &before, h.changed)
		if !errors.Is(err, secrets.ErrNotFound) || before.Text != nil {
			f.Errorf("%+v: %v", before, err)
		}
		if _, err := secrets.LoadAndWatch(f.Context(), f.store, new(int), nil); !errors.Is(err, secrets.ErrConfiguration) {
			f.Error(err)
		}
		if _, err := secrets.LoadAndWatch[settings](f.Context(), f.store, nil, nil); !errors.Is(err, secrets.ErrConfiguration) {
			f.Error(err)
		}
	})
}
