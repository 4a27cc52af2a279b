package policy

import "strings"

// partitions are AWS's partitions with the prefix of their Regions' names and
// the suffix of their endpoints (AWS General Reference and the partitions file
// of the SDKs). The first is the answer for every other Region.
var partitions = []struct{ name, regions, suffix string }{
	{"aws", "", "amazonaws.com"},
	{"aws-cn", "cn-", "amazonaws.com.cn"},
	{"aws-us-gov", "us-gov-", "amazonaws.com"},
	{"aws-eusc", "eusc-", "amazonaws.eu"},
	{"aws-iso", "us-iso-", "c2s.ic.gov"},
	{"aws-iso-b", "us-isob-", "sc2s.sgov.gov"},
	{"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"},
	{"aws-iso-f", "us-isof-", "csp.hci.ic.gov"},
}

// Partition returns the partition of a Region: "aws-cn" for "cn-north-1". A
// Region that belongs to no other partition, the empty one included, is in
// "aws".
func Partition(region string) string {
	for _, p := range partitions[1:] {
		if strings.HasPrefix(region, p.regions) {
			return p.name
		}
	}
	return partitions[0].name
}

// DNSSuffix returns the suffix of a partition's endpoints, which also stands
// in kms:ViaService: "amazonaws.com.cn" for "aws-cn". A partition that is not
// known, the empty one included, has the suffix of "aws".
func DNSSuffix(partition string) string {
	for _, p := range partitions {
		if p.name == partition {
			return p.suffix
		}
	}
	return partitions[0].suffix
}
