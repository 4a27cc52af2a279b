package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/irsakit/irsa/secrets/agent"
)

// tokenError says, as AWS's agent does, that there is no token.
type tokenError struct {
	variables []string
	err       error
}

// Error begins with the words of AWS's agent.
func (e *tokenError) Error() string {
	quoted := make([]string, len(e.variables))
	for i, name := range e.variables {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return fmt.Sprintf("Could not read SSRF token variable(s) [%s]: %v", strings.Join(quoted, ", "), e.err)
}

// Unwrap returns why.
func (e *tokenError) Unwrap() error { return e.err }

// readTokens returns the tokens of the configuration or, if it has none, that
// of the environment. What is to be in a file that does not exist is made.
func (s settings) readTokens(env lookup, log *slog.Logger) ([]agent.Token, error) {
	if len(s.own.tokens) == 0 {
		t, err := s.tokenOfEnvironment(env, log)
		if err != nil {
			return nil, &tokenError{s.variables, err}
		}
		return []agent.Token{t}, nil
	}
	var tokens []agent.Token
	for _, setting := range s.own.tokens {
		t, err := setting.read(env, log)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", setting.path, err)
		}
		t.Secrets, t.Roles = setting.secrets, setting.roles
		tokens = append(tokens, t)
	}
	return tokens, nil
}

// tokenOfEnvironment is that of the first variable that is set, as AWS's agent
// has it, or one made in the volume that clients share.
func (s settings) tokenOfEnvironment(env lookup, log *slog.Logger) (agent.Token, error) {
	for _, name := range s.variables {
		if value, ok := env(name); ok {
			return tokenOf(name, value, log)
		}
	}
	t, err := mint(s.own.tokenFile, log)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return t, fmt.Errorf("none is set, and there is no directory %s to make a token in (%w): "+
			"mount a volume there that clients share, or name another file with IRSA_AGENT_TOKEN_FILE", filepath.Dir(s.own.tokenFile), fs.ErrNotExist)
	case err != nil:
		return t, fmt.Errorf("none is set, and %w", err)
	}
	return t, nil
}

func (t tokenSetting) read(env lookup, log *slog.Logger) (agent.Token, error) {
	if t.file != "" {
		return tokenIn(t.file, log)
	}
	value, ok := env(t.env)
	if !ok {
		return agent.Token{}, fmt.Errorf("%s is not set", t.env)
	}
	return tokenOf(t.env, value, log)
}

// tokenOf is the token that a variable holds or names the file of.
func tokenOf(name, value string, log *slog.Logger) (agent.Token, error) {
	path, isFile := strings.CutPrefix(value, "file://")
	if isFile {
		return tokenIn(path, log)
	}
	t, err := agent.NewToken(value)
	if err != nil {
		return t, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func tokenIn(path string, log *slog.Logger) (agent.Token, error) {
	t, err := agent.ReadToken(path)
	if errors.Is(err, fs.ErrNotExist) {
		return mint(path, log)
	}
	return t, err
}

func mint(path string, log *slog.Logger) (agent.Token, error) {
	t, err := agent.MintToken(path)
	if err == nil {
		log.Info("clients find their token in a file", "path", path)
	}
	return t, err
}
