package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/internal/podtest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// ask reads from an agent as a client does.
func ask(t testing.TB, url, token string) (status int, body string) {
	t.Helper()
	status, body, err := fetch(url, token)
	if err != nil {
		t.Fatal(err)
	}
	return status, body
}

func fetch(url, token string) (status int, body string, err error) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	r.Header.Set("X-Aws-Parameters-Secrets-Token", token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// holding is an agent that holds a secret and was refused another.
type holding struct {
	*child
	root, health string // its addresses for clients and for probes
	token        string
}

func startHolding(t testing.TB) holding {
	t.Helper()
	h := startWith(t, secretstest.Story(), secretstest.StorySecretARN)
	if status, _ := ask(t, h.root+"/secretsmanager/get?secretId=absent", h.token); status != http.StatusBadRequest {
		t.Errorf("a secret that is refused is answered %d", status)
	}
	return h
}

// startWith starts an agent in a world, which holds what is preloaded.
func startWith(t testing.TB, w secretstest.World, preload ...string) holding {
	t.Helper()
	dir := t.TempDir()
	pod, err := podtest.Start(filepath.Join(dir, "projected"), w)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pod.Close)
	config := filepath.Join(dir, "agent.toml")
	text := "http_port = 0\n[irsa]\nstrict = true\nsecret_metrics = true\npreload = [\"" + strings.Join(preload, "\", \"") + "\"]\n" +
		"[[irsa.tokens]]\nfile = \"token\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(pod.Env, "PATH="+os.Getenv("PATH"), "AWS_CONFIG_FILE="+os.DevNull, "GOCOVERDIR="+os.Getenv("GOCOVERDIR"))
	p, err := startChild(dir, env, []string{"-c", config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.End(); err != nil {
			t.Error(err)
		}
	})
	addr, health := p.addresses()
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "token"))
	if err != nil {
		t.Fatal(err)
	}
	return holding{p, "http://localhost:" + port, "http://" + health, string(raw)}
}
