package fakeaws

import (
	"encoding/xml"

	"github.com/irsakit/irsa/policy"
)

// assumeRoleResult is the response of AssumeRole.
type assumeRoleResult struct {
	XMLName          xml.Name `xml:"AssumeRoleResult"`
	AssumedRoleUser  assumedRoleUser
	Credentials      credentialsXML
	PackedPolicySize int `xml:",omitempty"`
	sessionToken
	SourceIdentity string `xml:",omitempty"`
}

// assumeRole gives a signed caller a session of another role, or of its own.
func assumeRole(c *call) (any, error) {
	ask, err := c.assumption()
	if err != nil {
		return nil, err
	}
	data, err := c.sessionData()
	if err != nil {
		return nil, err
	}
	packed, err := c.packed(data)
	if err != nil {
		return nil, err
	}
	if err := c.authorizeAssumption(ask, data); err != nil {
		return nil, err
	}
	length, err := ask.length(c.caller.role != "")
	if err != nil {
		return nil, err
	}
	s := c.issue(ask, length, data.sessionKeys(), data.transitive)
	return assumeRoleResult{
		AssumedRoleUser:  s.assumedRoleUser(),
		Credentials:      s.credentialsXML(),
		PackedPolicySize: packed,
		sessionToken:     s.tokenSize(),
		SourceIdentity:   data.sourceIdentity,
	}, nil
}

// authorizeAssumption asks the trust policy, and with it the caller's own
// policies, for each action that the call amounts to.
func (c *call) authorizeAssumption(ask assumption, data sessionData) error {
	keys := data.requestKeys()
	keys["sts:RoleSessionName"] = []string{ask.sessionName}
	if id := c.params.Get("ExternalId"); id != "" {
		keys["sts:ExternalId"] = []string{id}
	}
	trust := &policy.Policy{
		Kind:     policy.TrustPolicy,
		Account:  c.resourceAccount(ask.roleARN),
		Name:     ask.roleARN,
		Document: ask.trust(),
	}
	for _, action := range append([]string{"sts:AssumeRole"}, data.actions()...) {
		if err := c.authorize(action, ask.roleARN, trust, keys); err != nil {
			return err
		}
	}
	return nil
}
