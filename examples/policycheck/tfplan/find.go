package tfplan

import (
	"fmt"
	"strings"

	"github.com/irsakit/irsa/policy"
)

// findSecret returns the secret that is asked for, nil if it is an ARN outside
// the plan.
func (b *builder) findSecret(asked string) (*resource, error) {
	secrets := b.plan.of("aws_secretsmanager_secret")
	if asked == "" {
		if len(secrets) != 1 {
			return nil, &UsageError{fmt.Sprintf("which secret: the plan has %s; give one with -secret", listed(secrets))}
		}
		return secrets[0], nil
	}
	arn, err := policy.ParseARN(asked)
	if err == nil {
		return b.secretByARN(asked, arn, secrets), nil
	}
	var found []*resource
	for _, r := range secrets {
		if r.address == asked {
			return r, nil
		}
		if name, _ := b.attribute(r, "name"); name == asked {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		problem := "the plan has no secret %q but %s; give an address, a name or an ARN"
		if len(found) > 1 {
			problem, secrets = "more than one secret is named %q: %s; give an address or an ARN", found
		}
		return nil, &UsageError{fmt.Sprintf(problem, asked, listed(secrets))}
	}
	return found[0], nil
}

// secretByARN returns the secret with the ARN. For one that does not exist yet
// the suffix is taken from the ARN.
func (b *builder) secretByARN(asked string, arn policy.ARN, secrets []*resource) *resource {
	name := strings.TrimPrefix(arn.Resource, "secret:")
	for _, r := range secrets {
		if r.text("arn") == asked {
			return r
		}
		if r.text("arn") != "" || b.account(r) != arn.Account || b.region(r) != arn.Region {
			continue
		}
		if suffix, ok := strings.CutPrefix(name, r.text("name")+"-"); ok && len(suffix) == len(standInSuffix) {
			b.suffixes[r.address] = suffix
			return r
		}
		if name == r.text("name") {
			return r
		}
	}
	return nil
}

// findRole returns the role that is asked for. If none is, it is the only one
// that the service account may assume, or the only one for any pod.
func (b *builder) findRole(q Question) (*resource, error) {
	var roles, forPods, forThis []*resource
	for _, r := range b.plan.of("aws_iam_role") {
		if q.Role != "" {
			if arn, _ := b.attribute(r, "arn"); q.Role == r.address || q.Role == arn || strings.HasSuffix(arn, "/"+q.Role) {
				roles = append(roles, r)
			}
			continue
		}
		scratch := *b // what it finds open is not to be told unless it is the one
		trust := scratch.document(r, "assume_role_policy", policy.TrustPolicy)
		if pods, this := admits(trust, q.ServiceAccount); pods {
			forPods = append(forPods, r)
			if this {
				forThis = append(forThis, r)
			}
		}
	}
	for _, candidates := range [][]*resource{roles, forThis, forPods} {
		if len(candidates) == 1 {
			return candidates[0], nil
		}
		if len(candidates) > 1 {
			return nil, &UsageError{fmt.Sprintf("which role: there are %s; give one with -role", listed(candidates))}
		}
	}
	if q.Role != "" {
		return nil, &UsageError{fmt.Sprintf("the plan has no role %q but %s", q.Role, listed(b.plan.of("aws_iam_role")))}
	}
	return nil, &UsageError{"the plan has no role that a pod can assume; give one with -role"}
}

// admits reports whether a trust policy is about pods, and about this one.
func admits(trust *policy.Document, serviceAccount string) (pods, this bool) {
	if trust == nil {
		return false, false
	}
	for _, s := range trust.Statements {
		for _, action := range texts(s.Action) {
			if !strings.EqualFold(action, "sts:AssumeRoleWithWebIdentity") && action != "sts:*" && action != "*" {
				continue
			}
			pods = true
			for _, operator := range s.Condition {
				for _, key := range operator.Keys {
					for _, v := range texts(key.Values) {
						this = this || serviceAccount != "" && v == "system:serviceaccount:"+strings.Replace(serviceAccount, "/", ":", 1)
					}
				}
			}
		}
	}
	return pods, this
}

func listed(resources []*resource) string {
	if len(resources) == 0 {
		return "none"
	}
	var out []string
	for _, r := range resources {
		out = append(out, r.address)
	}
	return strings.Join(out, ", ")
}
