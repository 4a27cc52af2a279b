package policy

import (
	"slices"
	"strings"
)

// rcpServices are the prefixes of the services to whose actions resource
// control policies apply (AWS Organizations User Guide,
// orgs_manage_policies_rcps, as of September 2026), in order. AWS adds to them
// from time to time, so one that is not here may be subject to them too.
var rcpServices = []string{
	"aoss", "appconfig", "appstream", "autoscaling", "autoscaling-plans", "budgets", "clouddirectory", "cloudfront",
	"cloudsearch", "cloudtrail-data", "codeartifact", "codebuild", "codecommit", "codepipeline", "cognito-identity",
	"cognito-idp", "comprehend", "comprehendmedical", "compute-optimizer", "cost-optimization-hub", "dax", "dsql",
	"dynamodb", "ecr", "ecr-public", "events", "firehose", "fis", "fms", "gamelift", "health", "inspector-scan", "kendra",
	"kinesisvideo", "kms", "logs", "memorydb", "networkmonitor", "notifications", "opensearch", "pca-connector-ad",
	"personalize", "polly", "pricing", "resource-groups", "rolesanywhere", "s3", "secretsmanager", "servicediscovery",
	"signin", "sqs", "sts", "support", "swf", "textract", "timestream-influxdb", "transcribe", "transfer", "translate",
	"wafv2", "workspaces", "xray",
}

// underRCP reports whether resource control policies apply to the request.
// They leave alone what a service-linked role does, and who may assume it; what
// belongs to AWS and not to an account of the organization; the retiring of a
// grant; and the keys that AWS manages (AWS Organizations User Guide,
// orgs_manage_policies_rcps; KMS Developer Guide, resource-control-policies).
func (e *evaluation) underRCP() bool {
	switch {
	case e.who.isServiceLinked(), takesRole(e.req.Action) && e.isTarget("iam", "role/"+serviceLinkedPath):
		return false
	case e.isAWSOwned(), strings.EqualFold(e.req.Action, "kms:RetireGrant"):
		return false
	}
	return len(e.set.rcp) == 0 || !isService(e.req.Action, "kms") || !e.isAWSManagedKey()
}

// isAWSManagedKey reports a key that AWS manages. Its ARN is like any other
// key's, but its alias, if the request tells one, begins with alias/aws/, as no
// other may (KMS API Reference, CreateAlias).
func (e *evaluation) isAWSManagedKey() bool {
	const reserved = "alias/aws/"
	if e.isTarget("kms", reserved) {
		return true
	}
	for _, key := range []string{"kms:RequestAlias", "kms:ResourceAliases"} {
		aliases, times := e.req.Context.find(key)
		if times == 1 && slices.ContainsFunc(aliases, func(alias string) bool { return strings.HasPrefix(alias, reserved) }) {
			return true
		}
	}
	return false
}

// rcpDoubt says what is open about a Deny of a resource control policy: whether
// such policies cover the service. It is "" where they do.
func (e *evaluation) rcpDoubt() string {
	service, _, _ := strings.Cut(e.req.Action, ":")
	if _, found := slices.BinarySearchFunc(rcpServices, service, compareFoldASCII); found {
		return ""
	}
	return "whether resource control policies cover the service " + strings.ToLower(service)
}

// compareFoldASCII orders by the lower-case form of b; a is in lower case.
func compareFoldASCII(a, b string) int {
	for i := range min(len(a), len(b)) {
		if d := rune(a[i]) - lower(rune(b[i])); d != 0 {
			return int(d)
		}
	}
	return len(a) - len(b)
}
