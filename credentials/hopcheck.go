package credentials

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/irsakit/irsa/internal/lazyregexp"
	"github.com/irsakit/irsa/policy"
)

// link is a hop in its place in the chain.
type link struct {
	Hop
	// number counts from 1, along the whole chain of roles.
	number int
	// field is where the hop was set: "Config.Hops[0]", or the profile.
	field     string
	ofProfile bool

	// What follows is linkHops's.
	role      policy.ARN
	narrowing narrowing
	inherited map[string]string // transitive tags of the hops before
	lasting   string            // source identity, of this hop or inherited
}

// linkHops checks the hops of a whole chain, in order, before any call, and
// notes in each what it inherits from those before.
func linkHops(hops []link) ([]link, error) {
	linked := slices.Clone(hops)
	inherited, lasting := map[string]string{}, ""
	var problems []error
	for i := range linked {
		l := &linked[i]
		l.inherited, l.lasting = maps.Clone(inherited), lasting
		problems = append(problems, l.check())
		for _, key := range l.TransitiveTagKeys {
			inherited[key] = l.Tags[key]
		}
		if l.SourceIdentity != "" {
			lasting = l.SourceIdentity
			l.lasting = lasting
		}
	}
	return linked, errors.Join(problems...)
}

// check checks one hop and prepares what of it is sent.
func (l *link) check() error {
	var err error
	if l.role, err = parseRoleARN(setting{l.setting("RoleARN"), l.RoleARN}); err != nil {
		return err
	}
	var narrowErr error
	l.narrowing, narrowErr = narrow(l.field, l.SessionPolicy, l.PolicyARNs, l.role)
	return errors.Join(
		checkSessionName(setting{l.setting("SessionName"), l.SessionName}),
		checkDuration(l.setting("Duration"), l.Duration),
		l.checkRegion(),
		l.checkExternalID(),
		l.checkSourceIdentity(),
		l.checkTags(),
		l.checkTransitive(),
		narrowErr,
	)
}

// profileSettings are the names that fields of a Hop have in profiles.
var profileSettings = map[string]string{
	"RoleARN":     "role_arn",
	"SessionName": "role_session_name",
	"ExternalID":  "external_id",
	"Duration":    "duration_seconds",
}

// setting is where a field of the hop was set.
func (l *link) setting(field string) string {
	if name, ok := profileSettings[field]; ok && l.ofProfile {
		field = name
	}
	return l.field + "." + field
}

// problem is an error about a field of the hop.
func (l *link) problem(field, problem, remedy string) error {
	return &ConfigError{Field: l.setting(field), Problem: problem, Remedy: remedy}
}

func (l *link) checkRegion() error {
	if l.Region == "" {
		return nil
	}
	return requireRegion(l.field+".Region", l.Region)
}

// The forms of external ids and source identities (STS API Reference,
// AssumeRole, ExternalId and SourceIdentity).
var (
	externalID     = lazyregexp.New(`^[\w+=,.@:/-]{2,}$`)
	sourceIdentity = lazyregexp.New(`^[\w+=,.@-]{2,64}$`)
)

const maxExternalID = 1224

func (l *link) checkExternalID() error {
	if l.ExternalID == "" || externalID().MatchString(l.ExternalID) && len(l.ExternalID) <= maxExternalID {
		return nil
	}
	return l.problem("ExternalID", fmt.Sprintf("it has %d characters, or one that STS does not take", len(l.ExternalID)),
		fmt.Sprintf("use 2 to %d letters, digits and characters of +=,.@:/_-", maxExternalID))
}

// checkSourceIdentity also refuses a change, which STS would (IAM User Guide,
// id_credentials_temp_control-access_monitor).
func (l *link) checkSourceIdentity() error {
	switch {
	case l.SourceIdentity == "":
		return nil
	case !sourceIdentity().MatchString(l.SourceIdentity):
		return l.problem("SourceIdentity", fmt.Sprintf("%q is not a source identity", l.SourceIdentity),
			"use 2 to 64 letters, digits and characters of +=,.@_-")
	case l.lasting != "" && l.lasting != l.SourceIdentity:
		return l.problem("SourceIdentity", fmt.Sprintf("%q, but an earlier hop has set %q for good", l.SourceIdentity, l.lasting),
			"set it once, at the first hop")
	}
	return nil
}

// The limits of session tags (IAM User Guide, reference_iam-quotas and
// id_tags, "Rules for naming").
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

var tagText = lazyregexp.New(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

func (l *link) checkTags() error {
	if len(l.Tags) > maxTags {
		return l.problem("Tags", fmt.Sprintf("%d tags", len(l.Tags)), fmt.Sprintf("a session takes up to %d", maxTags))
	}
	seen := map[string]string{}
	var problems []error
	for _, key := range slices.Sorted(maps.Keys(l.Tags)) {
		if twin, ok := seen[strings.ToLower(key)]; ok {
			problems = append(problems, l.problem("Tags", fmt.Sprintf("keys %q and %q differ by case only", twin, key),
				"leave one out: keys of tags compare without regard to case"))
		}
		seen[strings.ToLower(key)] = key
		problems = append(problems, l.checkTag(key, l.Tags[key]))
	}
	return errors.Join(problems...)
}

func (l *link) checkTag(key, value string) error {
	field := fmt.Sprintf("Tags[%q]", key)
	n := utf8.RuneCountInString(key)
	switch {
	case n < 1 || n > maxTagKey || !tagText().MatchString(key):
		return l.problem(field, "the key is not one of a tag",
			fmt.Sprintf("use 1 to %d letters, digits, spaces and characters of _.:/=+-@", maxTagKey))
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return l.problem(field, "the key begins with aws:", "use another, these are AWS's own")
	case utf8.RuneCountInString(value) > maxTagValue || !tagText().MatchString(value):
		return l.problem(field, "the value is not one of a tag",
			fmt.Sprintf("use up to %d letters, digits, spaces and characters of _.:/=+-@", maxTagValue))
	}
	for known := range l.inherited {
		if strings.EqualFold(known, key) {
			return l.problem(field, "an earlier hop passes this tag on", "leave it out: an inherited tag cannot be given again")
		}
	}
	return nil
}

func (l *link) checkTransitive() error {
	for i, key := range l.TransitiveTagKeys {
		if _, ok := l.Tags[key]; !ok {
			return l.problem(fmt.Sprintf("TransitiveTagKeys[%d]", i), fmt.Sprintf("there is no tag %q in Tags", key),
				"name tags of this hop; inherited ones pass on by themselves")
		}
	}
	return nil
}
