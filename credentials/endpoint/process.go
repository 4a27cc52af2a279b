package endpoint

import (
	"context"
	"encoding/json"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/irsakit/irsa/credentials"
)

// WriteProcess writes a provider's credentials as a credential_process prints
// them (AWS SDKs and Tools Reference Guide, "Process credential provider"),
// those that last without Expiration. It writes all in one call of w or, on an
// error, nothing: let the program print the error to its standard error and end
// with another status than 0. The error is the provider's, an [*UnusableError]
// for what nobody could use, or w's.
func WriteProcess(ctx context.Context, w io.Writer, p aws.CredentialsProvider) error {
	creds, err := p.Retrieve(ctx)
	if err == nil {
		err = checkProcess(creds)
	}
	if err != nil {
		return err
	}
	out := process{
		Version:         1,
		AccessKeyID:     creds.AccessKeyID,
		SecretAccessKey: creds.SecretAccessKey,
		SessionToken:    creds.SessionToken,
		AccountID:       creds.AccountID,
	}
	if creds.CanExpire {
		out.Expiration = expiration(creds)
	}
	text, _ := json.Marshal(out) // a number and strings do not fail
	_, err = w.Write(append(text, '\n'))
	return err
}

func checkProcess(creds aws.Credentials) error {
	if err := checkComplete(creds); err != nil || !creds.CanExpire {
		return err
	}
	if d := left(creds); d <= 0 {
		return tooShort(d, nil)
	}
	if creds.SessionToken == "" {
		return &UnusableError{Problem: "they expire, and have no session token", kind: credentials.ErrConfiguration}
	}
	return nil
}

// process is what SDKs read.
type process struct {
	Version         int
	AccessKeyID     string `json:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string `json:",omitempty"`
	Expiration      string `json:",omitempty"`
	AccountID       string `json:"AccountId,omitempty"`
}
