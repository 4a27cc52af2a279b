package policy

import (
	"fmt"
	"slices"
	"strings"
)

// hint says in words what to change about an element, where that is certain.
func (e *evaluation) hint(element string, wanted []string) string {
	hintFor := e.hintPrincipal
	switch element {
	case "Action":
		hintFor = e.hintAction
	case "Resource":
		hintFor = e.hintResource
	}
	for _, value := range wanted {
		if hint := hintFor(value); hint != "" {
			return hint
		}
	}
	return ""
}

func (e *evaluation) hintPrincipal(wanted string) string {
	if isUniqueID(wanted) {
		if e.who.kind != callerSession && e.who.kind != callerUser {
			return ""
		}
		return fmt.Sprintf("%s is the unique id of a role or user that was deleted, perhaps to be created again; "+
			"save the policy again with the ARN %s", wanted, e.who.principalARN())
	}
	if hint := hintOneColon(wanted); hint != "" {
		return hint
	}
	a, ok := splitARN(wanted)
	switch {
	case !ok && allDigits(wanted):
		return accountProblem(wanted)
	case !ok:
		return ""
	case accountProblem(a.Account) != "":
		return accountProblem(a.Account)
	case e.who.kind == callerProvider:
		return e.hintProvider(wanted)
	case e.who.kind != callerSession || a.Service != "iam" || lastElement(a.Resource) != e.who.role:
		return ""
	case a.Partition != e.who.partition:
		return fmt.Sprintf("the caller is of partition %s, not %s", e.who.partition, a.Partition)
	case a.Account != e.who.account:
		return fmt.Sprintf("the caller's role is in account %s, not %s", e.who.account, a.Account)
	case strings.HasPrefix(a.Resource, "role/") && e.who.roleARN != "":
		return "the path of the role differs; the role's ARN is " + e.who.roleARN
	}
	return ""
}

func (e *evaluation) hintProvider(wanted string) string {
	switch {
	case strings.TrimSuffix(wanted, "/") == strings.TrimSuffix(e.who.arn, "/"):
		return "the provider's ARN differs by a trailing slash; it is " + e.who.arn
	case strings.Replace(wanted, "https://", "", 1) == e.who.arn:
		return "the provider's ARN has no https://"
	case strings.EqualFold(wanted, e.who.arn):
		return "the provider's ARN differs in upper and lower case; it is " + e.who.arn
	}
	return ""
}

func (e *evaluation) hintAction(wanted string) string {
	switch {
	case e.who.kind == callerProvider && strings.EqualFold(wanted, "sts:AssumeRole"):
		return "a web identity needs the action " + e.req.Action
	case isTypo(wanted, e.req.Action):
		return "the action is spelt " + e.req.Action
	}
	return ""
}

// isTypo reports whether an action is within two letters of another, and is not
// plainly a different action: PutSecretValue is no misspelt GetSecretValue.
func isTypo(wanted, action string) bool {
	if strings.ContainsAny(wanted, "*?") || isVerb(wanted) && isVerb(action) && verb(wanted) != verb(action) {
		return false
	}
	return editDistance(strings.ToLower(wanted), strings.ToLower(action)) <= 2
}

// verb is the first word of an action's name: "Get" of "s3:GetObject".
func verb(action string) string {
	_, name, _ := strings.Cut(action, ":")
	for i, r := range name {
		if i > 0 && r >= 'A' && r <= 'Z' {
			return name[:i]
		}
	}
	return name
}

// isVerb reports whether an action begins with one of those verbs of AWS's
// actions that lie within two letters of each other.
func isVerb(action string) bool {
	return slices.Contains([]string{"Get", "Put", "Set", "Tag", "Untag", "Encrypt", "Decrypt", "Enable", "Disable"}, verb(action))
}

func (e *evaluation) hintResource(wanted string) string {
	if hint := hintOneColon(wanted); hint != "" {
		return hint
	}
	a, ok := splitARN(wanted)
	t := e.target
	if t.Service == "kms" && "key/"+wanted == t.Resource {
		return "a Resource is not a key id; use the key's ARN " + e.req.Resource
	}
	if !ok || a.Service != t.Service {
		return ""
	}
	if a.Service == "kms" && strings.HasPrefix(a.Resource, "alias/") {
		return "an alias never stands for its key in a Resource; use the key's ARN " + e.req.Resource
	}
	if t.Service == "secretsmanager" && sameButResource(a, t) && isSuffixed(a.Resource, t.Resource) {
		return "the ARN lacks the suffix of a hyphen and six characters that Secrets Manager appends; it is " + e.req.Resource
	}
	if !partMatches(a.Resource, t.Resource) {
		return ""
	}
	region, account := partMatches(a.Region, t.Region), partMatches(a.Account, t.Account)
	switch {
	case !partMatches(a.Partition, t.Partition):
		return fmt.Sprintf("the partition differs: the resource is in %s, not %s", t.Partition, a.Partition)
	case account && !region:
		return fmt.Sprintf("the Region differs: the resource is in %s, not %s", t.Region, a.Region)
	case region && !account:
		return fmt.Sprintf("the account differs: the resource is in %s, not %s", t.Account, a.Account)
	}
	return ""
}

func partMatches(part, value string) bool { return appendGlob(nil, part).match(value, false) }

func sameButResource(a, b ARN) bool {
	return a.Partition == b.Partition && a.Region == b.Region && a.Account == b.Account
}

// isSuffixed reports whether full is bare, a hyphen and six characters (Secrets
// Manager User Guide, "whats-in-a-secret").
func isSuffixed(bare, full string) bool {
	rest, ok := strings.CutPrefix(full, bare)
	return ok && len(rest) == 7 && rest[0] == '-'
}

// hintOneColon recognises an IAM ARN that lacks the colon of its empty Region.
func hintOneColon(wanted string) string {
	parts := strings.Split(wanted, ":")
	if len(parts) > 3 && parts[0] == "arn" && parts[2] == "iam" && isAccount(parts[3]) {
		return "an IAM ARN has two colons before the account: " + strings.Replace(wanted, ":iam:", ":iam::", 1)
	}
	return ""
}

// editDistance counts the insertions, deletions and replacements between two
// short texts.
func editDistance(a, b string) int {
	if len(a) > 100 || len(b) > 100 {
		return len(a) + len(b)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
