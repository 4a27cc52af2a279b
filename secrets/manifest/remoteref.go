package manifest

import (
	"strings"

	"github.com/irsakit/irsa/secrets"
)

// extraction is how to get bytes from a secret.
type extraction struct {
	place
	request    request
	property   string
	propertyAt place
	handling
}

// handling is what is done to each value, and to keys that do not come from the
// manifest.
type handling struct {
	decoding             string
	noNull               bool
	conversion           string
	decodingAt, noNullAt place
}

func (h *handling) read(o *object) {
	h.decodingAt, h.noNullAt = o.field("decodingStrategy"), o.field("nullBytePolicy")
	h.decoding = o.choice("decodingStrategy", "None", "Base64", "Base64URL", "Auto")
	h.conversion = o.choice("conversionStrategy", "Default", "Unicode")
	if o.newer("nullBytePolicy") {
		h.noNull = o.choice("nullBytePolicy", "Ignore", "Fail") == "Fail"
	}
}

// remote reads a remoteRef or an extract. The store may be nil.
func (s *sourcing) remote(o *object, st *store) extraction {
	e := extraction{place: o.place}
	key, version := o.required("key"), o.text("version")
	e.property, e.propertyAt = o.text("property"), o.field("property")
	if problem := propertyProblem(e.property); problem != "" {
		o.fail(o.field("property"), "%s", problem)
	}
	e.request.tags = o.choice("metadataPolicy", "None", "Fetch") == "Fetch"
	e.handling.read(o)
	if st == nil || key == "" {
		return e
	}
	ref, problem := parseName(st.service, st.prefix+key)
	if problem != "" {
		if st.prefix != "" {
			problem += " (with the prefix of the store)"
		}
		o.fail(o.field("key"), "%s", problem)
		return e
	}
	if problem := setVersion(&ref, version); problem != "" {
		o.fail(o.field("version"), "%s", problem)
	}
	e.request.access, e.request.ref = s.access(st), ref.String()
	return e
}

// setVersion adds a remoteRef's version.
func setVersion(ref *secrets.Ref, version string) (problem string) {
	if version == "" {
		return ""
	}
	if ref.Service == secrets.ParameterStore {
		if ref.Version != "" || ref.Stage != "" {
			return "is given, and the key has a version too"
		}
		if strings.Trim(version, "0123456789") == "" {
			ref.Version = version
		} else {
			ref.Stage = version
		}
		return checkRef(*ref)
	}
	if id, ok := strings.CutPrefix(version, "uuid/"); ok {
		if ref.Version = id; id == "" {
			return "has no id"
		}
	} else {
		ref.Stage = version
	}
	return checkRef(*ref)
}
