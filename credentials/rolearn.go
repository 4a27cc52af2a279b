package credentials

import (
	"errors"
	"fmt"
	"strings"

	"github.com/irsakit/irsa/internal/lazyregexp"
	"github.com/irsakit/irsa/policy"
)

var accountID = lazyregexp.New(`^[0-9]{12}$`)

// parseRoleARN checks the form of a role's ARN (IAM User Guide,
// reference_identifiers, "IAM ARNs"): STS would answer a malformed one with a
// ValidationError or, worse, AccessDenied.
func parseRoleARN(s setting) (policy.ARN, error) {
	arn, err := policy.ParseARN(s.value)
	if err != nil {
		problem := err.Error()
		if e, ok := errors.AsType[*policy.ARNError](err); ok {
			problem = fmt.Sprintf("the part %s: %s", e.Part, e.Problem)
		}
		return arn, &ConfigError{
			Field:   s.name,
			Problem: fmt.Sprintf("%q is not an ARN: %s", s.value, problem),
			Remedy:  roleARNRemedy,
			err:     err,
		}
	}
	if problem := roleProblem(arn); problem != "" {
		return arn, &ConfigError{
			Field:   s.name,
			Problem: fmt.Sprintf("%q is not a role's ARN: %s", s.value, problem),
			Remedy:  roleARNRemedy,
		}
	}
	return arn, nil
}

const roleARNRemedy = "write arn:aws:iam::<account>:role/<name>"

// roleProblem says which part of an ARN keeps it from being a role's.
func roleProblem(arn policy.ARN) string {
	role, isRole := strings.CutPrefix(arn.Resource, "role/")
	switch {
	case arn.Service != "iam":
		return fmt.Sprintf("the part service is %q instead of iam", arn.Service)
	case arn.Region != "":
		return fmt.Sprintf("the part region is %q instead of empty", arn.Region)
	case ofAWS(arn) && !accountID().MatchString(arn.Account):
		return fmt.Sprintf("the part account is %q instead of twelve digits", arn.Account)
	case !isRole:
		return fmt.Sprintf("the part resource is %q instead of role/<name>", arn.Resource)
	case role == "" || strings.HasSuffix(role, "/"):
		return "the part resource lacks the role's name"
	}
	return ""
}

// ofAWS reports whether an ARN names something of AWS. Other servers speak STS
// too, under partitions of their own: MinIO's roles are in no account
// (arn:minio:iam:::role/<name>).
func ofAWS(arn policy.ARN) bool {
	return arn.Partition == "aws" || strings.HasPrefix(arn.Partition, "aws-")
}
