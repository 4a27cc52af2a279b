package endpoint

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/http"

	"github.com/irsakit/irsa/credentials"
)

// The bounds of a token. The shorter one leaves no room for guessing.
const (
	minToken = 16
	maxToken = 4096
)

// Token is what clients must send in the Authorization header, as it is and
// without a scheme before it. Make one with [FileToken] or [StaticToken]; the
// zero Token is none. It prints as an address.
type Token struct {
	// A function is all that fmt sees, and there is only the digest behind it.
	digest func() (digest, error)
}

type digest [sha256.Size]byte

// StaticToken is a token that stays the same, such as that of
// AWS_CONTAINER_AUTHORIZATION_TOKEN: 16 to 4,096 printable ASCII characters. The
// error is a *[credentials.ConfigError].
func StaticToken(token string) (Token, error) {
	if problem := tokenProblem(token); problem != "" {
		return Token{}, &credentials.ConfigError{Field: "endpoint.Config.Token", Problem: problem, Remedy: "use a random one, such as that of FileToken"}
	}
	sum := digest(sha256.Sum256([]byte(token)))
	return Token{func() (digest, error) { return sum, nil }}, nil
}

// tokenProblem says why a token cannot be one. The SDKs send it as it is, and
// not at all if it has a line break.
func tokenProblem(token string) string {
	switch {
	case token == "":
		return "is empty"
	case token[len(token)-1] == '\n':
		return "ends in a line break, which the SDKs do not send"
	case len(token) < minToken:
		return fmt.Sprintf("is shorter than %d characters", minToken)
	case len(token) > maxToken:
		return fmt.Sprintf("is longer than %d characters", maxToken)
	case token[0] == ' ' || token[len(token)-1] == ' ':
		return "begins or ends with a space"
	}
	for _, b := range []byte(token) {
		if b < ' ' || b > '~' {
			return "has other characters than printable ASCII, which a header may not have"
		}
	}
	return ""
}

// authorize refuses a request without the token, and every one while that cannot
// be read, which is the error. The comparison takes as long whatever is sent.
func (s *Server) authorize(h http.Header) (*refusal, error) {
	want, err := s.cfg.Token.digest()
	if err != nil {
		return &refusal{http.StatusInternalServerError, "TokenUnreadable", "the server cannot read its token file; see its log"}, err
	}
	sent := h.Values("Authorization")
	if len(sent) == 1 {
		if got := sha256.Sum256([]byte(sent[0])); subtle.ConstantTimeCompare(got[:], want[:]) == 1 {
			return nil, nil
		}
	}
	return &refusal{http.StatusUnauthorized, "WrongToken", "the Authorization header is not the server's token: set AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE to its file, or AWS_CONTAINER_AUTHORIZATION_TOKEN if it has none"}, nil
}
