package policy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

const (
	podCluster = "arn:aws:eks:eu-west-1:" + roleAccount + ":cluster/prod"
	podTrust   = `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringEquals": {
			"aws:RequestTag/kubernetes-namespace": "testnamespace", "aws:RequestTag/kubernetes-service-account": "testapp",
			"aws:SourceAccount": "` + roleAccount + `", "aws:RequestTag/eks-cluster-arn": "` + podCluster + `"
		}, "ArnEquals": {"aws:SourceArn": "` + podCluster + `"}}
	}]}`
	targetTrust = `{"Version": "2012-10-17", "Statement": [{
		"Effect": "Allow", "Principal": {"AWS": "` + storyRole + `"}, "Action": ["sts:AssumeRole", "sts:TagSession"],
		"Condition": {"StringEquals": {
			"sts:ExternalId": "eu-west-1/` + roleAccount + `/prod/testnamespace/testapp", "aws:RequestTag/kubernetes-namespace": "testnamespace"
		}}
	}]}`
)

func pod() policy.PodIdentity {
	return policy.PodIdentity{
		ClusterARN: podCluster, Namespace: "testnamespace", ServiceAccount: "testapp",
		Role: policy.Role{ARN: storyRole, Trust: policy.MustParse(podTrust)}, Time: storyTime,
	}
}

// podWithTarget goes on to a role of another account.
func podWithTarget() policy.PodIdentity {
	p := pod()
	p.Role.Policies = []policy.Policy{named("pod-role/hop", hopIdentity)}
	p.Target = &policy.Role{ARN: hopRole, Trust: policy.MustParse(targetTrust)}
	return p
}

func TestPodIdentity(t *testing.T) {
	t.Parallel()
	untagged := policy.MustParse(`{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
		"Principal": {"Service": "pods.eks.amazonaws.com"}, "Action": "sts:AssumeRole"}}`)
	cases := map[string]struct {
		pod      policy.PodIdentity
		change   func(*policy.PodIdentity)
		decision policy.Decision
		faults   []policy.Kind
		says     string
	}{
		"allowed":             {pod: pod(), decision: policy.Allowed},
		"allowed with target": {pod: podWithTarget(), decision: policy.Allowed},
		"no TagSession": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.Role.Trust = edited(podTrust, `, "sts:TagSession"`, "") },
			faults: []policy.Kind{policy.TrustPolicy}, says: "it allows sts:TagSession as well",
		},
		"another service account": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.ServiceAccount = "other" },
			faults: []policy.Kind{policy.TrustPolicy}, says: "aws:RequestTag/kubernetes-service-account",
		},
		"another cluster": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.ClusterARN = strings.Replace(podCluster, "prod", "test", 1) },
			faults: []policy.Kind{policy.TrustPolicy}, says: "cluster/test",
		},
		"the service with a partition's suffix": {
			pod: pod(), change: func(p *policy.PodIdentity) {
				p.Role.Trust = edited(podTrust, "pods.eks.amazonaws.com", "pods.eks.amazonaws.com.cn")
			},
			faults: []policy.Kind{policy.TrustPolicy}, says: "names pods.eks.amazonaws.com.cn, not the service pods.eks.amazonaws.com",
		},
		"tags disabled, but tested": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.DisableSessionTags = true },
			faults: []policy.Kind{policy.TrustPolicy},
		},
		"tags disabled and not tested": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.DisableSessionTags, p.Role.Trust = true, untagged },
			decision: policy.Allowed,
		},
		"session policy with tags": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.Policy = policy.MustParse(readText) },
			faults: []policy.Kind{policy.SessionPolicy}, says: "disableSessionTags",
		},
		"session policy without tags": {
			pod: pod(), change: func(p *policy.PodIdentity) {
				p.DisableSessionTags, p.Role.Trust, p.Policy = true, untagged, policy.MustParse(readText)
			},
			decision: policy.Allowed,
		},
		"role of another account": {
			pod: pod(), change: func(p *policy.PodIdentity) { p.Role.ARN = hopRole },
			faults: []policy.Kind{policy.TrustPolicy}, says: "as its target role",
		},
		"pod name tested, not known": {
			pod: pod(), change: func(p *policy.PodIdentity) {
				p.Role.Trust = edited(podTrust, `"StringEquals": {`, `"StringEquals": {"aws:RequestTag/kubernetes-pod-name": "p-0",`)
			},
			decision: policy.Unknown,
		},
		"pod name tested, known": {
			pod: pod(), change: func(p *policy.PodIdentity) {
				p.PodName, p.PodUID = "p-0", "u"
				p.Role.Trust = edited(podTrust, `"StringEquals": {`, `"StringEquals": {"aws:RequestTag/kubernetes-pod-name": "p-0",`)
			},
			decision: policy.Allowed,
		},
		"target: another external id": {
			pod: podWithTarget(), change: func(p *policy.PodIdentity) { p.ExternalID = "other" },
			faults: []policy.Kind{policy.TrustPolicy}, says: "sts:ExternalId to be eu-west-1/" + roleAccount + "/prod/testnamespace/testapp",
		},
		"target: no TagSession in the trust policy": {
			pod: podWithTarget(), change: func(p *policy.PodIdentity) { p.Target.Trust = edited(targetTrust, `, "sts:TagSession"`, "") },
			faults: []policy.Kind{policy.TrustPolicy}, says: "In account " + secretAccount,
		},
		"target: no TagSession in the role's permissions": {
			pod: podWithTarget(), change: func(p *policy.PodIdentity) {
				p.Role.Policies[0].Document = edited(hopIdentity, `, "sts:TagSession"`, "")
			},
			faults: []policy.Kind{policy.IdentityPolicy}, says: "In account " + roleAccount,
		},
		"both steps": {
			pod: podWithTarget(), change: func(p *policy.PodIdentity) {
				p.Role.Trust, p.Role.Policies = edited(podTrust, `"testapp"`, `"app"`), nil
			},
			faults: []policy.Kind{policy.TrustPolicy, policy.IdentityPolicy},
		},
		"no cluster": {
			pod: podWithTarget(), change: func(p *policy.PodIdentity) { p.ClusterARN, p.Closed = "prod", true },
			faults: []policy.Kind{policy.TrustPolicy, policy.TrustPolicy},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.change != nil {
				tt.change(&tt.pod)
			}
			r := tt.pod.Evaluate()
			if r.Decision != tt.decision {
				t.Errorf("decision %v: %s", r.Decision, indent(t, r))
			}
			if diff := cmp.Diff(tt.faults, kinds(r.Faults)); diff != "" {
				t.Errorf("faults (-want +got):\n%s\n%s", diff, indent(t, r.Faults))
			}
			if text := indent(t, r.Faults); !strings.Contains(text, tt.says) {
				t.Errorf("nothing says %q: %s", tt.says, text)
			}
			if (r.Target == nil) != (tt.pod.Target == nil) {
				t.Errorf("target: %s", indent(t, r.Target))
			}
		})
	}
}

func TestPodIdentityTags(t *testing.T) {
	t.Parallel()
	p := pod()
	p.PodName, p.PodUID = "testapp-0", "u-1"
	want := map[string]string{
		"eks-cluster-arn": podCluster, "eks-cluster-name": "prod", "kubernetes-namespace": "testnamespace",
		"kubernetes-service-account": "testapp", "kubernetes-pod-name": "testapp-0", "kubernetes-pod-uid": "u-1",
	}
	if diff := cmp.Diff(want, p.Tags()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.DisableSessionTags = true
	if tags := p.Tags(); tags != nil {
		t.Errorf("disabled, they are %v", tags)
	}
}
