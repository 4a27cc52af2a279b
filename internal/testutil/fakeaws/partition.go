package fakeaws

import (
	"slices"
	"strings"
)

// partition is a partition of AWS.
type partition struct{ prefix, name, suffix, dualStack string }

// partitions lists them by the prefix of their Regions, that of aws, which is
// empty, last (botocore's partitions data).
var partitions = []partition{
	{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws"},
	{"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
	{"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
	{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"", "aws", "amazonaws.com", "api.aws"},
}

// partitionIn is the partition that a Region belongs to; "" is in aws.
func partitionIn(region string) partition {
	return partitions[slices.IndexFunc(partitions, func(p partition) bool {
		return strings.HasPrefix(region, p.prefix)
	})]
}

// partitionOf is the name of a Region's partition.
func partitionOf(region string) string { return partitionIn(region).name }

// dnsSuffix is the suffix of the names of services in a Region, such as
// "amazonaws.com".
func dnsSuffix(region string) string { return partitionIn(region).suffix }
