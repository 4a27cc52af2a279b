package policy_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

// storyIRSA describes the story that the documents of story_test.go tell.
func storyIRSA() policy.IRSA {
	return policy.IRSA{
		Region: "eu-west-1", RoleAccount: roleAccount, RoleName: "pod-role",
		Issuer: storyIssuer, Namespace: "testnamespace", ServiceAccounts: []string{"testapp"},
		Secrets: []policy.SecretGrant{{ARN: storySecret, KeyARN: storyKey}},
	}
}

func must[T any](t *testing.T, value T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// same compares a document with its text.
func same(t *testing.T, got *policy.Document, want string) {
	t.Helper()
	if diff := cmp.Diff(policy.MustParse(want).String(), got.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestGenerateStory(t *testing.T) {
	t.Parallel()
	i := storyIRSA()
	trust, err := i.Trust()
	same(t, must(t, trust, err), trustText)
	permissions, err := i.Permissions()
	same(t, must(t, permissions, err), strings.Replace(readText, "}]", "}, "+onlyStatement(decryptText)+"]", 1))
	secrets, err := i.SecretPolicies()
	if must(t, secrets, err); len(secrets) != 1 || secrets[0].Kind != policy.ResourcePolicy || secrets[0].Account != secretAccount || secrets[0].Name != storySecret {
		t.Fatalf("secret policies: %+v", secrets)
	}
	same(t, secrets[0].Document, secretText)
	keys, err := i.KeyStatements()
	if must(t, keys, err); len(keys) != 1 || keys[0].Account != keyAccount || keys[0].KeyARN != storyKey {
		t.Fatalf("key statements: %+v", keys)
	}
	before := policy.MustParse(keyText)
	before.Statements = before.Statements[:1]
	merged := keys[0].Merge(before)
	same(t, merged, strings.Replace(keyText, `"Sid": "PodRole", `, "", 1))
	if len(before.Statements) != 1 {
		t.Error("Merge has changed the policy itself")
	}
	same(t, keys[0].Merge(merged), merged.String())
	provider, err := i.Provider()
	want := policy.OIDCProvider{ARN: storyProvider, URL: storyIssuer, ClientIDs: []string{storyAudience}}
	if diff := cmp.Diff(want, must(t, provider, err)); diff != "" {
		t.Errorf("provider (-want +got):\n%s", diff)
	}
}

func TestGenerateTrust(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		change   func(*policy.IRSA)
		from, to string
	}{
		"two service accounts": {
			func(i *policy.IRSA) { i.ServiceAccounts = []string{"testapp", "web.v2"} },
			`"` + storySubject + `"`, `["` + storySubject + `", "system:serviceaccount:testnamespace:web.v2"]`,
		},
		"a pattern": {
			func(i *policy.IRSA) { i.ServiceAccounts, i.ServiceAccountPattern = nil, "web-*" },
			`,` + "\n\t\t\t\t\"" + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:testapp"`,
			`}, "StringLike": {"` + storyIssuerName + `:sub": "system:serviceaccount:testnamespace:web-*"`,
		},
		"an audience": {
			func(i *policy.IRSA) { i.Audience = "irsa.example.com" }, `"sts.amazonaws.com"`, `"irsa.example.com"`,
		},
		"the partition alone": {
			func(i *policy.IRSA) { i.Region, i.Partition, i.Issuer = "", "aws", "https://idp.example.com/Realm" },
			storyIssuerName, "idp.example.com/Realm",
		},
		"the issuer tells the Region": {
			func(i *policy.IRSA) { i.Region, i.Secrets = "", nil }, "", "",
		},
		"the slash behind EKS": {
			func(i *policy.IRSA) { i.Issuer += "/" }, "", "",
		},
		"the slash of another issuer": {
			func(i *policy.IRSA) { i.Issuer = "https://tenant.eu.auth0.com/" }, storyIssuerName, "tenant.eu.auth0.com/",
		},
		"a dual-stack cluster": {
			func(i *policy.IRSA) {
				i.Issuer = "https://oidc-eks.eu-west-1.api.aws/id/" + strings.Repeat("0A", 16) + "/"
			},
			storyIssuerName, "oidc-eks.eu-west-1.api.aws/id/" + strings.Repeat("0A", 16),
		},
		"China": {
			func(i *policy.IRSA) {
				i.Region, i.Secrets, i.Issuer = "", nil, "https://oidc.eks.cn-north-1.amazonaws.com.cn/id/"+strings.Repeat("0A", 16)
			},
			storyProvider, "",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := storyIRSA()
			tt.change(&i)
			want := strings.ReplaceAll(trustText, tt.from, tt.to)
			switch name {
			case "China":
				want = strings.NewReplacer("arn:aws:", "arn:aws-cn:", storyIssuerName, strings.TrimPrefix(i.Issuer, "https://")).Replace(trustText)
			case "the issuer tells the Region", "the slash behind EKS":
				want = trustText
			}
			got, err := i.Trust()
			same(t, must(t, got, err), want)
		})
	}
}

func TestGeneratePermissions(t *testing.T) {
	t.Parallel()
	const (
		named  = "arn:aws:secretsmanager:us-east-1:111122223333:secret:prod/db-??????"
		second = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234"
	)
	byName := policy.SecretGrant{Account: roleAccount, Region: "us-east-1", Name: "prod/db"}
	withKey := func(g policy.SecretGrant, key string) policy.SecretGrant {
		g.KeyARN = key
		return g
	}
	cases := map[string]struct {
		change func(*policy.IRSA)
		want   string
	}{
		"by name under the default key": {
			func(i *policy.IRSA) { i.Secrets = []policy.SecretGrant{byName} },
			`[{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + named + `"}]`,
		},
		"keys in two Regions": {
			func(i *policy.IRSA) { i.Secrets = append(i.Secrets, withKey(byName, second)) },
			`[{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": ["` + storySecret + `", "` + named + `"]},
			  {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": ["` + storyKey + `", "` + second + `"],
			   "Condition": {"StringEquals": {"kms:ViaService": ["secretsmanager.eu-west-1.amazonaws.com", "secretsmanager.us-east-1.amazonaws.com"]}}}]`,
		},
		"a former key as well": {
			func(i *policy.IRSA) {
				i.Secrets = []policy.SecretGrant{withKey(byName, second), withKey(byName, second+"5")}
			},
			`[{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + named + `"},
			  {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": ["` + second + `", "` + second + `5"],
			   "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}}]`,
		},
		"a key that no identity policy opens": {
			func(i *policy.IRSA) {
				g := withKey(byName, second)
				g.KeyWithoutRoot = true
				i.Secrets = []policy.SecretGrant{g}
			},
			`[{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "` + named + `"}]`,
		},
		"everything": {
			func(i *policy.IRSA) {
				i.Secrets = []policy.SecretGrant{withKey(byName, second)}
				i.DescribeSecret, i.Write, i.Batch, i.ListSecrets = true, true, true, true
				i.TargetRoleARN = "arn:aws:iam::222233334444:role/teams/reader"
			},
			`[{"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret", "secretsmanager:PutSecretValue"], "Resource": "` + named + `"},
			  {"Effect": "Allow", "Action": ["secretsmanager:BatchGetSecretValue", "secretsmanager:ListSecrets"], "Resource": "*"},
			  {"Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "` + second + `",
			   "Condition": {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-1.amazonaws.com"}}},
			  {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::222233334444:role/teams/reader"}]`,
		},
		"a target role alone": {
			func(i *policy.IRSA) { i.Secrets, i.TargetRoleARN = nil, "arn:aws:iam::222233334444:role/reader" },
			`[{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "arn:aws:iam::222233334444:role/reader"}]`,
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := storyIRSA()
			tt.change(&i)
			got, err := i.Permissions()
			same(t, must(t, got, err), `{"Version": "2012-10-17", "Statement": `+tt.want+`}`)
		})
	}
}

// TestGenerateSecretARN: what Secrets Manager appends is never guessed.
func TestGenerateSecretARN(t *testing.T) {
	t.Parallel()
	const prefix = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:"
	byName := func(name string, complete *bool) policy.SecretGrant {
		return policy.SecretGrant{Account: roleAccount, Region: "eu-west-1", Name: name, Complete: complete}
	}
	byARN := func(name string, complete *bool) policy.SecretGrant {
		return policy.SecretGrant{ARN: prefix + name, Complete: complete}
	}
	cases := map[string]struct {
		grant policy.SecretGrant
		want  string // resource; "" is an error
	}{
		"a name":                             {byName("prod/db", nil), "prod/db-??????"},
		"a name like a complete one":         {byName("prod/db-AbCdEf", nil), ""},
		"a name that is complete":            {byName("prod/db-AbCdEf", new(true)), "prod/db-AbCdEf"},
		"a name that only looks so":          {byName("my-secret", new(false)), "my-secret-??????"},
		"a name that cannot be complete":     {byName("prod/db", new(true)), ""},
		"a complete ARN":                     {byARN("prod/db-AbCdEf", nil), "prod/db-AbCdEf"},
		"a complete ARN, said to be":         {byARN("prod/db-AbCdEf", new(true)), "prod/db-AbCdEf"},
		"a complete ARN, said not to be":     {byARN("prod/db-AbCdEf", new(false)), "prod/db-AbCdEf-??????"},
		"a partial ARN":                      {byARN("prod/db", nil), "prod/db-??????"},
		"a partial ARN, said to be complete": {byARN("prod/db", new(true)), ""},
		"an ARN that may be partial":         {byARN("my-secret", nil), ""},
		"an ARN that is partial":             {byARN("my-secret", new(false)), "my-secret-??????"},
		"an ARN that is complete":            {byARN("my-secret", new(true)), "my-secret"},
		"an ARN with a pattern":              {byARN("prod/db-??????", nil), "prod/db-??????"},
		"a pattern, said to be complete":     {byARN("prod/db-??????", new(true)), ""},
		"a pattern, said not to be":          {byARN("prod/db-??????", new(false)), "prod/db-??????"},
		"an ARN with another pattern":        {byARN("prod/db-*", nil), ""},
		"a name with a pattern":              {byName("prod/*", nil), ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := storyIRSA()
			i.Secrets = []policy.SecretGrant{tt.grant}
			doc, err := i.Permissions()
			if tt.want == "" {
				if wrong, ok := errors.AsType[*policy.FieldError](err); !ok || !strings.HasPrefix(wrong.Field, "Secrets[0].") {
					t.Errorf("error is %v", err)
				}
				return
			}
			if got := must(t, doc, err).Statements[0].Resource; !got.Equal(policy.Strings(prefix + tt.want)) {
				t.Errorf("Resource is %v", got)
			}
		})
	}
}

func TestGenerateKeyStatements(t *testing.T) {
	t.Parallel()
	i := storyIRSA()
	other := policy.SecretGrant{Account: secretAccount, Region: "eu-west-1", Name: "other", KeyARN: storyKey}
	own := policy.SecretGrant{Account: roleAccount, Region: "eu-west-1", Name: "own", KeyARN: "arn:aws:kms:eu-west-1:111122223333:key/own"}
	closed := own
	closed.Name, closed.KeyARN, closed.KeyWithoutRoot = "closed", "arn:aws:kms:eu-west-1:111122223333:key/closed", true
	i.Secrets = append(i.Secrets, other, own, closed, policy.SecretGrant{Account: roleAccount, Region: "eu-west-1", Name: "default"})
	i.Write = true
	keys, err := i.KeyStatements()
	if must(t, keys, err); len(keys) != 2 || keys[0].KeyARN != storyKey || keys[1].KeyARN != closed.KeyARN || keys[1].Account != roleAccount {
		t.Fatalf("key statements: %+v", keys)
	}
	const want = `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "` + storyRole + `"},
		"Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*", "Condition": {
			"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"},
			"StringLike": {"kms:EncryptionContext:SecretARN": ["` + storySecret + `", "arn:aws:secretsmanager:eu-west-1:222233334444:secret:other-??????"]}}}]}`
	same(t, &policy.Document{Statements: []policy.Statement{keys[0].Statement}}, want)

	i.Secrets = []policy.SecretGrant{own}
	none, err := i.KeyStatements()
	if must(t, none, err); none != nil {
		t.Errorf("key statements: %+v", none)
	}
	policies, err := i.SecretPolicies()
	if must(t, policies, err); policies != nil {
		t.Errorf("secret policies: %+v", policies)
	}
}

func TestGeneratePodIdentity(t *testing.T) {
	t.Parallel()
	i := policy.IRSA{
		Region: "eu-west-1", RoleAccount: roleAccount, RoleName: "pod-role", RolePath: "/pods/",
		Namespace: "testnamespace", ServiceAccounts: []string{"testapp"}, Cluster: "blue", ExternalID: "ea-1234",
	}
	got, err := i.PodIdentityTrust()
	same(t, must(t, got, err), `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringEquals": {
			"aws:SourceAccount": "111122223333",
			"aws:RequestTag/kubernetes-namespace": "testnamespace",
			"aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/blue",
			"aws:RequestTag/kubernetes-service-account": "testapp"}}}]}`)
	got, err = i.TargetTrust()
	same(t, must(t, got, err), `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/pods/pod-role"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringEquals": {"sts:ExternalId": "ea-1234"}}}]}`)
	i.ServiceAccounts, i.ServiceAccountPattern, i.Cluster = nil, "web-*", ""
	got, err = i.PodIdentityTrust()
	same(t, must(t, got, err), `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {
			"StringEquals": {"aws:SourceAccount": "111122223333", "aws:RequestTag/kubernetes-namespace": "testnamespace"},
			"StringLike": {"aws:RequestTag/kubernetes-service-account": "web-*"}}}]}`)
}

func TestGenerateAnnotations(t *testing.T) {
	t.Parallel()
	const prefix = "eks.amazonaws.com/"
	i := policy.IRSA{Region: "us-gov-west-1", RoleAccount: roleAccount, RoleName: "pod-role", Audience: "sts.amazonaws.com"}
	want := map[string]string{prefix + "role-arn": "arn:aws-us-gov:iam::111122223333:role/pod-role"}
	got, err := i.Annotations()
	if diff := cmp.Diff(want, must(t, got, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	i.Audience, i.TokenExpiration, i.RegionalSTS = "irsa.example.com", time.Hour, true
	want[prefix+"audience"], want[prefix+"token-expiration"], want[prefix+"sts-regional-endpoints"] = "irsa.example.com", "3600", "true"
	got, err = i.Annotations()
	if diff := cmp.Diff(want, must(t, got, err)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestGenerateRefuses: what is wrong is named by its field, and the error says
// what to write.
func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	secret := func(g policy.SecretGrant) func(*policy.IRSA) {
		return func(i *policy.IRSA) { i.Secrets = []policy.SecretGrant{g} }
	}
	with := func(change func(*policy.SecretGrant)) func(*policy.IRSA) {
		return func(i *policy.IRSA) { change(&i.Secrets[0]) }
	}
	eks := func(host string) string { return "https://" + host + "/id/EXAMPLED539D4633E53DE1B71EXAMPLE" }
	cases := map[string]struct {
		change func(*policy.IRSA)
		field  string
		says   string
	}{
		"no Region": {func(i *policy.IRSA) {
			i.Region, i.Issuer, i.Secrets, i.TargetRoleARN, i.Batch = "", "https://idp.example.com", nil, "", true
		}, "Region", "eu-west-1"},
		"a zone":                   {func(i *policy.IRSA) { i.Region = "eu-west-1a" }, "Region", "eu-west-1"},
		"an unknown partition":     {func(i *policy.IRSA) { i.Partition = "aws-moon" }, "Partition", "aws-cn"},
		"another partition":        {func(i *policy.IRSA) { i.Partition = "aws-cn" }, "Region", "belongs to the partition aws, and Partition to aws-cn"},
		"an ARN of an unknown":     {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, "arn:aws:", "arn:aws-moon:", 1) }), "Secrets[0].ARN", "no partition aws-moon is known"},
		"an ARN of another":        {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, "arn:aws:", "arn:aws-cn:", 1) }), "Secrets[0].ARN", "do not trust"},
		"a key of another":         {with(func(g *policy.SecretGrant) { g.KeyARN = strings.Replace(storyKey, "arn:aws:", "arn:aws-cn:", 1) }), "Secrets[0].KeyARN", "do not trust"},
		"a cluster of another":     {func(i *policy.IRSA) { i.Issuer = eks("oidc.eks.cn-north-1.amazonaws.com.cn") }, "Issuer", "do not trust"},
		"a target of another":      {func(i *policy.IRSA) { i.TargetRoleARN = "arn:aws-cn:iam::111122223333:role/r" }, "TargetRoleARN", "do not trust"},
		"account":                  {func(i *policy.IRSA) { i.RoleAccount = "11112222333" }, "RoleAccount", "12 digits"},
		"role ARN as name":         {func(i *policy.IRSA) { i.RoleName = storyRole }, "RoleName", "without path and ARN"},
		"no role":                  {func(i *policy.IRSA) { i.RoleName = "" }, "RoleName", "1 to 64"},
		"path":                     {func(i *policy.IRSA) { i.RolePath = "pods" }, "RolePath", "begins and ends with a slash"},
		"path with a wildcard":     {func(i *policy.IRSA) { i.RolePath = "/pods*/" }, "RolePath", "wildcards"},
		"long path":                {func(i *policy.IRSA) { i.RolePath = "/" + strings.Repeat("p", 512) + "/" }, "RolePath", "512"},
		"no namespace":             {func(i *policy.IRSA) { i.Namespace = "" }, "Namespace", "write the pod's"},
		"namespace in capitals":    {func(i *policy.IRSA) { i.Namespace = "Test" }, "Namespace", "small letters"},
		"every namespace":          {func(i *policy.IRSA) { i.Namespace = "*" }, "Namespace", "small letters"},
		"long namespace":           {func(i *policy.IRSA) { i.Namespace = strings.Repeat("n", 64) }, "Namespace", "63"},
		"no service account":       {func(i *policy.IRSA) { i.ServiceAccounts = nil }, "ServiceAccounts", "write the name"},
		"subject":                  {func(i *policy.IRSA) { i.ServiceAccounts[0] = storySubject }, "ServiceAccounts[0]", "without its namespace"},
		"wildcard":                 {func(i *policy.IRSA) { i.ServiceAccounts[0] = "test*" }, "ServiceAccounts[0]", "small letters"},
		"twice":                    {func(i *policy.IRSA) { i.ServiceAccounts = []string{"a", "b", "a"} }, "ServiceAccounts[2]", "leave one out"},
		"names and pattern":        {func(i *policy.IRSA) { i.ServiceAccountPattern = "web-*" }, "ServiceAccountPattern", "leave one of them empty"},
		"pattern without any":      {func(i *policy.IRSA) { i.ServiceAccounts, i.ServiceAccountPattern = nil, "web" }, "ServiceAccountPattern", "ServiceAccounts"},
		"pattern of subject":       {func(i *policy.IRSA) { i.ServiceAccounts, i.ServiceAccountPattern = nil, "*:web" }, "ServiceAccountPattern", "web-*"},
		"audience":                 {func(i *policy.IRSA) { i.Audience = "sts.*" }, "Audience", "wildcards"},
		"no issuer":                {func(i *policy.IRSA) { i.Issuer = "" }, "Issuer", "https://oidc.eks."},
		"issuer without scheme":    {func(i *policy.IRSA) { i.Issuer = storyIssuerName }, "Issuer", "begins with https://"},
		"issuer over http":         {func(i *policy.IRSA) { i.Issuer = "http://" + storyIssuerName }, "Issuer", "begins with https://"},
		"issuer as ARN":            {func(i *policy.IRSA) { i.Issuer = storyProvider }, "Issuer", "begins with https://"},
		"issuer with user":         {func(i *policy.IRSA) { i.Issuer = "https://me@idp.example.com" }, "Issuer", "no user"},
		"issuer with port":         {func(i *policy.IRSA) { i.Issuer = "https://idp.example.com:8443/x" }, "Issuer", "no port"},
		"issuer with query":        {func(i *policy.IRSA) { i.Issuer = "https://idp.example.com/?x" }, "Issuer", "no query"},
		"issuer with fragment":     {func(i *policy.IRSA) { i.Issuer = "https://idp.example.com/#" }, "Issuer", "no fragment"},
		"issuer without host":      {func(i *policy.IRSA) { i.Issuer = "https:///x" }, "Issuer", "a host"},
		"issuer with a wildcard":   {func(i *policy.IRSA) { i.Issuer = "https://idp.example.com/*" }, "Issuer", "a host and perhaps a path"},
		"long issuer":              {func(i *policy.IRSA) { i.Issuer = "https://idp.example.com/" + strings.Repeat("x", 255) }, "Issuer", "255"},
		"Region before eks":        {func(i *policy.IRSA) { i.Issuer = eks("oidc.eu-west-1.eks.amazonaws.com") }, "Issuer", "oidc.eks., the Region"},
		"issuer in another Region": {func(i *policy.IRSA) { i.Issuer = region(storyIssuer) }, "Issuer", "Region is eu-west-1"},
		"two slashes":              {func(i *policy.IRSA) { i.Issuer = storyIssuer + "//" }, "Issuer", "32 capitals"},
		"id in small letters":      {func(i *policy.IRSA) { i.Issuer = strings.ToLower(storyIssuer) }, "Issuer", "32 capitals"},
		"dual-stack without id":    {func(i *policy.IRSA) { i.Issuer = "https://oidc-eks.eu-west-1.api.aws" }, "Issuer", "32 capitals"},
		"China without its host":   {func(i *policy.IRSA) { *i = inChina(*i); i.Issuer = eks("oidc.eks.cn-north-1.amazonaws.com") }, "Issuer", "oidc.eks.cn-north-1.amazonaws.com.cn"},
		"dual-stack in China":      {func(i *policy.IRSA) { *i = inChina(*i); i.Issuer = eks("oidc-eks.cn-north-1.api.aws") }, "Issuer", "oidc-eks.cn-north-1.api.amazonwebservices.com.cn"},
		"dual-stack in Europe": {func(i *policy.IRSA) {
			*i = inChina(*i)
			i.Region, i.Secrets[0].Region = "eusc-de-east-1", "eusc-de-east-1"
			i.Issuer = eks("oidc-eks.eusc-de-east-1.api.aws")
		}, "Issuer", "oidc-eks.eusc-de-east-1.api.amazonwebservices.eu"},
		"cluster ARN":            {func(i *policy.IRSA) { i.Cluster = "arn:aws:eks:eu-west-1:111122223333:cluster/blue" }, "Cluster", "the name alone"},
		"cluster without Region": {func(i *policy.IRSA) { i.Cluster, i.Region = "blue", "" }, "Region", "cluster blue"},
		"no external id":         {func(i *policy.IRSA) { i.ExternalID = "" }, "ExternalID", "association"},
		"long external id":       {func(i *policy.IRSA) { i.ExternalID = strings.Repeat("x", 1225) }, "ExternalID", "1224"},
		"target":                 {func(i *policy.IRSA) { i.TargetRoleARN = "reader" }, "TargetRoleARN", "the ARN of a role"},
		"target without slash":   {func(i *policy.IRSA) { i.TargetRoleARN = "arn:aws:iam::111122223333:role" }, "TargetRoleARN", "the ARN of a role"},
		"target a user":          {func(i *policy.IRSA) { i.TargetRoleARN = "arn:aws:iam::111122223333:user/u" }, "TargetRoleARN", "the ARN of a role"},
		"short-lived token":      {func(i *policy.IRSA) { i.TokenExpiration = time.Minute }, "TokenExpiration", "10 minutes"},
		"token of days":          {func(i *policy.IRSA) { i.TokenExpiration = 48 * time.Hour }, "TokenExpiration", "24 hours"},
		"token in milliseconds":  {func(i *policy.IRSA) { i.TokenExpiration = time.Hour + time.Millisecond }, "TokenExpiration", "whole seconds"},
		"nothing to do":          {func(i *policy.IRSA) { i.Secrets = nil }, "Secrets", "what the role is to read"},
		"empty secret":           {secret(policy.SecretGrant{}), "Secrets[0]", "names no secret"},
		"name and ARN":           {with(func(g *policy.SecretGrant) { g.Name = "testsecret" }), "Secrets[0].ARN", "either"},
		"secret name in ARN":     {with(func(g *policy.SecretGrant) { g.ARN = "testsecret" }), "Secrets[0].ARN", "describe-secret"},
		"parameter ARN":          {with(func(g *policy.SecretGrant) { g.ARN = "arn:aws:ssm:eu-west-1:111122223333:parameter/x" }), "Secrets[0].ARN", "not the ARN of a secret"},
		"slash behind secret":    {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, "secret:", "secret/", 1) }), "Secrets[0].ARN", "a secret's name"},
		"secret without Region":  {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, "eu-west-1", "", 1) }), "Secrets[0].ARN", "no Region"},
		"secret of another":      {secret(policy.SecretGrant{Account: roleAccount, Region: "cn-north-1", Name: "x"}), "Secrets[0].Region", "do not trust"},
		"secret elsewhere":       {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, "eu-west-1", "cn-north-1", 1) }), "Secrets[0].ARN", "no Region of the partition aws"},
		"secret without account": {with(func(g *policy.SecretGrant) { g.ARN = strings.Replace(storySecret, secretAccount, "", 1) }), "Secrets[0].ARN", "12 digits"},
		"Account of a secret":    {secret(policy.SecretGrant{Account: "1", Region: "eu-west-1", Name: "x"}), "Secrets[0].Account", "12 digits"},
		"no name":                {secret(policy.SecretGrant{Account: roleAccount, Region: "eu-west-1"}), "Secrets[0].Name", "1 to 512"},
		"default key of another": {with(func(g *policy.SecretGrant) { g.KeyARN = "" }), "Secrets[0].KeyARN", "customer managed key"},
		"alias":                  {with(func(g *policy.SecretGrant) { g.KeyARN = "arn:aws:kms:eu-west-1:333344445555:alias/x" }), "Secrets[0].KeyARN", "aliases"},
		"key id":                 {with(func(g *policy.SecretGrant) { g.KeyARN = "1234abcd" }), "Secrets[0].KeyARN", "bare ids"},
		"key of another Region":  {with(func(g *policy.SecretGrant) { g.KeyARN = region(storyKey) }), "Secrets[0].KeyARN", "eu-west-1"},
		"secret twice":           {func(i *policy.IRSA) { i.Secrets = append(i.Secrets, i.Secrets[0]) }, "Secrets[1].ARN", "leave one out"},
		"key with and without": {func(i *policy.IRSA) {
			i.Secrets = append(i.Secrets, policy.SecretGrant{ARN: storySecret[:len(storySecret)-1] + "x", KeyARN: storyKey, KeyWithoutRoot: true})
		}, "Secrets[1].KeyWithoutRoot", "the same of it"},
		"default key without": {func(i *policy.IRSA) {
			i.Secrets = []policy.SecretGrant{{Account: roleAccount, Region: "eu-west-1", Name: "x", KeyWithoutRoot: true}}
		}, "Secrets[0].KeyWithoutRoot", "KeyARN"},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := storyIRSA()
			i.ExternalID, i.TargetRoleARN = "ea-1234", "arn:aws:iam::222233334444:role/reader"
			if name == "nothing to do" {
				i.TargetRoleARN = ""
			}
			tt.change(&i)
			wrong := problemsOf(t, i)
			if len(wrong) != 1 {
				t.Fatalf("%d fields are blamed, want 1: %v", len(wrong), wrong)
			}
			for text, e := range wrong {
				if e.Field != tt.field || !strings.Contains(e.Problem, tt.says) || !strings.Contains(text, "policy: IRSA."+tt.field+": ") {
					t.Errorf("error is %s, want one of %s with %q", text, tt.field, tt.says)
				}
			}
		})
	}
}

// inChina takes everything that belongs elsewhere out.
func inChina(i policy.IRSA) policy.IRSA {
	i.Region, i.Secrets, i.TargetRoleARN = "cn-north-1", []policy.SecretGrant{{Account: roleAccount, Region: "cn-north-1", Name: "x"}}, ""
	return i
}

// problemsOf gathers what any of the generators refuses, by text.
func problemsOf(t *testing.T, i policy.IRSA) map[string]*policy.FieldError {
	t.Helper()
	var errs []error
	note := func(something bool, err error) {
		errs = append(errs, err)
		if something == (err != nil) {
			t.Errorf("both or neither of a result and an error %v", err)
		}
	}
	trust, err := i.Trust()
	note(trust != nil, err)
	provider, err := i.Provider()
	note(provider.ARN != "", err)
	podIdentity, err := i.PodIdentityTrust()
	note(podIdentity != nil, err)
	target, err := i.TargetTrust()
	note(target != nil, err)
	annotations, err := i.Annotations()
	note(annotations != nil, err)
	permissions, err := i.Permissions()
	note(permissions != nil, err)
	policies, err := i.SecretPolicies()
	if errs = append(errs, err); err != nil && policies != nil {
		t.Error("secret policies beside an error")
	}
	keys, err := i.KeyStatements()
	if errs = append(errs, err); err != nil && keys != nil {
		t.Error("key statements beside an error")
	}
	wrong := map[string]*policy.FieldError{}
	for _, err := range errs {
		if err == nil {
			continue
		}
		for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
			e, ok := errors.AsType[*policy.FieldError](err)
			if !ok {
				t.Fatalf("error %v is of type %T", err, err)
			}
			wrong[err.Error()] = e
		}
	}
	return wrong
}

// TestGenerateProperty: whatever is described, the documents let it through
// and nothing beside it, and each of their statements is needed.
func TestGenerateProperty(t *testing.T) {
	t.Parallel()
	for seed := range uint64(120) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 7))
			i := randomIRSA(r)
			w := newWorld(t, i)
			w.checkRoundTrip(t)
			w.checkSame(t, newWorld(t, i))
			w.checkLint(t, r)
			for n := range i.Secrets {
				w.checkSecret(t, r, n)
				w.checkActions(t, r, n)
				w.checkDenyWins(t, r, n)
			}
			w.checkNeighbours(t, r)
			w.checkPodIdentity(t, r)
			w.checkTarget(t)
		})
	}
}

// regionsOf are Regions of one partition each.
var regionsOf = [][]string{
	{"eu-west-1", "us-east-1", "ap-southeast-7"},
	{"cn-north-1", "cn-northwest-1"},
	{"us-gov-west-1", "us-gov-east-1"},
	{"eusc-de-east-1"},
	{"us-iso-east-1", "us-iso-west-1"},
	{"us-isob-east-1"},
	{"eu-isoe-west-1"},
	{"us-isof-south-1", "us-isof-east-1"},
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func letters(r *rand.Rand, n int, from string) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = from[r.IntN(len(from))]
	}
	return string(b)
}

const (
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits   = "0123456789"
	small    = "abcdefghijklmnopqrstuvwxyz"
)

// randomIRSA describes some valid access.
func randomIRSA(r *rand.Rand) policy.IRSA {
	regions := pick(r, regionsOf...)
	region := pick(r, regions...)
	name := func() string { return letters(r, 1+r.IntN(9), small) + pick(r, "", "-x", "9") }
	i := policy.IRSA{
		Region: region, RoleAccount: letters(r, 12, digits), RoleName: name(), RolePath: pick(r, "", "/", "/pods/", "/a/b/"),
		Namespace: name(), ServiceAccounts: []string{name() + "-0"}, Audience: pick(r, "", "", "irsa.example.com"),
		DescribeSecret: r.IntN(2) == 0, Write: r.IntN(4) == 0, Batch: r.IntN(3) == 0, ListSecrets: r.IntN(4) == 0,
		Cluster: pick(r, "", "blue"), ExternalID: "ea-" + letters(r, 8, small),
		TargetRoleARN: "arn:" + policy.Partition(region) + ":iam::" + letters(r, 12, digits) + ":role/" + pick(r, "", "teams/") + name(),
	}
	i.Issuer = pick(r,
		"https://oidc.eks."+region+"."+policy.DNSSuffix(policy.Partition(region))+"/id/"+letters(r, 32, capitals+digits)+pick(r, "", "/"),
		"https://idp.Example.com/realms/"+name()+pick(r, "", "/"))
	for n := range r.IntN(3) {
		i.ServiceAccounts = append(i.ServiceAccounts, fmt.Sprintf("%s.v%d", name(), n))
	}
	if r.IntN(4) == 0 {
		i.ServiceAccounts, i.ServiceAccountPattern = nil, name()+"-*"
	}
	accounts := []string{i.RoleAccount, letters(r, 12, digits), letters(r, 12, digits)}
	for n := range 1 + r.IntN(3) {
		i.Secrets = append(i.Secrets, randomSecret(r, i, pick(r, accounts...), pick(r, accounts...), pick(r, regions...), fmt.Sprintf("%s/%d", name(), n)))
	}
	return i
}

// randomSecret grants the secret of that name.
func randomSecret(r *rand.Rand, i policy.IRSA, account, keyAccount, region, name string) policy.SecretGrant {
	prefix := "arn:" + policy.Partition(region) + ":"
	suffix := "-" + letters(r, 5, small+digits) + letters(r, 1, capitals)
	arn := prefix + "secretsmanager:" + region + ":" + account + ":secret:"
	g := pick(r,
		policy.SecretGrant{ARN: arn + name + suffix},
		policy.SecretGrant{ARN: arn + name},
		policy.SecretGrant{ARN: arn + name + "-secret", Complete: new(false)},
		policy.SecretGrant{Account: account, Region: region, Name: name},
		policy.SecretGrant{Account: account, Region: region, Name: name + suffix, Complete: new(true)},
	)
	if account != i.RoleAccount || r.IntN(3) > 0 {
		g.KeyARN = prefix + "kms:" + region + ":" + keyAccount + ":key/" + letters(r, 8, digits)
		g.KeyWithoutRoot = r.IntN(3) == 0
	}
	return g
}

// world is everything that was generated, as somebody would have put it in
// place.
type world struct {
	irsa        policy.IRSA
	role        string
	provider    policy.OIDCProvider
	trust       *policy.Document
	permissions *policy.Document
	secrets     map[string]*policy.Document // by ARN or pattern
	keys        map[string]*policy.Document // by ARN
	podIdentity *policy.Document
	target      *policy.Document
}

func newWorld(t *testing.T, i policy.IRSA) world {
	t.Helper()
	w := world{irsa: i, secrets: map[string]*policy.Document{}, keys: map[string]*policy.Document{}}
	annotations, err := i.Annotations()
	w.role = must(t, annotations, err)["eks.amazonaws.com/role-arn"]
	provider, err := i.Provider()
	w.provider = must(t, provider, err)
	trust, err := i.Trust()
	w.trust = must(t, trust, err)
	permissions, err := i.Permissions()
	w.permissions = must(t, permissions, err)
	podIdentity, err := i.PodIdentityTrust()
	w.podIdentity = must(t, podIdentity, err)
	target, err := i.TargetTrust()
	w.target = must(t, target, err)
	policies, err := i.SecretPolicies()
	for _, p := range must(t, policies, err) {
		w.secrets[p.Name] = p.Document
	}
	for _, g := range i.Secrets {
		if g.KeyARN != "" {
			w.keys[g.KeyARN] = keyPolicy(g)
		}
	}
	statements, err := i.KeyStatements()
	for _, k := range must(t, statements, err) {
		w.keys[k.KeyARN] = k.Merge(w.keys[k.KeyARN])
	}
	return w
}

// keyPolicy is a key's policy before anything is merged into it.
func keyPolicy(g policy.SecretGrant) *policy.Document {
	key, _ := policy.ParseARN(g.KeyARN)
	admin := "arn:" + key.Partition + ":iam::" + key.Account + ":root"
	if g.KeyWithoutRoot {
		admin = "arn:" + key.Partition + ":iam::" + key.Account + ":role/admin"
	}
	return policy.MustParse(`{"Version": "2012-10-17", "Id": "key", "Statement": {
		"Sid": "Administration", "Effect": "Allow", "Principal": {"AWS": "` + admin + `"}, "Action": "kms:*", "Resource": "*"}}`)
}

// documents are all that was generated.
func (w world) documents() []*policy.Document {
	docs := []*policy.Document{w.trust, w.permissions, w.podIdentity, w.target}
	for _, m := range []map[string]*policy.Document{w.secrets, w.keys} {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			docs = append(docs, m[name])
		}
	}
	return docs
}

// checkRoundTrip: parsing and marshalling again is the identity on bytes, also
// of an indented document once it is compacted.
func (w world) checkRoundTrip(t *testing.T) {
	t.Helper()
	for _, doc := range w.documents() {
		want, err := doc.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{want, []byte(doc.String())} {
			parsed, err := policy.Parse(text)
			if err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			var compact bytes.Buffer
			if err := json.Compact(&compact, text); err != nil {
				t.Fatal(err)
			}
			got, err := parsed.MarshalJSON()
			if err != nil || !bytes.Equal(got, want) || !bytes.Equal(got, compact.Bytes()) {
				t.Errorf("%v: %s became %s", err, want, got)
			}
			if !parsed.Equal(*doc) {
				t.Errorf("parsed, %s differs", want)
			}
		}
	}
}

func (w world) checkSame(t *testing.T, o world) {
	t.Helper()
	if diff := cmp.Diff(w.documents(), o.documents()); diff != "" {
		t.Errorf("generated again, it differs: %s", diff)
	}
}

// checkLint: there is nothing to find, neither in the documents one by one nor
// in all that bears on a secret.
func (w world) checkLint(t *testing.T, r *rand.Rand) {
	t.Helper()
	var alone policy.Linter
	if w.irsa.Audience != "" {
		alone.Ignore = []string{"IRSA006"} // only the token could tell that the audience is right
	}
	role, _ := policy.ParseARN(w.role)
	target, _ := policy.ParseARN(w.irsa.TargetRoleARN)
	documents := []policy.Policy{
		{Kind: policy.TrustPolicy, Account: role.Account, Name: w.role, Document: w.trust},
		{Kind: policy.TrustPolicy, Account: role.Account, Name: w.role, Document: w.podIdentity},
		{Kind: policy.TrustPolicy, Account: target.Account, Name: w.irsa.TargetRoleARN, Document: w.target},
		{Kind: policy.IdentityPolicy, Account: role.Account, Name: permissionsPolicy, Document: w.permissions},
	}
	for arn, doc := range w.secrets {
		documents = append(documents, policy.Policy{Kind: policy.ResourcePolicy, Account: strings.Split(arn, ":")[4], Name: arn, Document: doc})
	}
	for _, p := range documents {
		if found := alone.Lint(p); len(found) > 0 {
			t.Errorf("lint of a %v: %s\n%s", p.Kind, indent(t, found), p.Document)
		}
		p.Kind = policy.NoKind
		if found := alone.Lint(p); len(found) > 0 {
			t.Errorf("lint of any kind: %s\n%s", indent(t, found), p.Document)
		}
	}
	for n, g := range w.irsa.Secrets {
		var set policy.Linter
		if g.KeyWithoutRoot {
			set.Ignore = []string{"IRSA019"} // the key was so before
		}
		if found := set.LintAccess(w.access(r, n)); len(found) > 0 {
			t.Errorf("lint of secret %d: %s", n, indent(t, found))
		}
	}
}

const permissionsPolicy = "permissions"

// account is the name of a service account that may use the role.
func (w world) account(r *rand.Rand) string {
	if pattern := w.irsa.ServiceAccountPattern; pattern != "" {
		return strings.Replace(pattern, "*", "7", 1)
	}
	return pick(r, w.irsa.ServiceAccounts...)
}

// access asks for the n-th secret, as one of the pods that may.
func (w world) access(r *rand.Rand, n int) policy.SecretAccess {
	g := w.irsa.Secrets[n]
	pattern := secretPattern(w, g)
	a := policy.SecretAccess{
		Claims: policy.Claims{
			Issuer: w.provider.URL, Subject: "system:serviceaccount:" + w.irsa.Namespace + ":" + w.account(r),
			Audience: w.provider.ClientIDs, Expiry: storyTime.Add(time.Hour),
		},
		Providers: []policy.OIDCProvider{w.provider},
		Role:      policy.Role{ARN: w.role, Trust: w.trust, Policies: []policy.Policy{{Name: permissionsPolicy, Document: w.permissions}}},
		Secret:    policy.Secret{ARN: strings.Replace(pattern, "??????", "Zz9Zz9", 1), Policy: w.secrets[pattern], KeyARN: g.KeyARN},
		Closed:    r.IntN(2) == 0,
		Time:      storyTime,
	}
	if g.KeyARN != "" {
		a.Key = policy.Key{ARN: g.KeyARN, Policy: w.keys[g.KeyARN]}
	}
	return a
}

// secretPattern is the ARN by which the grant names its secret, thought out
// anew.
func secretPattern(w world, g policy.SecretGrant) string {
	arn := g.ARN
	if arn == "" {
		arn = "arn:" + policy.Partition(g.Region) + ":secretsmanager:" + g.Region + ":" + g.Account + ":secret:" + g.Name
	}
	for _, r := range w.permissions.Statements[0].Resource.List {
		if r.Text == arn || r.Text == arn+"-??????" {
			return r.Text
		}
	}
	return "the secret is not named in the permissions"
}

// checkSecret: the secret can be read, and not without any of the statements.
func (w world) checkSecret(t *testing.T, r *rand.Rand, n int) {
	t.Helper()
	if a := w.access(r, n); a.Evaluate().Decision != policy.Allowed {
		t.Fatalf("secret %d: %s", n, indent(t, a.Evaluate()))
	}
	a := w.access(r, n)
	role, _ := policy.ParseARN(a.Role.ARN)
	secret, _ := policy.ParseARN(a.Secret.ARN)
	key, _ := policy.ParseARN(a.Secret.KeyARN)
	w.checkNeeded(t, a, place{policy.TrustPolicy, role.Account, a.Role.ARN}, 0)
	w.checkNeeded(t, a, place{policy.IdentityPolicy, role.Account, permissionsPolicy}, 0)
	for j, s := range w.permissions.Statements {
		if s.Action.List[0].Text == "kms:Decrypt" && slices.Contains(s.Resource.List, policy.Value{Text: a.Secret.KeyARN}) {
			w.checkNeeded(t, a, place{policy.IdentityPolicy, role.Account, permissionsPolicy}, j)
		}
	}
	if a.Secret.Policy != nil {
		w.checkNeeded(t, a, place{policy.ResourcePolicy, secret.Account, a.Secret.ARN}, 0)
	}
	if a.Key.Policy != nil && len(a.Key.Policy.Statements) > 1 {
		w.checkNeeded(t, a, place{policy.KeyPolicy, key.Account, a.Secret.KeyARN}, 1)
	}
	w.checkOtherSecret(t, a)
}

// checkNeeded removes the statement: then the document and its account are
// named, and what is offered gives back what was taken.
func (w world) checkNeeded(t *testing.T, a policy.SecretAccess, in place, statement int) {
	t.Helper()
	a.Role.Policies = slices.Clone(a.Role.Policies)
	doc := in.of(&a)
	without := **doc
	without.Statements = slices.Delete(slices.Clone(without.Statements), statement, statement+1)
	*doc = &without
	f := onlyFault(t, &a)
	if got := (place{f.Kind, f.Account, f.Document}); got != in {
		t.Errorf("without statement %d of %v, named is %v", statement, in, got)
	}
	checkMended(t, &a, f)
}

// checkActions: what the options allow is allowed, and nothing else.
func (w world) checkActions(t *testing.T, r *rand.Rand, n int) {
	t.Helper()
	a := w.access(r, n)
	for action, want := range map[string]bool{
		"secretsmanager:GetSecretValue": true, "secretsmanager:DescribeSecret": w.irsa.DescribeSecret,
		"secretsmanager:PutSecretValue": w.irsa.Write, "secretsmanager:DeleteSecret": false,
	} {
		w.checkAction(t, action, a.Secret.ARN, a.Secret.Policy, nil, want)
	}
	w.checkAction(t, "secretsmanager:BatchGetSecretValue", "*", nil, nil, w.irsa.Batch)
	w.checkAction(t, "secretsmanager:ListSecrets", "*", nil, nil, w.irsa.ListSecrets)
	if a.Secret.KeyARN == "" {
		return
	}
	secret, _ := policy.ParseARN(a.Secret.ARN)
	through := policy.Context{
		"kms:ViaService":                  {"secretsmanager." + secret.Region + "." + policy.DNSSuffix(secret.Partition)},
		"kms:EncryptionContext:SecretARN": {a.Secret.ARN},
	}
	w.checkAction(t, "kms:Decrypt", a.Secret.KeyARN, a.Key.Policy, through, true)
	w.checkAction(t, "kms:GenerateDataKey", a.Secret.KeyARN, a.Key.Policy, through, w.irsa.Write)
	w.checkAction(t, "kms:Decrypt", a.Secret.KeyARN, a.Key.Policy, nil, false)
}

// checkAction asks for one action alone.
func (w world) checkAction(t *testing.T, action, resource string, doc *policy.Document, keys policy.Context, want bool) {
	t.Helper()
	role, _ := policy.ParseARN(w.role)
	set := policy.Set{Identity: []policy.Policy{{Kind: policy.IdentityPolicy, Document: w.permissions}}}
	if doc != nil {
		set.Resource = &policy.Policy{Name: resource, Document: doc}
	}
	r := policy.Evaluate(policy.Request{
		Principal: "arn:" + role.Partition + ":sts::" + role.Account + ":assumed-role/" + w.irsa.RoleName + "/testapp",
		RoleARN:   w.role, Action: action, Resource: resource, Context: keys, Closed: true, Time: storyTime,
	}, set)
	if got := r.Decision == policy.Allowed; got != want {
		t.Errorf("%s on %s is %v, want %v", action, resource, r.Decision, want)
	}
}

// checkDenyWins: a Deny anywhere in any document overrides all that was
// generated, and is named.
func (w world) checkDenyWins(t *testing.T, r *rand.Rand, n int) {
	t.Helper()
	whole := w.access(r, n)
	role, _ := policy.ParseARN(whole.Role.ARN)
	secret, _ := policy.ParseARN(whole.Secret.ARN)
	key, _ := policy.ParseARN(whole.Secret.KeyARN)
	for _, in := range []place{
		{policy.TrustPolicy, role.Account, whole.Role.ARN},
		{policy.IdentityPolicy, role.Account, permissionsPolicy},
		{policy.PermissionsBoundary, role.Account, "boundary"},
		{policy.SessionPolicy, role.Account, "inline"},
		{policy.EndpointPolicy, role.Account, "vpce-1"},
		{policy.ServiceControlPolicy, role.Account, "scp"},
		{policy.ResourceControlPolicy, secret.Account, "rcp"},
		{policy.ResourcePolicy, secret.Account, whole.Secret.ARN},
		{policy.KeyPolicy, key.Account, whole.Secret.KeyARN},
	} {
		a := w.access(r, n)
		full := func(text string) []policy.Policy { return []policy.Policy{named(in.document, text)} }
		switch in.kind {
		case policy.PermissionsBoundary:
			a.Role.Boundary = &full(fullAccessText)[0]
		case policy.SessionPolicy:
			a.Session = full(fullAccessText)
		case policy.EndpointPolicy:
			a.Endpoint = full(rcpAccessText)
		case policy.ServiceControlPolicy:
			a.Guardrails = map[string]policy.Guardrails{in.account: {SCPs: [][]policy.Policy{full(fullAccessText)}}}
		case policy.ResourceControlPolicy:
			a.Guardrails = map[string]policy.Guardrails{in.account: {RCPs: [][]policy.Policy{full(rcpAccessText)}}}
		}
		doc := in.of(&a)
		if *doc == nil {
			continue // an own secret without policy, or no key of one's own
		}
		at := r.IntN(len((*doc).Statements) + 1)
		denying := **doc
		denying.Statements = slices.Insert(slices.Clone(denying.Statements), at, deny(in.kind))
		*doc = &denying
		report := a.Evaluate()
		if report.Decision != policy.ExplicitlyDenied || len(report.Faults) == 0 {
			t.Fatalf("a Deny in %v: %s", in, indent(t, report))
		}
		f := report.Faults[0]
		if got := (place{f.Kind, f.Account, f.Document}); got != in || f.Near == nil || f.Near.Index != at {
			t.Errorf("a Deny in statement %d of %v: %s", at, in, indent(t, f))
		}
	}
}

// deny denies everything, in a policy of the kind.
func deny(kind policy.Kind) policy.Statement {
	s := policy.Statement{Effect: policy.Deny, Action: policy.Strings("*")}
	if kind != policy.TrustPolicy {
		s.Resource = policy.Strings("*")
	}
	switch kind {
	case policy.TrustPolicy, policy.ResourcePolicy, policy.KeyPolicy, policy.EndpointPolicy, policy.ResourceControlPolicy:
		s.Principal = policy.Principal{Any: true}
	}
	return s
}

// checkOtherSecret: the grant covers no other secret of its account.
func (w world) checkOtherSecret(t *testing.T, a policy.SecretAccess) {
	t.Helper()
	a.Secret.ARN += "-Zz9Zz9"
	if d := a.Evaluate().Secret.Decision; d != policy.ImplicitlyDenied {
		t.Errorf("the secret %s is %v", a.Secret.ARN, d)
	}
}

// checkNeighbours: no other namespace, service account or audience gets the
// role.
func (w world) checkNeighbours(t *testing.T, r *rand.Rand) {
	t.Helper()
	neighbours := map[string]func(*policy.SecretAccess){
		"namespace": func(a *policy.SecretAccess) {
			a.Claims.Subject = strings.Replace(a.Claims.Subject, ":"+w.irsa.Namespace+":", ":"+w.irsa.Namespace+"2:", 1)
		},
		"service account": func(a *policy.SecretAccess) {
			a.Claims.Subject = "system:serviceaccount:" + w.irsa.Namespace + ":another"
		},
		"longer name": func(a *policy.SecretAccess) {
			if w.irsa.ServiceAccountPattern == "" {
				a.Claims.Subject += "x"
				return
			}
			a.Claims.Subject = "system:serviceaccount:" + w.irsa.Namespace + ":x" + w.irsa.ServiceAccountPattern
		},
		"audience": func(a *policy.SecretAccess) {
			a.Claims.Audience = []string{"vault"}
			a.Providers = slices.Clone(a.Providers)
			a.Providers[0].ClientIDs = []string{"vault"} // so that the trust policy decides
		},
		"issuer": func(a *policy.SecretAccess) {
			a.Claims.Issuer += "x"
			a.Providers = slices.Clone(a.Providers)
			a.Providers[0].URL += "x"
			a.Providers[0].ARN += "x"
		},
	}
	for name, change := range neighbours {
		a := w.access(r, 0)
		change(&a)
		trust := a.Evaluate().Trust
		if trust.Decision != policy.ImplicitlyDenied || trust.Stage != policy.TrustStage {
			t.Errorf("another %s: %v at stage %v", name, trust.Decision, trust.Stage)
		}
	}
}

// checkPodIdentity: EKS gives the role and the target role to the service
// account and to no other.
func (w world) checkPodIdentity(t *testing.T, r *rand.Rand) {
	t.Helper()
	cluster := pick(r, "blue", "green")
	if w.irsa.Cluster != "" {
		cluster = w.irsa.Cluster
	}
	partition := policy.Partition(w.irsa.Region)
	whole := policy.PodIdentity{
		ClusterARN: "arn:" + partition + ":eks:" + w.irsa.Region + ":" + w.irsa.RoleAccount + ":cluster/" + cluster,
		Namespace:  w.irsa.Namespace, ServiceAccount: w.account(r),
		Role:       policy.Role{ARN: w.role, Trust: w.podIdentity, Policies: []policy.Policy{{Name: permissionsPolicy, Document: w.permissions}}},
		Target:     &policy.Role{ARN: w.irsa.TargetRoleARN, Trust: w.target},
		ExternalID: w.irsa.ExternalID, Closed: r.IntN(2) == 0, Time: storyTime,
	}
	if got := whole.Evaluate(); got.Decision != policy.Allowed {
		t.Errorf("Pod Identity: %s", indent(t, got))
	}
	neighbours := map[string]func(*policy.PodIdentity){
		"namespace":       func(p *policy.PodIdentity) { p.Namespace += "2" },
		"service account": func(p *policy.PodIdentity) { p.ServiceAccount = "another" },
		"account": func(p *policy.PodIdentity) {
			p.ClusterARN = strings.Replace(p.ClusterARN, w.irsa.RoleAccount, "999988887777", 1)
		},
		"external id": func(p *policy.PodIdentity) { p.ExternalID += "2" },
		"unnamed pod": func(p *policy.PodIdentity) { p.DisableSessionTags = true },
	}
	if w.irsa.Cluster != "" {
		neighbours["cluster"] = func(p *policy.PodIdentity) { p.ClusterARN += "2" }
	}
	for name, change := range neighbours {
		p := whole
		change(&p)
		if got := p.Evaluate(); got.Decision != policy.ImplicitlyDenied {
			t.Errorf("Pod Identity with another %s: %s", name, indent(t, got))
		}
	}
}

// checkTarget: the pod's role may assume the target role, by both documents
// and with the external id.
func (w world) checkTarget(t *testing.T) {
	t.Helper()
	role, _ := policy.ParseARN(w.role)
	target, _ := policy.ParseARN(w.irsa.TargetRoleARN)
	ask := func(permissions, trust *policy.Document, externalID string) policy.Result {
		return policy.Evaluate(policy.Request{
			Principal: "arn:" + role.Partition + ":sts::" + role.Account + ":assumed-role/" + w.irsa.RoleName + "/testapp",
			RoleARN:   w.role, Action: "sts:AssumeRole", Resource: w.irsa.TargetRoleARN,
			Context: policy.Context{"sts:ExternalId": {externalID}}, Closed: true, Time: storyTime,
		}, policy.Set{
			Identity: []policy.Policy{{Kind: policy.IdentityPolicy, Account: role.Account, Name: permissionsPolicy, Document: permissions}},
			Resource: &policy.Policy{Kind: policy.TrustPolicy, Account: target.Account, Name: w.irsa.TargetRoleARN, Document: trust},
		})
	}
	if r := ask(w.permissions, w.target, w.irsa.ExternalID); r.Decision != policy.Allowed {
		t.Errorf("target role: %s", indent(t, r))
	}
	if r := ask(w.permissions, w.target, "ea-another"); r.Decision != policy.ImplicitlyDenied {
		t.Errorf("target role with another external id: %v", r.Decision)
	}
	last := len(w.permissions.Statements) - 1
	for name, r := range map[string]policy.Result{
		target.Account + w.irsa.TargetRoleARN: ask(w.permissions, &policy.Document{}, w.irsa.ExternalID),
		role.Account + permissionsPolicy:      ask(&policy.Document{Statements: w.permissions.Statements[:last]}, w.target, w.irsa.ExternalID),
	} {
		if r.Decision != policy.ImplicitlyDenied || len(r.Missing) != 1 || r.Missing[0].Account+r.Missing[0].Policy != name {
			t.Errorf("without the statement of %s: %s", name, indent(t, r))
		}
	}
}
