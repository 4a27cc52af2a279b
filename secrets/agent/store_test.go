package agent_test

import (
	"net"
	"testing"

	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// sourceStore is a Store of secrets in memory; of none if source is nil.
func sourceStore(t *testing.T, source secrets.Source) *secrets.Store {
	t.Helper()
	if source == nil {
		source = secretstest.NewSource(nil)
	}
	store, err := secrets.NewWithSource(t.Context(), source, secrets.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() }) // of a source that is not closed
	return store
}

// sourceRig is an agent of secrets in memory.
func sourceRig(t *testing.T, source secrets.Source, change func(*agent.Config)) *rig {
	t.Helper()
	return sourceRigOn(t, source, loopback(t), change)
}

func sourceRigOn(t *testing.T, source secrets.Source, l net.Listener, change func(*agent.Config)) *rig {
	t.Helper()
	c := agent.Config{Store: sourceStore(t, source), Tokens: []agent.Token{token(t, tok)}}
	if change != nil {
		change(&c)
	}
	r := &rig{store: c.Store}
	r.serve(t, c, l)
	return r
}
