package agent_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// Every answer tells its length, for some clients know nothing of chunks. What
// is longer than its buffer, net/http would send in them.
func TestLength(t *testing.T) {
	t.Parallel()
	source := secretstest.NewSource(nil)
	store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // always nil
	r := &rig{}
	r.serve(t, agent.Config{Store: store, Tokens: []agent.Token{token(t, tok)}}, loopback(t))
	ask := func(n int) reply {
		name := "of-" + strconv.Itoa(1_000_000+n) // as long as the others
		source.Put(name, strings.Repeat("x", n))
		return r.ask(t, "GET", "/secretsmanager/get?secretId="+name, "X-Vault-Token: "+tok)
	}
	around := len(ask(0).Body)
	for _, size := range []int{around + 1, 2047, 2048, 2049, 4095, 4096, 4097, 60_000} {
		got := ask(size - around)
		if told := got.header.Get("Content-Length"); got.Status != 200 || len(got.Body) != size || told != strconv.Itoa(size) {
			t.Errorf("%d bytes are answered %d, told to be %q", len(got.Body), got.Status, told)
		}
	}
}
