package manifest

import (
	"cmp"
	"errors"
	"io/fs"
	"regexp"
	"strconv"
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// service is where the object is kept.
func (m *mount) service(o *object, name string) (secrets.Service, bool) {
	services := map[string]secrets.Service{"secretsmanager": secrets.SecretsManager, "ssmparameter": secrets.ParameterStore}
	kind := o.text("objectType")
	service, known := services[kind]
	switch {
	case kind != "" && !known:
		o.fail(o.field("objectType"), "is %q; it may be secretsmanager or ssmparameter", brief(kind))
		return "", false
	case known:
		return service, true
	case name == "":
		return "", false
	case !strings.HasPrefix(name, "arn:"):
		o.fail(o.field("objectType"), "is missing; only an ARN can do without")
		return "", false
	}
	ref, err := secrets.ParseRef(name)
	if bad, ok := errors.AsType[*secrets.RefError](err); ok {
		o.fail(o.field("objectName"), "cannot be used: %s %s", bad.Part, bad.Problem)
		return "", false
	}
	return ref.Service, true
}

// request is what to fetch for an object.
func (m *mount) request(o *object, service secrets.Service, name string, ok bool) (request, bool) {
	version, label := o.text("objectVersion"), o.text("objectVersionLabel")
	if !ok || name == "" {
		return request{}, false
	}
	ref, ok := m.ref(o, "objectName", service, name, m.region)
	if !ok || !m.version(o, &ref, version, label) {
		return request{}, false
	}
	if m.failover != "" && service == secrets.SecretsManager {
		ref.Replicas = m.failover
	}
	r := request{access: m.plan.access, ref: ref.String()}
	if m.failover != "" && service == secrets.ParameterStore && !ref.IsARN() {
		ref.Region = m.failover
		r.fallback = ref.String()
	}
	return r, true
}

// ref parses a name or ARN, whose Region must be the given one.
func (m *mount) ref(o *object, key string, service secrets.Service, name, region string) (secrets.Ref, bool) {
	ref, problem := parseName(service, name)
	switch {
	case problem != "":
		o.fail(o.field(key), "%s", problem)
		return ref, false
	case ref.IsARN() && region != "" && ref.Region != region:
		o.fail(o.field(key), "is of the Region %s and must be of %s", ref.Region, region)
		return ref, false
	}
	return ref, true
}

// version sets the version of an object.
func (m *mount) version(o *object, ref *secrets.Ref, version, label string) bool {
	field := "objectVersion"
	switch {
	case ref.Service == secrets.ParameterStore && version != "" && label != "":
		o.fail(o.field("objectVersionLabel"), "is given beside objectVersion, which a parameter cannot have both")
		return false
	case ref.Service == secrets.ParameterStore && (ref.Version != "" || ref.Stage != ""):
		if version != "" || label != "" {
			o.fail(o.field("objectName"), "has a version, and so has the object")
			return false
		}
		return true
	case version == "":
		field = "objectVersionLabel"
	}
	ref.Version, ref.Stage = version, label
	if problem := checkRef(*ref); problem != "" {
		o.fail(o.field(field), "%s", problem)
		return false
	}
	return true
}

// failoverObject reads what to ask the other Region for if the object has
// another name there.
func (m *mount) failoverObject(o *object, service secrets.Service, alias string, r *request) {
	o.object("failoverObject", func(f *object) {
		name, version, label := f.text("objectName"), f.text("objectVersion"), f.text("objectVersionLabel")
		switch {
		case name == "":
			if version != "" || label != "" {
				f.warn(f.place, "has no objectName and is ignored")
			}
			return
		case alias == "":
			o.fail(o.field("objectAlias"), "is missing, which an object with failoverObject needs")
		case m.failover == "":
			f.fail(f.place, "is given without failoverRegion")
			return
		case version != o.text("objectVersion"):
			f.fail(f.field("objectVersion"), "is not that of the object")
		}
		if service == "" {
			return
		}
		ref, ok := m.ref(f, "objectName", service, name, m.failover)
		if !ok || !m.version(f, &ref, version, cmp.Or(label, o.text("objectVersionLabel"))) {
			return
		}
		r.failOver(ref, m.failover)
	})
}

// file is the path of the file that an object or a part of it goes to.
func (m *mount) file(name string, from place) string {
	if name == "" {
		return ""
	}
	if m.slash == "/" {
		name = strings.TrimLeft(name, "/")
	} else {
		name = strings.ReplaceAll(name, "/", m.slash)
	}
	if problem := m.paths.add(name, from); problem != "" {
		m.fail(from, "%s", problem)
	}
	return name
}

var permissions = regexp.MustCompile(`^[0-7]{4}$`)

// mode reads the permissions of a file.
func (m *mount) mode(o *object, otherwise fs.FileMode) fs.FileMode {
	text := o.text("filePermission")
	switch {
	case text == "":
		return otherwise
	case !permissions.MatchString(text):
		o.fail(o.field("filePermission"), "is not four digits from 0 to 7 in quotes")
		return otherwise
	case text[0] != '0':
		o.fail(o.field("filePermission"), "sets the set-user-id, set-group-id or sticky bit, which no secret should have")
		return otherwise
	}
	bits, _ := strconv.ParseUint(text, 8, 32) // matches permissions
	if bits == 0 {
		o.fail(o.field("filePermission"), "lets nobody read the file")
	}
	return fs.FileMode(bits)
}
