package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// At SIGTERM requests under way are answered, a watch that waits too, and the
// exit status is 0.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := startHolding(t)
	watch := h.root + "/irsa/watch?ref=" + secretstest.StorySecretARN
	_, body := ask(t, watch, h.token)
	var known struct{ Version string }
	if err := json.Unmarshal([]byte(body), &known); err != nil || known.Version == "" {
		t.Fatalf("%q: %v", body, err)
	}
	answered := make(chan int, 1)
	go func() {
		status, _, err := fetch(watch+"&wait=50s&version="+known.Version, h.token)
		if err != nil {
			t.Error(err)
		}
		answered <- status
	}()
	for { // until it waits: only then is there something to drain
		_, text := ask(t, h.health+"/metrics", "")
		if names(text, `(?m)^(irsa_agent_watches) 1$`) != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	began := time.Now()
	if err := h.End(); err != nil {
		t.Errorf("the agent ended with %v", err)
	}
	if status := <-answered; status != http.StatusNoContent {
		t.Errorf("the watch was answered %d", status)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("the drain took %v", took)
	}
}
