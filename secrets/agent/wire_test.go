package agent_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/secrets/agent"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// q is the route of query style.
const q = "/secretsmanager/get"

// What a client sends with a request, by the letters of the contract.
var (
	withT     = []string{"X-Aws-Parameters-Secrets-Token: " + tok}
	withV     = []string{"X-Vault-Token: " + tok}
	withB     = []string{"X-Aws-Parameters-Secrets-Token: tokk"}
	withF     = []string{"X-Forwarded-For: 192.0.2.1"}
	withEmpty = []string{"X-Forwarded-For:"}
)

// body is the answer to a read of db/main at a version.
func body(id, value, stage string) string {
	return `{"ARN":"` + mainARN + `","Name":"db/main","VersionId":"` + id + `","SecretString":"` + value +
		`","VersionStages":["` + stage + `"],"CreatedDate":"1700000000.5"}`
}

var mainBody = body(currentID, marker, "AWSCURRENT")

func plainBody(name string) string {
	return strings.NewReplacer("db/main", name, marker, "the secret of "+name).Replace(mainBody)
}

const (
	noName    = `{"__type":"ValidationException","message":"Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!"}`
	badRole   = "invalid roleArn format, expected arn:<partition>:iam::<account>:role/<name>"
	internal  = `{"__type":"InternalFailure"}`
	fixedText = "an unexpected error occurred while executing request"
)

// vector is a row of the contract's table.
type vector struct {
	method, target string // method: default GET
	headers        []string
	change         func(*setup)
	timed          bool                   // runs on the clock of a bubble
	before         func(*testing.T, *rig) // cached values, faults
	status         int
	body           string
	sent           []string // calls of Secrets Manager and Parameter Store; nil: none
}

// cached has db/main read before, and be expired at once.
func cached(t *testing.T, r *rig) {
	t.Helper()
	if got := r.good(t); got.Body != mainBody {
		t.Fatal(got)
	}
	r.agent.SetTTL(0)
	r.spy.take()
}

// fault injects a fault into calls of an operation.
func fault(operation string, f credentialstest.Fault) func(*testing.T, *rig) {
	return func(_ *testing.T, r *rig) { r.fake.Inject(credentialstest.When{Operation: operation}, f) }
}

// vectors are those of the contract, by number. In 25, 28 and 33 the contract
// passes on what AWS refuses: names with other characters than a name may have,
// and a version's id that is none. We answer as AWS would, without asking. In 49
// to 52, AWS's agent asks DescribeSecret whether the version is still current; the
// Store reads the secret instead, which costs one call in both cases, and what
// clients see is the same.
var vectors = map[string]vector{
	"1":  {target: "/ping", status: 200, body: "healthy"},
	"2":  {target: "/ping", headers: withF, status: 200, body: "healthy"},
	"3":  {target: "/ping?x=1", status: 200, body: "healthy"},
	"4":  {method: "POST", target: "/ping", status: 405, body: "Not allowed"},
	"5":  {target: "/ping/", headers: withT, status: 404, body: "Not found"},
	"6":  {target: q + "?secretId=db/main", status: 403, body: "Bad Token"},
	"7":  {target: q + "?secretId=db/main", headers: withB, status: 403, body: "Bad Token"},
	"8":  {target: q + "?secretId=db/main", headers: withV, status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"9":  {target: q + "?secretId=db/main", headers: append(withB, withV...), status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"10": {target: q + "?secretId=db/main", headers: append(withT, withF...), status: 400, body: "Forwarded"},
	"11": {target: q + "?secretId=db/main", headers: withEmpty, status: 400, body: "Forwarded"},
	"12": {method: "POST", target: q + "?secretId=db/main", status: 403, body: "Bad Token"},
	"13": {method: "POST", target: q + "?secretId=db/main", headers: withT, status: 405, body: "Not allowed"},
	"14": {method: "HEAD", target: q + "?secretId=db/main", headers: withT, status: 405},
	"15": {target: q, headers: withT, status: 400, body: "missing parameter secretId"},
	"16": {target: q + "?secretId=", headers: withT, status: 400, body: "missing parameter secretId"},
	"17": {target: q + "?secretid=a", headers: withT, status: 400, body: "unknown parameter: secretid"},
	"18": {target: q + "?secretId=a&abc=1", headers: withT, status: 400, body: "unknown parameter: abc"},
	"19": {target: q + "?abc=1", headers: withT, status: 400, body: "unknown parameter: abc"},
	"20": {target: q + "?secretId=a&refreshNow=yes", headers: withT, status: 400, body: "invalid refreshNow value"},
	"21": {target: q + "?refreshNow=", headers: withT, status: 400, body: "invalid refreshNow value"},
	"22": {
		target: q + "?secretId=db/main&refreshNow=TRUE", headers: withT, before: cached,
		status: 200, body: mainBody, sent: []string{gotten("db/main")},
	},
	"23": {target: q + "?secretId=a&secretId=db/main", headers: withT, status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"24": {target: q + "?secretId=db%2Fmain", headers: withT, status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"25": {target: q + "?secretId=a+b", headers: withT, status: 400, body: noName},
	"26": {target: q + "/?secretId=a", headers: withT, status: 404, body: "Not found"},
	"27": {target: "/v1/db/main", headers: withV, status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"28": {target: "/v1/db%2Fmain", headers: withT, status: 400, body: noName},
	"29": {target: "/v1/a/../b", headers: withT, status: 200, body: plainBody("b"), sent: []string{gotten("b")}},
	"30": {target: "/v1/", headers: withT, status: 400, body: "missing secret ID"},
	"31": {target: "/v1", headers: withT, status: 404, body: "Not found"},
	"32": {target: "/v1/a?secretId=b", headers: withT, status: 400, body: "unknown parameter: secretId"},
	"33": {
		target: "/v1/db/main?versionStage=AWSPENDING&versionId=" + pendingID, headers: withT,
		status: 200, body: body(pendingID, marker+"-pending", "AWSPENDING"),
		sent: []string{sent("GetSecretValue", map[string]any{"SecretId": "db/main", "VersionId": pendingID, "VersionStage": "AWSPENDING"})},
	},
	"33, as it is written there": {
		target: "/v1/db/main?versionStage=AWSPENDING&versionId=ID", headers: withT, status: 400,
		body: `{"__type":"ValidationException","message":"1 validation error detected: Value at 'versionId' failed to satisfy constraint: Member must have length greater than or equal to 32"}`,
	},
	"34": {target: "/nope", headers: withT, status: 404, body: "Not found"},
	"35": {target: "/nope", status: 403, body: "Bad Token"},
	"36": {target: q + "?secretId=a&roleArn=x", headers: withT, status: 400, body: badRole},
	"37": {target: q + "?secretId=a&roleArn=arn:aws:iam::111122223333:user/u", headers: withT, status: 400, body: badRole},
	"38": {target: q + "?secretId=a&roleArn=", headers: withT, status: 400, body: badRole},
	"39": {target: q + "?secretId=db/main&roleArn=" + roleARN, headers: withT, status: 200, body: mainBody, sent: []string{gotten("db/main")}},
	"40": {
		target: q + "?secretId=db/main&roleArn=" + roleARN, headers: withT,
		before: fault("AssumeRole", faultDenied),
		status: 403, body: `{"__type":"AccessDeniedException","message":"Failed to create caching client from role: ` + roleARN + `"}`,
	},
	"41": {
		target: q + "?secretId=a&roleArn=arn:aws:iam::111122223333:role/r20", headers: withT,
		before: func(t *testing.T, r *rig) {
			t.Helper()
			for i := range 20 {
				if got := r.ask(t, "GET", fmt.Sprintf("%s?secretId=a&roleArn=arn:aws:iam::111122223333:role/r%d", q, i), withT...); got.Status != 200 {
					t.Fatal(i, got)
				}
			}
			r.spy.take()
		},
		status: 400, body: `{"__type":"MaxRolesExceeded","message":"The maximum number of assumed roles (20) has been reached. ` +
			`Unable to assume the following role to create a client: arn:aws:iam::111122223333:role/r20"}`,
	},
	"42": {
		target: q + "?secretId=db/main&roleArn=" + roleARN, headers: withT,
		change: func(s *setup) { s.agent.MaxRoles = -1 }, status: 400, body: "unknown parameter: roleArn",
	},
	"43": {
		target: q + "?secretId=a", headers: withT,
		before: fault("GetSecretValue", credentialstest.Fault{Code: "ResourceNotFoundException", Message: "m"}),
		status: 400, body: `{"__type":"ResourceNotFoundException","message":"m"}`, sent: []string{gotten("a")},
	},
	"44": {
		target: q + "?secretId=a", headers: withT,
		before: fault("GetSecretValue", credentialstest.Fault{Status: 400, Body: `{"__type":"AccessDeniedException","Message":"m"}`}),
		status: 400, body: `{"__type":"AccessDeniedException","message":"m"}`, sent: []string{gotten("a")},
	},
	"45": {
		target: q + "?secretId=a", headers: withT,
		before: fault("GetSecretValue", credentialstest.Fault{Status: 400, Body: `{"__type":"InvalidRequestException"}`}),
		status: 500, body: internal, sent: []string{gotten("a")},
	},
	"46": {
		target: q + "?secretId=a", headers: withT, timed: true,
		change: func(s *setup) { s.store.Timeout = 50 * time.Millisecond },
		before: fault("GetSecretValue", credentialstest.Hanging()),
		status: 504, body: `{"__type":"TimeoutError","message":"Timeout"}`, sent: []string{gotten("a")},
	},
	"46b": { // the time is the agent's to set; TestLimits has the 61 seconds
		target: q + "?secretId=a", headers: withT, timed: true,
		change: func(s *setup) {
			s.agent.ConnLifetime = 200 * time.Millisecond
			s.agent.DrainTimeout = time.Minute
		},
		before: fault("GetSecretValue", credentialstest.Hanging()),
		sent:   []string{gotten("a")},
	},
	"47": {
		target: q + "?secretId=a", headers: withT, before: fault("GetSecretValue", credentialstest.ConnectionReset()),
		status: 502, body: `{"__type":"ConnectionError","message":"Read Error"}`, sent: []string{gotten("a")},
	},
	"48": {
		target: q + "?secretId=a", headers: withT, before: fault("GetSecretValue", credentialstest.Fault{Body: "{"}),
		status: 502, body: `{"__type":"ConnectionError","message":"Response Error"}`, sent: []string{gotten("a")},
	},
	"49": {
		target: q + "?secretId=db/main", headers: withT,
		before: func(t *testing.T, r *rig) {
			t.Helper()
			cached(t, r)
			fault("GetSecretValue", credentialstest.Failing())(t, r)
		},
		status: 200, body: mainBody, sent: []string{gotten("db/main")},
	},
	"50": { // a refusal counts once it was repeated
		target: q + "?secretId=db/main", headers: withT,
		before: func(t *testing.T, r *rig) {
			t.Helper()
			cached(t, r)
			fault("GetSecretValue", credentialstest.Fault{Code: "AccessDeniedException", Message: "no"})(t, r)
			fault("DescribeSecret", credentialstest.Fault{Code: "AccessDeniedException", Message: "no"})(t, r)
		},
		status: 400, body: `{"__type":"AccessDeniedException","message":"no"}`,
		sent: []string{gotten("db/main"), gotten("db/main")},
	},
	"51": {
		target: q + "?secretId=db/main", headers: withT, before: cached,
		status: 200, body: mainBody, sent: []string{gotten("db/main")},
	},
	"52": {
		target: q + "?secretId=db/main", headers: withT,
		before: func(t *testing.T, r *rig) {
			t.Helper()
			cached(t, r)
			later := created.Add(time.Second)
			id := strings.Replace(currentID, "1", "9", 1)
			if _, err := r.fake.PutSecretValue(mainARN, secretstest.Version{ID: id, String: new("moved"), Created: &later}); err != nil {
				t.Fatal(err)
			}
		},
		status: 200, body: strings.Replace(body(strings.Replace(currentID, "1", "9", 1), "moved", "AWSCURRENT"), "0000.5", "0001.5", 1),
		sent: []string{gotten("db/main")},
	},
	"53": {
		target: q + "?secretId=bin", headers: withT, status: 200, sent: []string{gotten("bin")},
		body: strings.NewReplacer("db/main", "bin", `"SecretString":"`+marker, `"SecretBinary":"AP8=`).Replace(mainBody),
	},
	"54": {
		target: q + "?secretId=a", change: func(s *setup) { s.agent.MaxConns = 1 },
		before: func(t *testing.T, r *rig) { t.Helper(); r.hold(t) },
		status: 429, body: "Connection limit exceeded",
	},

	"55": {
		target: "/systemsmanager/parameters/get?name=%2Fapp%2Fx", headers: withT, status: 200, body: parameterBody(`null`),
		sent: []string{parameterSent("/app/x", false)},
	},
	"56": {
		target: "/systemsmanager/parameters/get/?name=%2Fapp%2Fx&withDecryption=true", headers: withT, status: 200, body: parameterBody(`null`),
		sent: []string{parameterSent("/app/x", true)},
	},
	"57": {
		target: "/systemsmanager/parameters/get?name=%2Fapp%2Fx&version=3&label=Dev", headers: withT, status: 200, body: parameterBody(`":3"`),
		sent: []string{parameterSent("/app/x:3", false)},
	},
	"58": {
		target: "/systemsmanager/parameters/get?name=nope", headers: withT, status: 400, body: fixedText,
		sent: []string{parameterSent("nope", false)},
	},
}

func parameterSent(name string, decrypt bool) string {
	return sent("GetParameters", map[string]any{"Names": []string{name}, "WithDecryption": decrypt})
}

func parameterBody(selector string) string {
	return `{"Parameter":{"ARN":"arn:aws:ssm:eu-west-1:111122223333:parameter/app/x","DataType":"text","LastModifiedDate":"2023-11-14T22:13:20.5Z",` +
		`"Name":"/app/x","Selector":` + selector + `,"SourceResult":null,"Type":"String","Value":"` + marker + `","Version":3},"ResultMetadata":{}}`
}

// hold opens a connection, has it answered, and keeps it open.
func (r *rig) hold(t *testing.T) {
	t.Helper()
	c := r.dial(t)
	if _, err := fmt.Fprintf(c, "GET /ping HTTP/1.1\r\nHost: %s\r\n\r\n", r.host()); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c, "GET"); got.Status != http.StatusOK {
		t.Fatal(got)
	}
}

// TestWire holds the agent against the contract, over real HTTP.
func TestWire(t *testing.T) {
	t.Parallel()
	for name, v := range vectors {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if v.timed {
				synctest.Test(t, v.check)
				return
			}
			v.check(t)
		})
	}
}

func (v vector) check(t *testing.T) {
	r := newRig(t, func(s *setup) {
		if v.timed {
			s.listen = inMemory
		}
		if v.change != nil {
			v.change(s)
		}
	})
	if v.before != nil {
		v.before(t, r)
	}
	method := v.method
	if method == "" {
		method = http.MethodGet
	}
	got := r.ask(t, method, v.target, v.headers...)
	if diff := cmp.Diff(reply{Status: v.status, Body: v.body}, got, cmpopts.IgnoreUnexported(reply{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	calls := r.spy.take()
	if v.status != http.StatusOK {
		calls = withoutExplaining(calls)
	}
	if diff := cmp.Diff(v.sent, calls); diff != "" {
		t.Errorf("sent -want +got:\n%s", diff)
	}
	if got.Status != 0 {
		got.checkHeader(t, method)
	}
}

// withoutExplaining leaves out the calls that look for the reason of a refusal.
func withoutExplaining(calls []string) []string {
	var out []string
	for _, call := range calls {
		if !strings.HasPrefix(call, "DescribeSecret ") {
			out = append(out, call)
		}
	}
	return out
}

// checkHeader holds the headers against the contract.
func (got reply) checkHeader(t *testing.T, method string) {
	t.Helper()
	if _, err := http.ParseTime(got.header.Get("Date")); err != nil {
		t.Errorf("date: %v", err)
	}
	if n := got.header.Get("Content-Length"); method != http.MethodHead && n != strconv.Itoa(len(got.Body)) {
		t.Errorf("content-length %q of %d bytes", n, len(got.Body))
	}
	for name := range got.header {
		switch name {
		case "Date", "Content-Length", "Connection":
		default:
			t.Errorf("a header %s: %s", name, got.header.Get(name))
		}
	}
}

// TestWireOfExtension is the contract of the extension for secrets.
func TestWireOfExtension(t *testing.T) {
	t.Parallel()
	extension := func(s *setup) { s.agent.Dialect = agent.DialectExtension }
	secretBody := func(name, binary, text string) string {
		return `{"ARN":"arn:aws:secretsmanager:eu-west-1:111122223333:secret:` + name + `-AbCdEf","CreatedDate":"2023-11-14T22:13:20.5Z","Name":"` + name +
			`","SecretBinary":` + binary + `,"SecretString":` + text + `,"VersionId":"` + currentID + `","VersionStages":["AWSCURRENT"],"ResultMetadata":{}}`
	}
	for name, v := range map[string]vector{
		"text": {
			target: q + "?secretId=db/main", headers: withT, change: extension,
			status: 200, body: secretBody("db/main", "null", `"`+marker+`"`), sent: []string{gotten("db/main")},
		},
		"binary": {
			target: q + "?secretId=bin", headers: withT, change: extension,
			status: 200, body: secretBody("bin", `"AP8="`, "null"), sent: []string{gotten("bin")},
		},
		"error":                {target: q + "?secretId=nope", headers: withT, change: extension, status: 400, body: fixedText, sent: []string{gotten("nope")}},
		"name that is none":    {target: q + "?secretId=a+b", headers: withT, change: extension, status: 400, body: fixedText},
		"version that is none": {target: q + "?secretId=a&versionId=x", headers: withT, change: extension, status: 400, body: fixedText},
		"stage that is empty":  {target: q + "?secretId=a&versionStage=", headers: withT, change: extension, status: 400, body: fixedText},
		"no secret":            {target: q, headers: withT, change: extension, status: 400, body: "missing parameter secretId"},
		"name with a slash, not escaped": {
			target: "/systemsmanager/parameters/get?name=/app/x&withDecryption=true", headers: withT, change: extension,
			status: 200, body: parameterBody(`null`), sent: []string{parameterSent("/app/x", true)},
		},
		"label first": {
			target: "/systemsmanager/parameters/get?name=/app/x&label=Dev&version=3", headers: withT,
			status: 200, body: parameterBody(`":Dev"`), sent: []string{parameterSent("/app/x:Dev", false)},
		},
		"ARN": {
			target: "/systemsmanager/parameters/get?name=arn:aws:ssm:eu-west-1:111122223333:parameter/app/x", headers: withT,
			status: 200, body: parameterBody(`null`), sent: []string{parameterSent("arn:aws:ssm:eu-west-1:111122223333:parameter/app/x", false)},
		},
		"ARN of a secret":    {target: "/systemsmanager/parameters/get?name=" + mainARN, headers: withT, status: 400, body: fixedText},
		"no name":            {target: "/systemsmanager/parameters/get", headers: withT, status: 400, body: "missing parameter name"},
		"no parameter":       {target: "/systemsmanager/parameters/get?name=a&nope=1", headers: withT, status: 400, body: "unknown parameter: nope"},
		"neither yes nor no": {target: "/systemsmanager/parameters/get?name=a&withDecryption=2", headers: withT, status: 400, body: "invalid withDecryption value"},
		"no token":           {target: "/systemsmanager/parameters/get?name=/app/x", status: 403, body: "Bad Token"},
		"our own grammar":    {target: "/systemsmanager/parameters/get?name=/app/x%3Fregion%3Dus-east-1", headers: withT, status: 400, body: fixedText},
		"our own grammar behind a version": {
			target: "/systemsmanager/parameters/get?name=/app/x&version=3%3Fregion%3Deu-west-1", headers: withT, status: 400, body: fixedText,
		},
		"a plain reference": {target: "/systemsmanager/parameters/get?name=ssm:/app/x", headers: withT, status: 400, body: fixedText},
		"agent only": {
			target: "/systemsmanager/parameters/get?name=/app/x", headers: withT,
			change: func(s *setup) { s.agent.Dialect = agent.DialectAgent }, status: 404, body: "Not found",
		},
		"secret through Parameter Store, encrypted": {
			target: "/systemsmanager/parameters/get?name=/aws/reference/secretsmanager/db/main", headers: withT, status: 400, body: fixedText,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v.check(t)
		})
	}
}

// faultDenied is STS that does not let the caller have a role.
var faultDenied = credentialstest.Fault{Code: "AccessDenied", Message: "not authorized to perform: sts:AssumeRole"}
