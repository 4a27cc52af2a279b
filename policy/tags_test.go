package policy_test

import (
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// tagged allows to read the secret only who has the tag.
func tagged(key, value string) []policy.Policy {
	read := strings.Replace(readText, `"Resource"`, `"Condition": {"StringEquals": {"aws:PrincipalTag/`+key+`": "`+value+`"}}, "Resource"`, 1)
	return []policy.Policy{named("reader/read", read), named("reader/decrypt", decryptText)}
}

// The tags of a role and of its session become aws:PrincipalTag/…, and those of
// the session come first (IAM User Guide, id_session-tags).
func TestSecretAccessTags(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		access policy.SecretAccess
		change func(*policy.SecretAccess)
		want   policy.Decision
	}{
		"of the role": {story(), func(a *policy.SecretAccess) {
			a.Role.Policies, a.Role.Tags = tagged("team", "a"), map[string]string{"Team": "a"}
		}, policy.Allowed},
		"another value": {story(), func(a *policy.SecretAccess) {
			a.Role.Policies, a.Role.Tags = tagged("team", "a"), map[string]string{"team": "b"}
		}, policy.ImplicitlyDenied},
		"not known": {story(), func(a *policy.SecretAccess) { a.Role.Policies = tagged("team", "a") }, policy.Unknown},
		"absent": {story(), func(a *policy.SecretAccess) {
			a.Role.Policies, a.Role.Tags, a.Closed = tagged("team", "a"), map[string]string{"stage": "a"}, true
		}, policy.ImplicitlyDenied},
		"given": {story(), func(a *policy.SecretAccess) {
			a.Role.Policies, a.Role.Tags = tagged("team", "a"), map[string]string{"team": "b"}
			a.Context = policy.Context{"AWS:PrincipalTag/TEAM": {"a"}}
		}, policy.Allowed},
		"of the session before the role's": {hopping(), func(a *policy.SecretAccess) {
			a.Hops[0].Role.Policies, a.Hops[0].Role.Tags = tagged("team", "a"), map[string]string{"TEAM": "b"}
		}, policy.Allowed},
		"of the role beside the session's": {hopping(), func(a *policy.SecretAccess) {
			a.Hops[0].Role.Policies, a.Hops[0].Role.Tags = tagged("unit", "b"), map[string]string{"unit": "b"}
		}, policy.Allowed},
		"of the role before": {hopping(), func(a *policy.SecretAccess) {
			a.Hops[0].Role.Policies, a.Role.Tags, a.Closed = tagged("unit", "b"), map[string]string{"unit": "b"}, true
		}, policy.ImplicitlyDenied},
		"of the role that hops": {hopping(), func(a *policy.SecretAccess) {
			a.Hops[0].Role.Trust = edited(hopTrust, `"StringEquals": {`, `"StringEquals": {"aws:PrincipalTag/unit": "b", `)
			a.Role.Tags = map[string]string{"unit": "b"}
		}, policy.Allowed},
		"of the role that hops, given": {hopping(), func(a *policy.SecretAccess) {
			a.Hops[0].Role.Trust = edited(hopTrust, `"StringEquals": {`, `"StringEquals": {"aws:PrincipalTag/unit": "b", `)
			a.Context = policy.Context{"aws:principaltag/Unit": {"b"}}
		}, policy.Allowed},
		"of a pod's role": {podStory(), func(a *policy.SecretAccess) {
			a.Pod.Role.Policies, a.Pod.Role.Tags = tagged("team", "a"), map[string]string{"team": "a"}
		}, policy.Allowed},
		"of a pod before its role's": {podStory(), func(a *policy.SecretAccess) {
			a.Pod.Role.Policies = tagged("kubernetes-pod-name", "testapp-0")
			a.Pod.PodName, a.Pod.Role.Tags = "testapp-0", map[string]string{"Kubernetes-Pod-Name": "x"}
		}, policy.Allowed},
		"of a pod, not known": {podStory(), func(a *policy.SecretAccess) {
			a.Pod.Role.Policies = tagged("kubernetes-pod-name", "x")
			a.Pod.Role.Tags = map[string]string{"Kubernetes-Pod-Name": "x"}
		}, policy.Unknown},
		"of a pod's role, without session tags": {podStory(), func(a *policy.SecretAccess) {
			a.Pod.Role.Trust, a.Pod.DisableSessionTags = policy.MustParse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
				"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}}`), true
			a.Pod.Role.Policies = tagged("kubernetes-pod-name", "x")
			a.Pod.Role.Tags = map[string]string{"kubernetes-pod-name": "x"}
		}, policy.Allowed},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.change(&tt.access)
			if r := tt.access.Evaluate(); r.Decision != tt.want {
				t.Errorf("got %v, want %v: %s", r.Decision, tt.want, r.Explain())
			}
		})
	}
}

func TestAssumeRoleTags(t *testing.T) {
	t.Parallel()
	trust := policy.MustParse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "` + ownUser + `"},
		"Action": ["sts:AssumeRole", "sts:TagSession"], "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}}`)
	cases := map[string]struct {
		own, inherited map[string]string
		context        policy.Context
		want           policy.Decision
	}{
		"own":       {own: map[string]string{"TEAM": "a"}, want: policy.Allowed},
		"other":     {own: map[string]string{"team": "b"}, want: policy.ImplicitlyDenied},
		"none":      {want: policy.ImplicitlyDenied},
		"inherited": {own: map[string]string{"TEAM": "b"}, inherited: map[string]string{"team": "a"}, want: policy.Allowed},
		"given":     {own: map[string]string{"team": "b"}, context: policy.Context{"AWS:PrincipalTag/Team": {"a"}}, want: policy.Allowed},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := policy.AssumeRole{
				Caller: policy.Caller{Principal: ownUser, Tags: tt.own}, Role: policy.Role{ARN: ownTarget, Trust: trust},
				Inherited: tt.inherited, Context: tt.context, Closed: true, Time: storyTime,
			}.Evaluate()
			if r.Decision != tt.want {
				t.Errorf("got %v, want %v: %s", r.Decision, tt.want, indent(t, r))
			}
		})
	}
}
