package manifest

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
		kind := o.choice("kind", "SecretStore", "ClusterSecretStore")
		if name == "" {
			return
		}
		bad = true
		namespace := s.namespace
		if kind == "ClusterSecretStore" {
			namespace = ""
		}
		st := s.stores[storeKey{kind, namespace, name}]
		switch {
		case st == nil:
			o.fail(o.field("name"), "names the %s %s, which is not among the manifests", kind, brief(name))
		case st.denied != "":
			o.fail(o.field("name"), "names the %s %s, which %s", kind, brief(name), st.denied)
		case !st.bad:
			found, bad = st, false
		}
	})
	return found, bad
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
