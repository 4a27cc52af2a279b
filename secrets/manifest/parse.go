package manifest

import (
	"cmp"
	"errors"
	"regexp"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// Input is a file of manifests: any number of YAML documents.
type Input struct {
	Name string // for errors; empty: they have the line only
	Data []byte // up to 1 MiB
}

// Options say where the manifests are used.
type Options struct {
	// Namespace and ServiceAccount are the pod's. A manifest that depends on one
	// that is empty is an error.
	Namespace, ServiceAccount string
	// Region is for SecretProviderClasses that name none, as AWS_REGION is.
	Region string
	// Lenient lets unknown fields pass with a warning. False: they are errors.
	Lenient bool
}

// Set is what the manifests ask for.
type Set struct {
	// Outputs are the groups of files to write, one for each SecretProviderClass
	// and ExternalSecret, in the order of the manifests.
	Outputs []*Output
	// Accesses are the ways to read what the Outputs need, each once.
	Accesses []*Access
	// Warnings are about what changes nothing here.
	Warnings []Warning
}

// Parse reads manifests. It makes no call and does not ask whether the secrets
// exist. The order of the documents, and of the inputs, does not matter.
//
// The error joins a [*FieldError] for each field that cannot be used, in the
// order of the lines, and there is no Set then. A manifest that is not YAML has
// one, about the first place.
func Parse(inputs []Input, opts Options) (*Set, error) {
	p := &parsing{
		report: report{lenient: opts.Lenient},
		opts:   opts,
		names:  map[string]place{},
		stores: map[storeKey]*store{},
		access: map[string]*Access{},
	}
	var files []string
	for _, in := range inputs {
		files = append(files, in.Name)
		p.read(in)
	}
	for _, d := range p.later {
		d()
	}
	p.distinct()
	if err := p.err(files); err != nil {
		return nil, err
	}
	p.set.Warnings = p.warnings
	return &p.set, nil
}

// parsing is the state of one Parse.
type parsing struct {
	report
	opts   Options
	set    Set
	names  map[string]place // of the documents so far, by kind, namespace and name
	stores map[storeKey]*store
	access map[string]*Access
	later  []func() // documents that look at stores
}

func (p *parsing) read(in Input) {
	docs, err := input(in).documents()
	if problem, ok := errors.AsType[*yamlError](err); ok {
		p.fail(place{at: problem.at}, "%s", problem.problem)
		return
	}
	for _, doc := range docs {
		p.document(doc, "", true)
	}
}

// document reads one document, or an item of a list as kubectl prints them.
func (p *parsing) document(n *node, path string, lists bool) {
	o := p.object(n, path)
	if o == nil {
		return
	}
	if !o.has("apiVersion") && !o.has("kind") {
		o.fail(o.place, "has neither apiVersion nor kind, so that it is no object of Kubernetes; leave it out")
		return
	}
	group, version, found := strings.Cut(o.required("apiVersion"), "/")
	if !found {
		group, version = "", group
	}
	kind := o.required("kind")
	read, home := p.reader(kind)
	switch {
	case kind == "" || version == "":
	case group == "" && kind == "List" && !lists:
		o.fail(o.field("kind"), "is List within a List, which is not supported")
	case group == "" && kind == "List":
		o.take("metadata")
		o.list("items", func(n *node, path string) { p.document(n, path, false) })
		o.close()
	case read != nil && group != home:
		o.fail(o.field("apiVersion"), "is of the group %q, and %s of %s is supported", brief(group), kind, home)
	case read == nil && supported[group] != "":
		o.fail(o.field("kind"), "is %q, which is not supported; of %s %s", brief(kind), group, supported[group])
	case read == nil && strings.HasSuffix(group, "."+externalSecrets):
		o.fail(o.field("kind"), "is %q, which takes a controller in the cluster and is not supported", brief(kind))
	case read == nil:
		o.warn(o.field("kind"), "is %s of %s, which is not about secrets, and ignored", brief(kind), brief(strings.TrimPrefix(group+"/"+version, "/")))
	case version != "v1" && (group != externalSecrets || version != "v1beta1"):
		o.fail(o.field("apiVersion"), "is the version %q of %s, which is not supported; %s", brief(version), group, versions[group])
	default:
		o.beta = version != "v1"
		read(resource{object: o, kind: kind})
	}
}

// The groups of the Kubernetes API that manifests of secrets belong to.
const (
	secretsStore    = "secrets-store.csi.x-k8s.io"
	externalSecrets = "external-secrets.io"
)

// supported are the kinds of the groups, in words.
var supported = map[string]string{
	secretsStore:    "SecretProviderClass is",
	externalSecrets: "SecretStore, ClusterSecretStore and ExternalSecret are; the others take a controller in the cluster",
}

// versions are those of the groups, in words.
var versions = map[string]string{secretsStore: "v1 is", externalSecrets: "v1 and v1beta1 are"}

// reader returns what reads documents of a kind, nil if nothing does, and the
// group that the kind belongs to.
func (p *parsing) reader(kind string) (read func(resource), group string) {
	switch kind {
	case "SecretProviderClass":
		return p.providerClass, secretsStore
	case "SecretStore", clusterStore:
		return p.store, externalSecrets
	case "ExternalSecret":
		return p.externalSecret, externalSecrets
	}
	return nil, ""
}

// resource is a document of a kind that is understood.
type resource struct {
	*object
	kind, name, namespace string
}

// begin reads what all kinds have but the spec. It returns false if the document
// cannot be used.
func (p *parsing) begin(r *resource) bool {
	r.take("apiVersion")
	r.take("kind")
	r.take("status")
	if !r.has("metadata") {
		r.fail(r.field("metadata"), "is missing")
		return false
	}
	r.object.object("metadata", func(o *object) {
		r.name = o.required("name")
		r.namespace = cmp.Or(o.text("namespace"), p.opts.Namespace)
		for _, key := range metadata {
			o.take(key)
		}
		if p.opts.Namespace != "" && r.namespace != p.opts.Namespace {
			p.warn(o.field("namespace"), "is not the namespace of the pod, %s, which counts", p.opts.Namespace)
		}
		checkName(o, r.name)
	})
	if r.name == "" {
		return false
	}
	if r.kind == clusterStore {
		r.namespace = "" // there is one for all
	}
	key := r.kind + " " + r.namespace + "/" + r.name
	if first, ok := p.names[key]; ok {
		r.fail(r.place, "is the second %s of the name %s; the first is at %s", r.kind, r.name, first.at)
		return false
	}
	p.names[key] = r.place
	return true
}

// checkName checks the name of an object (RFC 1123 as the Kubernetes API takes
// it).
func checkName(o *object, name string) {
	if name != "" && (!subdomain.MatchString(name) || len(name) > maxKey) {
		o.fail(o.field("name"), "is no name of a Kubernetes object: up to 253 lower case letters, digits, hyphens and dots")
	}
}

var subdomain = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// metadata is what else an object's metadata can have (Kubernetes API reference,
// ObjectMeta). It says nothing about secrets.
var metadata = []string{
	"annotations", "labels", "finalizers", "ownerReferences", "generateName", "generation",
	"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp",
	"deletionGracePeriodSeconds", "managedFields", "selfLink",
}

// distinct refuses two outputs of one name, which would write over each other.
func (p *parsing) distinct() {
	first := map[string]*Output{}
	for _, out := range p.set.Outputs {
		if other := first[out.Name]; other != nil {
			p.fail(out.place, "is a second output of the name %s; the other is at %s", out.Name, other.place.at)
			continue
		}
		first[out.Name] = out
	}
}

// parseName parses the name or ARN that a manifest has for a secret.
func parseName(service secrets.Service, name string) (ref secrets.Ref, problem string) {
	if strings.ContainsAny(name, "?#%") {
		return ref, "is neither the name nor the ARN of a secret"
	}
	ref, err := secrets.ParseRef(string(service) + ":" + name)
	if bad, ok := errors.AsType[*secrets.RefError](err); ok {
		switch {
		case bad.Part == "name" && service == secrets.SecretsManager && strings.Contains(name, ":"):
			return ref, `is neither the name nor the ARN of a secret: it holds ":"`
		case bad.Part == "reference":
			return ref, bad.Problem
		}
		return ref, "cannot be used: " + bad.Part + " " + bad.Problem
	}
	return ref, ""
}

// checkRef checks what was added to a parsed reference.
func checkRef(ref secrets.Ref) (problem string) {
	if bad, ok := errors.AsType[*secrets.RefError](func() error { _, err := secrets.ParseRef(ref.String()); return err }()); ok {
		return "cannot be used: " + bad.Part + " " + bad.Problem
	}
	return ""
}
