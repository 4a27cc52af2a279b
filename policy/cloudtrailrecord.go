package policy

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// record is what is read of a CloudTrail event.
type record struct {
	EventTime          string
	EventSource        string
	EventName          string
	AWSRegion          string
	SourceIPAddress    string
	UserAgent          string
	ErrorCode          string
	ErrorMessage       string
	RequestID          string
	EventID            string
	RecipientAccountID string
	VPCEndpointID      string
	UserIdentity       userIdentity
	RequestParameters  parameters
	Resources          []struct{ ARN, AccountID string }
}

type userIdentity struct {
	Type, PrincipalID, ARN, AccountID, UserName, InvokedBy, IdentityProvider string

	SessionContext struct {
		SourceIdentity      string
		SessionIssuer       struct{ ARN, PrincipalID string }
		WebIDFederationData struct{ FederatedProvider string }
		Attributes          struct {
			CreationDate     string
			MFAAuthenticated string
		}
	}
}

// parameters are those request parameters that say what is acted on, or that
// become condition keys. A member of another type than expected is left out.
type parameters map[string]json.RawMessage

func (p *parameters) UnmarshalJSON(data []byte) error {
	var m map[string]json.RawMessage
	_ = json.Unmarshal(data, &m) // what is no object has no parameters
	*p = m
	return nil
}

func (p parameters) text(name string) string {
	var s string
	if json.Unmarshal(p[name], &s) != nil {
		return ""
	}
	return s
}

// recordsIn finds the events in a JSON value.
func recordsIn(value json.RawMessage, depth int) []record {
	const deepest = 4
	value = bytes.TrimSpace(value)
	if depth > deepest || len(value) == 0 {
		return nil
	}
	if value[0] == '[' {
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list)
		var out []record
		for _, v := range list {
			out = append(out, recordsIn(v, depth+1)...)
		}
		return out
	}
	var outer struct {
		EventSource, EventName  string
		Records, Events, Detail json.RawMessage
		CloudTrailEvent         string
	}
	_ = json.Unmarshal(value, &outer)
	switch {
	case outer.CloudTrailEvent != "": // which LookupEvents gives as a string
		return recordsIn(json.RawMessage(outer.CloudTrailEvent), depth+1)
	case outer.EventSource != "" && outer.EventName != "":
		var r record
		_ = json.Unmarshal(value, &r) // leaves out what has another type
		return []record{r}
	}
	for _, inner := range []json.RawMessage{outer.Records, outer.Events, outer.Detail} {
		if inner != nil {
			return recordsIn(inner, depth+1)
		}
	}
	return nil
}

// event makes an event of the record, and reports whether it was refused.
func (r record) event() (Event, bool) {
	d, refused := ParseDenial(r.ErrorMessage)
	if !refused {
		if !isRefusal(r.ErrorCode) {
			return Event{}, false
		}
		d = r.bareDenial()
	}
	d.Code, d.RequestID = oneLine(r.ErrorCode), oneLine(r.RequestID)
	if d.Kind == NoKind && d.Code == codeEndpoint {
		d.Kind = EndpointPolicy
	}
	who := r.UserIdentity
	if d.Principal == "" && !d.isWebIdentity() {
		d.Principal = who.ARN
	}
	if d.Principal == "" && who.isService() {
		d.Principal = who.InvokedBy
	}
	if d.Action == "" {
		d.Action = actionOf(r.EventSource, r.EventName)
	}
	if d.Resource == "" {
		d.Resource = r.resource()
	}
	e := Event{ID: oneLine(r.EventID), Time: moment(r.EventTime), Region: oneLine(r.AWSRegion), Via: oneLine(r.via())}
	e.Denial = d.completed()
	if e.Denial.Account == "" {
		e.Denial.Account = who.AccountID
	}
	if e.Denial.EditAccount == "" && e.Denial.Kind == ResourcePolicy {
		e.Denial.EditAccount = r.RecipientAccountID
	}
	e.Request = r.request(e)
	return e, true
}

// bareDenial is a refusal whose message says nothing.
func (r record) bareDenial() Denial {
	d := Denial{Message: flatten(r.ErrorMessage)}
	if d.Message == "" {
		d.Message = "Access Denied"
	}
	if action := actionOf(r.EventSource, r.EventName); strings.EqualFold(action, actionWebIdentity) {
		d.Action, d.Kind, d.Stage = action, TrustPolicy, TrustStage
	}
	return d
}

// actionOf makes an action of the names that CloudTrail uses. They are those of
// the API, from which a few services' actions differ.
func actionOf(source, name string) string {
	service, _, _ := strings.Cut(source, ".")
	if service == "monitoring" {
		service = "cloudwatch"
	}
	return service + ":" + name
}

func moment(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

// resource is what the call was about: as the event says it, or as the caller
// said it.
func (r record) resource() string {
	for _, name := range []string{"roleArn", "secretId", "keyId"} {
		if value := r.RequestParameters.text(name); strings.HasPrefix(value, "arn:") {
			return value
		}
	}
	for _, res := range r.Resources {
		if res.ARN != "" {
			return res.ARN
		}
	}
	return r.RequestParameters.text("secretId")
}

// isService reports a service that calls for itself, not for somebody.
func (u userIdentity) isService() bool { return u.Type == "AWSService" }

// via is the service that made the call for the caller.
func (r record) via() string {
	if r.UserIdentity.isService() {
		return ""
	}
	for _, name := range []string{r.UserIdentity.InvokedBy, r.SourceIPAddress} {
		if strings.HasSuffix(name, ".amazonaws.com") || strings.HasSuffix(name, ".amazonaws.com.cn") {
			return name
		}
	}
	return ""
}

// request is the call as far as the event tells (CloudTrail User Guide,
// cloudtrail-event-reference-user-identity).
func (r record) request(e Event) Request {
	who, d := r.UserIdentity, e.Denial
	id, _, _ := strings.Cut(who.PrincipalID, ":")
	req := Request{
		Principal: d.Principal, Action: d.Action, Resource: d.Resource, Time: e.Time, Context: Context{},
	}
	if isUniqueID(id) {
		req.PrincipalID = id
	}
	switch issuer := who.SessionContext.SessionIssuer.ARN; {
	case strings.Contains(issuer, ":role/"), who.Type == "FederatedUser" && strings.Contains(issuer, ":user/"):
		req.RoleARN = issuer
	}
	if arn, err := ParseARN(req.Resource); err != nil || arn.Account == "" {
		req.ResourceAccount = r.RecipientAccountID
	}
	r.sessionKeys(req.Context)
	r.networkKeys(req.Context, e.Via)
	r.parameterKeys(req.Context)
	if strings.EqualFold(d.Action, actionWebIdentity) {
		req.Principal = who.IdentityProvider
		r.claimKeys(req.Context)
	}
	return req
}

// set gives a key a value unless that is empty.
func (c Context) set(key, value string) {
	if value != "" {
		c[key] = []string{value}
	}
}

func (r record) sessionKeys(keys Context) {
	session := r.UserIdentity.SessionContext
	keys.set("aws:RequestedRegion", r.AWSRegion)
	keys.set("aws:UserAgent", r.UserAgent)
	keys.set("aws:SourceIdentity", session.SourceIdentity)
	keys.set("aws:FederatedProvider", session.WebIDFederationData.FederatedProvider)
	keys.set("aws:TokenIssueTime", session.Attributes.CreationDate)
	keys.set("aws:MultiFactorAuthPresent", session.Attributes.MFAAuthenticated)
}

// networkKeys tell where the call came from. A service that makes one for its
// caller hides that.
func (r record) networkKeys(keys Context, via string) {
	if via != "" {
		keys.set("aws:ViaAWSService", "true")
		service, rest, _ := strings.Cut(via, ".")
		if !strings.HasPrefix(rest, r.AWSRegion+".") {
			rest = r.AWSRegion + "." + rest
		}
		if isService(actionOf(r.EventSource, r.EventName), "kms") {
			keys.set("kms:ViaService", service+"."+rest)
		}
		return
	}
	if r.SourceIPAddress == "AWS Internal" {
		return // a service, which is not named
	}
	if r.UserIdentity.isService() {
		keys.set("aws:PrincipalIsAWSService", "true")
	}
	keys.set("aws:ViaAWSService", "false")
	keys.set("aws:SourceVpce", r.VPCEndpointID)
	if ip, err := netip.ParseAddr(r.SourceIPAddress); err == nil {
		key := "aws:SourceIp"
		if r.VPCEndpointID != "" {
			key = "aws:VpcSourceIp" // an address within the VPC
		}
		keys.set(key, ip.String())
	}
}

// parameterKeys are the condition keys that a call's parameters become.
func (r record) parameterKeys(keys Context) {
	p := r.RequestParameters
	keys.set("sts:RoleSessionName", p.text("roleSessionName"))
	keys.set("sts:ExternalId", p.text("externalId"))
	keys.set("sts:SourceIdentity", p.text("sourceIdentity"))
	keys.set("secretsmanager:VersionStage", p.text("versionStage"))
	keys.set("secretsmanager:VersionId", p.text("versionId"))
	keys.set("kms:EncryptionAlgorithm", p.text("encryptionAlgorithm"))
	var encryption map[string]string
	if json.Unmarshal(p["encryptionContext"], &encryption) == nil && len(encryption) > 0 {
		keys["kms:EncryptionContextKeys"] = slices.Sorted(maps.Keys(encryption))
		for name, value := range encryption {
			keys.set("kms:EncryptionContext:"+name, value)
		}
	}
	var tags []struct{ Key, Value string }
	if json.Unmarshal(p["tags"], &tags) == nil && len(tags) > 0 {
		var names []string
		for _, t := range tags {
			keys["aws:RequestTag/"+t.Key] = []string{t.Value}
			names = append(names, t.Key)
		}
		keys["aws:TagKeys"] = names
	}
	var transitive []string
	if json.Unmarshal(p["transitiveTagKeys"], &transitive) == nil && len(transitive) > 0 {
		keys["sts:TransitiveTagKeys"] = transitive
	}
}

// claimKeys are the claims of the token by which a web identity called. The
// event's principalId is the provider, the audience and the subject, with
// colons between.
func (r record) claimKeys(keys Context) {
	who := r.UserIdentity
	issuer := issuerOf(who.IdentityProvider)
	keys.set(issuer+":sub", who.UserName)
	rest, ok := strings.CutPrefix(who.PrincipalID, who.IdentityProvider+":")
	if audience, found := strings.CutSuffix(rest, ":"+who.UserName); ok && found {
		keys.set(issuer+":aud", audience)
	}
}

// issuerOf is the prefix of the condition keys that carry the claims of a
// provider's tokens.
func issuerOf(provider string) string {
	if _, issuer, ok := strings.Cut(provider, ":oidc-provider/"); ok {
		return issuer
	}
	return provider
}
