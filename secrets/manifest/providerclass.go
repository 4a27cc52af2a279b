package manifest

import (
	"cmp"
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// providerClass reads a SecretProviderClass of the AWS provider of the Secrets
// Store CSI driver.
func (p *parsing) providerClass(r resource) {
	if !p.begin(&r) {
		return
	}
	p.later = append(p.later, func() {
		r.object.object("spec", func(o *object) { p.mount(r, o) })
		if !r.has("spec") {
			r.fail(r.field("spec"), "is missing")
		}
		r.close()
	})
}

func (p *parsing) mount(r resource, o *object) {
	if provider := o.required("provider"); provider != "" && provider != "aws" {
		o.fail(o.field("provider"), "is %q; only aws is supported", brief(provider))
		o.take("parameters")
		o.take("secretObjects")
		return
	}
	o.ignore("secretObjects", "makes Kubernetes Secrets of the files, which takes the CSI driver: ignored")
	m := mount{parsing: p, paths: paths{}}
	o.object("parameters", func(o *object) {
		m.parameters(o)
		m.objects(o)
	})
	if !o.has("parameters") {
		o.fail(o.field("parameters"), "is missing")
		return
	}
	p.set.Outputs = append(p.set.Outputs, &Output{
		Kind: r.kind, Name: r.name, place: r.place, plan: m.plan,
	})
}

// mount is a SecretProviderClass that is being read.
type mount struct {
	*parsing
	region, failover string
	// slash is what takes the place of slashes in file names.
	slash string
	paths paths
	plan  *mountPlan
}

// regions is what a Region looks like; package secrets checks it in full.
var regions = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)

// region checks a Region.
func (o *object) region(key, text string) {
	switch {
	case regions.MatchString(text):
	case strings.Contains(text, "$"):
		o.fail(o.field(key), "is no Region of AWS, but has a variable, which must be replaced before")
	default:
		o.fail(o.field(key), "is no Region of AWS")
	}
}

// parameters reads all but the objects.
func (m *mount) parameters(o *object) {
	m.plan = &mountPlan{}
	m.region = cmp.Or(o.text("region"), m.opts.Region)
	if m.region == "" {
		o.fail(o.field("region"), "is missing, and the environment has no AWS_REGION: set one of them")
	} else {
		o.region("region", m.region)
	}
	m.failover = o.text("failoverRegion")
	switch {
	case m.failover == "":
	case !regions.MatchString(m.failover):
		o.fail(o.field("failoverRegion"), "is no Region of AWS; there can be one")
	case m.failover == m.region:
		o.fail(o.field("failoverRegion"), "is the same as region")
	}
	m.slash = cmp.Or(o.text("pathTranslation"), "_")
	switch {
	case strings.EqualFold(m.slash, "false"):
		m.slash = "/"
	case len(m.slash) != 1 || m.slash == "/":
		o.fail(o.field("pathTranslation"), `is neither False nor one character to put in the place of "/"`)
		m.slash = "_"
	}
	if text := o.text("usePodIdentity"); text != "" {
		if _, err := strconv.ParseBool(text); err != nil {
			o.fail(o.field("usePodIdentity"), "is neither true nor false")
		} else {
			o.warn(o.field("usePodIdentity"), "is ignored: the pod's own environment says how it gets its identity")
		}
	}
	o.ignore("preferredAddressType", "is ignored: the pod's own environment says where the Pod Identity agent is")
	m.plan.access = m.use("SecretProviderClass in "+m.region, func() *Access { return &Access{Region: m.region} })
}

// objects reads the list, which is YAML in text.
func (m *mount) objects(o *object) {
	n := o.take("objects")
	if n != nil && n.kind == listKind {
		o.fail(o.field("objects"), `is a list and must be text; write "objects: |" above the list`)
		return
	}
	text := o.longText("objects", maxInput)
	if text == "" {
		return
	}
	docs, err := stream{text, n.within}.documents()
	if problem, ok := errors.AsType[*yamlError](err); ok {
		o.fail(place{problem.at, o.below("objects").path}, "%s", problem.problem)
		return
	}
	if len(docs) == 0 {
		return
	}
	if len(docs) > 1 || docs[0].kind != listKind {
		o.fail(o.field("objects"), "is not one list in YAML")
		return
	}
	list := &object{report: o.report, place: o.place, fold: true}
	for i, item := range docs[0].items {
		list.inner(item, o.below("objects").path+"["+strconv.Itoa(i)+"]", m.object)
	}
}

// object reads one secret or parameter.
func (m *mount) object(o *object) {
	name := o.required("objectName")
	service, ok := m.service(o, name)
	alias := o.text("objectAlias")
	item := mountItem{place: o.place, mode: m.mode(o, 0)}
	item.request, ok = m.request(o, service, name, ok)
	m.failoverObject(o, service, alias, &item.request)
	item.path = m.file(cmp.Or(alias, name), o.field(aliasOr(alias)))
	o.objects("jmesPath", func(o *object) {
		pick := mountPick{place: o.field("path"), mode: m.mode(o, item.mode)}
		expression := o.required("path")
		if alias := o.required("objectAlias"); alias != "" {
			pick.path = m.file(alias, o.field("objectAlias"))
		}
		if expression == "" {
			return
		}
		search, problem := compileJMESPath(expression)
		if problem != "" {
			o.fail(pick.place, "%s", problem)
		}
		pick.search = search
		item.picks = append(item.picks, pick)
	})
	if ok {
		m.plan.items = append(m.plan.items, item)
	}
}

func aliasOr(alias string) string {
	if alias != "" {
		return "objectAlias"
	}
	return "objectName"
}
