package fakeaws

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/irsakit/irsa/policy"
)

// assumption is what both ways to assume a role ask for.
type assumption struct {
	roleARN     string
	account     *account // the role's; its copy as of now
	role        *Role    // nil: there is none, and the answer is as for one that trusts nobody
	sessionName string
	duration    time.Duration // 0: the default
	policies    []policy.Policy
}

// trust is the role's trust policy, an empty one if there is no such role: STS
// does not tell the two apart.
func (a assumption) trust() *policy.Document {
	if a.role == nil {
		return &policy.Document{}
	}
	return a.role.Trust
}

// assumption reads and validates the parameters.
func (c *call) assumption() (assumption, error) {
	ask := assumption{roleARN: c.params.Get("RoleArn"), sessionName: c.params.Get("RoleSessionName")}
	c.record.Resource = ask.roleARN
	if err := c.validateAssumption(); err != nil {
		return ask, err
	}
	arn, err := policy.ParseARN(ask.roleARN)
	if err != nil || arn.Service != "iam" || !strings.HasPrefix(arn.Resource, "role/") {
		return ask, errorf("ValidationError", "Request ARN is invalid")
	}
	c.record.Account = arn.Account
	ask.account, ask.role = c.aws.findRole(ask.roleARN)
	if seconds := c.params.Get("DurationSeconds"); seconds != "" {
		n, err := strconv.Atoi(seconds)
		if err != nil {
			return ask, errorf("ValidationError", "DurationSeconds is not an integer")
		}
		ask.duration = time.Duration(n) * time.Second
	}
	ask.policies, err = c.sessionPolicies(ask.account, arn.Account)
	return ask, err
}

// The constraints on session names in the API reference.
var sessionNamePattern = regexp.MustCompile(`^[\w+=,.@-]*$`)

// validateAssumption lists what is wrong with the parameters in one sentence,
// as STS does.
func (c *call) validateAssumption() error {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if arn := c.params.Get("RoleArn"); arn == "" {
		problem("Value null at 'roleArn' failed to satisfy constraint: Member must not be null")
	} else if len(arn) < 20 {
		problem("Value '%s' at 'roleArn' failed to satisfy constraint: Member must have length greater than or equal to 20", arn)
	}
	name := c.params.Get("RoleSessionName")
	switch {
	case name == "":
		problem("Value null at 'roleSessionName' failed to satisfy constraint: Member must not be null")
	case len(name) < 2:
		problem("Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must have length greater than or equal to 2", name)
	case len(name) > 64:
		problem("Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must have length less than or equal to 64", name)
	case !sessionNamePattern.MatchString(name):
		problem(`Value '%s' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\w+=,.@-]*`, name)
	}
	if n, err := strconv.Atoi(c.params.Get("DurationSeconds")); err == nil && n < 900 {
		problem("Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900", n)
	} else if n > 43200 {
		problem("Value '%d' at 'durationSeconds' failed to satisfy constraint: Member must have value less than or equal to 43200", n)
	}
	problems = append(problems, c.wrongLengths()...)
	switch len(problems) {
	case 0:
		return nil
	case 1:
		return errorf("ValidationError", "1 validation error detected: %s", problems[0])
	default:
		return errorf("ValidationError", "%d validation errors detected: %s", len(problems), strings.Join(problems, "; "))
	}
}

// wrongLengths lists the optional parameters that are too short or too long (STS
// API Reference, AssumeRole). One that is sent empty is too short.
func (c *call) wrongLengths() []string {
	var problems []string
	for _, p := range []struct {
		name, member      string
		shortest, longest int
	}{
		{"ExternalId", "externalId", 2, 1224},
		{"SourceIdentity", "sourceIdentity", 2, 64},
	} {
		const failed = "Value '%s' at '%s' failed to satisfy constraint: Member must have length %s than or equal to %d"
		value := c.params.Get(p.name)
		switch {
		case !c.params.Has(p.name):
		case len(value) < p.shortest:
			problems = append(problems, fmt.Sprintf(failed, value, p.member, "greater", p.shortest))
		case len(value) > p.longest:
			problems = append(problems, fmt.Sprintf(failed, value, p.member, "less", p.longest))
		}
	}
	return problems
}

// maxChained is the limit for a role that another role assumes (IAM User
// Guide, id_roles, "Role chaining").
const maxChained = time.Hour

// length is how long the session lasts.
func (a assumption) length(chained bool) (time.Duration, error) {
	most := time.Duration(a.role.MaxDuration) * time.Second
	switch {
	case a.duration == 0:
		return min(time.Hour, most), nil
	case a.duration > most:
		return 0, errorf("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	case chained && a.duration > maxChained:
		return 0, errorf("ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.")
	}
	return a.duration, nil
}

// issue makes a session of the role.
func (c *call) issue(ask assumption, length time.Duration, keys policy.Context, transitive []string) *session {
	now := c.now()
	if c.fault.Lifetime != 0 {
		length = c.fault.Lifetime
	}
	s := &session{
		arn:         ask.account.sessionARN(ask.role.Name, ask.sessionName),
		account:     ask.account.ID,
		role:        ask.role.Name,
		name:        ask.sessionName,
		principalID: ask.role.UniqueID,
		issued:      now,
		expires:     now.Add(length).Truncate(time.Second), // the wire has no fractions
		context:     keys,
		transitive:  transitive,
		policies:    ask.policies,
	}
	s.accessKeyID, s.secretAccessKey, s.token = c.aws.ids.credentials()
	c.aws.issue(s)
	return s
}
