package policy

import (
	"encoding/base64"
	"net/netip"
	"slices"
	"strings"
)

func typeRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"TYPE_MISMATCH", SeverityWarning, "Operator of another type than the key",
			"The key's values are of another type than the operator compares, so the comparison never holds.",
			"Use an operator of the key's type.",
		}, check: eachStatement(checkKeyType)},
		{Rule: Rule{
			"TYPE_MISMATCH_BOOLEAN", SeverityWarning, "Value that is no truth value",
			"Bool and Null compare with true and false; nothing else matches.",
			"Write \"true\" or \"false\".",
		}, check: typed(func(t lintTest) bool { return t.base == "Bool" || t.base == "Null" }, func(s string) bool { _, ok := parseBool(s); return ok })},
		{Rule: Rule{
			"TYPE_MISMATCH_DATE", SeverityWarning, "Value that is no date",
			"Date operators compare dates in ISO 8601 and seconds since 1970; nothing else matches.",
			"Write the date as 2026-01-31T12:00:00Z.",
		}, check: typed(func(t lintTest) bool { return strings.HasPrefix(t.base, "Date") }, func(s string) bool { _, ok := parseDate(s); return ok })},
		{Rule: Rule{
			"TYPE_MISMATCH_NUMBER", SeverityWarning, "Value that is no number",
			"Numeric operators compare numbers; nothing else matches.",
			"Write a number.",
		}, check: typed(func(t lintTest) bool { return strings.HasPrefix(t.base, "Numeric") }, func(s string) bool { _, ok := parseNumber(s); return ok })},
		{Rule: Rule{
			"TYPE_MISMATCH_STRING", SeverityWarning, "Value that is not base64",
			"BinaryEquals compares bytes written in base64; nothing else matches.",
			"Write the bytes in base64.",
		}, check: typed(func(t lintTest) bool { return t.base == "BinaryEquals" }, func(s string) bool {
			_, err := base64.StdEncoding.DecodeString(s)
			return err == nil
		})},
		{Rule: Rule{
			"TYPE_MISMATCH_IP_RANGE", SeverityError, "Value that is no address",
			"IpAddress and NotIpAddress compare with addresses and networks in CIDR form, and IAM refuses others.",
			"Write the network as 203.0.113.0/24.",
		}, check: typed(func(t lintTest) bool { return t.base == "IpAddress" }, func(s string) bool { _, ok := parseNetwork(s); return ok })},
		{Rule: Rule{
			"TYPE_MISMATCH_ARN", SeverityWarning, "Value that is no ARN",
			"The ARN operators compare ARNs of six parts, part by part; nothing else matches.",
			"Write all six parts, or use StringLike.",
		}, check: typed(func(t lintTest) bool { return t.base == "ArnLike" }, func(s string) bool {
			_, ok := splitARN(s)
			return ok || s == "*"
		})},
		{Rule: Rule{
			"PRIVATE_IP_ADDRESS", SeverityError, "Private address as source",
			"aws:SourceIp is the address that AWS sees, which is public, or the key is absent. A private one never matches.",
			"Use the public address, or aws:VpcSourceIp for requests through a VPC endpoint.",
		}, check: eachStatement(checkPrivateAddress)},
		{Rule: Rule{
			"PRIVATE_IP_ADDRESS_SUBSET", SeveritySuggestion, "Private addresses among the sources",
			"aws:SourceIp is the address that AWS sees, which is public. The private ones in the list never match.",
			"Remove them, or use aws:VpcSourceIp for requests through a VPC endpoint.",
		}, check: eachStatement(checkPrivateSubset)},
		{Rule: Rule{
			"IMPROVE_IP_RANGE", SeveritySuggestion, "Network with bits behind its prefix",
			"The bits of the address behind the prefix are not looked at, which misleads readers.",
			"Write the network's first address.",
		}, check: eachStatement(checkNetworkBits)},
	}
}

// typed makes a check that every value of the operators is of their type. A
// value with a variable is not known yet.
func typed(operators func(lintTest) bool, ok func(string) bool) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for t := range s.tests() {
			if !t.known || !operators(t) {
				continue
			}
			for v := range t.scalars() {
				if !ok(v.text) && !holdsVariable(v.text) {
					p.report(v.pointer, "%q never matches under %s", clip(v.text), clip(t.name))
				}
			}
		}
	})
}

// typeOfKey is the type of the keys that have not text as value (IAM User
// Guide, reference_policies_condition-keys).
var typeOfKey = map[string]string{
	"aws:currenttime":            "Date",
	"aws:epochtime":              "Date or Numeric",
	"aws:tokenissuetime":         "Date",
	"aws:multifactorauthage":     "Numeric",
	"aws:multifactorauthpresent": "Bool",
	"aws:principalisawsservice":  "Bool",
	"aws:securetransport":        "Bool",
	"aws:viaawsservice":          "Bool",
	"aws:sourceip":               "IpAddress",
	"aws:vpcsourceip":            "IpAddress",
	"aws:principalarn":           "Arn or String",
	"aws:sourcearn":              "Arn or String",
	"aws:principalaccount":       "String",
	"aws:principalorgid":         "String",
	"aws:sourceaccount":          "String",
	"aws:sourcevpc":              "String",
	"aws:sourcevpce":             "String",
	"aws:requestedregion":        "String",
	"kms:calleraccount":          "String",
	"kms:viaservice":             "String",
	"sts:externalid":             "String",
}

// checkKeyType lets string operators do where the values have one spelling.
func checkKeyType(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		want := typeOfKey[strings.ToLower(t.key)]
		class := t.class()
		if want == "" || class == "" || strings.Contains(want, class) || class == "String" && want == "Bool" {
			continue
		}
		p.reportName(t.pointer, "%s compares %s values, and %s has %s", clip(t.name), class, clip(t.key), want)
	}
}

// class is the type that the operator compares, "" for every.
func (t lintTest) class() string {
	for _, class := range []string{"String", "Numeric", "Date", "Bool", "Binary", "Arn", "IpAddress"} {
		if t.known && strings.HasPrefix(t.base, class) {
			return class
		}
	}
	return ""
}

// privateSources returns the values of a test of aws:SourceIp that are
// private.
func privateSources(t lintTest) []lintValue {
	if !t.known || t.base != "IpAddress" || t.negated || !t.is("aws:SourceIp") {
		return nil
	}
	return slices.DeleteFunc(slices.Collect(t.scalars()), func(v lintValue) bool {
		network, ok := parseNetwork(v.text)
		return !ok || !isPrivate(network)
	})
}

// isPrivate reports a network of private addresses only (RFC 1918, RFC 4193).
func isPrivate(network netip.Prefix) bool {
	for _, private := range []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} {
		p := netip.MustParsePrefix(private)
		if p.Contains(network.Addr()) && p.Bits() <= network.Bits() {
			return true
		}
	}
	return false
}

func checkPrivateAddress(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if private := privateSources(t); len(private) > 0 && len(private) == len(t.values.List) {
			p.report(t.pointer, "aws:SourceIp is never a private address such as %s", private[0].text)
		}
	}
}

func checkPrivateSubset(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		if private := privateSources(t); len(private) < len(t.values.List) {
			for _, v := range private {
				p.report(v.pointer, "aws:SourceIp is never a private address such as %s", v.text)
			}
		}
	}
}

func checkNetworkBits(p *lintPass, s lintStatement) {
	for t := range s.tests() {
		for v := range t.scalars() {
			network, err := netip.ParsePrefix(v.text)
			if err == nil && t.known && t.base == "IpAddress" && network != network.Masked() {
				p.report(v.pointer, "%s is %s", v.text, network.Masked()).Fix = replaceWith(v.pointer, "write "+network.Masked().String(), network.Masked().String())
			}
		}
	}
}
