package manifest

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/policy"
	"github.com/irsakit/irsa/secrets"
)

// storeKey finds a store; ClusterSecretStores have no namespace.
type storeKey struct{ kind, namespace, name string }

// clusterStore is the kind of the stores without a namespace.
const clusterStore = "ClusterSecretStore"

func (k storeKey) String() string {
	return k.kind + " " + strings.TrimPrefix(k.namespace+"/"+k.name, "/")
}

// store is a SecretStore or ClusterSecretStore.
type store struct {
	title   string
	service secrets.Service
	prefix  string
	access  Access
	bad     bool   // it has errors
	denied  string // why the pod's namespace may not use it
}

// store reads a SecretStore or ClusterSecretStore.
func (p *parsing) store(r resource) {
	if !p.begin(&r) {
		return
	}
	key := storeKey{r.kind, r.namespace, r.name}
	s := &store{title: key.String()}
	p.stores[key] = s
	before := len(p.errs)
	if !r.has("spec") {
		r.fail(r.field("spec"), "is missing")
	}
	r.object.object("spec", func(o *object) {
		o.ignore("controller", "is ignored: there is no controller")
		o.ignore("refreshInterval", "is ignored: it is about checks of the store, not about secrets")
		p.retries(o, s)
		p.conditions(o, r, s)
		p.provider(o, r, s)
	})
	r.close()
	s.bad = len(p.errs) > before
}

func (p *parsing) retries(o *object, s *store) {
	o.object("retrySettings", func(o *object) {
		s.access.MaxAttempts = 3
		if n, ok := o.number("maxRetries"); ok {
			s.access.MaxAttempts = n
			if n < 1 || n > 100 {
				o.fail(o.field("maxRetries"), "is the number of attempts and must be from 1 to 100")
			}
		}
		s.access.RetryInterval, _ = o.duration("retryInterval")
		if s.access.RetryInterval > time.Minute {
			o.fail(o.field("retryInterval"), "is more than a minute")
		}
	})
}

// conditions says whether the pod's namespace may use the store: one of the
// conditions must name it.
func (p *parsing) conditions(o *object, r resource, s *store) {
	if !o.has("conditions") {
		return
	}
	allowed, any := false, false
	o.objects("conditions", func(o *object) {
		any = true
		allowed = slices.Contains(o.texts("namespaces"), p.opts.Namespace) || allowed
		o.list("namespaceRegexes", func(n *node, path string) {
			text, ok := o.word(n, place{n.at, path}, maxRegexp)
			if !ok {
				return
			}
			re, problem := compileRegexp(text)
			if problem != "" {
				o.fail(place{n.at, path}, "%s", problem)
				return
			}
			allowed = re.MatchString(p.opts.Namespace) || allowed
		})
		o.refuse("namespaceSelector", "takes the labels of namespaces, which only the Kubernetes API knows; name them in namespaces or namespaceRegexes")
	})
	switch {
	case r.kind == "SecretStore":
		o.warn(o.field("conditions"), "has no effect in a SecretStore and is ignored")
	case any && p.opts.Namespace == "":
		s.denied = "has conditions, and the pod's namespace is not known"
	case any && !allowed:
		s.denied = "has conditions that do not let the namespace " + p.opts.Namespace + " use it"
	}
}

func (p *parsing) provider(o *object, r resource, s *store) {
	o.object("provider", func(o *object) {
		for _, m := range o.n.members {
			if m.key.text != "aws" {
				o.seen[m.key] = true
				o.fail(place{m.key.at, o.below(m.key.text).path}, "is another provider than aws, which is not supported")
			}
		}
		o.object("aws", func(o *object) { p.aws(o, r, s) })
		if len(o.n.members) == 0 {
			o.fail(o.field("aws"), "is missing")
		}
	})
	if !o.has("provider") {
		o.fail(o.field("provider"), "is missing")
	}
}

func (p *parsing) aws(o *object, r resource, s *store) {
	switch service := o.required("service"); service {
	case "SecretsManager":
		s.service = secrets.SecretsManager
	case "ParameterStore":
		s.service = secrets.ParameterStore
	case "":
	default:
		o.fail(o.field("service"), "is %q; only SecretsManager and ParameterStore are supported", brief(service))
	}
	if s.access.Region = o.required("region"); s.access.Region != "" {
		o.region("region", s.access.Region)
	}
	s.prefix = o.text("prefix")
	o.ignore("secretsManager", "is about PushSecret and ignored")
	p.auth(o, r)
	p.roles(o, r, s)
}

// withoutAuth is what to do about the identity of somebody else.
const withoutAuth = "leave auth out to use the pod's own identity"

// auth accepts the pod's own identity only.
func (p *parsing) auth(o *object, r resource) {
	o.object("auth", func(o *object) {
		o.refuse("secretRef", "takes access keys from a Kubernetes Secret, which only the Kubernetes API has; "+withoutAuth)
		o.object("jwt", func(o *object) {
			if !o.has("serviceAccountRef") {
				o.fail(o.field("serviceAccountRef"), "is missing")
			}
			o.object("serviceAccountRef", func(o *object) { p.serviceAccount(o, r) })
		})
	})
}

func (p *parsing) serviceAccount(o *object, r resource) {
	name, namespace := o.required("name"), o.text("namespace")
	switch {
	case name == "":
	case p.opts.ServiceAccount == "" || p.opts.Namespace == "":
		o.fail(o.place, "names a service account, and the pod's own is not known: give its name and namespace")
	case name != p.opts.ServiceAccount:
		o.fail(o.field("name"), "is %s, and the pod's own service account is %s: no other can be used; %s", brief(name), p.opts.ServiceAccount, withoutAuth)
	case namespace != "" && namespace != p.opts.Namespace:
		o.fail(o.field("namespace"), "is %s, and the pod is in %s: no other can be used; %s", brief(namespace), p.opts.Namespace, withoutAuth)
	}
	if len(o.texts("audiences")) > 0 {
		o.warn(o.field("audiences"), "is ignored: the token of the pod has the audiences that it has")
	}
}

// roles reads the chain of roles. All that is said about a session is said about
// that of the last role.
func (p *parsing) roles(o *object, r resource, s *store) {
	o.list("additionalRoles", func(n *node, path string) {
		if role, ok := o.word(n, place{n.at, path}, maxText); ok && p.role(role, place{n.at, path}) {
			s.access.Hops = append(s.access.Hops, credentials.Hop{RoleARN: role})
		}
	})
	last := credentials.Hop{RoleARN: o.text("role"), ExternalID: o.text("externalID")}
	last.Tags = p.sessionTags(o, r)
	last.TransitiveTagKeys = o.texts("transitiveTagKeys")
	if last.RoleARN == "" {
		for _, key := range []string{"externalID", "sessionTags", "transitiveTagKeys", "sessionTagsPolicy", "customSessionTags"} {
			o.ignore(key, "has no effect without role")
		}
		return
	}
	if id := last.ExternalID; id != "" && (len(id) < 2 || len(id) > 1224 || !externalIDs.MatchString(id)) {
		o.fail(o.field("externalID"), "is no external id: 2 to 1224 letters, digits and _+=,.@:/-")
	}
	for _, key := range last.TransitiveTagKeys {
		if _, ok := last.Tags[key]; !ok {
			o.fail(o.field("transitiveTagKeys"), "has %q, which is no tag of the session", brief(key))
		}
	}
	if p.role(last.RoleARN, o.field("role")) {
		s.access.Hops = append(s.access.Hops, last)
	}
}

// externalIDs are what STS takes (API reference of AssumeRole).
var externalIDs = regexp.MustCompile(`^[\w+=,.@:/-]+$`)

func (p *parsing) role(arn string, at place) bool {
	parsed, err := policy.ParseARN(arn)
	if err != nil || parsed.Service != "iam" || !strings.HasPrefix(parsed.Resource, "role/") {
		p.fail(at, "is not the ARN of a role")
		return false
	}
	return true
}

// sessionTags are the tags that the policy for them asks for.
func (p *parsing) sessionTags(o *object, r resource) map[string]string {
	tags := map[string]string{}
	o.objects("sessionTags", func(o *object) {
		key := o.required("key")
		if _, twice := tags[key]; twice {
			o.fail(o.field("key"), "is given twice")
		}
		tags[key] = o.text("value")
	})
	custom := map[string]string{}
	how := "None"
	if o.newer("customSessionTags") {
		custom = o.textMap("customSessionTags")
	}
	if o.newer("sessionTagsPolicy") {
		how = o.choice("sessionTagsPolicy", "None", "Simple", "Custom")
	}
	own := map[string]string{"esoNamespace": p.opts.Namespace, "esoStoreName": r.name, "esoStoreKind": r.kind}
	for key := range own {
		if _, ok := custom[key]; ok {
			o.fail(o.field("customSessionTags"), "has %s, which is set by sessionTagsPolicy", key)
		}
	}
	switch {
	case how == "None" && len(custom) > 0:
		o.warn(o.field("customSessionTags"), "has no effect without the sessionTagsPolicy Custom")
	case how == "Simple" && len(custom) > 0:
		o.warn(o.field("customSessionTags"), "has no effect with the sessionTagsPolicy Simple")
	}
	if how == "None" {
		return tags
	}
	if p.opts.Namespace == "" {
		o.fail(o.field("sessionTagsPolicy"), "sets a tag to the pod's namespace, which is not known")
	}
	if len(tags) > 0 {
		o.warn(o.field("sessionTags"), "is replaced by sessionTagsPolicy")
	}
	if how == "Custom" {
		maps.Copy(own, custom)
	}
	return own
}
