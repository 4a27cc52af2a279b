package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/irsakit/irsa/credentials/endpoint"
)

// ready asks a running server whether it has credentials for everybody: for
// probes of kind exec, since those of kind httpGet do not reach loopback.
func ready(ctx context.Context, o options, env func(string) string, stdout io.Writer) error {
	token := env(envToken)
	if o.tokenFile != "" {
		text, err := os.ReadFile(o.tokenFile)
		if err != nil {
			return err
		}
		token = strings.TrimSpace(string(text))
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+fromHere(o.listen)+endpoint.PathReady, nil)
	if err != nil {
		return fmt.Errorf("%w: -listen %q is no address", errUsage, o.listen)
	}
	if token == "" {
		return fmt.Errorf("%w: name the file of the token by -token-file, or set %s", errUsage, envToken)
	}
	request.Header.Set("Authorization", token)
	// No proxy, whatever the environment says.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct{ Message string }
	if response.StatusCode == http.StatusOK {
		_, err = io.WriteString(stdout, "ready\n")
		return err
	}
	if response.StatusCode == http.StatusUnauthorized { // whose message is for SDKs
		return errors.New("not ready: the token is not the server's: name its file by -token-file")
	}
	if json.NewDecoder(io.LimitReader(response.Body, 64<<10)).Decode(&answer) != nil || answer.Message == "" {
		return fmt.Errorf("%s answers %s, which is no credserver's", o.listen, response.Status)
	}
	return errors.New("not ready: " + answer.Message)
}
