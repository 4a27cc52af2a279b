package secrets_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// fetch reads refs at once and returns the results by ref.
func fetch(t *testing.T, source secrets.Source, refs ...string) map[string]secrets.Result {
	t.Helper()
	parsed := make([]secrets.Ref, len(refs))
	for i, ref := range refs {
		var err error
		if parsed[i], err = secrets.ParseRef(ref); err != nil {
			t.Fatal(err)
		}
	}
	results := source.Fetch(t.Context(), parsed)
	if len(results) != len(refs) {
		t.Fatalf("%d results for %d refs", len(results), len(refs))
	}
	byRef := map[string]secrets.Result{}
	for i, ref := range refs {
		if (results[i].Err == nil) == results[i].Value.IsZero() {
			t.Errorf("%s: value %v and error %v", ref, results[i].Value, results[i].Err)
		}
		byRef[ref] = results[i]
	}
	return byRef
}

// tally counts the calls that a client made, by operation.
func tally(fake *secretstest.AWS) map[string]int {
	n := map[string]int{}
	for _, c := range fake.Calls() {
		if c.Via == "" {
			n[c.Operation]++
		}
	}
	return n
}

const (
	assumeToken = "AssumeRoleWithWebIdentity"
	all         = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["secretsmanager:*","ssm:*","kms:*","sts:*"],"Resource":"*"}]}`
)

// fleet is the world of Story with many secrets and parameters more in the
// given Regions of all accounts. The pod may read those of its own account
// itself, and assume a role named reader in the others that may read theirs. It
// returns the references, by name in the pod's account and Region, else by ARN.
func fleet(numSecrets, numParameters int, regions ...string) (w secretstest.World, refs []string) {
	w = secretstest.Story()
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "all", Document: policy.MustParse(all)})
	role(&w).Boundary = nil
	for i := range w.Accounts {
		a := &w.Accounts[i]
		own := a.ID == secretstest.StoryClusterAccount
		if !own {
			a.Roles = append(a.Roles, credentialstest.Role{
				Name: "reader",
				Trust: policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` +
					secretstest.StoryRoleARN + `"},"Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"x-42"}}}]}`),
				Policies: []credentialstest.Policy{{Name: "all", Document: policy.MustParse(all)}},
			})
		}
		for _, region := range regions {
			for n := range numSecrets {
				s := secretstest.Secret{Name: fmt.Sprintf("fleet/%d", n), Region: region, Suffix: "AbCdEf"}
				arn := "arn:aws:secretsmanager:" + region + ":" + a.ID + ":secret:" + s.Name
				ref := []string{arn + "-AbCdEf", arn}[n%2]
				if own && region == secretstest.StoryRegion && n%3 > 0 {
					ref = s.Name
				}
				s.Versions = []secretstest.Version{{String: new(arn)}}
				a.Secrets, refs = append(a.Secrets, s), append(refs, ref)
			}
			for n := range numParameters {
				p := secretstest.Parameter{Name: fmt.Sprintf("/fleet/%d", n), Region: region, Type: []string{"String", "SecureString"}[n%2]}
				p.Value = "arn:aws:ssm:" + region + ":" + a.ID + ":parameter" + p.Name
				ref := p.Value
				if own && region == secretstest.StoryRegion && n%3 > 0 {
					ref = "ssm:" + p.Name
				}
				a.Parameters, refs = append(a.Parameters, p), append(refs, ref)
			}
		}
	}
	return w, refs
}

// checkFleet checks that each ref brought its own secret.
func checkFleet(t *testing.T, got map[string]secrets.Result) {
	t.Helper()
	for ref, r := range got {
		if r.Err != nil {
			t.Errorf("%s: %v", ref, r.Err)
			continue
		}
		value := r.Value.Reveal()
		if bare := strings.TrimSuffix(strings.TrimPrefix(ref, "ssm:"), "-AbCdEf"); !strings.HasSuffix(value, bare) ||
			!strings.HasPrefix(r.Value.ARN(), value) {
			t.Errorf("%s brought %q of %s", ref, value, r.Value.ARN())
		}
	}
}

func readers() map[string]credentials.Hop {
	roles := map[string]credentials.Hop{}
	for _, account := range []string{secretstest.StorySecretAccount, secretstest.StoryKeyAccount} {
		roles[account] = credentials.Hop{RoleARN: "arn:aws:iam::" + account + ":role/reader", ExternalID: "x-42"}
	}
	return roles
}

// TestColdStart counts the calls of a first Fetch.
func TestColdStart(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		secrets, parameters int
		regions             []string
		only                string // refs that begin otherwise are left out
		want                map[string]int
	}{
		"one account and Region": {
			100, 50,
			[]string{"eu-west-1"},
			secretstest.StoryClusterAccount,
			map[string]int{assumeToken: 1, "BatchGetSecretValue": 5, "GetParameters": 5},
		},
		"three accounts, two Regions": { // 6 × (⌈30/20⌉ + ⌈15/10⌉), one session and two hops
			30, 15,
			[]string{"eu-west-1", "us-east-1"},
			"",
			map[string]int{assumeToken: 1, "AssumeRole": 2, "BatchGetSecretValue": 12, "GetParameters": 12},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, refs := fleet(test.secrets, test.parameters, test.regions...)
			refs = slices.DeleteFunc(refs, func(ref string) bool {
				return strings.Contains(ref, "arn:") && !strings.Contains(ref, ":"+test.only)
			})
			fake, cfg := pod(t, w)
			source, calls := secrets.NewAWSSource(t, cfg, secrets.Config{Roles: readers()})
			checkFleet(t, fetch(t, source, refs...))
			if got := tally(fake); !maps.Equal(got, test.want) {
				t.Errorf("calls %v, want %v", got, test.want)
			}
			c := calls()
			if c.SecretsManager != int64(test.want["BatchGetSecretValue"]) || c.ParameterStore != int64(test.want["GetParameters"]) {
				t.Errorf("counted %+v", c)
			}
			if cost := c.Cost(); cost < float64(c.SecretsManager)*4.9e-6 || cost > float64(c.SecretsManager)*5.1e-6 {
				t.Errorf("costs $%v", cost)
			}
		})
	}
}

// TestForeignSecretsGoSingly reads another account's secrets without a role.
func TestForeignSecretsGoSingly(t *testing.T) {
	t.Parallel()
	w, refs := fleet(21, 0, region)
	for _, s := range w.Account(secretstest.StorySecretAccount).Secrets {
		s.Policy = nil
	}
	fake, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	own := slices.DeleteFunc(slices.Clone(refs), func(ref string) bool {
		return strings.Contains(ref, "arn:") && !strings.Contains(ref, secretstest.StoryClusterAccount)
	})
	got := fetch(t, source, append(own, podSecret)...)
	if v := got[podSecret].Value; v.Reveal() != secretstest.StorySecretString {
		t.Errorf("%v", got[podSecret].Err)
	}
	want := map[string]int{assumeToken: 1, "BatchGetSecretValue": 1, "GetSecretValue": 2} // 20 + 1, and the foreign one
	if got := tally(fake); !maps.Equal(got, want) {
		t.Errorf("calls %v, want %v", got, want)
	}
}

// TestBatchDenied is a role that was made for GetSecretValue: the batch is not
// tried again for an hour, then it is (external-secrets#4264).
func TestBatchDenied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w, refs := fleet(5, 0, region)
		refs = refs[:5]
		denied := policy.MustParse(all)
		denied.Statements[0].Action = policy.Strings("secretsmanager:GetSecretValue")
		role(&w).Policies = []credentialstest.Policy{{Name: "old", Document: denied}}
		fake, err := secretstest.New(w)
		if err != nil {
			t.Fatal(err)
		}
		cfg, err := fake.LoadConfig(t.Context(), secretstest.Pod{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		p, _ := credentials.FromConfig(cfg)
		defer p.Close()
		source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
		for range 3 {
			checkFleet(t, fetch(t, source, refs...))
		}
		if n := tally(fake); n["BatchGetSecretValue"] != 1 || n["GetSecretValue"] != 15 {
			t.Errorf("calls %v", n)
		}
		time.Sleep(61 * time.Minute)
		fetch(t, source, refs...)
		if n := tally(fake); n["BatchGetSecretValue"] != 2 {
			t.Errorf("after an hour: %v", n)
		}
	})
}

// TestBatchItems has one of each kind of trouble in a batch: every secret gets
// its own answer (external-secrets drops Errors[]).
func TestBatchItems(t *testing.T) {
	t.Parallel()
	w, refs := fleet(6, 0, region)
	own := w.Account(secretstest.StoryClusterAccount)
	fleetSecrets := own.Secrets[len(own.Secrets)-6:]
	fleetSecrets[1].DeletedDate = new(time.Now())
	fleetSecrets[2].Policy = policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}]}`)
	fleetSecrets[4].Versions[0] = secretstest.Version{Binary: []byte{0, 0xff}}
	staged := `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*",` +
		`"Condition":{"StringNotEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}}]}`
	fleetSecrets[5].Policy = policy.MustParse(staged)
	fake, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	refs = append(refs[:6:6], "absent")
	for round := range 2 {
		got := fetch(t, source, refs...)
		for i, want := range []error{nil, secrets.ErrDeleted, secrets.ErrDenied, nil, nil, nil, secrets.ErrNotFound} {
			r := got[refs[i]]
			if want == nil && r.Err != nil || !errors.Is(r.Err, want) {
				t.Errorf("%d, %s: %v", round, refs[i], r.Err)
			}
			if want == nil {
				continue
			}
			if _, ok := errors.AsType[smithy.APIError](r.Err); !ok {
				t.Errorf("%s: the SDK's error is lost: %v", refs[i], r.Err)
			}
		}
		if v := got[refs[4]].Value; v.Reveal() != "\x00\xff" {
			t.Errorf("binary: %q", v.Reveal())
		}
	}
	// The denied one and the one whose policy asks for the stage are read once
	// more, and from then on by themselves.
	if n := tally(fake); n["BatchGetSecretValue"] != 2 || n["GetSecretValue"] != 4 {
		t.Errorf("calls %v", n)
	}
}

// batchPages answers a batch with the given pages, and every single read.
func batchPages(pages ...string) (source func(t *testing.T) secrets.Source, calls func() []string) {
	var made []string
	s := script(func(operation string) (int, string) {
		made = append(made, operation)
		if operation != "BatchGetSecretValue" {
			return 200, goodAnswer
		}
		page := pages[0]
		pages = pages[1:]
		if strings.Contains(page, "__type") {
			return 400, page
		}
		return 200, page
	})
	return func(t *testing.T) secrets.Source {
		source, _ := secrets.NewAWSSource(t, s.config(), secrets.Config{})
		return source
	}, func() []string { return made }
}

func entry(name string) string {
	return strings.ReplaceAll(goodAnswer, "prod/db", name)
}

func TestBatchAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		pages  []string
		calls  string
		errors map[string]error // of the refs a and b; nil: read
	}{
		"empty pages": {
			[]string{`{"NextToken":"1"}`, `{"SecretValues":[` + entry("b") + `],"NextToken":"2"}`, `{"SecretValues":[],"NextToken":"3"}`, `{"SecretValues":[` + entry("a") + `]}`},
			"BatchGetSecretValue BatchGetSecretValue BatchGetSecretValue BatchGetSecretValue", nil,
		},
		"in neither list": {
			[]string{`{"SecretValues":[` + entry("b") + `]}`},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable},
		},
		"somebody else's": {
			[]string{`{"SecretValues":[` + entry("a") + `,` + entry("bb") + `]}`},
			"BatchGetSecretValue",
			map[string]error{"b": secrets.ErrUnavailable},
		},
		"nothing at all": {
			[]string{`{}`},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable, "b": secrets.ErrUnavailable},
		},
		"no names": {
			[]string{`{"SecretValues":[{},{"Name":null}],"Errors":[{}]}`},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable, "b": secrets.ErrUnavailable},
		},
		"throttled item": {
			[]string{`{"SecretValues":[` + entry("b") + `],"Errors":[{"SecretId":"a","ErrorCode":"ThrottlingException","Message":"Rate exceeded"}]}`},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable},
		},
		"throttled": { // no storm of single calls
			[]string{refusal("ThrottlingException", "Rate exceeded")},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable, "b": secrets.ErrUnavailable},
		},
		"throttled on the second page": {
			[]string{`{"SecretValues":[` + entry("a") + `],"NextToken":"1"}`, refusal("ThrottlingException", "Rate exceeded")},
			"BatchGetSecretValue BatchGetSecretValue",
			map[string]error{"b": secrets.ErrUnavailable},
		},
		"expired credentials": {
			[]string{refusal("ExpiredTokenException", "")},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrIdentity, "b": secrets.ErrIdentity},
		},
		"one id that AWS does not take": {
			[]string{refusal("ValidationException", "")},
			"BatchGetSecretValue GetSecretValue GetSecretValue", nil,
		},
		"unknown operation": {
			[]string{refusal("UnknownOperationException", "")},
			"BatchGetSecretValue GetSecretValue GetSecretValue", nil,
		},
		"both string and binary": {
			[]string{`{"SecretValues":[` + entry("b") + `,{"Name":"a","SecretString":"x","SecretBinary":"AAAA"}]}`},
			"BatchGetSecretValue",
			map[string]error{"a": secrets.ErrUnavailable},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, calls := batchPages(test.pages...)
			got := fetch(t, source(t), "a", "b")
			for _, ref := range []string{"a", "b"} {
				want := test.errors[ref]
				if err := got[ref].Err; (want == nil) != (err == nil) || !errors.Is(err, want) {
					t.Errorf("%s: %v, want %v", ref, err, want)
				} else if err != nil {
					checkKind(t, err, want)
					printAll(t, "the error", err)
				}
			}
			if made := strings.Join(calls(), " "); made != test.calls {
				t.Errorf("calls %s, want %s", made, test.calls)
			}
		})
	}
}

// TestParameterAnswers covers answers that a peer dereferences nil on, or takes
// for another parameter's.
func TestParameterAnswers(t *testing.T) {
	t.Parallel()
	const value = `{"Name":"/a","ARN":"arn:aws:ssm:eu-west-1:111122223333:parameter/a","Type":"String","Value":"` + marker + `","Version":3}`
	for name, test := range map[string]struct {
		body, ref string
		want      error
	}{
		"found":            {`{"Parameters":[` + value + `]}`, "ssm:/a", nil},
		"found by ARN":     {`{"Parameters":[` + value + `]}`, "arn:aws:ssm:eu-west-1:111122223333:parameter/a", nil},
		"another":          {`{"Parameters":[` + strings.Replace(value, `"/a"`, `"/aa"`, 1) + `]}`, "ssm:/a", secrets.ErrUnavailable},
		"without selector": {`{"Parameters":[` + value + `]}`, "ssm:/a:2", secrets.ErrUnavailable},
		"other selector":   {`{"Parameters":[` + strings.Replace(value, `"Name"`, `"Selector":":1","Name"`, 1) + `]}`, "ssm:/a:2", secrets.ErrUnavailable},
		"number only":      {`{"Parameters":[` + value + `]}`, "ssm:/a:3", nil},
		"selector":         {`{"Parameters":[` + strings.Replace(value, `"Name"`, `"Selector":":good","Name"`, 1) + `]}`, "ssm:/a:good", nil},
		"no value":         {`{"Parameters":[{"Name":"/a"}]}`, "ssm:/a", secrets.ErrUnavailable},
		"nulls":            {`{"Parameters":[{}],"InvalidParameters":null}`, "ssm:/a", secrets.ErrUnavailable},
		"nothing":          {`{}`, "ssm:/a", secrets.ErrUnavailable},
		"invalid":          {`{"InvalidParameters":["/a"]}`, "ssm:/a", secrets.ErrNotFound},
		"invalid selector": {`{"InvalidParameters":["/a:9"]}`, "ssm:/a:9", secrets.ErrNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, _ := secrets.NewAWSSource(t, script(func(string) (int, string) { return http.StatusOK, test.body }).config(), secrets.Config{})
			r := fetch(t, source, test.ref)[test.ref]
			switch {
			case test.want == nil && (r.Err != nil || r.Value.Reveal() != marker || r.Value.Version() != "3"):
				t.Errorf("got %v, %v", r.Value.Version(), r.Err)
			case test.want != nil:
				checkKind(t, r.Err, test.want)
				printAll(t, "the error", r.Err)
			}
		})
	}
}

// TestParameters reads parameters of every kind from the fake: selectors of one
// name, a missing one, a denied one and one whose key is disabled.
func TestParameters(t *testing.T) {
	t.Parallel()
	w, refs := fleet(0, 8, region)
	refs = refs[:8]
	own := w.Account(secretstest.StoryClusterAccount)
	own.Parameters[len(own.Parameters)-1].Version, own.Parameters[len(own.Parameters)-1].Labels = 7, []string{"good"}
	own.Keys[0].Disabled = true
	own.Parameters = append(own.Parameters,
		secretstest.Parameter{Name: "/other/denied", Region: region, Value: "x"},
		secretstest.Parameter{Name: "/locked", Region: region, Type: "SecureString", Value: "x", KeyID: secretstest.StoryAppKeyARN},
	)
	deny := policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ssm:GetParameters","Resource":"arn:aws:ssm:*:*:parameter/other/*"}]}`)
	role(&w).Policies = append(role(&w).Policies, credentialstest.Policy{Name: "deny", Document: deny})
	fake, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})

	got := fetch(t, source, append(refs, "ssm:/fleet/7:7", "ssm:/fleet/7:good", "ssm:/absent", "ssm:/fleet/7:8")...)
	for _, ref := range []string{"ssm:/fleet/7:7", "ssm:/fleet/7:good"} {
		if v := got[ref].Value; !strings.HasSuffix(v.Reveal(), "/fleet/7") || v.Version() != "7" {
			t.Errorf("%s: %v", ref, got[ref].Err)
		}
	}
	for _, ref := range []string{"ssm:/absent", "ssm:/fleet/7:8"} {
		checkKind(t, got[ref].Err, secrets.ErrNotFound)
	}
	checkFleet(t, fetch(t, source, refs...))
	// 11 names, and /fleet/7 four times: four calls, then one.
	if n := tally(fake); n["GetParameters"] != 5 {
		t.Errorf("calls %v", n)
	}

	for range 2 { // the second time, what spoiled the batch is read by itself
		before := tally(fake)["GetParameters"]
		got = fetch(t, source, append(slices.Clone(refs[:4]), "ssm:/other/denied", "ssm:/locked")...)
		checkKind(t, got["ssm:/other/denied"].Err, secrets.ErrDenied)
		checkKind(t, got["ssm:/locked"].Err, secrets.ErrDecryption)
		delete(got, "ssm:/other/denied")
		delete(got, "ssm:/locked")
		checkFleet(t, got)
		if before == 5+7 && tally(fake)["GetParameters"] != 5+7+3 {
			t.Errorf("calls %v", tally(fake))
		}
	}
}

// TestSameSecretOnce reads a secret once, however often and with whatever keys
// it is asked for.
func TestSameSecretOnce(t *testing.T) {
	t.Parallel()
	fake, cfg := pod(t, secretstest.Story())
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	for ref, r := range fetch(t, source, podSecret, podSecret+"#username", podSecret+"?version_stage=AWSCURRENT#/password") {
		if r.Value.Reveal() != secretstest.StorySecretString {
			t.Errorf("%s: %v", ref, r.Err)
		}
	}
	if n := tally(fake); n["GetSecretValue"] != 1 {
		t.Errorf("calls %v", n)
	}
}

// TestBatchNames finds answers by what was asked for: a name, a complete ARN, one
// without the six random characters, of which those of other secrets are
// beginnings or go on.
func TestBatchNames(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:secretsmanager:eu-west-1:222233334444:secret:"
	value := func(name, suffix string) string {
		return `{"ARN":"` + arn + name + suffix + `","Name":"` + name + `","VersionId":"v-` + name + `","CreatedDate":1.7e9,` +
			`"VersionStages":["AWSCURRENT","mine"],"SecretString":"` + name + `"}`
	}
	answer := `{"SecretValues":[` + strings.Join([]string{
		value("app/two-AbCdEf", "-GhIjKl"), value("app/three-extra", "-AbCdEf"), value("app/three", "-AbCdEf"), value("app/threes", "-AbCdEf"), value("app/one-more", "-AbCdEf"),
		value("app/two", "-AbCdEf"), value("app/one", "-AbCdEf"), value("app/four-AbCdEf", "-GhIjKl"),
	}, ",") + `],"Errors":[{"SecretId":"` + arn + `app/five-AbCdEf","ErrorCode":"ResourceNotFoundException","Message":"x"},` +
		`{"SecretId":"app/six","ErrorCode":"DecryptionFailure","Message":"x"}]}`
	cfg := script(func(operation string) (int, string) {
		switch operation {
		case "BatchGetSecretValue":
			return 200, answer
		case "": // STS, for the credentials do not say whose they are
			return 200, `<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:sts::222233334444:assumed-role/pod-role/s</Arn>` +
				`</GetCallerIdentityResult></GetCallerIdentityResponse>`
		default:
			return 400, refusal("InternalFailure", "it was to be one batch")
		}
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	wants := map[string]string{"app/one": "app/one", arn + "app/two-AbCdEf": "app/two", arn + "app/three": "app/three", "app/four-AbCdEf": "app/four-AbCdEf"}
	refs := append(slices.Sorted(maps.Keys(wants)), arn+"app/five", "app/six", arn+"app/four")
	got := fetch(t, source, refs...)
	for ref, want := range wants {
		v := got[ref].Value
		if v.Reveal() != want || v.Name() != want || v.Version() != "v-"+want || !v.Created().Equal(time.Unix(1.7e9, 0)) ||
			!slices.Equal(v.Stages(), []string{"AWSCURRENT", "mine"}) {
			t.Errorf("%s: %q of %s version %s, %v", ref, v.Reveal(), v.ARN(), v.Version(), got[ref].Err)
		}
	}
	checkKind(t, got[arn+"app/five"].Err, secrets.ErrNotFound)
	checkKind(t, got["app/six"].Err, secrets.ErrDecryption)
	checkKind(t, got[arn+"app/four"].Err, secrets.ErrUnavailable) // none is its
}

// TestCallsAreBounded asks for more than may be under way at a time of a service
// that does not answer. Each has its error in the end, those too that were never
// sent.
func TestCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var underWay, most, sent int
		var mu sync.Mutex
		cfg := script(nil).config()
		cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			underWay++
			sent++
			most = max(most, underWay)
			mu.Unlock()
			defer func() {
				mu.Lock()
				defer mu.Unlock()
				underWay--
			}()
			return hanging{}.RoundTrip(r)
		})}
		source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{Timeout: 10 * time.Second})
		refs := names("s", 40)
		for i := range refs {
			refs[i] += "?version_stage=mine" // each goes by itself
		}
		for ref, r := range fetch(t, source, refs...) {
			if !errors.Is(r.Err, secrets.ErrUnavailable) {
				t.Errorf("%s: %v", ref, r.Err)
			}
		}
		if most != 16 || sent != 16 {
			t.Errorf("%d calls, %d at once", sent, most)
		}
	})
}

// TestMissingParametersCostNoCalls has parameters that are not there first, last
// and alone among others: AWS says so in the answer that has the others.
func TestMissingParametersCostNoCalls(t *testing.T) {
	t.Parallel()
	w, refs := fleet(0, 4, region)
	fake, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	for calls := range 2 {
		got := fetch(t, source, slices.Concat([]string{"ssm:/absent/first"}, refs[:4], []string{"ssm:/absent/last"})...)
		for _, ref := range []string{"ssm:/absent/first", "ssm:/absent/last"} {
			checkKind(t, got[ref].Err, secrets.ErrNotFound)
			delete(got, ref)
		}
		checkFleet(t, got)
		if n := tally(fake)["GetParameters"]; n != calls+1 {
			t.Errorf("%d calls", n)
		}
	}
}

// TestVersionsGoSingly asks for versions and stages of several secrets, which a
// batch cannot name.
func TestVersionsGoSingly(t *testing.T) {
	t.Parallel()
	w := versioned()
	own := cluster(&w)
	own.Secrets[len(own.Secrets)-2].KeyID = ""
	own.Secrets[len(own.Secrets)-2].Versions = []secretstest.Version{
		{ID: oldVersion, String: new("older"), Stages: []string{"AWSPREVIOUS"}}, {String: new("newer"), Stages: []string{"AWSCURRENT"}},
	}
	fake, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	for _, query := range []string{"?version_id=" + oldVersion, "?version_stage=AWSPREVIOUS"} {
		for ref, r := range fetch(t, source, "own/one"+query, "own/two"+query) {
			if got := r.Value.Reveal(); got != map[string]string{"own/one" + query: "older", "own/two" + query: "old"}[ref] {
				t.Errorf("%s: %q, %v", ref, got, r.Err)
			}
		}
	}
	if n := tally(fake); n["GetSecretValue"] != 4 || n["BatchGetSecretValue"] != 0 {
		t.Errorf("calls %v", n)
	}
}

// batchLog answers like [script] and takes down which secrets went into a batch,
// "a+b", and which by themselves, "a".
func batchLog(t *testing.T, batch func(ids []string) (int, string), single func(id string) (int, string)) (source secrets.Source, calls func() []string) {
	t.Helper()
	var mu sync.Mutex
	var made []string
	cfg := script(nil).config()
	cfg.HTTPClient = &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		var in struct {
			ID  string   `json:"SecretId"`
			IDs []string `json:"SecretIdList"`
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			return nil, err
		}
		slices.Sort(in.IDs)
		mu.Lock()
		made = append(made, in.ID+strings.Join(in.IDs, "+"))
		mu.Unlock()
		return script(func(string) (int, string) {
			if in.ID != "" {
				return single(in.ID)
			}
			return batch(in.IDs)
		}).RoundTrip(r)
	})}
	source, _ = secrets.NewAWSSource(t, cfg, secrets.Config{})
	return source, func() []string {
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(made)
		calls := made
		made = nil
		return calls
	}
}

// TestWhatSpoilsABatchStaysOut reads one secret by itself that AWS does not take
// in a batch, and does not try it there again; the others stay together.
func TestWhatSpoilsABatchStaysOut(t *testing.T) {
	t.Parallel()
	good := func(id string) (int, string) { return 200, entry(id) }
	values := func(ids []string) (int, string) {
		var all []string
		for _, id := range ids {
			all = append(all, entry(id))
		}
		return 200, `{"SecretValues":[` + strings.Join(all, ",") + `]}`
	}
	for name, test := range map[string]struct {
		batch         func(ids []string) (int, string)
		single        func(id string) (int, string)
		first, second []string
	}{
		"the batch is malformed for one": {
			func(ids []string) (int, string) {
				if slices.Contains(ids, "b") {
					return 400, refusal("ValidationException", "")
				}
				return values(ids)
			}, func(id string) (int, string) {
				if id == "b" {
					return 400, refusal("ValidationException", "")
				}
				return good(id)
			},
			[]string{"a", "a+b+c", "b", "c"},
			[]string{"a+c", "b"},
		},
		"one is denied in the batch alone": {
			func(ids []string) (int, string) {
				if i := slices.Index(ids, "b"); i >= 0 {
					_, answer := values(slices.Delete(ids, i, i+1))
					return 200, strings.TrimSuffix(answer, "}") + `,"Errors":[{"SecretId":"b","ErrorCode":"AccessDeniedException","Message":"no"}]}`
				}
				return values(ids)
			},
			good,
			[]string{"a+b+c", "b"},
			[]string{"a+c", "b"},
		},
		"none": {values, good, []string{"a+b+c"}, []string{"a+b+c"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source, calls := batchLog(t, test.batch, test.single)
			for round, want := range [][]string{test.first, test.second} {
				for ref, r := range fetch(t, source, "a", "b", "c") {
					if r.Err != nil && ref != "b" {
						t.Errorf("%s: %v", ref, r.Err)
					}
				}
				if got := calls(); !slices.Equal(got, want) {
					t.Errorf("round %d: %q, want %q", round, got, want)
				}
			}
		})
	}
}

// TestRefsWithoutService are to Secrets Manager, and go out with the others.
func TestRefsWithoutService(t *testing.T) {
	t.Parallel()
	source, calls := batchLog(t, func(ids []string) (int, string) {
		return 200, `{"SecretValues":[` + entry("a") + "," + entry("b") + `]}`
	}, func(string) (int, string) { return 500, "" })
	for i, r := range source.Fetch(t.Context(), []secrets.Ref{{Name: "a"}, {Service: secrets.SecretsManager, Name: "b"}}) {
		if r.Err != nil {
			t.Errorf("%d: %v", i, r.Err)
		}
	}
	if got := calls(); !slices.Equal(got, []string{"a+b"}) {
		t.Errorf("calls %q", got)
	}
}
