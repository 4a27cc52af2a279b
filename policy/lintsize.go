package policy

import "strings"

// Quotas in the units of [Document.Size] (IAM User Guide, reference_iam-quotas;
// Organizations User Guide, orgs_reference_limits; Secrets Manager User Guide,
// reference_limits; KMS Developer Guide, resource-limits).
const (
	quotaManaged     = 6144
	quotaInline      = 10240 // of all inline policies of a role together
	quotaTrust       = 2048
	quotaTrustRaised = 8192
	quotaSession     = 2048
	quotaControl     = 5120
	quotaResource    = 20480
	quotaKey         = 32768
)

func sizeRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"DOCUMENT_TOO_LARGE", SeverityError, "Larger than any policy",
			"The largest policies are those of KMS keys, with 32768 bytes. A document that is larger is not looked at any further.",
			"Split the document, or let conditions replace lists.",
		}, check: checkLargest, large: true},
		{Rule: Rule{
			"POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA", SeverityWarning, "Permissions policy too large",
			"A managed policy may have 6144 characters without white space, the inline policies of a role 10240 together.",
			"Split the policy, or use wildcards for actions that belong together.",
		}, kinds: []Kind{IdentityPolicy, PermissionsBoundary}, check: checkIdentitySize},
		{Rule: Rule{
			"POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA", SeverityWarning, "Resource policy too large",
			"The policy of a secret may have 20480 characters.",
			"Let conditions on tags or on the organization replace lists of principals.",
		}, kinds: []Kind{ResourcePolicy}, check: quota(quotaResource)},
		{Rule: Rule{
			"POLICY_SIZE_EXCEEDS_SCP_QUOTA", SeverityError, "Service control policy too large",
			"A service control policy may have 5120 characters, white space included.",
			"Save it without white space, or split it.",
		}, kinds: []Kind{ServiceControlPolicy}, check: quota(quotaControl)},
		{Rule: Rule{
			"POLICY_SIZE_EXCEEDS_RCP_QUOTA", SeverityError, "Resource control policy too large",
			"A resource control policy may have 5120 characters, white space included.",
			"Save it without white space, or split it.",
		}, kinds: []Kind{ResourceControlPolicy}, check: quota(quotaControl)},
	}
}

func checkIdentitySize(p *lintPass) {
	limit := quotaInline
	if p.kind() == PermissionsBoundary || strings.Contains(p.policy.Name, ":policy/") {
		limit = quotaManaged
	}
	p.reportSize(limit)
}

func checkLargest(p *lintPass) {
	if p.large() {
		p.report("", "the document has %d bytes without white space, and no policy may have more than %d", len(p.root.raw()), quotaKey)
	}
}

// large reports whether the document is larger than any policy may be.
func (p *lintPass) large() bool { return p.root != nil && len(p.root.raw()) > quotaKey }

func quota(limit int) func(*lintPass) { return func(p *lintPass) { p.reportSize(limit) } }

// reportSize reports a document that is larger than it may be.
func (p *lintPass) reportSize(limit int) *Finding {
	size := p.size()
	if size <= limit {
		return nil
	}
	return p.report("", "the document has %d characters, and %d are allowed", size, limit)
}

// size is the size as the kind counts it, of the document as it was given.
func (p *lintPass) size() int {
	if p.policy.Document != nil {
		return p.policy.Document.Size(p.kind())
	}
	if p.root == nil {
		return 0
	}
	return sizeAs(p.kind(), []byte(p.root.raw()), p.root.src.data)
}
