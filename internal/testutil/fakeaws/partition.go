package fakeaws

import "github.com/irsakit/irsa/policy"

// partition is a partition of AWS with the suffix of its dual-stack endpoints.
type partition struct{ name, dualStack string }

// partitions lists them (botocore's partitions data).
var partitions = []partition{
	{"aws", "api.aws"},
	{"aws-cn", "api.amazonwebservices.com.cn"},
	{"aws-us-gov", "api.aws"},
	{"aws-eusc", "api.amazonwebservices.eu"},
	{"aws-iso", "api.aws.ic.gov"},
	{"aws-iso-b", "api.aws.scloud"},
	{"aws-iso-e", "api.cloud-aws.adc-e.uk"},
	{"aws-iso-f", "api.aws.hci.ic.gov"},
}

// dnsSuffix is the suffix of the names of services in a Region, such as
// "amazonaws.com".
func dnsSuffix(region string) string { return policy.DNSSuffix(policy.Partition(region)) }
