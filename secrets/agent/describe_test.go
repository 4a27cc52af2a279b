package agent_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestDescribeFirst is as near as there is to vectors 51 and 52: DescribeSecret is
// asked behind reads, if the Store is told to, and the value read if it has moved.
func TestDescribeFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		fake, err := secretstest.New(world())
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		provider, _ := credentials.FromConfig(cfg)
		defer provider.Close()
		wire := &spy{to: fake.HTTPClient().Transport}
		cfg.HTTPClient = &http.Client{Transport: wire}
		store, err := secrets.New(t.Context(), cfg, secrets.Config{DescribeFirst: true})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		made, err := agent.New(agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}, TTL: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		later := 6 * time.Minute // the Store's TTL is five
		read := func(want string, sent ...string) {
			t.Helper()
			w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1/db/main", nil)
			request.Header.Set("X-Vault-Token", tok)
			if made.ServeHTTP(w, request); w.Body.String() != want {
				t.Errorf("got %s", w.Body)
			}
			time.Sleep(time.Second) // for what goes on behind the read
			if diff := cmp.Diff(sent, wire.take()); diff != "" {
				t.Errorf("sent -want +got:\n%s", diff)
			}
		}
		describe := sent("DescribeSecret", map[string]any{"SecretId": "db/main"})
		read(mainBody, gotten("db/main"))
		time.Sleep(later)
		read(mainBody, describe)
		moved := (&rig{fake: fake}).put(t, nextID, "moved")
		time.Sleep(later)
		read(mainBody, describe, gotten("db/main"))
		read(moved)
	})
}
