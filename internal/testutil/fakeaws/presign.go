package fakeaws

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// parsePresigned reads the signature of a presigned request, such as the call of
// GetCallerIdentity that an EKS token is (IAM User Guide,
// reference_sigv-create-signed-request, "Query string").
func (c *call) parsePresigned(query url.Values) (authorization, error) {
	if query.Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" {
		return authorization{}, c.authError(incompleteSignature, "Unsupported AWS 'algorithm'.")
	}
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders"} {
		if query.Get(name) == "" {
			return authorization{}, c.authError(incompleteSignature, "AWS query-string parameters must include '"+name+"'.")
		}
	}
	return c.scoped(query.Get("X-Amz-Credential"), authorization{
		signedHeaders: strings.Split(query.Get("X-Amz-SignedHeaders"), ";"),
		signature:     query.Get("X-Amz-Signature"),
		token:         query.Get("X-Amz-Security-Token"),
		time:          query.Get("X-Amz-Date"),
		presigned:     true,
	})
}

// checkPresigned signs the request anew, without what signing had added to its
// URL. For how long the signature holds is STS's to say, whatever X-Amz-Expires
// asks for.
func (c *call) checkPresigned(again *http.Request, auth authorization, caller *session, signed time.Time) error {
	query := again.URL.Query()
	for name := range query {
		if strings.HasPrefix(name, "X-Amz-") && name != "X-Amz-Expires" {
			query.Del(name)
		}
	}
	again.URL.RawQuery = query.Encode()
	hash := sha256.Sum256(c.body)
	uri, _, err := v4.NewSigner().PresignHTTP(c.ctx,
		aws.Credentials{AccessKeyID: auth.accessKeyID, SecretAccessKey: caller.secretAccessKey, SessionToken: caller.token},
		again, hex.EncodeToString(hash[:]), auth.service, auth.region, signed)
	if err != nil {
		return err
	}
	u, err := url.Parse(uri)
	if err != nil || !equal(u.Query().Get("X-Amz-Signature"), auth.signature) {
		return c.authError(wrongSignature, mismatch)
	}
	return nil
}
