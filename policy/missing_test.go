package policy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

// scenario is a request with documents that allow it, each necessary.
type scenario struct {
	req policy.Request
	set policy.Set
}

func scenarios() map[string]scenario {
	via := policy.Context{
		"kms:ViaService":                  {"secretsmanager.eu-west-1.amazonaws.com"},
		"kms:EncryptionContext:SecretARN": {farSecret},
	}
	decrypt := func(key string) policy.Request {
		r := asRole("kms:Decrypt", key)
		r.Context = via
		return r
	}
	user := readSecret(farSecret)
	user.Principal, user.RoleARN = ownUser, ""
	userKey := decrypt(ownKey)
	userKey.Principal, userKey.RoleARN = ownUser, ""
	rootKey := decrypt(ownKey)
	rootKey.Principal, rootKey.RoleARN = ownRoot, ""
	web := asRole("sts:AssumeRoleWithWebIdentity", ownTarget)
	web.Principal, web.RoleARN = provider, ""
	web.Context = policy.Context{clusterURL + ":aud": {"sts.amazonaws.com"}, clusterURL + ":sub": {"system:serviceaccount:ns:${sa}"}}
	twoAudiences := web
	twoAudiences.Context = policy.Context{clusterURL + ":aud": {"sts.amazonaws.com", "other"}, clusterURL + ":sub": {"system:serviceaccount:ns:sa"}}
	pod := asRole("sts:AssumeRole", ownTarget)
	pod.Principal, pod.RoleARN = "pods.eks.amazonaws.com", ""
	pod.Context = policy.Context{"aws:RequestTag/kubernetes-namespace": {"ns"}}
	hop := asRole("sts:AssumeRole", farTarget)
	hop.Context = policy.Context{"sts:ExternalId": {"x"}}
	federated := readSecret(ownSecret)
	federated.Principal, federated.RoleARN = "arn:aws:sts::111111111111:federated-user/bob", ""
	noPath := readSecret(farSecret)
	noPath.RoleARN = ""

	identity := list(all)
	guards := policy.Set{
		Identity: identity, Boundaries: list(all), Session: list(all),
		SCPs:     [][]policy.Policy{list(text("root", allStatement)), list(text("account", allStatement))},
		RCPs:     [][]policy.Policy{list(text("rcp"))},
		Endpoint: list(text("endpoint", `{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`)),
	}
	with := func(s policy.Set, resource *policy.Policy) policy.Set {
		s.Resource = resource
		return s
	}
	bucket := asRole("s3:GetObject", "arn:aws:s3:::b/k")
	bucket.ResourceAccount = "111111111111"
	return map[string]scenario{
		"own secret":             {readSecret(ownSecret), guards},
		"own secret, role named": {readSecret(ownSecret), with(policy.Set{Boundaries: list(all)}, to("Allow", aws(ownRole)))},
		"far secret":             {readSecret(farSecret), with(guards, to("Allow", aws(ownRole)))},
		"far secret, no path":    {noPath, with(guards, to("Allow", aws(ownRole)))},
		"far secret, user":       {user, with(guards, to("Allow", aws(ownUser)))},
		"own key, root":          {decrypt(ownKey), with(guards, to("Allow", aws(ownRoot)))},
		"own key, role":          {decrypt(ownKey), with(guards, to("Allow", aws(ownRole)))},
		"own key, user":          {userKey, with(guards, to("Allow", aws(ownRoot)))},
		"own key, root user":     {rootKey, with(policy.Set{}, to("Allow", aws(ownRoot)))},
		"far key":                {decrypt(farKey), with(guards, to("Allow", aws(ownRole)))},
		"web identity":           {web, with(policy.Set{}, trust(`{"Federated":"`+provider+`"}`))},
		"web identity, many aud": {twoAudiences, with(policy.Set{}, trust(`{"Federated":"`+provider+`"}`))},
		"pod identity":           {pod, with(policy.Set{}, trust(`{"Service":"pods.eks.amazonaws.com"}`))},
		"far role":               {hop, with(guards, trust(aws(ownRole)))},
		"own role":               {asRole("sts:AssumeRole", ownTarget), with(guards, trust(aws(ownRoot)))},
		"federated user":         {federated, policy.Set{Identity: identity, Session: list(all)}},
		"bucket":                 {bucket, with(guards, to("Allow", aws(ownRole)))},
	}
}

const allStatement = `{"Effect":"Allow","Action":"*","Resource":"*"}`

// documents lists pointers to all policies of the set, in order.
func documents(s *policy.Set) []*policy.Policy {
	var all []*policy.Policy
	add := func(p []policy.Policy) {
		for i := range p {
			all = append(all, &p[i])
		}
	}
	add(s.Identity)
	add(s.Boundaries)
	add(s.Session)
	add(s.Endpoint)
	for _, level := range s.SCPs {
		add(level)
	}
	if s.Resource != nil {
		all = append(all, s.Resource)
	}
	return all
}

// clone copies the set down to its policies.
func clone(s policy.Set) policy.Set {
	s.Identity, s.Boundaries = slices.Clone(s.Identity), slices.Clone(s.Boundaries)
	s.Session, s.Endpoint = slices.Clone(s.Session), slices.Clone(s.Endpoint)
	s.SCPs = slices.Clone(s.SCPs)
	for i := range s.SCPs {
		s.SCPs[i] = slices.Clone(s.SCPs[i])
	}
	if s.Resource != nil {
		s.Resource = new(*s.Resource)
	}
	return s
}

// add adds a missing statement to the document it names.
func add(t *testing.T, s *policy.Set, m policy.Missing) {
	t.Helper()
	extend := func(p *policy.Policy) {
		d := policy.Document{Version: policy.Version2012}
		if p.Document != nil {
			d = *p.Document
		}
		d.Statements = append(slices.Clone(d.Statements), m.Statement)
		p.Document = &d
	}
	byKind := map[policy.Kind]*[]policy.Policy{
		policy.IdentityPolicy: &s.Identity, policy.PermissionsBoundary: &s.Boundaries,
		policy.SessionPolicy: &s.Session, policy.EndpointPolicy: &s.Endpoint,
	}
	switch m.Kind {
	case policy.ResourcePolicy, policy.KeyPolicy, policy.TrustPolicy:
		if s.Resource == nil {
			s.Resource = &policy.Policy{}
		}
		extend(s.Resource)
		return
	case policy.ServiceControlPolicy:
		for _, level := range s.SCPs {
			for i := range level {
				if level[i].Name == m.Policy {
					extend(&level[i])
				}
			}
		}
		return
	}
	policies := byKind[m.Kind]
	i := slices.IndexFunc(*policies, func(p policy.Policy) bool { return p.Name == m.Policy })
	if i < 0 {
		*policies = append(*policies, policy.Policy{})
		i = len(*policies) - 1
	}
	extend(&(*policies)[i])
}

// supply evaluates, adds what is missing and evaluates again.
func supply(t *testing.T, req policy.Request, set policy.Set) {
	t.Helper()
	before := evaluate(t, req, set)
	if before.Decision != policy.ImplicitlyDenied {
		return
	}
	if len(before.Missing) == 0 {
		t.Errorf("denied, and nothing is missing: %+v", before)
	}
	mended := clone(set)
	for _, m := range before.Missing {
		add(t, &mended, m)
	}
	if after := evaluate(t, req, mended); after.Decision != policy.Allowed {
		t.Errorf("with what was missing: %v\nbefore: %+v\nafter: %+v", after.Decision, before, after)
	}
}

func TestMissingSuffices(t *testing.T) {
	t.Parallel()
	for name, sc := range scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := evaluate(t, sc.req, sc.set); got.Decision != policy.Allowed {
				t.Fatalf("complete: %+v", got)
			}
			n := len(documents(&sc.set))
			for drop := range 1 << n { // every subset of the documents loses its statements
				set := clone(sc.set)
				for i, p := range documents(&set) {
					if drop&(1<<i) != 0 {
						p.Document = policy.MustParse(`{"Version":"2012-10-17","Statement":[]}`)
					}
				}
				supply(t, sc.req, set)
			}
			bare := clone(sc.set)
			bare.Identity = nil
			if bare.Resource != nil && bare.Resource.Name == "attached" && sc.req.Action != "kms:Decrypt" {
				bare.Resource = nil
			}
			supply(t, sc.req, bare)
		})
	}
}

func TestMissingSufficesAtRandom(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(options ...string) string { return options[random.IntN(len(options))] }
	statement := func(principal bool) string {
		who := ""
		if principal {
			who = `"Principal":` + pick(`"*"`, aws(ownRole), aws(ownRoot), aws(ownSession), aws(farTarget), aws("AROAEXAMPLE")) + ","
		}
		return fmt.Sprintf(`{"Effect":"Allow",%s"Action":%q,"Resource":%q%s}`, who,
			pick("*", "secretsmanager:*", "kms:Decrypt", "s3:*"), pick("*", "*", farSecret, ownKey, ownSecret[:60]),
			pick("", "", "", `,"Condition":{"StringEquals":{"k":"other"}}`))
	}
	some := func(principal bool) []policy.Policy {
		var p []policy.Policy
		for i := range random.IntN(3) {
			p = append(p, text(fmt.Sprintf("doc-%d", i), statement(principal), statement(principal)))
		}
		return p
	}
	requests := []policy.Request{
		readSecret(ownSecret), readSecret(farSecret), asRole("kms:Decrypt", ownKey), asRole("kms:Decrypt", farKey),
	}
	for range 1000 {
		set := policy.Set{Identity: some(false), Boundaries: some(false), Session: some(false), Endpoint: some(true)}
		for i := range random.IntN(3) {
			set.SCPs = append(set.SCPs, list(text(fmt.Sprintf("scp-%d", i), statement(false))))
		}
		for i := range set.Boundaries {
			set.Boundaries[i].Name = fmt.Sprintf("boundary-%d", i)
		}
		req := requests[random.IntN(len(requests))]
		if req.Action == "kms:Decrypt" || random.IntN(3) > 0 { // a key always has a policy
			set.Resource = new(text("resource", statement(true), statement(true)))
		}
		supply(t, req, set)
	}
}

func TestMissingStatements(t *testing.T) {
	t.Parallel()
	sc := scenarios()
	managed := text("arn:aws:iam::aws:policy/ReadOnlyAccess", `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"`+ownSecret+`"}`)
	near := text("near", `{"Effect":"Allow","Action":"secretsmanager:*","Resource":"`+ownSecret+`"}`)
	anonymous := readSecret(ownSecret)
	anonymous.Principal = "*"
	foreign := readSecret("arn:aws-cn:secretsmanager:cn-north-1:111111111111:secret:a-AbCdEf")
	empty := policy.MustParse(`{"Statement":[]}`)
	hanging := &policy.Policy{Name: "hanging", Account: "444444444444", Document: empty}
	tests := map[string]struct {
		req  policy.Request
		set  policy.Set
		want []string
	}{
		"two accounts": {readSecret(farSecret), policy.Set{Identity: list(nothing, managed, near)}, []string{
			`identity-based policy of 111111111111 "near": {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + farSecret + `"}`,
			`resource-based policy of 222222222222 "": {"Effect":"Allow","Principal":{"AWS":"` + ownRole + `"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
		}},
		"nobody can edit what AWS manages": {readSecret(farSecret), policy.Set{Identity: list(managed), Resource: to("Allow", aws(ownRole))}, []string{
			`identity-based policy of 111111111111 "": {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + farSecret + `"}`,
		}},
		"key abroad": {sc["far key"].req, policy.Set{Resource: hanging}, []string{
			`key policy of 444444444444 "hanging": {"Effect":"Allow","Principal":{"AWS":"` + ownRole + `"},"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com","kms:EncryptionContext:SecretARN":"` + farSecret + `"}}}`,
			`identity-based policy of 111111111111 "": {"Effect":"Allow","Action":"kms:Decrypt","Resource":"` + farKey + `","Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.eu-west-1.amazonaws.com"}}}`,
		}},
		"own key": {asRole("kms:Decrypt", ownKey), policy.Set{Resource: hanging}, []string{
			`key policy of 444444444444 "hanging": {"Effect":"Allow","Principal":{"AWS":"` + ownRole + `"},"Action":"kms:Decrypt","Resource":"*"}`,
		}},
		"web identity": {sc["web identity"].req, policy.Set{Resource: hanging}, []string{
			`role trust policy of 444444444444 "hanging": {"Effect":"Allow","Principal":{"Federated":"` + provider + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"` + clusterURL + `:aud":"sts.amazonaws.com","` + clusterURL + `:sub":"system:serviceaccount:ns:${$}{sa}"}}}`,
		}},
		"boundary and SCP": {readSecret(ownSecret), policy.Set{Identity: list(all), Boundaries: list(nothing), SCPs: [][]policy.Policy{list(nothing)}}, []string{
			`service control policy of 111111111111 "doc": {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"*"}`,
			`permissions boundary of 111111111111 "doc": {"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"` + ownSecret + `"}`,
		}},
		"explicit deny":                    {readSecret(ownSecret), policy.Set{Identity: list(all, doc("Deny", "*", "*"))}, nil},
		"anonymous callers get no advice":  {anonymous, policy.Set{}, nil},
		"nor do those of other partitions": {foreign, policy.Set{}, nil},
		"what is not known is not missing": {asRole("kms:Decrypt", ownKey), policy.Set{Identity: list(all)}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, m := range evaluate(t, tt.req, tt.set).Missing {
				b, err := m.Statement.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%v of %s %q: %s", m.Kind, m.Account, m.Policy, b))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A wildcard in the resource's own name must not become one of the policy.
func TestMissingIsNoPattern(t *testing.T) {
	t.Parallel()
	const object = "arn:aws:s3:::bucket/a*b?c${d}"
	ask := func(resource string, d *policy.Document) policy.Result {
		return policy.Evaluate(policy.Request{
			Principal: "arn:aws:iam::111111111111:user/ann", Action: "s3:GetObject",
			Resource: resource, ResourceAccount: "111111111111", Closed: true,
		}, policy.Set{Identity: []policy.Policy{{Kind: policy.IdentityPolicy, Account: "111111111111", Name: "p", Document: d}}})
	}
	for version, want := range map[string]string{
		policy.Version2012: "arn:aws:s3:::bucket/a${*}b${?}c${$}{d}",
		policy.Version2008: "arn:aws:s3:::bucket/a?b?c${d}",
		"":                 "arn:aws:s3:::bucket/a?b?c${d}",
	} {
		doc := &policy.Document{Version: version}
		missing := ask(object, doc).Missing
		if len(missing) != 1 {
			t.Fatalf("%q: missing %v", version, missing)
		}
		if diff := cmp.Diff(policy.Strings(want), missing[0].Statement.Resource); diff != "" {
			t.Errorf("%q (-want +got):\n%s", version, diff)
		}
		doc.Statements = []policy.Statement{missing[0].Statement}
		if got := ask(object, doc).Decision; got != policy.Allowed {
			t.Errorf("%q: with the statement it is %v", version, got)
		}
		if got := ask("arn:aws:s3:::bucket/a-long-way-b?c${d}", doc).Decision; got != policy.ImplicitlyDenied {
			t.Errorf("%q: another object is %v", version, got)
		}
	}
}
