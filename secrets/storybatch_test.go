package secrets_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/smithy-go"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// ownStory is Story in which the pod has two secrets and two parameters of its
// own account, all under the key of the key account.
func ownStory() secretstest.World { return storyUnder(secretstest.StoryKeyARN) }

// storyUnder is ownStory under another key.
func storyUnder(key string) secretstest.World {
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	for _, name := range []string{"one", "two"} {
		own.Secrets = append(own.Secrets, secretstest.Secret{
			Name: "own/" + name, Region: region, Suffix: "AbCdEf", KeyID: key,
			Versions: []secretstest.Version{{String: new(name)}},
		})
		own.Parameters = append(own.Parameters, secretstest.Parameter{
			Name: "/own/" + name, Region: region, Type: "SecureString", Value: name, KeyID: key,
		})
	}
	statement := func(action, resource string) *policy.Document {
		return with(nil, &policy.Statement{Effect: policy.Allow, Action: policy.Strings(action), Resource: policy.Strings(resource)})
	}
	role(&w).Policies = []credentialstest.Policy{
		{Name: "batch", Document: statement("secretsmanager:BatchGetSecretValue", "*")},
		{Name: "describe", Document: statement("secretsmanager:DescribeSecret", "*")},
		{Name: "secretsmanager", Document: statement("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:own/*")},
		{Name: "ssm", Document: statement("ssm:GetParameters", "arn:aws:ssm:*:*:parameter/own/*")},
		{Name: "kms", Document: statement("kms:Decrypt", key)},
	}
	w.Account(secretstest.StoryKeyAccount).Keys[0].Policy.Statements[1].Condition = nil
	return w
}

// scene is what is read in a world of storyUnder.
type scene struct{ service, ref, key, keyAccount string }

var scenes = map[string]scene{
	"secrets":                     {"secretsmanager", "own/", secretstest.StoryKeyARN, secretstest.StoryKeyAccount},
	"parameters":                  {"ssm", "ssm:/own/", secretstest.StoryKeyARN, secretstest.StoryKeyAccount},
	"secrets under an own key":    {"secretsmanager", "own/", secretstest.StoryAppKeyARN, secretstest.StoryClusterAccount},
	"parameters under an own key": {"ssm", "ssm:/own/", secretstest.StoryAppKeyARN, secretstest.StoryClusterAccount},
}

// fault is what is done to a document.
type fault struct {
	breakIt func(w *secretstest.World, s scene)
	kind    policy.Kind
	// foreign: it is the key account's document.
	foreign bool
	// ofKey: it refuses kms:Decrypt.
	ofKey bool
	// deny: a Deny refuses, against which no statement helps.
	deny bool
	// only: the service that has such documents; "" is both.
	only string
}

// faults are of all documents that can refuse.
var faults = map[string]fault{
	"identity policy": {
		breakIt: func(w *secretstest.World, s scene) { drop(w, s.service) }, kind: policy.IdentityPolicy,
	},
	"explicit deny": {
		breakIt: func(w *secretstest.World, s scene) {
			role(w).Policies = append(role(w).Policies, credentialstest.Policy{Name: "deny", Document: denial(s.service+":Get*", "")})
		}, kind: policy.IdentityPolicy, deny: true,
	},
	"boundary": {
		breakIt: func(w *secretstest.World, _ scene) {
			role(w).Boundary.Document.Statements[0].Action = policy.Strings("kms:*", "secretsmanager:Batch*", "secretsmanager:Describe*")
		}, kind: policy.PermissionsBoundary,
	},
	"service control policy": {
		breakIt: func(w *secretstest.World, _ scene) {
			cluster(w).SCPs[0][0].Document.Statements[0].Action = policy.Strings("sts:*", "kms:*", "secretsmanager:Batch*")
		}, kind: policy.ServiceControlPolicy,
	},
	"resource control policy": {
		breakIt: func(w *secretstest.World, s scene) {
			cluster(w).RCPs = [][]credentialstest.Policy{{{Name: "deny", Document: denial(s.service+":Get*", "*")}}}
		}, kind: policy.ResourceControlPolicy, deny: true, only: "secretsmanager",
	},
	"resource policy": {
		breakIt: func(w *secretstest.World, _ scene) {
			for i := range cluster(w).Secrets {
				cluster(w).Secrets[i].Policy = denial("secretsmanager:GetSecretValue", "*")
			}
		}, kind: policy.ResourcePolicy, deny: true, only: "secretsmanager",
	},
	"kms:Decrypt": {
		breakIt: func(w *secretstest.World, _ scene) { drop(w, "kms") }, kind: policy.IdentityPolicy, ofKey: true,
	},
	"kms:Decrypt, explicit deny": {
		breakIt: func(w *secretstest.World, _ scene) {
			role(w).Policies = append(role(w).Policies, credentialstest.Policy{Name: "deny", Document: denial("kms:*", "")})
		}, kind: policy.IdentityPolicy, ofKey: true, deny: true,
	},
	"key policy": {
		breakIt: func(w *secretstest.World, s scene) {
			// It lets an administrator in, and with it no identity policy.
			w.Account(s.keyAccount).Keys[0].Policy = policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow",` +
				`"Principal":{"AWS":"arn:aws:iam::` + s.keyAccount + `:role/administrator"},"Action":"kms:*","Resource":"*"}]}`)
		}, kind: policy.KeyPolicy, foreign: true, ofKey: true,
	},
	"boundary, of keys": {
		breakIt: func(w *secretstest.World, _ scene) {
			role(w).Boundary.Document.Statements[0].Action = policy.Strings("secretsmanager:*", "ssm:*")
		}, kind: policy.PermissionsBoundary, ofKey: true,
	},
	"service control policy, of keys": {
		breakIt: func(w *secretstest.World, _ scene) {
			cluster(w).SCPs[0][0].Document.Statements[0].Action = policy.Strings("sts:*", "secretsmanager:*", "ssm:*")
		}, kind: policy.ServiceControlPolicy, ofKey: true,
	},
	"resource control policy, of keys": {
		breakIt: func(w *secretstest.World, s scene) {
			w.Account(s.keyAccount).RCPs = [][]credentialstest.Policy{{{Name: "deny", Document: denial("kms:*", "*")}}}
		}, kind: policy.ResourceControlPolicy, foreign: true, ofKey: true, deny: true,
	},
}

func cluster(w *secretstest.World) *secretstest.Account {
	return w.Account(secretstest.StoryClusterAccount)
}

// denial is a document that denies an action to a principal.
func denial(action, to string) *policy.Document {
	if to != "" {
		to = `"Principal":"` + to + `",`
	}
	return policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny",` + to + `"Action":"` + action + `","Resource":"*"}]}`)
}

// TestEveryDenialInABatch spoils each document in turn, of secrets and of
// parameters that are read together. The error names the document and the
// account, and its statement gives the access back.
func TestEveryDenialInABatch(t *testing.T) {
	t.Parallel()
	for where, s := range scenes {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			for ref, r := range s.read(t, storyUnder(s.key)) {
				if r.Err != nil {
					t.Errorf("unbroken, %s: %v", ref, r.Err)
				}
			}
		})
		for name, f := range faults {
			if f.only != "" && f.only != s.service {
				continue
			}
			t.Run(where+", "+name, func(t *testing.T) {
				t.Parallel()
				w := storyUnder(s.key)
				f.breakIt(&w, s)
				heals := true
				for ref, r := range s.read(t, w) {
					checkKind(t, r.Err, secrets.ErrDenied)
					if _, ok := errors.AsType[smithy.APIError](r.Err); !ok {
						t.Errorf("the SDK's error is lost: %v", r.Err)
					}
					access, ok := errors.AsType[*secrets.AccessError](r.Err)
					if !ok || access.Ref != ref || access.Principal == "" || access.RoleAccount != secretstest.StoryClusterAccount ||
						access.SecretAccount != secretstest.StoryClusterAccount || (access.Action == "kms:Decrypt") != f.ofKey {
						t.Fatalf("%s: %+v", ref, access)
					}
					var named []secrets.Grant
					named, heals = f.named(t, access, s)
					for _, g := range named {
						if g.Statement != nil {
							heal(&w, g)
						}
					}
				}
				for ref, r := range s.read(t, w) {
					if (r.Err == nil) != heals {
						t.Errorf("with the statements added, %s: %v", ref, r.Err)
					}
				}
			})
		}
	}
}

func (s scene) read(t *testing.T, w secretstest.World) map[string]secrets.Result {
	t.Helper()
	_, cfg := pod(t, w)
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	return fetch(t, source, s.ref+"one", s.ref+"two")
}

// named checks that an error names the document at fault, and returns the grants
// to add and whether they give the access back.
func (f fault) named(t *testing.T, access *secrets.AccessError, s scene) (named []secrets.Grant, heals bool) {
	t.Helper()
	if f.ofKey && s.service == "secretsmanager" {
		// Its sentence is the same whatever refuses the key: "Access to KMS is not
		// allowed". So the two documents are named that must allow it, with their
		// accounts, for the key can be looked up; that there are others cannot be
		// known, and what they lack neither statement would give back.
		checkGrantsOfKey(t, access, s)
		return access.Grants, (f.kind == policy.IdentityPolicy || f.kind == policy.KeyPolicy) && !f.deny
	}
	// Of a key whose policy is at fault KMS does not tell a stranger even whose it
	// is, and Parameter Store has no way to look it up by what the pod may do.
	untold := f.kind == policy.KeyPolicy && access.Denial.Resource == ""
	account := secretstest.StoryClusterAccount
	if f.foreign {
		account = s.keyAccount
	}
	i := slices.IndexFunc(access.Grants, func(g secrets.Grant) bool { return g.Kind == f.kind })
	if i < 0 || len(access.Grants) > 1 && !untold {
		t.Fatalf("%v; %+v", access, access.Denial)
	}
	// Against a Deny no statement helps, so that none is given.
	g := access.Grants[i]
	if g.Account != account && !(untold && g.Account == "") || (g.Statement == nil) != f.deny {
		t.Errorf("%+v", g)
	}
	return []secrets.Grant{g}, !f.deny
}

// checkGrantsOfKey checks that both halves of the permission for a key are named.
func checkGrantsOfKey(t *testing.T, access *secrets.AccessError, s scene) {
	t.Helper()
	kinds := []policy.Kind{policy.IdentityPolicy, policy.KeyPolicy}
	accounts := []string{secretstest.StoryClusterAccount, s.keyAccount}
	if len(access.Grants) != 2 || access.KeyAccount != s.keyAccount {
		t.Fatalf("%+v", access)
	}
	for i, g := range access.Grants {
		if g.Kind != kinds[i] || g.Account != accounts[i] || g.Statement == nil {
			t.Errorf("%+v", g)
		}
	}
}

// TestOldKey reads a version that is still under the key that the secret had
// before, which the pod may not use.
func TestOldKey(t *testing.T) {
	t.Parallel()
	cfg := script(func(operation string) (int, string) {
		if operation == "GetSecretValue" {
			return 400, refusal("AccessDeniedException", "Access to KMS is not allowed. This version of secret is not encrypted with the current KMS key.")
		}
		return 200, `{"ARN":"` + secretARN + `","KmsKeyId":"` + secretstest.StoryKeyARN + `"}`
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	ref := secretARN + "?version_stage=AWSPREVIOUS"
	access, ok := errors.AsType[*secrets.AccessError](fetch(t, source, ref)[ref].Err)
	if !ok || len(access.Grants) != 2 || access.KeyAccount != "" || access.Ref != ref {
		t.Fatalf("got %v", access)
	}
	for _, g := range access.Grants {
		if strings.Contains(g.Document, secretstest.StoryKeyARN) || !strings.Contains(g.Explanation, "when this version was written") {
			t.Errorf("got %+v", g)
		}
	}
}

// TestNotFoundAdvice covers the rule by which an ARN is taken for complete.
func TestNotFoundAdvice(t *testing.T) {
	t.Parallel()
	cfg := script(func(string) (int, string) {
		return 400, refusal("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
	}).config()
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	for ref, want := range map[string]string{
		"prod/db-AbCdEf": "without the six random characters",
		secretARN:        "is taken for a complete one",
		"prod/db":        "",
	} {
		err := fetch(t, source, ref)[ref].Err
		checkKind(t, err, secrets.ErrNotFound)
		if !strings.Contains(err.Error(), want) || want == "" && strings.Contains(err.Error(), "six") {
			t.Error(err)
		}
	}
	// A partial ARN that does not resolve looks like a lack of permission.
	_, pods := pod(t, secretstest.Story())
	source, _ = secrets.NewAWSSource(t, pods, secrets.Config{})
	const absent = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:absent"
	if err := fetch(t, source, absent)[absent].Err; !errors.Is(err, secrets.ErrDenied) || !strings.Contains(err.Error(), "there is no such secret") {
		t.Error(err)
	}
	const slash = "/testapp/loglevel"
	if err := fetch(t, source, slash)[slash].Err; !errors.Is(err, secrets.ErrDenied) || !strings.Contains(err.Error(), "ssm:"+slash) {
		t.Error(err)
	}
}

// TestVersionsAndStages reads what a peer that hard-codes AWSCURRENT cannot.
func TestVersionsAndStages(t *testing.T) {
	t.Parallel()
	const id = oldVersion
	_, cfg := pod(t, versioned())
	source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
	wants := map[string]string{
		"own/two":                           "new",
		"own/two?version_stage=AWSPREVIOUS": "old",
		"own/two?version_id=" + id:          "old",
		"own/two?version_stage=AWSPREVIOUS&version_id=" + id:                                     "old",
		"arn:aws:secretsmanager:eu-west-1:111122223333:secret:own/two?version_stage=AWSPREVIOUS": "old",
	}
	refs := []string{
		"own/two?version_stage=AWSPENDING", "own/two?version_stage=mine",
		"own/two?version_stage=AWSCURRENT&version_id=" + id, "own/two?version_id=a1b2c3d4-5678-90ab-cdef-EXAMPLE44444",
	}
	for ref := range wants {
		refs = append(refs, ref)
	}
	got := fetch(t, source, refs...)
	for ref, want := range wants {
		if got[ref].Value.Reveal() != want {
			t.Errorf("%s: %q, %v", ref, got[ref].Value.Reveal(), got[ref].Err)
		}
	}
	for i, want := range []struct {
		kind error
		text string
	}{
		{secrets.ErrNotFound, "AWSPENDING"},
		{secrets.ErrNotFound, "mine"},
		{secrets.ErrConfiguration, "leave out one"},
		{secrets.ErrNotFound, "no version with that id"},
	} {
		err := got[refs[i]].Err
		checkKind(t, err, want.kind)
		if !strings.Contains(err.Error(), want.text) {
			t.Error(err)
		}
	}
}
