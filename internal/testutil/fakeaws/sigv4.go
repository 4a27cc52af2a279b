package fakeaws

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/irsakit/irsa/policy"
)

// amzDate is the form of X-Amz-Date.
const amzDate = "20060102T150405Z"

// authorization is the Authorization header of Signature Version 4, taken
// apart (IAM User Guide, reference_sigv-create-signed-request).
type authorization struct {
	accessKeyID, date, region, service, terminator string
	signedHeaders                                  []string
	signature                                      string
	token                                          string // of the session
	time                                           string // X-Amz-Date
	presigned                                      bool   // in the URL instead of headers
}

// authenticate verifies the call's signature and sets its caller and region.
// It checks in the order in which AWS answers: what was sent, who it claims to
// be, when and for what it was signed, the signature, and last whether the
// credentials still hold.
func (c *call) authenticate(r *http.Request) error {
	auth, err := c.authorization(r)
	if err != nil {
		return err
	}
	caller := c.aws.session(auth.accessKeyID)
	if caller == nil || !equal(auth.token, caller.token) || !caller.isIn(policy.Partition(auth.region)) {
		return c.authError(invalidKey, "")
	}
	if err := c.checkScope(r, auth); err != nil {
		return err
	}
	if err := c.checkTime(auth); err != nil {
		return err
	}
	if err := c.checkSignature(r, auth, caller); err != nil {
		return err
	}
	if caller.expired(c.now()) {
		return c.authError(expiredToken, "")
	}
	c.caller, c.region = caller, auth.region
	c.record.Principal, c.record.Region = caller.arn, auth.region
	return nil
}

// authorization finds the signature in the header or, for a presigned request
// to STS, in the URL.
func (c *call) authorization(r *http.Request) (authorization, error) {
	if query := r.URL.Query(); c.service == "sts" && query.Has("X-Amz-Signature") {
		return c.parsePresigned(query)
	}
	header := r.Header.Get("Authorization")
	if header == "" {
		return authorization{}, c.authError(missingAuthentication, "")
	}
	auth, err := c.parseAuthorization(header)
	auth.token, auth.time = r.Header.Get("X-Amz-Security-Token"), r.Header.Get("X-Amz-Date")
	return auth, err
}

// parseAuthorization takes the header apart.
func (c *call) parseAuthorization(header string) (authorization, error) {
	fields, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return authorization{}, c.authError(incompleteSignature, "Unsupported AWS 'algorithm'.")
	}
	values := map[string]string{}
	for field := range strings.SplitSeq(fields, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		values[name] = value
	}
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if values[name] == "" {
			return authorization{}, c.authError(incompleteSignature, "Authorization header requires '"+name+"' parameter.")
		}
	}
	return c.scoped(values["Credential"], authorization{
		signedHeaders: strings.Split(values["SignedHeaders"], ";"),
		signature:     values["Signature"],
	})
}

// scoped adds what the credential says.
func (c *call) scoped(credential string, auth authorization) (authorization, error) {
	scope := strings.Split(credential, "/")
	if len(scope) != 5 {
		return auth, c.authError(incompleteSignature,
			"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term.")
	}
	auth.accessKeyID, auth.date, auth.region, auth.service, auth.terminator = scope[0], scope[1], scope[2], scope[3], scope[4]
	return auth, nil
}

// checkScope compares the credential scope with where the request arrived. On
// a listener whose host is no AWS name, every region is right.
func (c *call) checkScope(r *http.Request, auth authorization) error {
	at, known := parseHost(r.Host)
	switch {
	case auth.service != c.service || known && at.service != c.service:
		return c.authError(wrongSignature, fmt.Sprintf("Credential should be scoped to correct service: '%s'.", c.service))
	case auth.terminator != "aws4_request":
		return c.authError(wrongSignature, fmt.Sprintf("Credential should be scoped with a valid terminator: 'aws4_request', not '%s'.", auth.terminator))
	case known && at.region != auth.region, !isRegion(auth.region):
		return c.authError(wrongSignature, "Credential should be scoped to a valid region.")
	}
	return nil
}

// checkTime refuses requests that were signed too long ago or ahead. STS
// allows for fifteen minutes, the JSON services for five.
func (c *call) checkTime(auth authorization) error {
	date := auth.time
	signed, err := time.Parse(amzDate, date)
	if err != nil {
		return c.authError(incompleteSignature, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if day := date[:len("20060102")]; day != auth.date {
		return c.authError(wrongSignature, fmt.Sprintf(
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", auth.date, day, date))
	}
	minutes := 5
	if c.service == "sts" {
		minutes = 15
	}
	now, skew := c.now().UTC(), time.Duration(minutes)*time.Minute
	if oldest := now.Add(-skew); signed.Before(oldest) {
		return c.authError(wrongSignature, fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - %d min.)",
			date, oldest.Format(amzDate), now.Format(amzDate), minutes))
	}
	if newest := now.Add(skew); signed.After(newest) {
		return c.authError(wrongSignature, fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + %d min.)",
			date, newest.Format(amzDate), now.Format(amzDate), minutes))
	}
	return nil
}

const mismatch = "The request signature we calculated does not match the signature you provided. " +
	"Check your AWS Secret Access Key and signing method. Consult the service documentation for details."

// checkSignature signs the request anew with the secret that the key stands
// for, over the body that arrived and just the headers that the client signed.
func (c *call) checkSignature(r *http.Request, auth authorization, caller *session) error {
	if !coversRequest(auth, r.Header) {
		return c.authError(wrongSignature, mismatch)
	}
	again := r.Clone(c.ctx)
	again.Header = http.Header{}
	for _, name := range auth.signedHeaders {
		if values := r.Header.Values(name); len(values) > 0 {
			again.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if !slices.Contains(auth.signedHeaders, "content-length") {
		again.ContentLength = 0 // the signer signs a length that it knows
	}
	signed, err := time.Parse(amzDate, auth.time)
	if err != nil {
		return err
	}
	if auth.presigned {
		return c.checkPresigned(again, auth, caller, signed)
	}
	hash := sha256.Sum256(c.body)
	err = v4.NewSigner().SignHTTP(c.ctx,
		aws.Credentials{AccessKeyID: auth.accessKeyID, SecretAccessKey: caller.secretAccessKey},
		again, hex.EncodeToString(hash[:]), auth.service, auth.region, signed)
	if err != nil {
		return err
	}
	_, signature, _ := strings.Cut(again.Header.Get("Authorization"), "Signature=")
	if !equal(signature, auth.signature) {
		return c.authError(wrongSignature, mismatch)
	}
	return nil
}

// coversRequest reports whether the host and all X-Amz headers are signed.
func coversRequest(auth authorization, header http.Header) bool {
	if !slices.Contains(auth.signedHeaders, "host") {
		return false
	}
	for name := range header {
		name = strings.ToLower(name)
		if strings.HasPrefix(name, "x-amz-") && !slices.Contains(auth.signedHeaders, name) {
			return false
		}
	}
	return true
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
