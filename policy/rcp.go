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

// underRCP reports whether resource control policies apply to the request: not
// to service-linked roles, nor to retiring a grant.
func (e *evaluation) underRCP() bool {
	return !e.who.isServiceLinked() && !strings.EqualFold(e.req.Action, "kms:RetireGrant")
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
