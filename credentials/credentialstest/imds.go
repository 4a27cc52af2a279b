package credentialstest

import (
	"cmp"
	"net/http"

	"github.com/irsakit/irsa/internal/testutil/fakeaws"
)

// Node is an EC2 instance as its metadata service tells it. The zero Node has no
// instance profile.
type Node struct {
	// RoleARN is the role of the instance profile, which must trust EC2, such as
	// [NodeRoleARN]. Empty: none.
	RoleARN string
	Region  string // empty: [PodRegion]
	ID      string // empty: i-0123456789abcdef0
	// HopLimit is how far the answer to a token request travels, and Distance
	// how many hops the pod is away: 1 on the host's network, else 2. Zero: 1
	// for both. An answer that does not arrive leaves the caller waiting until it
	// gives up.
	HopLimit, Distance int
	// Disabled is a node whose metadata service does not answer at all.
	Disabled bool
}

// IMDS is the instance metadata service of a node, version 2 alone. It is safe
// for concurrent use. Faults reach it as service "imds", operations "Token",
// "Role", "Credentials" and "Metadata"; it is not in [AWS.Calls].
type IMDS struct {
	engine *fakeaws.IMDS
}

// NewIMDS makes the metadata service of a node.
func (a *AWS) NewIMDS(n Node) *IMDS {
	return &IMDS{engine: a.engine.NewIMDS(fakeaws.Node{
		RoleARN: n.RoleARN, Region: cmp.Or(n.Region, PodRegion), ID: cmp.Or(n.ID, "i-0123456789abcdef0"),
		HopLimit: cmp.Or(n.HopLimit, 1), Distance: cmp.Or(n.Distance, 1), Disabled: n.Disabled,
	})}
}

// HTTPClient returns a client for programs on the node: it reaches the metadata
// service at 169.254.169.254 and fd00:ec2::254, and AWS as [AWS.HTTPClient]
// does. It works in a synctest bubble.
func (m *IMDS) HTTPClient() *http.Client { return &http.Client{Transport: m.engine.Transport()} }

// Handler serves the metadata service, for a listener of your own that
// AWS_EC2_METADATA_SERVICE_ENDPOINT names.
func (m *IMDS) Handler() http.Handler { return m.engine }
