package deploy_test

import (
	"maps"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// peer is who a pod talks to: a pod, or an address outside the cluster.
type peer struct {
	namespace string
	labels    map[string]string
	address   string
}

// allows decides as a network plugin does: policies that select a pod isolate it
// in their directions, and what any of them allows is allowed.
func (r *rendered) allows(one pod, direction networkingv1.PolicyType, with peer, protocol corev1.Protocol, port int32) bool {
	isolated := false
	for _, n := range r.policies {
		if !selects(&n.Spec.PodSelector, one.Labels) || !slices.Contains(n.Spec.PolicyTypes, direction) {
			continue
		}
		isolated = true
		if direction == networkingv1.PolicyTypeIngress {
			for _, rule := range n.Spec.Ingress {
				if anyPeer(rule.From, with) && r.anyPort(one, rule.Ports, protocol, port) {
					return true
				}
			}
			continue
		}
		for _, rule := range n.Spec.Egress {
			if anyPeer(rule.To, with) && r.anyPort(one, rule.Ports, protocol, port) {
				return true
			}
		}
	}
	return !isolated
}

func anyPeer(peers []networkingv1.NetworkPolicyPeer, with peer) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		if p.IPBlock != nil {
			return with.address != "" && netip.MustParsePrefix(p.IPBlock.CIDR).Contains(netip.MustParseAddr(with.address))
		}
		own := map[string]string{"kubernetes.io/metadata.name": with.namespace}
		return with.address == "" && selects(either(p.NamespaceSelector), own) && selects(either(p.PodSelector), with.labels)
	})
}

// either is a selector, or one that takes everything.
func either(s *metav1.LabelSelector) *metav1.LabelSelector {
	if s == nil {
		return &metav1.LabelSelector{}
	}
	return s
}

// anyPort resolves the names of a pod's own ports, which are what ingress is about.
func (r *rendered) anyPort(one pod, ports []networkingv1.NetworkPolicyPort, protocol corev1.Protocol, port int32) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		number := p.Port.IntVal
		for _, c := range one.containers() {
			number = max(number, portNumber(c, *p.Port))
		}
		return *p.Protocol == protocol && number == port
	})
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	const in, out = networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress
	prometheus := map[string]string{"app.kubernetes.io/name": "prometheus"}
	dns := map[string]string{"k8s-app": "kube-dns"}
	cases := map[string]struct {
		direction networkingv1.PolicyType
		with      peer
		protocol  corev1.Protocol
		port      int32
		// in the directories base, overlays/network-policy and overlays/pod-identity
		want [3]bool
	}{
		"STS":                       {out, peer{address: "192.0.2.1"}, "TCP", 443, [3]bool{true, true, true}},
		"Secrets Manager":           {out, peer{address: "192.0.2.17"}, "TCP", 443, [3]bool{true, true, true}},
		"SSM":                       {out, peer{address: "192.0.2.33"}, "TCP", 443, [3]bool{true, true, true}},
		"KMS":                       {out, peer{address: "192.0.2.49"}, "TCP", 443, [3]bool{true, true, true}},
		"an endpoint without TLS":   {out, peer{address: "192.0.2.49"}, "TCP", 80, [3]bool{true, false, false}},
		"the next address":          {out, peer{address: "192.0.2.64"}, "TCP", 443, [3]bool{true, false, false}},
		"the internet":              {out, peer{address: "198.51.100.1"}, "TCP", 443, [3]bool{true, false, false}},
		"the node's metadata":       {out, peer{address: "169.254.169.254"}, "TCP", 80, [3]bool{true, false, false}},
		"Pod Identity Agent":        {out, peer{address: "169.254.170.23"}, "TCP", 80, [3]bool{true, false, true}},
		"Pod Identity Agent, IPv6":  {out, peer{address: "fd00:ec2::23"}, "TCP", 80, [3]bool{true, false, true}},
		"its other ports":           {out, peer{address: "169.254.170.23"}, "TCP", 2703, [3]bool{true, false, false}},
		"DNS":                       {out, peer{"kube-system", dns, ""}, "UDP", 53, [3]bool{true, true, true}},
		"DNS, long answers":         {out, peer{"kube-system", dns, ""}, "TCP", 53, [3]bool{true, true, true}},
		"DNS on the node":           {out, peer{address: "169.254.20.10"}, "UDP", 53, [3]bool{true, true, true}},
		"another's DNS":             {out, peer{"default", dns, ""}, "UDP", 53, [3]bool{true, false, false}},
		"another pod":               {out, peer{"testnamespace", nil, ""}, "TCP", 443, [3]bool{true, false, false}},
		"Prometheus":                {in, peer{"monitoring", prometheus, ""}, "TCP", 9090, [3]bool{true, true, true}},
		"Prometheus, other ports":   {in, peer{"monitoring", prometheus, ""}, "TCP", 2773, [3]bool{true, false, false}},
		"another's Prometheus":      {in, peer{"default", prometheus, ""}, "TCP", 9090, [3]bool{true, false, false}},
		"another pod of monitoring": {in, peer{"monitoring", nil, ""}, "TCP", 9090, [3]bool{true, false, false}},
		"an address":                {in, peer{address: "192.0.2.1"}, "TCP", 9090, [3]bool{true, false, false}},
	}
	for i, dir := range []string{"base", "overlays/network-policy", "overlays/pod-identity"} {
		r := mustRender(t, dir)
		for name, test := range cases {
			t.Run(dir+", "+name, func(t *testing.T) {
				t.Parallel()
				if got := r.allows(r.testapp(t), test.direction, test.with, test.protocol, test.port); got != test.want[i] {
					t.Errorf("allowed %v, want %v", got, test.want[i])
				}
			})
		}
	}
}

// The addresses of endpoints are of the range for documentation, so that nobody
// takes them for real ones.
func TestPlaceholders(t *testing.T) {
	t.Parallel()
	documentation := netip.MustParsePrefix("192.0.2.0/24")
	seen := map[netip.Prefix]bool{}
	for _, n := range mustRender(t, "overlays/network-policy").policies {
		if n.Name != "testapp-aws" {
			continue
		}
		for _, rule := range n.Spec.Egress {
			for _, to := range rule.To {
				p := netip.MustParsePrefix(to.IPBlock.CIDR)
				if seen[p] = true; p != p.Masked() || !documentation.Contains(p.Addr()) || p.Bits() < documentation.Bits() {
					t.Errorf("%s is no placeholder", p)
				}
			}
		}
	}
	if len(seen) != 4 {
		t.Errorf("placeholders %v, want one for each of four endpoints", slices.Collect(maps.Keys(seen)))
	}
}

// What Fargate has no place for is not there, and the pod fits its smallest size.
func TestFargate(t *testing.T) {
	t.Parallel()
	for _, resource := range resources {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			r, err := readTree(t).combine(resource, "fargate")
			must(t, err)
			one := r.testapp(t)
			if one.Labels["compute"] != "fargate" || one.Spec.HostNetwork {
				t.Errorf("labels %v, host network %v", one.Labels, one.Spec.HostNetwork)
			}
			var cpu, memory int64
			for _, c := range one.containers() {
				for _, p := range c.Ports {
					if p.HostPort != 0 {
						t.Errorf("%s has host port %d", c.Name, p.HostPort)
					}
				}
				if c.RestartPolicy != nil || c.Name == "app" { // others have ended by then
					cpu += c.Resources.Requests.Cpu().MilliValue()
					memory += c.Resources.Requests.Memory().Value() >> 20
				}
			}
			const itself = 256 // MiB, for Fargate's own components
			if cpu > 250 || memory+itself > 512 {
				t.Errorf("%dm and %d MiB, which is more than the smallest size", cpu, memory)
			}
		})
	}
}
