package policy

import "strings"

func arnRules() []lintRule {
	return []lintRule{
		{Rule: Rule{
			"INVALID_ARN_PREFIX", SeverityError, "Resource that is no ARN",
			"A Resource is \"*\" or an ARN, and an ARN begins with arn:.",
			"Write the complete ARN.",
		}, check: eachResource(checkARNPrefix)},
		{Rule: Rule{
			"MISSING_ARN_FIELD", SeverityError, "ARN with too few parts",
			"An ARN has six parts with colons between them; some may be empty, none may be left out. One with fewer matches no resource.",
			"Write arn:partition:service:region:account:resource.",
		}, check: eachResource(checkARNFields)},
		{Rule: Rule{
			"INVALID_PARTITION", SeverityError, "No such partition",
			"The second part of an ARN is the partition: aws, aws-cn, aws-us-gov and so on.",
			"Write the partition of the Region.",
		}, check: eachResource(checkPartition)},
		{Rule: Rule{
			"INVALID_ARN_SERVICE_CASE", SeverityError, "Capitals in an ARN's service",
			"ARNs are compared with regard to case, and the services' names in them are in lower case.",
			"Write the service in lower case.",
		}, check: eachResource(checkServiceCase)},
		{Rule: Rule{
			"WILDCARD_IN_SERVICE_NAME", SeverityWarning, "Wildcard in an ARN's service",
			"The service part of an ARN should not hold a wildcard (IAM User Guide, reference_policies_elements_resource).",
			"Name the service; use several ARNs for several services.",
		}, check: eachResource(checkServiceWildcard)},
		{Rule: Rule{
			"INVALID_ARN_REGION", SeverityError, "No such Region",
			"The fourth part of an ARN is a Region, or empty where the service has none.",
			"Write the Region's name, such as eu-west-1.",
		}, check: eachResource(checkRegion)},
		{Rule: Rule{
			"MISSING_ARN_REGION", SeverityError, "ARN without its Region",
			"Secrets and keys belong to a Region; an ARN without one matches none.",
			"Write the Region, or * for all.",
		}, check: eachResource(checkMissingRegion)},
		{Rule: Rule{
			"INVALID_ARN_ACCOUNT", SeverityError, "No such account",
			"The fifth part of an ARN is an account of 12 digits, or empty where the service has none.",
			"Write all 12 digits.",
		}, check: eachResource(checkAccount)},
		{Rule: Rule{
			"ARN_WILDCARD_CROSSES_COLON", SeverityWarning, "Wildcard for several parts of an ARN",
			"A * at the end of an ARN's part may run past the colons that follow, so it covers more than it seems to: every account, every Region.",
			"Write all six parts, each with its own wildcard.",
		}, check: eachResource(checkCrossing)},
	}
}

// eachResource makes a check of a document from one of an entry of Resource.
// Entries that are everything are spared, and what a statement of another kind
// takes: key ids are IRSA016's.
func eachResource(check func(*lintPass, lintValue, []string)) func(*lintPass) {
	return eachStatement(func(p *lintPass, s lintStatement) {
		for v := range s.resources() {
			if v.text != "*" && (!isKeyName(v.text) || !usesKeys(s)) {
				check(p, v, strings.SplitN(v.text, ":", 6))
			}
		}
	})
}

// part returns a part of an ARN, "" if it is missing or has variables, about
// which other rules speak.
func part(parts []string, i int) string {
	if i >= len(parts) || parts[0] != "arn" || strings.Contains(parts[i], "$") {
		return ""
	}
	return parts[i]
}

func checkARNPrefix(p *lintPass, v lintValue, parts []string) {
	// API Gateway completes what begins with execute-api:/ (API Gateway Developer
	// Guide, apigateway-resource-policies-examples).
	if parts[0] != "arn" && !strings.HasPrefix(v.text, "*") && !strings.HasPrefix(v.text, "${") && !strings.HasPrefix(v.text, "execute-api:/") {
		p.report(v.pointer, "%q does not begin with arn:", clip(v.text))
	}
}

func checkARNFields(p *lintPass, v lintValue, parts []string) {
	if parts[0] != "arn" || len(parts) == 6 && parts[5] != "" || len(parts) < 6 && strings.HasSuffix(v.text, "*") {
		return
	}
	f := p.report(v.pointer, "%q: an ARN has six parts, the last not empty", clip(v.text))
	f.Fix = insertColon(v)
}

var partitionName = lazily(`^aws(-[a-z]+)*$`)

func checkPartition(p *lintPass, v lintValue, parts []string) {
	if name := part(parts, 1); len(parts) > 1 && parts[0] == "arn" && !hasWildcard(parts[1]) && !holdsVariable(parts[1]) && !partitionName().MatchString(name) {
		p.report(v.pointer, "%q: there is no partition %q", clip(v.text), clip(name))
	}
}

func checkServiceCase(p *lintPass, v lintValue, parts []string) {
	service := part(parts, 2)
	if lower := strings.ToLower(service); lower != service {
		f := p.report(v.pointer, "%q: the service is written %s", clip(v.text), lower)
		parts[2] = lower
		f.Fix = replaceWith(v.pointer, "write "+lower, strings.Join(parts, ":"))
	}
}

func checkServiceWildcard(p *lintPass, v lintValue, parts []string) {
	if hasWildcard(part(parts, 2)) {
		p.report(v.pointer, "%q: the service is a pattern", clip(v.text))
	}
}

// regionName is loose, since AWS adds Regions.
var regionName = lazily(`^[a-z]{2,5}(-[a-z]+)+-[0-9]{1,2}$`)

func checkRegion(p *lintPass, v lintValue, parts []string) {
	region := part(parts, 3)
	if region == "" || hasWildcard(region) || regionName().MatchString(region) || isAccount(region) {
		return // an account there is a missing part
	}
	p.report(v.pointer, "%q: there is no Region %q", clip(v.text), clip(region))
}

// isRegional reports whether the service's resources all have Region and
// account.
func isRegional(service string) bool { return service == "secretsmanager" || service == "kms" }

func checkMissingRegion(p *lintPass, v lintValue, parts []string) {
	if len(parts) == 6 && isRegional(part(parts, 2)) && parts[3] == "" {
		p.report(v.pointer, "%q: the Region is empty", clip(v.text))
	}
}

func checkAccount(p *lintPass, v lintValue, parts []string) {
	if len(parts) < 6 {
		return
	}
	account := part(parts, 4)
	if problem := accountProblem(account); problem != "" {
		p.report(v.pointer, "%q: %s", clip(v.text), problem)
	} else if isRegional(part(parts, 2)) && parts[4] == "" {
		p.report(v.pointer, "%q: the account is empty; every secret and key has one", clip(v.text))
	} else if lacksAccount(parts) && !strings.HasSuffix(parts[3], "*") {
		p.report(v.pointer, "%q: %q stands in the account's place", clip(v.text), clip(account))
	}
}

// lacksAccount reports an ARN of a secret or key in which something else
// stands in the account's place.
func lacksAccount(parts []string) bool {
	account := part(parts, 4)
	return len(parts) == 6 && isRegional(part(parts, 2)) && account != "" && !isAccount(account) && !hasWildcard(account)
}

func checkCrossing(p *lintPass, v lintValue, parts []string) {
	if lacksAccount(parts) && strings.HasSuffix(parts[3], "*") {
		p.report(v.pointer, "in %q the * of the Region stands for the account as well", clip(v.text))
	}
	if parts[0] == "arn" && len(parts) < 6 && strings.HasSuffix(v.text, "*") && !hasWildcard(part(parts, 2)) {
		p.report(v.pointer, "in %q the last * stands for all that follows", clip(v.text))
	}
}
