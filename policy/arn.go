package policy

import (
	"fmt"
	"strings"
)

// ARN is an Amazon Resource Name, split at its first five colons. The zero ARN
// is no valid ARN.
type ARN struct {
	Partition, Service, Region, Account, Resource string
}

// arnParts names the parts of an ARN in order.
var arnParts = [...]string{"prefix", "partition", "service", "region", "account", "resource"}

// ParseARN splits an ARN into its parts (IAM User Guide, reference-arns).
// Region and account may be empty, the others not. An account that has digits
// must have twelve, unless it is a pattern with * or ?. The error is an
// [*ARNError], which names the part that is missing or malformed.
func ParseARN(s string) (ARN, error) {
	part := strings.SplitN(s, ":", len(arnParts))
	if i, problem := arnProblem(s, part); problem != "" {
		return ARN{}, &ARNError{ARN: s, Part: arnParts[i], Problem: problem}
	}
	return ARN{part[1], part[2], part[3], part[4], part[5]}, nil
}

// String joins the parts.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":" + a.Service + ":" + a.Region + ":" + a.Account + ":" + a.Resource
}

// arnProblem returns what is wrong with an ARN and with which of its parts;
// no text means that nothing is.
func arnProblem(s string, part []string) (index int, problem string) {
	const prefix, service, region, account = 0, 2, 3, 4
	switch {
	case strings.TrimSpace(s) != s:
		return prefix, "white space around the ARN; remove it"
	case part[prefix] != "arn" || len(part) == 1:
		return prefix, `an ARN begins with "arn:"`
	case len(part) > region && part[region] != "" && allDigits(part[region]):
		return region, misplacedAccount(part[service])
	case len(part) == 5 && strings.Contains(part[account], "/"):
		return account, "a colon is missing before the resource, or the account is left out"
	case len(part) < len(arnParts):
		return len(part), fmt.Sprintf("missing; an ARN has six parts with colons between them, this has %d", len(part))
	}
	for i, text := range part {
		if text == "" && i != region && i != account {
			return i, "empty"
		}
	}
	return account, accountProblem(part[account])
}

// misplacedAccount explains an account number in the place of the Region.
func misplacedAccount(service string) string {
	if service == "iam" || service == "sts" {
		return fmt.Sprintf("the account stands in the Region's place; a colon is missing: write arn:aws:%s:: before the account", service)
	}
	return "the account stands in the Region's place; put the Region, or nothing, and a colon before it"
}

func accountProblem(account string) string {
	if isAccount(account) || !strings.ContainsAny(account, "0123456789") || strings.ContainsAny(account, "*?") {
		return "" // also empty, and owners such as "aws" in arn:aws:iam::aws:policy/…
	}
	if n := len(account); allDigits(account) {
		return fmt.Sprintf("an account number has 12 digits, this has %d", n)
	}
	return "an account number is 12 digits and nothing else"
}

// isAccount reports whether s is an account number.
func isAccount(s string) bool { return len(s) == 12 && allDigits(s) }

func allDigits(s string) bool { return strings.Trim(s, "0123456789") == "" }
