package agent

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
)

// Token is what a client proves itself with, and what it may read. Make it with
// [NewToken], [ReadToken] or [MintToken], which keep only a digest of it; then
// set the lists. The zero Token admits nobody.
type Token struct {
	// Secrets are patterns of what the token's bearer may read, "*" standing for
	// any characters. One that begins with "arn:" is about what is asked for by
	// ARN, one that begins with "ssm:" about parameters by name, any other about
	// secrets by name; "*" alone is everything. So the pattern of a name lets
	// nobody read another account's secret of that name, and what Parameter Store
	// shows under /aws/reference/secretsmanager/ takes one with that path. Nil:
	// everything.
	Secrets []string
	// Roles are patterns of the ARNs of the roles that the bearer may name, of
	// those that Config.Roles allows. Nil: all of these; but if Secrets is a list
	// other than "*" and Config.Roles is nil, only for what is asked for by ARN.
	Roles []string

	digest [sha256.Size]byte
	made   bool
}

// NewToken returns a Token of the given value. It is an error if the value is
// empty, for an empty header would do then, or no header can carry it.
func NewToken(value string) (Token, error) {
	if problem := tokenProblem(value); problem != "" {
		return Token{}, &ConfigError{"the token", problem}
	}
	return Token{digest: digest(value), made: true}, nil
}

// tokenProblem says why nobody could send a value as a header's.
func tokenProblem(value string) string {
	switch {
	case value == "":
		return "is empty, so that an empty header would do"
	case value != strings.Trim(value, " \t\r\n"):
		return "begins or ends with white space, which no header carries"
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return "has a control character, which no header carries"
	}
	return ""
}

// Format prints "agent.Token" under every verb.
func (t Token) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "agent.Token") }

// LogValue shows "agent.Token" to slog.
func (t Token) LogValue() slog.Value { return slog.StringValue("agent.Token") }

// bearer is a Token as the Agent uses it.
type bearer struct {
	digest         [sha256.Size]byte
	secrets, roles patterns
}

// keyring is all tokens, and where to look for them.
type keyring struct {
	headers []string
	bearers []*bearer
}

func newKeyring(c Config) (keyring, error) {
	k := keyring{headers: canonical(c.headers())}
	if len(c.Tokens) == 0 {
		return k, &ConfigError{"Config.Tokens", "is empty: nobody could read anything"}
	}
	for i, t := range c.Tokens {
		field := fmt.Sprintf("Config.Tokens[%d]", i)
		if !t.made {
			return k, &ConfigError{field, "is the zero Token; make it with NewToken, ReadToken or MintToken"}
		}
		if k.holder(t.digest) != nil {
			return k, &ConfigError{field, "is the same as one before it"}
		}
		k.bearers = append(k.bearers, &bearer{t.digest, newPatterns(t.Secrets), newPatterns(t.Roles)})
	}
	return k, nil
}

// find returns whose token a request has; nil if it has none. Every header is
// tried, the first value of each, and compared with every token, in time that
// does not depend on how much of one was right.
func (k keyring) find(h http.Header) *bearer {
	var found *bearer
	for _, name := range k.headers {
		if values := h[name]; len(values) > 0 {
			if b := k.holder(digest(values[0])); found == nil {
				found = b
			}
		}
	}
	return found
}

// digest is that of a token. Copies of the usual lengths stay on the stack.
func digest(value string) [sha256.Size]byte {
	var usual [128]byte
	return sha256.Sum256(append(usual[:0], value...))
}

// holder returns whose token has a digest.
func (k keyring) holder(digest [sha256.Size]byte) *bearer {
	var found *bearer
	for _, b := range k.bearers {
		if subtle.ConstantTimeCompare(digest[:], b.digest[:]) == 1 {
			found = b
		}
	}
	return found
}
