package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/examples/policycheck/tfplan"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets/secretstest"
)

// askWorld answers from a description of accounts.
func askWorld(file string, q question, std streams) (answer, error) {
	data, name, err := std.read(file, "a description of accounts as YAML or JSON")
	if err != nil {
		return answer{}, err
	}
	_, access, err := worldAccess(name, data, q)
	if err != nil {
		return answer{}, err
	}
	report := access.Evaluate()
	a := answer{
		Decision: report.Decision, Subject: access.Claims.Subject, Role: access.Role.ARN, Secret: access.Secret.ARN,
		report: report,
	}
	if q.ServiceAccount == "" {
		a.Taken = []string{tfplan.ChosenSubject(a.Subject)}
	}
	return a, nil
}

// worldAccess gathers the chain's documents from a description of accounts.
func worldAccess(name string, data []byte, q question) (*secretstest.World, policy.SecretAccess, error) {
	var none policy.SecretAccess
	if err := expect(worldForm, name, data); err != nil {
		return nil, none, err
	}
	world, err := readWorld(data)
	if err != nil {
		return nil, none, fmt.Errorf("%w: %s: %w", errInput, name, err)
	}
	c, err := choose(&world, q.Question, q.options.Region)
	if err != nil {
		return nil, none, fmt.Errorf("%w: %s: %w", errUsage, name, err)
	}
	now := time.Now()
	claims := policy.Claims{
		Issuer: c.issuer, Subject: c.subject, Audience: []string{"sts.amazonaws.com"},
		IssuedAt: now, Expiry: now.Add(time.Hour),
	}
	access, err := world.SecretAccess(claims, c.roleARN, c.secret, c.region)
	if err != nil {
		return nil, none, fmt.Errorf("%w: %s: %s", errInput, name, inUsersTerms(err))
	}
	return &world, access, nil
}

// readWorld reads YAML or JSON.
func readWorld(data []byte) (secretstest.World, error) {
	var world secretstest.World
	text := data
	if !json.Valid(data) {
		var err error
		if text, err = jsonOf(data); err != nil {
			return world, err
		}
	}
	if err := json.Unmarshal(text, &world); err != nil {
		return world, errors.New(inUsersTerms(err))
	}
	return world, nil
}

// inUsersTerms is an error about a world without the names of the packages that
// found it.
func inUsersTerms(err error) string {
	text := err.Error()
	for _, prefix := range []string{"secretstest: ", "fakeaws: ", "world: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	return text
}

// choice is a question with nothing left out.
type choice struct {
	issuer, subject, roleARN, secret, region string
}

// choose fills in what the question leaves out, where there is one choice only.
func choose(w *secretstest.World, q tfplan.Question, region string) (choice, error) {
	c := choice{region: region, secret: q.Secret}
	account, role, err := chooseRole(w, q.Role)
	if err != nil {
		return c, err
	}
	c.roleARN = roleARN(account, role)
	if c.issuer, err = chooseIssuer(w, account); err != nil {
		return c, err
	}
	if c.subject, err = chooseSubject(q.ServiceAccount, c, role); err != nil {
		return c, err
	}
	if c.secret == "" {
		secret, owner, err := onlySecret(w)
		if err != nil {
			return c, err
		}
		c.secret, c.region = secretARN(owner, secret), secret.Region
	}
	if c.region == "" {
		c.region = onlyRegion(w)
	}
	if c.region == "" && !strings.HasPrefix(c.secret, "arn:") {
		return c, fmt.Errorf("the name %q is looked up in the client's Region; give it with -region", c.secret)
	}
	return c, nil
}

// chooseRole finds the role that is asked for, or the only one that a pod can
// assume.
func chooseRole(w *secretstest.World, asked string) (*secretstest.Account, *credentialstest.Role, error) {
	var account *secretstest.Account
	var role *credentialstest.Role
	var names, all []string
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Roles {
			r := &a.Roles[j]
			arn := roleARN(a, r)
			all = append(all, arn)
			wanted := asked == arn || asked == r.Name
			if asked == "" {
				wanted = r.Trust != nil && strings.Contains(r.Trust.String(), "AssumeRoleWithWebIdentity")
			}
			if wanted {
				account, role, names = a, r, append(names, arn)
			}
		}
	}
	switch {
	case len(names) == 1:
		return account, role, nil
	case len(names) > 1:
		return nil, nil, fmt.Errorf("which role: there are %s; give one with -role", strings.Join(names, ", "))
	case asked != "":
		return nil, nil, fmt.Errorf("there is no role %q but %s", asked, cmp.Or(strings.Join(all, ", "), "none"))
	}
	return nil, nil, fmt.Errorf("there is no role that a pod can assume; give one with -role")
}

// chooseIssuer is that of the only cluster, or the only one that the role's
// account knows.
func chooseIssuer(w *secretstest.World, a *secretstest.Account) (string, error) {
	if len(w.Clusters) == 1 {
		return w.Clusters[0].Issuer, nil
	}
	if len(w.Clusters) == 0 && len(a.OIDCProviders) == 1 {
		return "https://" + strings.TrimPrefix(a.OIDCProviders[0].URL, "https://"), nil
	}
	var own []string
	for _, c := range w.Clusters {
		if c.Account == a.ID {
			own = append(own, c.Issuer)
		}
	}
	if len(own) == 1 {
		return own[0], nil
	}
	return "", fmt.Errorf("which cluster: there is not just one; leave one in clusters")
}

func chooseSubject(asked string, c choice, role *credentialstest.Role) (string, error) {
	if asked != "" {
		namespace, name, ok := strings.Cut(asked, "/")
		if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
			return "", fmt.Errorf("service account %q: want NAMESPACE/NAME", asked)
		}
		return "system:serviceaccount:" + namespace + ":" + name, nil
	}
	if role.Trust != nil {
		if subjects := tfplan.Subjects(role.Trust, c.issuer); len(subjects) == 1 {
			return subjects[0], nil
		}
	}
	return "", fmt.Errorf("which pod: the trust policy of %s does not name just one service account; "+
		"give -service-account NAMESPACE/NAME", c.roleARN)
}

// onlySecret returns the only secret of the world.
func onlySecret(w *secretstest.World) (*secretstest.Secret, *secretstest.Account, error) {
	var secret *secretstest.Secret
	var owner *secretstest.Account
	var arns []string
	for i := range w.Accounts {
		a := &w.Accounts[i]
		for j := range a.Secrets {
			secret, owner = &a.Secrets[j], a
			arns = append(arns, secretARN(a, secret))
		}
	}
	if len(arns) != 1 {
		return nil, nil, fmt.Errorf("which secret: there are %d (%s); give one with -secret", len(arns), strings.Join(arns, ", "))
	}
	return secret, owner, nil
}

// onlyRegion is the Region in which all secrets are, "" if they are in several.
func onlyRegion(w *secretstest.World) string {
	region := ""
	for _, a := range w.Accounts {
		for _, s := range a.Secrets {
			if region != "" && s.Region != region {
				return ""
			}
			region = s.Region
		}
	}
	return region
}

func partition(a *secretstest.Account) string {
	if a.Partition == "" {
		return "aws"
	}
	return a.Partition
}

func roleARN(a *secretstest.Account, r *credentialstest.Role) string {
	path := r.Path
	if path == "" {
		path = "/"
	}
	return policy.ARN{Partition: partition(a), Service: "iam", Account: a.ID, Resource: "role" + path + r.Name}.String()
}

func secretARN(a *secretstest.Account, s *secretstest.Secret) string {
	suffix := s.Suffix
	if suffix == "" {
		suffix = "000000"
	}
	return policy.ARN{
		Partition: partition(a), Service: "secretsmanager", Region: s.Region, Account: a.ID,
		Resource: "secret:" + s.Name + "-" + suffix,
	}.String()
}
