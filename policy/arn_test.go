package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/irsakit/irsa/policy"
)

func TestParseARN(t *testing.T) {
	t.Parallel()
	cases := map[string]policy.ARN{
		"arn:aws:iam::111122223333:role/path/pod-role": {
			Partition: "aws", Service: "iam", Account: "111122223333", Resource: "role/path/pod-role",
		},
		"arn:aws-cn:secretsmanager:cn-north-1:111122223333:secret:a:b-AbCdEf": {
			Partition: "aws-cn", Service: "secretsmanager", Region: "cn-north-1", Account: "111122223333", Resource: "secret:a:b-AbCdEf",
		},
		"arn:aws:s3:::bucket/key":                     {Partition: "aws", Service: "s3", Resource: "bucket/key"},
		"arn:aws:iam::aws:policy/ReadOnlyAccess":      {Partition: "aws", Service: "iam", Account: "aws", Resource: "policy/ReadOnlyAccess"},
		"arn:*:kms:*:1111*:key/*":                     {Partition: "*", Service: "kms", Region: "*", Account: "1111*", Resource: "key/*"},
		"arn:aws:cloudwatch:us-east-1::alarm:My Name": {Partition: "aws", Service: "cloudwatch", Region: "us-east-1", Resource: "alarm:My Name"},
	}
	for text, want := range cases {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			got, err := policy.ParseARN(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("ARN (-want +got):\n%s", diff)
			}
			if got.String() != text {
				t.Errorf("String() = %q, want %q", got, text)
			}
		})
	}
}

func TestParseARNErrors(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ text, part, problem string }{
		"empty":          {"", "prefix", `an ARN begins with "arn:"`},
		"prefix alone":   {"arn", "prefix", `an ARN begins with "arn:"`},
		"name":           {"pod-role", "prefix", `an ARN begins with "arn:"`},
		"capitals":       {"ARN:aws:iam::111122223333:role/r", "prefix", `an ARN begins with "arn:"`},
		"line break":     {"arn:aws:iam::111122223333:role/r\n", "prefix", "white space around the ARN; remove it"},
		"no partition":   {"arn::iam::111122223333:role/r", "partition", "empty"},
		"no service":     {"arn:aws:::111122223333:role/r", "service", "empty"},
		"no resource":    {"arn:aws:iam::111122223333:", "resource", "empty"},
		"three parts":    {"arn:aws:iam", "region", "missing; an ARN has six parts with colons between them, this has 3"},
		"five parts":     {"arn:aws:iam::111122223333", "resource", "missing; an ARN has six parts with colons between them, this has 5"},
		"account amiss":  {"arn:aws:iam::role/r", "account", "a colon is missing before the resource, or the account is left out"},
		"colon amiss":    {"arn:aws:iam:111122223333:role/r", "region", "the account stands in the Region's place; a colon is missing: write arn:aws:iam:: before the account"},
		"short of both":  {"arn:aws:sts:1234:assumed-role/r/s", "region", "the account stands in the Region's place; a colon is missing: write arn:aws:sts:: before the account"},
		"region amiss":   {"arn:aws:secretsmanager:111122223333:secret:s", "region", "the account stands in the Region's place; put the Region, or nothing, and a colon before it"},
		"11 digits":      {"arn:aws:iam::11112222333:role/r", "account", "an account number has 12 digits, this has 11"},
		"13 digits":      {"arn:aws:iam::1111222233334:role/r", "account", "an account number has 12 digits, this has 13"},
		"with hyphens":   {"arn:aws:iam::1111-2222-3333:role/r", "account", "an account number is 12 digits and nothing else"},
		"Arabic numbers": {"arn:aws:iam::11112222333٣:role/r", "account", "an account number is 12 digits and nothing else"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arn, err := policy.ParseARN(tc.text)
			if arn != (policy.ARN{}) {
				t.Errorf("ARN = %+v, want zero", arn)
			}
			want := &policy.ARNError{ARN: tc.text, Part: tc.part, Problem: tc.problem}
			if diff := cmp.Diff(error(want), err); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestARNErrorText(t *testing.T) {
	t.Parallel()
	_, err := policy.ParseARN("arn:aws:iam::11112222333:role/r")
	want := `policy: ARN "arn:aws:iam::11112222333:role/r": account: an account number has 12 digits, this has 11`
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
	_, err = policy.ParseARN(strings.Repeat("x", 4096))
	if e, ok := errors.AsType[*policy.ARNError](err); !ok || len(e.Error()) > 300 {
		t.Errorf("error of %d bytes, want a short *ARNError", len(err.Error()))
	}
}

func TestPartition(t *testing.T) {
	t.Parallel()
	cases := map[string]struct{ partition, suffix string }{
		"":               {"aws", "amazonaws.com"},
		"eu-west-1":      {"aws", "amazonaws.com"},
		"us-east-1":      {"aws", "amazonaws.com"},
		"cn-north-1":     {"aws-cn", "amazonaws.com.cn"},
		"us-gov-west-1":  {"aws-us-gov", "amazonaws.com"},
		"eusc-de-east-1": {"aws-eusc", "amazonaws.eu"},
		"us-iso-east-1":  {"aws-iso", "c2s.ic.gov"},
		"us-isob-east-1": {"aws-iso-b", "sc2s.sgov.gov"},
		"eu-isoe-west-1": {"aws-iso-e", "cloud.adc-e.uk"},
		"us-isof-east-1": {"aws-iso-f", "csp.hci.ic.gov"},
	}
	for region, want := range cases {
		partition := policy.Partition(region)
		if partition != want.partition {
			t.Errorf("Partition(%q) = %q, want %q", region, partition, want.partition)
		}
		if suffix := policy.DNSSuffix(partition); suffix != want.suffix {
			t.Errorf("DNSSuffix(%q) = %q, want %q", partition, suffix, want.suffix)
		}
	}
	if got := policy.DNSSuffix("aws-moon"); got != "amazonaws.com" {
		t.Errorf("DNSSuffix of an unknown partition = %q, want that of aws", got)
	}
}
