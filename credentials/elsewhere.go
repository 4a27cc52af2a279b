package credentials

import (
	"slices"
	"strings"
)

// Choice is what another SDK selects in the environment of this process.
type Choice struct {
	SDK    string
	Source Source
	// FallsThrough: if that source fails, the SDK tries the next, down to the
	// node's own role.
	FallsThrough bool
}

// preference is the order in which an SDK looks at sources.
type preference struct {
	sdk          string
	order        func(environ) []Source
	fallsThrough bool
	// roleProfileFirst: before web identity if the profile names a role.
	roleProfileFirst bool
}

// preferences are the default chains of other SDKs. botocore's is that of
// credentials.create_credential_resolver; JavaScript's that of
// credential-provider-node, which leaves the environment's keys out if
// AWS_PROFILE is set; minio-go's that of credentials.IAM, which knows neither
// keys nor profiles.
var preferences = []preference{
	{sdk: "Go (aws-sdk-go-v2)", order: fixed(SourceEnvironment, SourceWebIdentity, SourceProfile, SourceContainer)},
	{sdk: "Rust", order: fixed(SourceEnvironment, SourceProfile, SourceWebIdentity, SourceContainer)},
	{sdk: "Python (botocore)", order: fixed(SourceEnvironment, SourceWebIdentity, SourceProfile, SourceContainer), roleProfileFirst: true},
	{sdk: "JavaScript v3", order: func(env environ) []Source {
		order := []Source{SourceProfile, SourceWebIdentity, SourceContainer}
		if env("AWS_PROFILE") == "" {
			order = slices.Insert(order, 0, SourceEnvironment)
		}
		return order
	}},
	{sdk: "Java v2", order: fixed(SourceEnvironment, SourceWebIdentity, SourceProfile, SourceContainer), fallsThrough: true},
	{sdk: "minio-go", order: fixed(SourceWebIdentity, SourceContainer), fallsThrough: true},
}

func fixed(order ...Source) func(environ) []Source {
	return func(environ) []Source { return order }
}

// elsewhere says what other SDKs select, and among which sources. What only the
// Config says, they do not know.
func elsewhere(findings []*finding, env environ) (choices []Choice, configured map[Source]*finding) {
	configured = map[Source]*finding{}
	for _, f := range findings {
		if f.open != nil && f.Source != SourceInstanceProfile && !f.fromConfig() {
			configured[f.Source] = f
		}
	}
	for _, p := range preferences {
		choices = append(choices, Choice{SDK: p.sdk, Source: p.choose(configured, env), FallsThrough: p.fallsThrough})
	}
	return choices, configured
}

func (p preference) choose(configured map[Source]*finding, env environ) Source {
	order := p.order(env)
	if profile := configured[SourceProfile]; p.roleProfileFirst && profile != nil && profile.asRole && configured[SourceEnvironment] == nil {
		return SourceProfile
	}
	for _, s := range order {
		if configured[s] != nil {
			return s
		}
	}
	return SourceInstanceProfile
}

// fromConfig reports whether the Config, and not the environment, configures
// the candidate.
func (f *finding) fromConfig() bool { return strings.HasPrefix(f.Settings[0], "Config.") }

// contested reports whether the environment configures sources that the winner
// came before: an identity that may not be the one that was meant.
func (s Selection) contested() bool {
	return s.Others != nil && slices.ContainsFunc(s.Candidates, func(c Candidate) bool { return c.State == PassedOver })
}
