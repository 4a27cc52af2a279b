package fakeaws

import (
	"slices"
	"strings"
)

var _ = registerJSON(map[string]operation{"secretsmanager.ListSecrets": listSecrets})

// maxListed is the most secrets of one page of ListSecrets.
const maxListed = 100

type listSecretsInput struct {
	Filters                []filter
	IncludePlannedDeletion bool
	MaxResults             *int
	NextToken              *string
	SortBy                 string
	SortOrder              string
}

type listSecretsOutput struct {
	SecretList []secretEntry
	NextToken  string `json:",omitempty"`
}

// secretEntry is a secret in a list.
type secretEntry struct {
	secretDescription
	SecretVersionsToStages map[string][]string `json:",omitempty"`
}

// listSecrets serves ListSecrets, which takes no resource: it is allowed on "*"
// or not at all (Service Authorization Reference, AWS Secrets Manager).
func listSecrets(c *call) (any, error) {
	var in listSecretsInput
	if err := c.decode(&in); err != nil {
		return nil, err
	}
	if err := in.validate(); err != nil {
		return nil, err
	}
	if err := c.authorize("secretsmanager:ListSecrets", "*", nil, nil); err != nil {
		return nil, err
	}
	page, next, err := c.secretPage(&in, maxListed)
	if err != nil {
		return nil, err
	}
	out := listSecretsOutput{SecretList: []secretEntry{}, NextToken: next}
	for _, s := range page {
		out.SecretList = append(out.SecretList, secretEntry{s.describe(), s.stages()})
	}
	return out, nil
}

func (in *listSecretsInput) validate() error {
	var bad violations
	bad.filters(in.Filters)
	bad.number("maxResults", in.MaxResults, 1, maxListed)
	bad.oneOf("sortBy", in.SortBy, "created-date", "last-accessed-date", "last-changed-date", "name")
	bad.oneOf("sortOrder", in.SortOrder, "asc", "desc")
	return bad.err()
}

// secretPage returns one page of the caller's secrets and the token of the next.
// A page is cut before it is filtered, so that one may be empty and not the last.
// Secrets that are marked for deletion are left out unless asked for.
func (c *call) secretPage(in *listSecretsInput, size int) (page []*secret, next string, err error) {
	all := c.aws.secretsOf(c.caller.account, c.region)
	if in.SortBy == "name" {
		slices.SortFunc(all, func(s, t *secret) int { return strings.Compare(s.Name, t.Name) })
	}
	if in.SortOrder == "desc" {
		slices.Reverse(all)
	}
	if in.MaxResults != nil {
		size = *in.MaxResults
	}
	all, next, ok := pageOf(all, in.NextToken, size)
	if !ok {
		return nil, "", errorf("InvalidNextTokenException", "Invalid NextToken.")
	}
	for _, s := range all {
		if (s.DeletedDate == nil || in.IncludePlannedDeletion) && s.matches(in.Filters) {
			page = append(page, s)
		}
	}
	return page, next, nil
}
