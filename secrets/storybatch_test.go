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
func ownStory() secretstest.World {
	w := secretstest.Story()
	own := w.Account(secretstest.StoryClusterAccount)
	for _, name := range []string{"one", "two"} {
		own.Secrets = append(own.Secrets, secretstest.Secret{
			Name: "own/" + name, Region: region, Suffix: "AbCdEf", KeyID: secretstest.StoryKeyARN,
			Versions: []secretstest.Version{{String: new(name)}},
		})
		own.Parameters = append(own.Parameters, secretstest.Parameter{
			Name: "/own/" + name, Region: region, Type: "SecureString", Value: name, KeyID: secretstest.StoryKeyARN,
		})
	}
	statement := func(action, resource string) *policy.Document {
		return &policy.Document{Version: policy.Version2012, Statements: []policy.Statement{{
			Effect: policy.Allow, Action: policy.Strings(action), Resource: policy.Strings(resource),
		}}}
	}
	role(&w).Policies = []credentialstest.Policy{
		{Name: "batch", Document: statement("secretsmanager:BatchGetSecretValue", "*")},
		{Name: "describe", Document: statement("secretsmanager:DescribeSecret", "*")},
		{Name: "secretsmanager", Document: statement("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:own/*")},
		{Name: "ssm", Document: statement("ssm:GetParameters", "arn:aws:ssm:*:*:parameter/own/*")},
		{Name: "kms", Document: statement("kms:Decrypt", secretstest.StoryKeyARN)},
	}
	key := &w.Account(secretstest.StoryKeyAccount).Keys[0]
	key.Policy.Statements[1].Condition = nil
	return w
}

// TestEveryDenialInABatch takes away each grant in turn, of secrets and of
// parameters that are read together. The error names the document and the
// account, and its statement gives the access back.
func TestEveryDenialInABatch(t *testing.T) {
	t.Parallel()
	const cluster = secretstest.StoryClusterAccount
	type mutation struct {
		breakIt func(w *secretstest.World, service string)
		kind    policy.Kind
		account string
		heals   bool
	}
	deny := func(service string) *policy.Document {
		return policy.MustParse(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"` + service + `:Get*","Resource":"*"}]}`)
	}
	for name, m := range map[string]mutation{
		"identity policy": {
			func(w *secretstest.World, service string) { drop(w, service) }, policy.IdentityPolicy, cluster, true,
		},
		"explicit deny": {
			func(w *secretstest.World, service string) {
				role(w).Policies = append(role(w).Policies, credentialstest.Policy{Name: "deny", Document: deny(service)})
			}, policy.IdentityPolicy, cluster, false,
		},
		"boundary": {
			func(w *secretstest.World, _ string) {
				role(w).Boundary.Document.Statements[0].Action = policy.Strings("kms:*", "secretsmanager:Batch*", "secretsmanager:Describe*")
			}, policy.PermissionsBoundary, cluster, true,
		},
		"boundary for keys": {
			func(w *secretstest.World, _ string) {
				role(w).Boundary.Document.Statements[0].Action = policy.Strings("secretsmanager:*", "ssm:*")
			}, policy.PermissionsBoundary, cluster, true,
		},
		"service control policy": {
			func(w *secretstest.World, _ string) {
				w.Account(cluster).SCPs[0][0].Document.Statements[0].Action = policy.Strings("sts:*", "kms:*", "secretsmanager:Batch*")
			}, policy.ServiceControlPolicy, cluster, true,
		},
		"kms:Decrypt": {
			func(w *secretstest.World, _ string) { drop(w, "kms") }, policy.IdentityPolicy, cluster, true,
		},
		"key policy": {
			func(w *secretstest.World, _ string) { w.Account(secretstest.StoryKeyAccount).Keys[0].Policy = nil },
			policy.KeyPolicy, secretstest.StoryKeyAccount, true,
		},
	} {
		for service, ref := range map[string]string{"secretsmanager": "own/", "ssm": "ssm:/own/"} {
			t.Run(name+", "+service, func(t *testing.T) {
				t.Parallel()
				w := ownStory()
				_, cfg := pod(t, w)
				source, _ := secrets.NewAWSSource(t, cfg, secrets.Config{})
				for ref, r := range fetch(t, source, ref+"one", ref+"two") {
					if r.Err != nil {
						t.Fatalf("unbroken, %s: %v", ref, r.Err)
					}
				}
				m.breakIt(&w, service)
				_, cfg = pod(t, w)
				source, _ = secrets.NewAWSSource(t, cfg, secrets.Config{})
				var found *secrets.Grant
				for ref, r := range fetch(t, source, ref+"one", ref+"two") {
					checkKind(t, r.Err, secrets.ErrDenied)
					access, ok := errors.AsType[*secrets.AccessError](r.Err)
					if !ok {
						t.Fatalf("%s: %v", ref, r.Err)
					}
					if _, ok := errors.AsType[smithy.APIError](r.Err); !ok {
						t.Errorf("the SDK's error is lost: %v", r.Err)
					}
					if name == "boundary for keys" && service == "secretsmanager" {
						return // AWS says only that the key refuses
					}
					i := slices.IndexFunc(access.Grants, func(g secrets.Grant) bool { return g.Kind == m.kind })
					if i < 0 || access.Ref != ref || access.Principal == "" || access.RoleAccount != cluster || access.SecretAccount != cluster {
						t.Fatalf("%+v", access)
					}
					found = &access.Grants[i]
					// KMS does not tell strangers whose key it is.
					unknown := m.kind == policy.KeyPolicy && service == "ssm"
					if found.Account != m.account && !unknown || (found.Statement != nil) != m.heals {
						t.Errorf("%+v", found)
					}
					if len(access.Grants) > 1 && !strings.Contains(access.Action, "kms") {
						t.Errorf("%d grants: %v", len(access.Grants), access)
					}
					if !m.heals {
						continue
					}
					heal(&w, *found)
				}
				if !m.heals {
					return
				}
				_, cfg = pod(t, w)
				source, _ = secrets.NewAWSSource(t, cfg, secrets.Config{})
				for ref, r := range fetch(t, source, ref+"one", ref+"two") {
					if r.Err != nil && m.kind != policy.KeyPolicy { // of which heal keeps one statement
						t.Errorf("with the statements added, %s: %v", ref, r.Err)
					}
				}
			})
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
	const id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE33333"
	w := ownStory()
	drop(&w, "kms")
	own := w.Account(secretstest.StoryClusterAccount)
	own.Secrets[len(own.Secrets)-1].KeyID = ""
	own.Secrets[len(own.Secrets)-1].Versions = []secretstest.Version{
		{ID: id, String: new("old"), Stages: []string{"AWSPREVIOUS"}},
		{String: new("new"), Stages: []string{"AWSCURRENT"}},
		{Stages: []string{"AWSPENDING"}},
	}
	_, cfg := pod(t, w)
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
