package policy_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	denialCaller = "arn:aws:sts::111122223333:assumed-role/pod-role/s1"
	denialRole   = "arn:aws:iam::111122223333:role/pod-role"
	denialSecret = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:testsecret-AbCdEf"
	denialKey    = "arn:aws:kms:eu-west-1:333344445555:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	denialHop    = "arn:aws:iam::222233334444:role/hop"
	denialRead   = "secretsmanager:GetSecretValue"
	denialURL    = "https://eu-west-1.console.aws.amazon.com/iam/home?region=eu-west-1#/authorization-details/0a1b2c"
)

type denialCase struct {
	text string
	want policy.Denial
}

// byCaller is a refusal of the caller, with what follows from who that is.
func byCaller(d policy.Denial) policy.Denial {
	d.Principal, d.Account, d.Role, d.Session = denialCaller, "111122223333", "pod-role", "s1"
	return d
}

// denials are AWS's sentences (IAM User Guide, troubleshoot_access-denied)
// beside what they say.
var denials = map[string]denialCase{
	"untyped": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret,
		byCaller(policy.Denial{Action: denialRead, Resource: denialSecret}),
	},
	"untyped, no resource": {
		"User: " + denialCaller + " is not authorized to perform: secretsmanager:ListSecrets",
		byCaller(policy.Denial{Action: "secretsmanager:ListSecrets"}),
	},
	"untyped explicit": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret + " with an explicit deny",
		byCaller(policy.Denial{Action: denialRead, Resource: denialSecret, Explicit: true}),
	},
	"bare name": {
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: prod/db because no identity-based policy allows the " + denialRead + " action",
		byCaller(policy.Denial{
			Action: denialRead, Resource: "prod/db", ResourceIsName: true, Kind: policy.IdentityPolicy,
			EditAccount: "111122223333", EditDocument: "prod/db", Confidence: policy.Likely,
		}),
	},
	"any resource": {
		"User: " + denialCaller + " is not authorized to perform: organizations:LeaveOrganization on resource: * because no identity-based policy allows the organizations:LeaveOrganization action",
		byCaller(policy.Denial{
			Action: "organizations:LeaveOrganization", Resource: "*", Kind: policy.IdentityPolicy,
			EditAccount: "111122223333", EditDocument: denialRole, Confidence: policy.Likely,
		}),
	},
	"identity": implicit(policy.IdentityPolicy, "identity-based policy", "111122223333", denialRole),
	"resource": implicit(policy.ResourcePolicy, "resource-based policy", "222233334444", denialSecret),
	"boundary": implicit(policy.PermissionsBoundary, "permissions boundary", "111122223333", denialRole),
	"session":  implicit(policy.SessionPolicy, "session policy", "111122223333", denialCaller),
	"scp":      implicit(policy.ServiceControlPolicy, "service control policy", "", ""),
	"rcp":      implicit(policy.ResourceControlPolicy, "resource control policy", "", ""),
	"endpoint": implicit(policy.EndpointPolicy, "VPC endpoint policy", "", ""),
	"key": {
		"User: " + denialCaller + " is not authorized to perform: kms:Decrypt on resource: " + denialKey + " because no resource-based policy allows the kms:Decrypt action",
		byCaller(policy.Denial{
			Action: "kms:Decrypt", Resource: denialKey, Kind: policy.KeyPolicy,
			EditAccount: "333344445555", EditDocument: denialKey, Confidence: policy.Likely,
		}),
	},
	"trust": {
		"User: " + denialCaller + " is not authorized to perform: sts:AssumeRole on resource: " + denialHop + " because no role trust policy allows the sts:AssumeRole action",
		byCaller(policy.Denial{
			Action: "sts:AssumeRole", Resource: denialHop, Kind: policy.TrustPolicy,
			EditAccount: "222233334444", EditDocument: denialHop, Confidence: policy.Likely,
		}),
	},
	"web identity": {
		"Not authorized to perform sts:AssumeRoleWithWebIdentity",
		policy.Denial{Action: "sts:AssumeRoleWithWebIdentity", Kind: policy.TrustPolicy, Stage: policy.TrustStage, Confidence: policy.Likely},
	},
	"identity explicit": explicit(policy.IdentityPolicy, "an identity-based policy", "", "111122223333", denialRole),
	"identity explicit with ARN": explicit(policy.IdentityPolicy, "an identity-based policy",
		"arn:aws:iam::111122223333:policy/no-secrets", "111122223333", "arn:aws:iam::111122223333:policy/no-secrets"),
	"AWS's own policy": explicit(policy.IdentityPolicy, "an identity-based policy",
		"arn:aws:iam::aws:policy/AWSDenyAll", "111122223333", "arn:aws:iam::aws:policy/AWSDenyAll"),
	"resource explicit": explicit(policy.ResourcePolicy, "a resource-based policy", "", "222233334444", denialSecret),
	"boundary explicit": explicit(policy.PermissionsBoundary, "a permissions boundary", "", "111122223333", denialRole),
	"session explicit":  explicit(policy.SessionPolicy, "a session policy", "", "111122223333", denialCaller),
	"scp explicit": {
		explicit(policy.ServiceControlPolicy, "a service control policy", "", "", "").text,
		byCaller(policy.Denial{
			Action: denialRead, Resource: denialSecret, Kind: policy.ServiceControlPolicy, Explicit: true, Confidence: policy.Likely,
		}),
	},
	"scp explicit with ARN": explicit(policy.ServiceControlPolicy, "a service control policy",
		"arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1", "777788889999",
		"arn:aws:organizations::777788889999:policy/o-abc/service_control_policy/p-1"),
	"rcp explicit":      explicit(policy.ResourceControlPolicy, "a resource control policy", "", "", ""),
	"endpoint explicit": explicit(policy.EndpointPolicy, "a VPC endpoint policy", "", "", ""),
	"endpoint through SCP": {
		"User: " + denialCaller + " is not authorized to perform: sqs:SendMessage with an explicit deny in a VPC endpoint policy transitively through a service control policy",
		byCaller(policy.Denial{
			Action: "sqs:SendMessage", Kind: policy.EndpointPolicy, Explicit: true, ThroughSCP: true, Confidence: policy.Likely,
		}),
	},
	"key explicit": {
		"User: " + denialCaller + " is not authorized to perform: kms:Decrypt on resource: " + denialKey + " with an explicit deny in a resource-based policy",
		byCaller(policy.Denial{
			Action: "kms:Decrypt", Resource: denialKey, Kind: policy.KeyPolicy, Explicit: true,
			EditAccount: "333344445555", EditDocument: denialKey, Confidence: policy.Certain,
		}),
	},
	"trust explicit": {
		"User: " + denialCaller + " is not authorized to perform: sts:TagSession on resource: " + denialHop + " with an explicit deny in the role trust policy",
		byCaller(policy.Denial{
			Action: "sts:TagSession", Resource: denialHop, Kind: policy.TrustPolicy, Explicit: true,
			EditAccount: "222233334444", EditDocument: denialHop, Confidence: policy.Certain,
		}),
	},
	"quoted": {
		"User: " + denialCaller + ` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/my key.txt" with an explicit deny in a resource control policy`,
		byCaller(policy.Denial{
			Action: "s3:GetObject", Resource: "arn:aws:s3:::b/my key.txt", Kind: policy.ResourceControlPolicy, Explicit: true, Confidence: policy.Certain,
		}),
	},
	"authorization details": {
		"User: " + denialCaller + " is not authorized to perform: iam:GetUser because no identity-based policy allows the iam:GetUser action. Go to " + denialURL +
			" for complete details, or call the GetRequestAuthorizationDetails API with the following authorization id: 0a1b2c",
		byCaller(policy.Denial{
			Action: "iam:GetUser", Kind: policy.IdentityPolicy, AuthorizationID: "0a1b2c", AuthorizationURL: denialURL,
			EditAccount: "111122223333", EditDocument: denialRole, Confidence: policy.Likely,
		}),
	},
	"encoded": {
		"User: " + denialCaller + " is not authorized to perform: ec2:RunInstances with an explicit deny. Encoded authorization failure message: XQ_jq-5",
		byCaller(policy.Denial{Action: "ec2:RunInstances", Explicit: true, Encoded: "XQ_jq-5"}),
	},
	"kms":         {"Access to KMS is not allowed", policy.Denial{KMS: true}},
	"default key": {"You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key.", policy.Denial{DefaultKey: true}},
	"ciphertext": fixed(
		"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access",
		policy.Denial{Action: "kms:Decrypt"}),
	"not a JWT": fixed("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)",
		web(policy.TokenStage, policy.ServiceAccountToken, "")),
	"claim":   fixed("Missing a required claim: aud", web(policy.TokenStage, policy.ServiceAccountToken, "")),
	"expired": fixed("Token expired: current date/time 1763726400 must be before the expiration date/time 1763726399", web(policy.TokenStage, policy.ServiceAccountToken, "")),
	"expired, no space": fixed("Token expired: current date/time 1763726400 must be before the expiration date/time1763726399",
		web(policy.TokenStage, policy.ServiceAccountToken, "")),
	"too old": fixed("Token too old: 86401", web(policy.TokenStage, policy.ServiceAccountToken, "")),
	"keys": fixed("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
		web(policy.TokenStage, policy.IdentityProvider, "")),
	"thumbprint":    fixed("OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", web(policy.TokenStage, policy.IdentityProvider, "")),
	"no provider":   fixed("No OpenIDConnect provider found in your account for "+storyIssuer, web(policy.ProviderStage, policy.IdentityProvider, storyIssuer)),
	"audience":      fixed("Incorrect token audience", web(policy.AudienceStage, policy.IdentityProvider, "")),
	"packed policy": fixed("Packed policy consumes 104% of allotted space", policy.Denial{}),
	"packed":        fixed("Packed size of session tags consumes 104% of allotted space", policy.Denial{}),
}

func implicit(kind policy.Kind, words, account, document string) denialCase {
	return denialCase{
		"User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret +
			" because no " + words + " allows the " + denialRead + " action",
		byCaller(policy.Denial{
			Action: denialRead, Resource: denialSecret, Kind: kind,
			EditAccount: account, EditDocument: document, Confidence: policy.Likely,
		}),
	}
}

func explicit(kind policy.Kind, words, arn, account, document string) denialCase {
	text := "User: " + denialCaller + " is not authorized to perform: " + denialRead + " on resource: " + denialSecret +
		" with an explicit deny in " + words
	if arn != "" {
		text += ": " + arn
	}
	return denialCase{text, byCaller(policy.Denial{
		Action: denialRead, Resource: denialSecret, Kind: kind, Explicit: true, PolicyARN: arn,
		EditAccount: account, EditDocument: document, Confidence: policy.Certain,
	})}
}

func fixed(text string, d policy.Denial) denialCase {
	d.Message = text
	return denialCase{text, d}
}

func web(stage policy.Stage, kind policy.Kind, document string) policy.Denial {
	return policy.Denial{
		Action: "sts:AssumeRoleWithWebIdentity", Stage: stage, Kind: kind, EditDocument: document, Confidence: policy.Likely,
	}
}

func TestDenialRoundTrip(t *testing.T) {
	t.Parallel()
	for name, tt := range denials {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.want.String(); got != tt.text {
				t.Errorf("String\n got %q\nwant %q", got, tt.text)
			}
			checkDenial(t, tt.text, tt.want)
		})
	}
}

func checkDenial(t *testing.T, text string, want policy.Denial) {
	t.Helper()
	got, ok := policy.ParseDenial(text)
	if !ok {
		t.Errorf("not recognised: %q", text)
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ParseDenial of %q (-want +got):\n%s", text, diff)
	}
}

// wrapper is what an SDK puts around AWS's sentence, and what can be read off
// it.
type wrapper struct {
	wrap     func(string) string
	code, id string
}

func quoted(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

var wrappers = map[string]wrapper{
	"go v2": {func(s string) string {
		return "operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID: 1b2c-3d, api error AccessDeniedException: " + s
	}, "AccessDeniedException", "1b2c-3d"},
	"go v2, modelled": {func(s string) string {
		return "operation error STS: AssumeRoleWithWebIdentity, https response error StatusCode: 400, RequestID: 1b2c-3d, InvalidIdentityToken: " + s
	}, "InvalidIdentityToken", "1b2c-3d"},
	"go v2 nested": {func(s string) string {
		return "operation error Secrets Manager: GetSecretValue, get identity: get credentials: operation error STS: X, https response error StatusCode: 403, RequestID: 1b2c, api error AccessDenied: " + s + ", and more"
	}, "AccessDenied", "1b2c"},
	"go v1": {func(s string) string {
		return "WebIdentityErr: failed to retrieve credentials\ncaused by: AccessDenied: " + s + "\n\tstatus code: 403, request id: 1b2c"
	}, "AccessDenied", "1b2c"},
	"boto3": {func(s string) string {
		return "botocore.exceptions.ClientError: An error occurred (AccessDeniedException) when calling the GetSecretValue operation (reached max retries: 4): " + s
	}, "AccessDeniedException", ""},
	"java v2": {func(s string) string {
		return "software.amazon.awssdk.services.sts.model.StsException: " + s + " (Service: Sts, Status Code: 403, Request ID: 1b2c)"
	}, "", "1b2c"},
	"java v1": {func(s string) string {
		return "com.amazonaws.services.secretsmanager.model.AWSSecretsManagerException: " + s +
			" (Service: AWSSecretsManager; Status Code: 400; Error Code: AccessDeniedException; Request ID: 1b2c; Proxy: null)"
	}, "AccessDeniedException", "1b2c"},
	"xml": {func(s string) string {
		return "<ErrorResponse><Error><Code>AccessDenied</Code><Message>" + strings.NewReplacer("'", "&#39;", `"`, "&quot;").Replace(s) +
			"</Message></Error><RequestId>1b2c</RequestId></ErrorResponse>"
	}, "AccessDenied", "1b2c"},
	"json": {func(s string) string {
		return `{"__type":"com.amazonaws.secretsmanager#AccessDeniedException","Message":` + quoted(s) + `}`
	}, "AccessDeniedException", ""},
	"json in a log line": {func(s string) string {
		return `level=error msg=` + quoted(`{"__type":"AccessDeniedException","Message":`+quoted(s)+`}`)
	}, "AccessDeniedException", ""},
	"javascript v3": {func(s string) string {
		return "AccessDeniedException: " + s + "\n    at throwDefaultError (/app/index.js:1:2) {\n  '$fault': 'client',\n  '$metadata': {\n" +
			"    httpStatusCode: 400,\n    requestId: '1b2c',\n    attempts: 1\n  },\n  __type: 'AccessDeniedException'\n}"
	}, "AccessDeniedException", "1b2c"},
	"javascript, inspected": {func(s string) string {
		return "{ name: 'AccessDeniedException', '$metadata': { requestId: '1b2c' }, message: \"" + s + "\" }"
	}, "AccessDeniedException", "1b2c"},
	"rust": {func(s string) string {
		return `ServiceError(ServiceError { source: Unhandled(Unhandled { meta: ErrorMetadata { code: Some("AccessDeniedException"), message: Some(` +
			quoted(s) + `), extras: Some({"aws_request_id": "1b2c"}) } }) })`
	}, "AccessDeniedException", "1b2c"},
	"php": {func(s string) string {
		return `Error executing "GetSecretValue" on "https://secretsmanager.eu-west-1.amazonaws.com"; AWS HTTP error: Client error: ` +
			"`POST https://secretsmanager.eu-west-1.amazonaws.com` resulted in a `400 Bad Request` response:\n" +
			`{"__type":"AccessDeniedException","Message":"User: ` + denialCaller + ` is not authorized to perform: secretsmanager:Ge (truncated...)` +
			"\n AccessDeniedException (client): " + s + ` - {"__type":"AccessDeniedException","Message":` + strings.ReplaceAll(quoted(s), "/", `\/`) + `}`
	}, "AccessDeniedException", ""},
	"php, logged as json": {func(s string) string {
		return `{"code":"AccessDeniedException","message":` + strings.ReplaceAll(quoted(s), "/", `\/`) + `}`
	}, "AccessDeniedException", ""},
	"ruby": {func(s string) string {
		return "raise_response_errors.rb:17:in `call': " + s + " (Aws::SecretsManager::Errors::AccessDeniedException)"
	}, "AccessDeniedException", ""},
	"ruby, inspected": {func(s string) string {
		return "#<Aws::STS::Errors::AccessDenied: " + s + ">"
	}, "AccessDenied", ""},
	"lambda": {func(s string) string {
		return `{"errorMessage":` + quoted(s) + `,"errorType":"AccessDeniedException"}`
	}, "AccessDeniedException", ""},
	"json within json within json": {func(s string) string {
		return quoted(quoted(quoted(`{"__type":"AccessDeniedException","Message":` + strings.ReplaceAll(quoted(s), "/", `\/`) + `}`)))
	}, "AccessDeniedException", ""},
	"terraform, coloured": {func(s string) string {
		const bar = "\x1b[31m│\x1b[0m \x1b[0m"
		return "\x1b[31m╷\x1b[0m\n" + bar + "\x1b[1m\x1b[31mError: \x1b[0m\x1b[1mreading Secret: api error AccessDenied: " +
			strings.ReplaceAll(s, " to ", "\x1b[0m\n"+bar+" to ") + "\x1b[0m\n\x1b[31m╵\x1b[0m"
	}, "AccessDenied", ""},
	"a service's log": {func(s string) string {
		return `level=error hostname=Web1 name=Importer statusCode=OK msg=` + quoted(s) + ` exitCode=Failed`
	}, "", ""},
	".net": {func(s string) string {
		return "Amazon.SecretsManager.AmazonSecretsManagerException: " + s + "\n ---> Amazon.Runtime.Internal.HttpErrorResponseException: Exception of type 'X' was thrown."
	}, "", ""},
	"secrets store driver": {func(s string) string {
		return `MountVolume.SetUp failed for volume "v" : rpc error: code = Unknown desc = failed to mount objects: Failed fetching secret testsecret: AccessDeniedException: ` +
			s + "\n\tstatus code: 400, request id: 1b2c"
	}, "AccessDeniedException", "1b2c"},
	"s3, go v2": {func(s string) string {
		return "operation error S3: GetObject, https response error StatusCode: 403, RequestID: 1B2C, HostID: a/b+c=, api error AccessDenied: " + s
	}, "AccessDenied", "1B2C"},
	"a job's log": {func(s string) string {
		const time = "2026-11-22T01:02:03.4567890Z "
		return time + "╷\n" + time + "│ Error: api error AccessDenied: " + strings.ReplaceAll(s, " to ", "\n"+time+"│ to ") + "\n" + time + "╵"
	}, "AccessDenied", ""},
	"printed by a script": {func(s string) string {
		return "\x1b[38;5;196mAccessDenied: " + s + "\x1b(B\x1b[m"
	}, "AccessDenied", ""},
	"coloured in json": {func(s string) string {
		return `{"@message":"\u001b[31mError: api error AccessDenied: ` + strings.Trim(quoted(s), `"`) + `\u001b[0m"}`
	}, "AccessDenied", ""},
	"terraform": {func(s string) string {
		return "╷\n│ Error: reading Secret: operation error Secrets Manager: GetSecretValue, https response error StatusCode: 400, RequestID:\n│ 1b2c, api error AccessDeniedException: " +
			strings.Replace(s, " to ", "\n│ to ", 1) + "\n╵"
	}, "AccessDeniedException", "1b2c"},
	"full stop":      {func(s string) string { return strings.TrimSuffix(s, ".") + "." }, "", ""},
	"broken lines":   {func(s string) string { return strings.ReplaceAll(s, " ", "\n\t ") }, "", ""},
	"in a sentence":  {func(s string) string { return `it says "` + s + `".` }, "", ""},
	"in brackets":    {func(s string) string { return "failed [cause: (" + s + ")]" }, "", ""},
	"carriage lines": {func(s string) string { return strings.ReplaceAll(s, " ", "\r\n") }, "", ""},
	"no request id":  {func(s string) string { return s + " (Service: Sts, Status Code: 403, Request ID: null)" }, "", ""},
}

// TestParseDenialWrapped puts every sentence into what each SDK puts around it.
func TestParseDenialWrapped(t *testing.T) {
	t.Parallel()
	for name, w := range wrappers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range denials {
				want := tt.want
				want.Code, want.RequestID = w.code, w.id
				checkDenial(t, w.wrap(tt.text), want)
			}
		})
	}
}

func TestParseDenialVariants(t *testing.T) {
	t.Parallel()
	const user = "arn:aws:iam::111122223333:user/mary"
	by := func(d policy.Denial) policy.Denial {
		d.Principal, d.Account = user, "111122223333"
		return d
	}
	cases := map[string]denialCase{
		"S3's policy ARN": {
			`User: ` + user + ` is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" with an explicit deny in a permissions boundary, with policy ARN: arn:aws:iam::111122223333:policy/b.`,
			by(policy.Denial{
				Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k", Kind: policy.PermissionsBoundary, Explicit: true,
				PolicyARN: "arn:aws:iam::111122223333:policy/b", EditAccount: "111122223333",
				EditDocument: "arn:aws:iam::111122223333:policy/b", Confidence: policy.Certain,
			}),
		},
		"repeated action misspelt": {
			"User: " + user + " is not authorized to perform: codecommit:ListRepositories because no session policy allows the codecommit:ListDeploymnets action",
			by(policy.Denial{
				Action: "codecommit:ListRepositories", Kind: policy.SessionPolicy,
				EditAccount: "111122223333", EditDocument: user, Confidence: policy.Likely,
			}),
		},
		"sessions policy": {
			"User: " + user + " is not authorized to perform: sts:GetCallerIdentity with an explicit deny in a sessions policy",
			by(policy.Denial{
				Action: "sts:GetCallerIdentity", Kind: policy.SessionPolicy, Explicit: true,
				EditAccount: "111122223333", EditDocument: user, Confidence: policy.Certain,
			}),
		},
		"no colon after perform": {
			"User: " + user + " is not authorized to perform kms:Decrypt",
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"no space after User": {
			"User:" + user + " is not authorized to perform: kms:Decrypt",
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"no space before User": {
			`error="User:` + user + ` is not authorized to perform: kms:Decrypt"`,
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"a class for a code": {
			"com.example.model.AccessDeniedException: User: " + user + " is not authorized to perform: kms:Decrypt",
			by(policy.Denial{Action: "kms:Decrypt", Code: "AccessDeniedException"}),
		},
		"quoted user and action": {
			`User: "` + user + `" is not authorized to perform: "kms:Decrypt"`,
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"a role as principal": {
			"User: arn:aws:iam::111122223333:role/apps/web is not authorized to perform: kms:Decrypt",
			policy.Denial{Principal: "arn:aws:iam::111122223333:role/apps/web", Account: "111122223333", Role: "web", Action: "kms:Decrypt"},
		},
		"anonymous": {
			"User: anonymous is not authorized to perform: es:ESHttpGet",
			policy.Denial{Principal: "anonymous", Action: "es:ESHttpGet"},
		},
		"no user": {
			"The caller is not authorized to perform: kms:Decrypt",
			policy.Denial{Action: "kms:Decrypt"},
		},
		"nobody": {
			"User: is not authorized to perform: kms:Decrypt",
			policy.Denial{Action: "kms:Decrypt"},
		},
		"a name with its type": {
			"User: " + user + " is not authorized to perform: iam:AddRoleToInstanceProfile on resource: instance profile eks-1 because no identity-based policy allows the iam:AddRoleToInstanceProfile action",
			by(policy.Denial{
				Action: "iam:AddRoleToInstanceProfile", Resource: "instance profile eks-1", Kind: policy.IdentityPolicy,
				EditAccount: "111122223333", EditDocument: user, Confidence: policy.Likely,
			}),
		},
		"no name after the colon": {
			"User: " + user + " is not authorized to perform: sts:AssumeRole on resource:  because no identity-based policy allows the sts:AssumeRole action",
			by(policy.Denial{
				Action: "sts:AssumeRole", Kind: policy.IdentityPolicy,
				EditAccount: "111122223333", EditDocument: user, Confidence: policy.Likely,
			}),
		},
		"no name, explicit": {
			"User: " + user + " is not authorized to perform: s3:GetObject on resource: with an explicit deny in a resource control policy",
			by(policy.Denial{Action: "s3:GetObject", Kind: policy.ResourceControlPolicy, Explicit: true, Confidence: policy.Certain}),
		},
		"a resource called with": {
			"User: " + user + " is not authorized to perform: s3:GetObject on resource: with",
			by(policy.Denial{Action: "s3:GetObject", Resource: "with", ResourceIsName: true}),
		},
		"a pattern": {
			"User: " + user + " is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:111122223333:instance/*",
			by(policy.Denial{Action: "ec2:RunInstances", Resource: "arn:aws:ec2:eu-west-1:111122223333:instance/*"}),
		},
		"web identity with a colon": {
			"Not authorized to perform: sts:AssumeRoleWithWebIdentity",
			policy.Denial{Action: "sts:AssumeRoleWithWebIdentity", Kind: policy.TrustPolicy, Stage: policy.TrustStage, Confidence: policy.Likely},
		},
		"a role's resource-based policy is its trust policy": {
			"User: " + user + " is not authorized to perform: sts:AssumeRole on resource: " + denialHop + " because no resource-based policy allows the sts:AssumeRole action",
			by(policy.Denial{
				Action: "sts:AssumeRole", Resource: denialHop, Kind: policy.TrustPolicy,
				EditAccount: "222233334444", EditDocument: denialHop, Confidence: policy.Likely,
			}),
		},
		"a version under the previous key": {
			"Access to KMS is not allowed. This version of secret is not encrypted with the current KMS key.",
			policy.Denial{KMS: true},
		},
		"only a version under the previous key": {
			"This version of secret is not encrypted with the current KMS key.",
			policy.Denial{KMS: true},
		},
		"default key with a typographic apostrophe": {
			"You can’t access a secret from a different AWS account if you encrypt the secret with the default KMS service key.",
			policy.Denial{DefaultKey: true},
		},
		"verification key with two spaces": {
			policy.MessageNoVerificationKey,
			fixed("Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements",
				web(policy.TokenStage, policy.IdentityProvider, "")).want,
		},
		"a kind that does not exist": {
			"User: " + user + " is not authorized to perform: kms:Decrypt with an explicit deny in a moon policy: arn:aws:iam::111122223333:policy/b",
			by(policy.Denial{Action: "kms:Decrypt", Explicit: true}),
		},
		"two sentences": {
			"User: " + user + " is not authorized to perform: kms:Decrypt; User: " + denialCaller + " is not authorized to perform: s3:GetObject",
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"words without an action before": {
			"You are not authorized to perform this. User: " + user + " is not authorized to perform: kms:Decrypt",
			by(policy.Denial{Action: "kms:Decrypt"}),
		},
		"authorization id without its address": {
			"User: " + user + " is not authorized to perform: kms:Decrypt. Call the API with the following authorization id: 9z8y.",
			by(policy.Denial{Action: "kms:Decrypt", AuthorizationID: "9z8y"}),
		},
		"EC2, old": {
			"An error occurred (UnauthorizedOperation) when calling the RunInstances operation: You are not authorized to perform this operation. Encoded authorization failure message: XQ_jq-5",
			policy.Denial{
				Encoded: "XQ_jq-5", Code: "UnauthorizedOperation",
				Message: "You are not authorized to perform this operation. Encoded authorization failure message: XQ_jq-5",
			},
		},
		"EC2, new": {
			"api error UnauthorizedOperation: You are not authorized to perform this operation. User: " + user +
				" is not authorized to perform: ec2:RunInstances on resource: arn:aws:ec2:eu-west-1:111122223333:instance/* with an explicit deny in a service control policy. Encoded authorization failure message: XQ_jq-5",
			by(policy.Denial{
				Action: "ec2:RunInstances", Resource: "arn:aws:ec2:eu-west-1:111122223333:instance/*", Kind: policy.ServiceControlPolicy,
				Explicit: true, Encoded: "XQ_jq-5", Code: "UnauthorizedOperation", Confidence: policy.Likely,
			}),
		},
		"EC2, no message": {
			"api error Client.UnauthorizedOperation: You are not authorized to perform this operation.",
			policy.Denial{Code: "Client.UnauthorizedOperation", Message: "You are not authorized to perform this operation"},
		},
		"only a code": {
			"AccessDenied: Access Denied",
			policy.Denial{Code: "AccessDenied", Message: "Access Denied"},
		},
		"S3, outside the organization": {
			"<Error><Code>AccessDenied</Code><Message>Access Denied</Message><RequestId>7BMJ</RequestId><HostId>x</HostId></Error>",
			policy.Denial{Code: "AccessDenied", Message: "Access Denied", RequestID: "7BMJ"},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			checkDenial(t, tt.text, tt.want)
		})
	}
}

// TestParseDenialText: what looks like a refusal and is none.
func TestParseDenialText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Interns are not authorized to perform surgery.",
		"He is not authorized to perform: see chapter 4.",
		"not authorized to perform https://example.com/x",
		"not authorized to perform at 12:30",
		"The word AccessDenied stands in this sentence.",
		"error: no such file C:\\new\\table",
		"with an explicit deny in an identity-based policy",
		"on resource: because no identity-based policy allows the a:b action",
	} {
		if d, ok := policy.ParseDenial(text); ok {
			t.Errorf("%q: found %+v", text, d)
		}
	}
}

// TestParseDenialControls: nothing in a Denial commands a terminal, whatever
// the message says.
func TestParseDenialControls(t *testing.T) {
	t.Parallel()
	hostile := "User: arn:aws:iam::111122223333:user/m\x1b]0;x\x07y is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::b/\u009b31m\u202e\x00k\xff\""
	d, ok := policy.ParseDenial(hostile)
	if !ok || d.Action != "s3:GetObject" {
		t.Fatalf("not recognised: %+v", d)
	}
	for _, text := range []string{d.Principal, d.Resource, d.String()} {
		if strings.ContainsAny(text, "\x1b\x07\u009b\u202e\x00") {
			t.Errorf("%q", text)
		}
	}
}

func TestParseDenialNothing(t *testing.T) {
	t.Parallel()
	cases := map[string]policy.Denial{
		"":                   {},
		"Access Denied":      {},
		"connection refused": {},
		"Secrets Manager can't find the specified secret.": {},
		"Encoded authorization failure message:":           {},
		"api error ResourceNotFoundException: Secrets Manager can't find the specified secret., RequestID: 1b2c": {
			Code: "ResourceNotFoundException", RequestID: "1b2c",
		},
	}
	for text, want := range cases {
		d, ok := policy.ParseDenial(text)
		if ok {
			t.Errorf("%q: found %+v", text, d)
		}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if got := (policy.Denial{}).String(); got != "" {
		t.Errorf("the zero Denial says %q", got)
	}
}

func TestDenialJSON(t *testing.T) {
	t.Parallel()
	got, err := json.Marshal(denials["key explicit"].want)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"principal":"` + denialCaller + `","account":"111122223333","role":"pod-role","session":"s1","action":"kms:Decrypt","resource":"` +
		denialKey + `","kind":"key-policy","explicit":true,"editAccount":"333344445555","editDocument":"` + denialKey + `","confidence":"certain"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestParseDenialHostile: a hostile message takes no more time than its length
// warrants. Nothing is measured: a megabyte of anything quadratic runs into the
// timeout of the whole run.
func TestParseDenialHostile(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for name, unit := range map[string]string{
		"users":       "User: ",
		"verbs":       " is not authorized to perform: ",
		"sentences":   "User: a is not authorized to perform: a:b (truncated",
		"reasons":     "User: a is not authorized to perform: a:b with an explicit deny in a (truncated",
		"codes":       `"code":`,
		"ids":         "request id",
		"encoded":     "Encoded authorization failure message: ",
		"one word":    "x",
		"backslashes": `\`,
		"escapes":     `\\u001b[`,
		"colours":     "\x1b[0;",
		"mark-up":     "</&#39;",
		"brackets":    "User: a is not authorized to perform: a:b on resource: x)" + strings.Repeat(")", 4000),
		"braces":      "{",
		"arrays":      "[",
		"objects":     `{"Records":`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := strings.Repeat(unit, size/len(unit))
			policy.ParseDenial(text)
			if _, err := policy.ParseEvents([]byte(text)); err == nil {
				t.Error("an event was found")
			}
			if _, err := policy.ParseAuthorization([]byte(text)); err == nil {
				t.Error("an authorization message was found")
			}
		})
	}
}

// FuzzParseDenial: what was found once is found again in the sentence made of
// it, and nothing crashes.
func FuzzParseDenial(f *testing.F) {
	for _, tt := range denials {
		f.Add(tt.text)
		f.Add("api error AccessDenied: <Message>" + tt.text + ".</Message>")
	}
	for _, w := range wrappers {
		f.Add(w.wrap(denials["identity explicit with ARN"].text))
	}
	f.Add("You are not authorized to perform this operation. Encoded authorization failure message: XQ_jq-5")
	f.Fuzz(func(t *testing.T, message string) {
		d, ok := policy.ParseDenial(message)
		if !ok {
			return
		}
		// The sentence has no wrapper around it.
		code := d.Code
		d.Code, d.RequestID = "", ""
		if d.AuthorizationURL == "" {
			d.AuthorizationID = ""
		}
		again, ok := policy.ParseDenial(code + ": " + d.String())
		again.Code, again.RequestID = "", ""
		if !ok && d.Action == "" && !d.KMS && !d.DefaultKey {
			return // only the code said so
		}
		if !ok || again != d {
			t.Errorf("%q gives %#v,\nwhose sentence %q gives %#v", message, d, d.String(), again)
		}
	})
}
