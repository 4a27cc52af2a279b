package fakeaws

import (
	"encoding/xml"
	"time"
)

// stsOperation serves one operation of STS.
type stsOperation struct {
	serve    operation
	unsigned bool // needs no signature
}

var stsOperations = map[string]stsOperation{
	"AssumeRole":                {serve: assumeRole},
	"AssumeRoleWithWebIdentity": {serve: assumeRoleWithWebIdentity, unsigned: true},
	"GetCallerIdentity":         {serve: getCallerIdentity},
}

// getCallerIdentity needs no permission; not even a Deny stops it (STS API
// Reference, GetCallerIdentity).
func getCallerIdentity(c *call) (any, error) {
	c.record.Account = c.caller.account
	return struct {
		XMLName xml.Name `xml:"GetCallerIdentityResult"`
		Arn     string
		UserID  string `xml:"UserId"`
		Account string
	}{Arn: c.caller.arn, UserID: c.caller.userID(), Account: c.caller.account}, nil
}

// credentialsXML are issued credentials on the wire.
type credentialsXML struct {
	AccessKeyID     string `xml:"AccessKeyId"`
	SecretAccessKey string
	SessionToken    string
	Expiration      string
}

// assumedRoleUser is a session on the wire.
type assumedRoleUser struct {
	AssumedRoleID string `xml:"AssumedRoleId"` // AROA…:session
	Arn           string
}

func (s *session) assumedRoleUser() assumedRoleUser {
	return assumedRoleUser{AssumedRoleID: s.userID(), Arn: s.arn}
}

func (s *session) credentialsXML() credentialsXML {
	return credentialsXML{
		AccessKeyID:     s.accessKeyID,
		SecretAccessKey: s.secretAccessKey,
		SessionToken:    s.token,
		Expiration:      s.expires.UTC().Format(time.RFC3339),
	}
}

// sessionToken is how much of the room for a session's token is taken.
type sessionToken struct {
	SessionTokenSize        int // bytes
	SessionTokenUtilization int // percent
}

// maxSessionToken is that room (STS API Reference, MinimumSessionTokenSize).
const maxSessionToken = 4096

func (s *session) tokenSize() sessionToken {
	return sessionToken{len(s.token), (100*len(s.token) + maxSessionToken - 1) / maxSessionToken}
}
