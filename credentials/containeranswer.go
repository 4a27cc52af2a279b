package credentials

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 10

// endpointAnswer is what container endpoints and the instance metadata service answer
// (AWS SDKs and Tools Reference Guide, "Container credential provider"). It
// holds secrets.
type endpointAnswer struct {
	keys aws.Credentials
	// code is that of a refusal, as far as it is safe to print. The metadata
	// service also says "Success".
	code       string
	refused    bool
	expiration string
}

// parseAnswer reads an answer. The error quotes nothing of it.
func parseAnswer(data []byte) (*endpointAnswer, error) {
	if len(data) > maxAnswer {
		return nil, errors.New("the answer is too large")
	}
	var a struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      string
		AccountID       string `json:"AccountId"`
		Code            string // "code" in refusals
	}
	if json.Unmarshal(data, &a) != nil {
		return nil, errors.New("the answer is not the JSON of credentials")
	}
	out := &endpointAnswer{
		keys: aws.Credentials{
			AccessKeyID:     a.AccessKeyID,
			SecretAccessKey: a.SecretAccessKey,
			SessionToken:    a.Token,
			CanExpire:       true,
			AccountID:       a.AccountID,
		},
		code:       safeCode(a.Code),
		refused:    a.Code != "" && a.Code != "Success",
		expiration: a.Expiration,
	}
	return out, nil
}

// credentials are those of the answer, or what is wrong with them. One without
// Expiration would never be renewed.
func (a *endpointAnswer) credentials(s Source, now time.Time) (creds aws.Credentials, problem string) {
	expires, err := time.Parse(time.RFC3339, a.expiration)
	switch {
	case a.keys.AccessKeyID == "" || a.keys.SecretAccessKey == "":
		return creds, "the answer lacks credentials"
	case a.expiration == "":
		return creds, "the answer lacks Expiration"
	case err != nil:
		return creds, "the answer's Expiration is not a time"
	case !expires.After(now):
		return creds, "the answer's credentials have expired already; compare this machine's clock"
	}
	creds = a.keys
	creds.Source, creds.Expires = string(s), expires
	return creds, ""
}

// maxCode is longer than any error code of AWS.
const maxCode = 64

// safeCode is an error code, or nothing if it does not look like one: an
// endpoint might echo what was sent.
func safeCode(code string) string {
	if len(code) > maxCode {
		return ""
	}
	for _, r := range code {
		if r != '.' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return ""
		}
	}
	return code
}
