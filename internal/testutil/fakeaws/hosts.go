package fakeaws

import (
	"net"
	"slices"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// services are those that the fake serves, by endpoint prefix, which is also
// their name in ARNs, actions and credential scopes.
var services = []string{"sts", "secretsmanager", "ssm", "kms"}

// endpoint is what an AWS host name stands for.
type endpoint struct{ service, region string }

// parseHost reads the host of a service endpoint: plain, FIPS or dual-stack,
// of any partition, a VPC endpoint's, or the global one of STS (AWS General
// Reference, "AWS service endpoints").
func parseHost(host string) (endpoint, bool) {
	host = hostname(host)
	if host == "sts.amazonaws.com" {
		return endpoint{"sts", "us-east-1"}, true // the global endpoint is in N. Virginia
	}
	for _, p := range partitions {
		plain := "." + policy.DNSSuffix(p.name)
		for _, suffix := range []string{".vpce" + plain, plain, "." + p.dualStack} {
			name, ok := strings.CutSuffix(host, suffix)
			if !ok {
				continue
			}
			if strings.HasPrefix(suffix, ".vpce") {
				_, name, _ = strings.Cut(name, ".") // vpce-0a1b2c3d-4e5f6a7b.
			}
			service, region, _ := strings.Cut(name, ".")
			service = strings.TrimSuffix(service, "-fips")
			if slices.Contains(services, service) && policy.Partition(region) == p.name && isRegion(region) {
				return endpoint{service, region}, true
			}
		}
	}
	return endpoint{}, false
}

// hostname is the host without its port and in lower case.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// ipHostname is hostname for one that may be an IPv6 address in brackets.
func ipHostname(host string) string { return strings.Trim(hostname(host), "[]") }

// sameHost compares hosts without ports.
func sameHost(a, b string) bool { return hostname(a) == hostname(b) }
