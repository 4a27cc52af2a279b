package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// loadWorld reads a world from a YAML or JSON file; without one it is the
// three-account story.
func loadWorld(path string) (secretstest.World, error) {
	if path == "" {
		return secretstest.Story(), nil
	}
	text, err := readText(path)
	if err != nil {
		return secretstest.World{}, fmt.Errorf("%w: %w", errUsage, err)
	}
	// YAML is a superset of JSON, and goccy/go-yaml keeps the order of keys.
	text, err = yaml.YAMLToJSON(text)
	if err != nil {
		// By default the error shows the lines around it, with the secrets there.
		return secretstest.World{}, fmt.Errorf("%w: %s: %s", errUsage, path, yaml.FormatError(err, false, false))
	}
	var world secretstest.World
	if err := json.Unmarshal(text, &world); err != nil {
		return secretstest.World{}, fmt.Errorf("%w: %s: %w", errUsage, path, err)
	}
	return world, nil
}

// readText reads a file without the byte order mark that some editors and shells
// put before a text.
func readText(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, err
	case len(bytes.TrimSpace(text)) == 0:
		return nil, fmt.Errorf("%s is empty; -print-world prints one to start from", path)
	case bytes.HasPrefix(text, []byte("\xff\xfe")), bytes.HasPrefix(text, []byte("\xfe\xff")):
		return nil, fmt.Errorf("%s is UTF-16, as some shells write it: save it as UTF-8", path)
	case !utf8.Valid(text):
		return nil, fmt.Errorf("%s is not UTF-8", path)
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), nil
}

func printWorld(w io.Writer, world secretstest.World) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(world)
}

// newFake is the AWS with the cluster's token endpoint beside it.
func newFake(world secretstest.World, o options) (http.Handler, error) {
	if o.seed != 0 {
		world.Seed = o.seed
	}
	fake, err := secretstest.New(world)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	if o.tokenFile != "" {
		if err := writeToken(fake, o); err != nil {
			return nil, err
		}
	}
	mux := http.NewServeMux()
	mux.Handle("POST /api/v1/namespaces/{namespace}/serviceaccounts/{name}/token", tokenEndpoint{fake})
	mux.Handle("/", fake.Handler())
	return mux, nil
}

func writeToken(fake *secretstest.AWS, o options) error {
	namespace, name, ok := strings.Cut(o.serviceAccount, "/")
	if !ok || namespace == "" || name == "" {
		return fmt.Errorf("%w: -service-account %q: want NAMESPACE/NAME", errUsage, o.serviceAccount)
	}
	token, err := fake.Token(credentialstest.TokenRequest{Namespace: namespace, ServiceAccount: name})
	if err != nil {
		return err
	}
	return os.WriteFile(o.tokenFile, []byte(token), 0o600)
}
