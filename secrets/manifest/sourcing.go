package manifest

import (
	"slices"
	"strings"
)

// sourcing finds the stores of an ExternalSecret's entries.
type sourcing struct {
	*parsing
	namespace string
	byDefault *store
	broken    bool // there is a default that cannot be used
}

// storeRef returns the store that a reference names; nil if there is none, which
// was reported if bad is true.
func (s *sourcing) storeRef(o *object, key string) (found *store, bad bool) {
	o.object(key, func(o *object) {
		name := o.text("name")
		want := storeKey{o.choice("kind", "SecretStore", clusterStore), s.namespace, name}
		if name == "" {
			return
		}
		bad = true
		if want.kind == clusterStore {
			want.namespace = ""
		}
		st := s.stores[want]
		switch {
		case st == nil:
			o.fail(o.field("name"), "names the %s, which is not among the manifests; %s", brief(want.String()), s.instead(want))
		case st.denied != "":
			o.fail(o.field("name"), "names the %s, which %s", brief(want.String()), st.denied)
		case !st.bad:
			found, bad = st, false
		}
	})
	return found, bad
}

// instead says of a store that is not there which others have its name, of another
// kind or namespace.
func (s *sourcing) instead(want storeKey) string {
	var others []string
	for key := range s.stores {
		if key.name == want.name {
			others = append(others, "the "+brief(key.String()))
		}
	}
	if others == nil {
		return "give the file that has it, too"
	}
	slices.Sort(others)
	return "there is " + strings.Join(others, ", ")
}

// source returns the store of an entry; nil if it cannot be used, which was
// reported.
func (s *sourcing) source(o *object, generators bool) *store {
	found, bad := s.byDefault, s.broken
	o.object("sourceRef", func(o *object) {
		if generators {
			o.refuse("generatorRef", "makes new secrets, which takes a controller in the cluster")
			if o.has("generatorRef") {
				found, bad = nil, true
			}
		}
		if o.has("storeRef") {
			found, bad = s.storeRef(o, "storeRef")
		}
	})
	if found == nil && !bad {
		o.fail(o.place, "has no store: neither sourceRef.storeRef nor spec.secretStoreRef names one")
	}
	return found
}

// access is the Access through which st is read.
func (s *sourcing) access(st *store) *Access {
	return s.use(st.title, func() *Access { return new(st.access) })
}
