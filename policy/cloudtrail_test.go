package policy_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	readSentence = "User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret +
		" because no identity-based policy allows the " + denialRead + " action"

	// readEvent is a refused GetSecretValue, as the caller's account records it.
	readEvent = `{
		"eventVersion": "1.11",
		"userIdentity": {
			"type": "AssumedRole", "principalId": "AROACURRENTROLEEXAMPL:s1", "arn": "` + denialCaller + `",
			"accountId": "111122223333", "accessKeyId": "ASIAEXAMPLE",
			"sessionContext": {
				"sessionIssuer": {
					"type": "Role", "principalId": "AROACURRENTROLEEXAMPL", "arn": "arn:aws:iam::111122223333:role/pods/pod-role",
					"accountId": "111122223333", "userName": "pod-role"
				},
				"webIdFederationData": {"federatedProvider": "` + storyProvider + `", "attributes": {}},
				"attributes": {"creationDate": "2026-11-21T11:00:00Z", "mfaAuthenticated": "false"}
			}
		},
		"eventTime": "2026-11-21T12:00:00Z", "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue",
		"awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.7", "userAgent": "app/1.0",
		"errorCode": "AccessDenied", "errorMessage": "` + readSentence + `",
		"requestParameters": {"secretId": "` + denialSecret + `", "versionStage": "AWSCURRENT"}, "responseElements": null,
		"requestID": "11111111-2222-3333-4444-555555555555", "eventID": "66666666-7777-8888-9999-000000000000",
		"readOnly": true, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": "111122223333"
	}`

	// decryptEvent is the kms:Decrypt that Secrets Manager made for the caller.
	decryptEvent = `{
		"userIdentity": {"type": "AssumedRole", "arn": "` + denialCaller + `", "invokedBy": "secretsmanager.amazonaws.com"},
		"eventTime": "2026-11-21T12:00:00Z", "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "awsRegion": "eu-west-1",
		"sourceIPAddress": "secretsmanager.amazonaws.com", "userAgent": "secretsmanager.amazonaws.com",
		"errorCode": "AccessDenied", "errorMessage": "Access denied by policy",
		"requestParameters": {
			"encryptionAlgorithm": "SYMMETRIC_DEFAULT",
			"encryptionContext": {"SecretARN": "` + denialSecret + `", "SecretVersionId": "v1"}
		},
		"resources": [{"accountId": "333344445555", "type": "AWS::KMS::Key", "ARN": "` + denialKey + `"}]
	}`

	// tokenEvent is a token that the trust policy does not let in.
	tokenEvent = `{
		"userIdentity": {
			"type": "WebIdentityUser", "principalId": "` + storyProvider + `:sts.amazonaws.com:` + storySubject + `",
			"userName": "` + storySubject + `", "identityProvider": "` + storyProvider + `"
		},
		"eventTime": "2026-11-21T12:00:00Z", "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoleWithWebIdentity",
		"awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.7", "vpcEndpointId": "vpce-1",
		"errorCode": "AccessDenied", "errorMessage": "An unknown error occurred",
		"requestParameters": {"roleArn": "` + storyRole + `", "roleSessionName": "testapp"},
		"recipientAccountId": "111122223333"
	}`

	allowedEvent = `{"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "requestParameters": "none"}`
)

func TestParseEvents(t *testing.T) {
	t.Parallel()
	read := byCaller(policy.Denial{
		Action: denialRead, Resource: denialSecret, Kind: policy.IdentityPolicy, Code: "AccessDenied",
		RequestID: "11111111-2222-3333-4444-555555555555", EditAccount: "111122223333", EditDocument: denialRole, Confidence: policy.Likely,
	})
	cases := map[string]struct {
		text string
		want policy.Event
	}{
		"read": {readEvent, policy.Event{
			Denial: read,
			Request: policy.Request{
				Principal: denialCaller, RoleARN: "arn:aws:iam::111122223333:role/pods/pod-role", PrincipalID: "AROACURRENTROLEEXAMPL",
				Action: denialRead, Resource: denialSecret, Time: storyTime,
				Context: policy.Context{
					"aws:RequestedRegion": {"eu-west-1"}, "aws:UserAgent": {"app/1.0"}, "aws:FederatedProvider": {storyProvider},
					"aws:TokenIssueTime": {"2026-11-21T11:00:00Z"}, "aws:MultiFactorAuthPresent": {"false"},
					"aws:ViaAWSService": {"false"}, "aws:SourceIp": {"192.0.2.7"}, "secretsmanager:VersionStage": {"AWSCURRENT"},
				},
			},
			ID: "66666666-7777-8888-9999-000000000000", Time: storyTime, Region: "eu-west-1",
		}},
		"decrypt on behalf": {decryptEvent, policy.Event{
			Denial: byCaller(policy.Denial{Action: "kms:Decrypt", Resource: denialKey, Code: "AccessDenied", Message: "Access denied by policy"}),
			Request: policy.Request{
				Principal: denialCaller, Action: "kms:Decrypt", Resource: denialKey, Time: storyTime,
				Context: policy.Context{
					"aws:RequestedRegion": {"eu-west-1"}, "aws:UserAgent": {"secretsmanager.amazonaws.com"}, "aws:ViaAWSService": {"true"},
					"kms:ViaService": {"secretsmanager.eu-west-1.amazonaws.com"}, "kms:EncryptionAlgorithm": {"SYMMETRIC_DEFAULT"},
					"kms:EncryptionContextKeys":       {"SecretARN", "SecretVersionId"},
					"kms:EncryptionContext:SecretARN": {denialSecret}, "kms:EncryptionContext:SecretVersionId": {"v1"},
				},
			},
			Time: storyTime, Region: "eu-west-1", Via: "secretsmanager.amazonaws.com",
		}},
		"token": {tokenEvent, policy.Event{
			Denial: policy.Denial{
				Action: "sts:AssumeRoleWithWebIdentity", Resource: storyRole, Code: "AccessDenied", Message: "An unknown error occurred",
				Kind: policy.TrustPolicy, Stage: policy.TrustStage,
				EditAccount: roleAccount, EditDocument: storyRole, Confidence: policy.Likely,
			},
			Request: policy.Request{
				Principal: storyProvider, Action: "sts:AssumeRoleWithWebIdentity", Resource: storyRole, Time: storyTime,
				Context: policy.Context{
					"aws:RequestedRegion": {"eu-west-1"}, "aws:ViaAWSService": {"false"}, "aws:SourceVpce": {"vpce-1"},
					"aws:VpcSourceIp": {"192.0.2.7"}, "sts:RoleSessionName": {"testapp"},
					storyIssuerName + ":sub": {storySubject}, storyIssuerName + ":aud": {storyAudience},
				},
			},
			Time: storyTime, Region: "eu-west-1",
		}},
		"a name, in another account's trail": {
			`{"userIdentity": {"type": "AWSAccount", "principalId": "AROAX:s1", "accountId": "111122223333"},
			  "eventSource": "monitoring.amazonaws.com", "eventName": "GetMetricData", "errorCode": "Client.UnauthorizedOperation",
			  "requestParameters": {"secretId": "prod/db"}, "recipientAccountId": "222233334444", "eventTime": "yesterday"}`,
			policy.Event{
				Denial: policy.Denial{
					Account: "111122223333", Action: "cloudwatch:GetMetricData", Resource: "prod/db", ResourceIsName: true,
					Code: "Client.UnauthorizedOperation", Message: "Access Denied",
				},
				Request: policy.Request{
					PrincipalID: "AROAX", Action: "cloudwatch:GetMetricData", Resource: "prod/db", ResourceAccount: "222233334444",
					Context: policy.Context{"aws:ViaAWSService": {"false"}},
				},
			},
		},
		"a secret by name, refused by its policy": {
			`{"eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue", "errorCode": "AccessDenied",
			  "errorMessage": "User: ` + denialCaller + ` is not authorized to perform: secretsmanager:GetSecretValue with an explicit deny in a resource-based policy",
			  "recipientAccountId": "222233334444"}`,
			policy.Event{
				Denial: byCaller(policy.Denial{
					Action: denialRead, Kind: policy.ResourcePolicy, Explicit: true, Code: "AccessDenied",
					EditAccount: "222233334444", Confidence: policy.Certain,
				}),
				Request: policy.Request{
					Principal: denialCaller, Action: denialRead, ResourceAccount: "222233334444",
					Context: policy.Context{"aws:ViaAWSService": {"false"}},
				},
			},
		},
		"a service for itself": {
			`{"userIdentity": {"type": "AWSService", "invokedBy": "logs.amazonaws.com"}, "sourceIPAddress": "logs.amazonaws.com",
			  "eventSource": "kms.amazonaws.com", "eventName": "GenerateDataKey", "errorCode": "AccessDenied", "awsRegion": "eu-west-1",
			  "resources": [{"ARN": "` + denialKey + `"}], "additionalEventData": {"keyMaterialId": "x"}}`,
			policy.Event{
				Denial: policy.Denial{
					Principal: "logs.amazonaws.com", Action: "kms:GenerateDataKey", Resource: denialKey, Code: "AccessDenied", Message: "Access Denied",
				},
				Request: policy.Request{
					Principal: "logs.amazonaws.com", Action: "kms:GenerateDataKey", Resource: denialKey,
					Context: policy.Context{
						"aws:RequestedRegion": {"eu-west-1"}, "aws:ViaAWSService": {"false"}, "aws:PrincipalIsAWSService": {"true"},
					},
				},
				Region: "eu-west-1",
			},
		},
		"a service that is not named": {
			`{"userIdentity": {"type": "AssumedRole", "arn": "` + denialCaller + `"}, "sourceIPAddress": "AWS Internal",
			  "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "errorCode": "AccessDenied"}`,
			policy.Event{
				Denial:  byCaller(policy.Denial{Action: "s3:ListBuckets", Code: "AccessDenied", Message: "Access Denied"}),
				Request: policy.Request{Principal: denialCaller, Action: "s3:ListBuckets", Context: policy.Context{}},
			},
		},
		"a regional service": {
			`{"userIdentity": {"arn": "` + denialCaller + `", "invokedBy": "logs.eu-west-1.amazonaws.com"}, "awsRegion": "eu-west-1",
			  "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "errorCode": "AccessDenied"}`,
			policy.Event{
				Denial: byCaller(policy.Denial{Action: "kms:Decrypt", Code: "AccessDenied", Message: "Access Denied"}),
				Request: policy.Request{
					Principal: denialCaller, Action: "kms:Decrypt",
					Context: policy.Context{
						"aws:RequestedRegion": {"eu-west-1"}, "aws:ViaAWSService": {"true"}, "kms:ViaService": {"logs.eu-west-1.amazonaws.com"},
					},
				},
				Region: "eu-west-1", Via: "logs.eu-west-1.amazonaws.com",
			},
		},
		"at the endpoint": {
			`{"userIdentity": {"type": "AWSAccount", "principalId": "AROAX:s1", "accountId": "111122223333"}, "eventType": "AwsVpceEvent",
			  "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue", "vpcEndpointId": "vpce-1", "sourceIPAddress": "10.0.0.7",
			  "errorCode": "VpceAccessDenied", "errorMessage": "The request was denied due to a VPC endpoint policy"}`,
			policy.Event{
				Denial: policy.Denial{
					Account: "111122223333", Action: denialRead, Kind: policy.EndpointPolicy, Code: "VpceAccessDenied",
					Message: "The request was denied due to a VPC endpoint policy", Confidence: policy.Likely,
				},
				Request: policy.Request{
					PrincipalID: "AROAX", Action: denialRead,
					Context: policy.Context{"aws:ViaAWSService": {"false"}, "aws:SourceVpce": {"vpce-1"}, "aws:VpcSourceIp": {"10.0.0.7"}},
				},
			},
		},
		"a federated user": {
			`{"userIdentity": {"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/f", "accountId": "111122223333",
			    "sessionContext": {"sessionIssuer": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/mary"}}},
			  "eventSource": "s3.amazonaws.com", "eventName": "ListBuckets", "errorCode": "AccessDenied", "errorMessage": null, "requestParameters": null}`,
			policy.Event{
				Denial: policy.Denial{
					Principal: "arn:aws:sts::111122223333:federated-user/f", Account: "111122223333", Action: "s3:ListBuckets",
					Code: "AccessDenied", Message: "Access Denied",
				},
				Request: policy.Request{
					Principal: "arn:aws:sts::111122223333:federated-user/f", RoleARN: "arn:aws:iam::111122223333:user/mary", Action: "s3:ListBuckets",
					Context: policy.Context{"aws:ViaAWSService": {"false"}},
				},
			},
		},
		"hostile": {
			`{"userIdentity": {"arn": "a\u001b[2J"}, "eventSource": "s3.amazonaws.com", "eventName": "Get\u009bObject", "errorCode": "AccessDenied",
			  "errorMessage": "\u001b]0;x\u0007", "requestParameters": {"secretId": "x\u202ey"}, "eventID": "\u0007", "awsRegion": "e\ru"}`,
			policy.Event{
				Denial: policy.Denial{
					Principal: "a [2J", Action: "s3:Get Object", Resource: "x y", ResourceIsName: true, Code: "AccessDenied", Message: "]0;x",
				},
				Request: policy.Request{
					Principal: "a [2J", Action: "s3:Get Object", Resource: "x y",
					Context: policy.Context{"aws:RequestedRegion": {"e\ru"}, "aws:ViaAWSService": {"false"}},
				},
				ID: " ", Region: "e u",
			},
		},
		"a built-in provider": {
			`{"userIdentity": {"type": "WebIdentityUser", "principalId": "accounts.google.com:app:mary", "userName": "mary", "identityProvider": "accounts.google.com"},
			  "eventSource": "sts.amazonaws.com", "eventName": "AssumeRoleWithWebIdentity", "errorCode": "AccessDenied"}`,
			policy.Event{
				Denial: policy.Denial{
					Action: "sts:AssumeRoleWithWebIdentity", Kind: policy.TrustPolicy, Stage: policy.TrustStage,
					Code: "AccessDenied", Message: "Access Denied", Confidence: policy.Likely,
				},
				Request: policy.Request{
					Principal: "accounts.google.com", Action: "sts:AssumeRoleWithWebIdentity",
					Context: policy.Context{
						"aws:ViaAWSService": {"false"}, "accounts.google.com:sub": {"mary"}, "accounts.google.com:aud": {"app"},
					},
				},
			},
		},
		"assumption with tags": {
			`{"userIdentity": {"arn": "` + denialCaller + `", "sessionContext": {"sourceIdentity": "alice"}}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
			  "errorCode": "AccessDenied", "errorMessage": "User: ` + denialCaller + ` is not authorized to perform: sts:TagSession on resource: ` + denialHop + `",
			  "requestParameters": {"roleArn": "` + denialHop + `", "externalId": "x1", "sourceIdentity": "alice",
			    "tags": [{"key": "team", "value": "a"}], "transitiveTagKeys": ["team"]}}`,
			policy.Event{
				Denial: byCaller(policy.Denial{Action: "sts:TagSession", Resource: denialHop, Code: "AccessDenied"}),
				Request: policy.Request{
					Principal: denialCaller, Action: "sts:TagSession", Resource: denialHop,
					Context: policy.Context{
						"aws:ViaAWSService": {"false"}, "sts:ExternalId": {"x1"}, "sts:SourceIdentity": {"alice"}, "aws:SourceIdentity": {"alice"},
						"aws:RequestTag/team": {"a"}, "aws:TagKeys": {"team"}, "sts:TransitiveTagKeys": {"team"},
					},
				},
			},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := policy.ParseEvents([]byte(tt.text))
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events, error %v", len(events), err)
			}
			if diff := cmp.Diff(tt.want, events[0]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestParseEventsAround: what is around an event does not matter.
func TestParseEventsAround(t *testing.T) {
	t.Parallel()
	compact := func(text string) string {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal(v)
		return string(b)
	}
	read, decrypt, allowed := compact(readEvent), compact(decryptEvent), compact(allowedEvent)
	cases := map[string]struct {
		text string
		want int
	}{
		"one":                     {readEvent, 1},
		"log file":                {`{"Records": [` + read + `,` + allowed + `,` + decrypt + `]}`, 2},
		"array":                   {`[` + read + `,` + decrypt + `]`, 2},
		"lines":                   {read + "\n" + allowed + "\n" + decrypt, 2},
		"log lines":               {"2026-11-21 INFO [trail] " + read + " end\n\nnothing\n2026-11-21 {x} " + decrypt, 2},
		"text before and after":   {"event:\n" + readEvent + "\nthat was it", 1},
		"LookupEvents":            {`{"Events": [{"EventName": "GetSecretValue", "CloudTrailEvent": ` + quoted(read) + `}], "NextToken": "x"}`, 1},
		"EventBridge":             {`{"detail-type": "AWS API Call via CloudTrail", "detail": ` + read + `}`, 1},
		"nothing refused":         {allowedEvent, 0},
		"throttled":               {strings.Replace(allowed, "{", `{"errorCode": "ThrottlingException",`, 1), 0},
		"members of another type": {`{"eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "errorCode": "AccessDenied", "resources": 7, "userIdentity": [], "requestParameters": [1]}`, 1},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events, err := policy.ParseEvents([]byte(tt.text))
			if err != nil || len(events) != tt.want {
				t.Errorf("%d events, want %d; error %v", len(events), tt.want, err)
			}
		})
	}
	for _, text := range []string{"", "no JSON", "{}", "[]", `{"Records": []}`, "[[[[[[" + read + "]]]]]]", `{"eventName": "X"}`, "null", `"x"`} {
		if events, err := policy.ParseEvents([]byte(text)); !errors.Is(err, policy.ErrNoEvent) || events != nil {
			t.Errorf("%q: %d events, error %v", text, len(events), err)
		}
	}
}

// decoded is what sts:DecodeAuthorizationMessage answers.
const decoded = `{
	"allowed": false, "explicitDeny": true,
	"matchedStatements": {"items": [{
		"statementId": "SmallOnly", "effect": "DENY", "principals": {"items": [{"value": "AROACURRENTROLEEXAMPL"}]},
		"principalGroups": {"items": []}, "actions": {"items": [{"value": "ec2:RunInstances"}]},
		"resources": {"items": [{"value": "*"}]}, "conditions": {"items": []}
	}]},
	"failures": {"items": []},
	"context": {
		"principal": {"id": "AROACURRENTROLEEXAMPL:s1", "arn": "` + denialCaller + `"},
		"action": "RunInstances", "resource": "arn:aws:ec2:eu-west-1:111122223333:instance/*",
		"conditions": {"items": [
			{"key": "ec2:InstanceType", "values": {"items": [{"value": "m7g.large"}]}},
			{"key": "aws:RequestedRegion", "values": {"items": [{"value": "eu-west-1"}]}},
			{"key": "plain", "values": {"items": []}}
		]}
	}
}`

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	want := policy.Event{
		Denial: byCaller(policy.Denial{
			Action: "ec2:RunInstances", Resource: "arn:aws:ec2:eu-west-1:111122223333:instance/*", Explicit: true,
		}),
		Request: policy.Request{
			Principal: denialCaller, PrincipalID: "AROACURRENTROLEEXAMPL", Action: "ec2:RunInstances",
			Resource: "arn:aws:ec2:eu-west-1:111122223333:instance/*",
			Context:  policy.Context{"ec2:InstanceType": {"m7g.large"}, "aws:RequestedRegion": {"eu-west-1"}},
		},
		Region: "eu-west-1", Sids: []string{"SmallOnly"},
	}
	for name, text := range map[string]string{
		"message":       decoded,
		"CLI":           `{"DecodedMessage": ` + quoted(decoded) + `}`,
		"in a log line": "decoded: " + strings.Join(strings.Fields(decoded), " "),
		"with service":  strings.Replace(decoded, `"RunInstances"`, `"ec2:RunInstances"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := policy.ParseAuthorization([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, tt := range map[string]struct{ from, to, action string }{
		"service of the statement": {`"arn:aws:ec2:eu-west-1:111122223333:instance/*"`, `"*"`, "ec2:RunInstances"},
		"no service":               {`"resource": "arn:aws:ec2:eu-west-1:111122223333:instance/*"`, `"resource": "*"`, "StopInstances"},
	} {
		text := strings.Replace(decoded, tt.from, tt.to, 1)
		if tt.action == "StopInstances" {
			text = strings.Replace(text, `"RunInstances"`, `"StopInstances"`, 1)
		}
		got, err := policy.ParseAuthorization([]byte(text))
		if err != nil || got.Denial.Action != tt.action {
			t.Errorf("%s: action %q, error %v", name, got.Denial.Action, err)
		}
	}
	for _, text := range []string{"", "{}", readEvent, `{"allowed": false}`, `{"DecodedMessage": "x"}`} {
		if _, err := policy.ParseAuthorization([]byte(text)); !errors.Is(err, policy.ErrNoAuthorization) {
			t.Errorf("%.20q: error %v", text, err)
		}
	}
}

// FuzzParseEvents: nothing crashes, in whatever is made of an event either.
func FuzzParseEvents(f *testing.F) {
	for _, text := range []string{readEvent, decryptEvent, tokenEvent, allowedEvent, decoded, `{"Records": [` + readEvent + `]}`} {
		f.Add([]byte(text))
	}
	set := policy.Set{Resource: &policy.Policy{Document: policy.MustParse(secretText)}}
	f.Fuzz(func(t *testing.T, data []byte) {
		events, err := policy.ParseEvents(data)
		if (err != nil) != errors.Is(err, policy.ErrNoEvent) || err != nil && events != nil {
			t.Errorf("%d events, error %v", len(events), err)
		}
		if e, err := policy.ParseAuthorization(data); err == nil {
			events = append(events, e)
		}
		for _, e := range events {
			if _, err := json.Marshal(e); err != nil && e.Time.Year() < 9999 {
				t.Error(err)
			}
			e.Request.Time = time.Unix(0, 0)
			e.Denial.Check(e.Request, set)
		}
	})
}
