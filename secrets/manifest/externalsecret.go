package manifest

import "time"

// The deletion policies of an ExternalSecret.
const (
	retain  = "Retain"
	remove  = "Delete"
	combine = "Merge"
)

// externalSecret reads an ExternalSecret.
func (p *parsing) externalSecret(r resource) {
	if !p.begin(&r) {
		return
	}
	p.later = append(p.later, func() {
		if !r.has("spec") {
			r.fail(r.field("spec"), "is missing")
		}
		r.object.object("spec", func(o *object) { p.secret(r, o) })
		r.close()
	})
}

func (p *parsing) secret(r resource, o *object) {
	out := &Output{Kind: r.kind, Name: r.name, place: r.place}
	plan := &secretPlan{out: out}
	s := sourcing{parsing: p, namespace: r.namespace}
	s.byDefault, s.broken = s.storeRef(o, "secretStoreRef")
	p.refresh(o, out)
	p.target(o, plan)
	p.data(o, &s, plan)
	out.plan = plan
	p.set.Outputs = append(p.set.Outputs, out)
}

// refresh reads when to fetch again.
func (p *parsing) refresh(o *object, out *Output) {
	out.Refresh = time.Hour
	if d, ok := o.duration("refreshInterval"); ok {
		out.Refresh = d
		if d > 0 && d < time.Second {
			o.fail(o.field("refreshInterval"), "is less than a second; 0 is once")
		}
	}
	if o.choice("refreshPolicy", "Periodic", "CreatedOnce", "OnChange") != "Periodic" || out.Refresh == 0 {
		out.Refresh = -1
	}
	if o.newer("syncWindows") {
		out.windows = p.syncWindows(o)
	}
}

// target reads where the values go.
func (p *parsing) target(o *object, plan *secretPlan) {
	plan.deletion = retain
	creation := "Owner"
	o.object("target", func(o *object) {
		if name := o.text("name"); name != "" {
			plan.out.Name = name
			checkName(o, name)
		}
		if o.has("creationPolicy") {
			policies := []string{"Owner", "Orphan", "Merge", "None"}
			if !o.beta {
				policies = append(policies, "CreateOrMerge")
			}
			creation = o.choice("creationPolicy", policies...)
			o.warn(o.field("creationPolicy"), "is about the Kubernetes Secret and ignored")
		}
		plan.deletion = o.choice("deletionPolicy", retain, remove, combine)
		merges := creation == "Merge" || creation == "None" || creation == "CreateOrMerge"
		if plan.deletion == remove && merges || plan.deletion == combine && creation == "None" {
			o.fail(o.field("deletionPolicy"), "cannot be %s with the creationPolicy %s", plan.deletion, creation)
		}
		if o.newer("manifest") {
			o.refuse("manifest", "writes an object of another kind, which takes the Kubernetes API")
		}
		o.ignore("immutable", "is about the Kubernetes Secret and ignored")
		o.object("template", func(o *object) { plan.template = p.template(o) })
	})
}

// data reads what to fetch.
func (p *parsing) data(o *object, s *sourcing, plan *secretPlan) {
	if o.length("data")+o.length("dataFrom") == 0 {
		o.fail(o.place, "has neither data nor dataFrom: there is nothing to fetch")
	}
	o.objects("dataFrom", func(o *object) {
		if from := s.dataFrom(o); from != nil {
			plan.from = append(plan.from, from)
		}
	})
	keys := map[string]bool{}
	o.objects("data", func(o *object) {
		key := o.required("secretKey")
		if key != "" {
			if problem := keyProblem(key); problem != "" {
				o.fail(o.field("secretKey"), "%s", problem)
			}
			if keys[key] && plan.deletion == retain {
				o.fail(o.field("secretKey"), "is %s again, which the deletionPolicy Retain does not allow", brief(key))
			}
			keys[key] = true
		}
		store := s.source(o, false)
		if !o.has("remoteRef") {
			o.fail(o.field("remoteRef"), "is missing")
		}
		o.object("remoteRef", func(o *object) {
			plan.data = append(plan.data, &keyed{extraction: s.remote(o, store), key: key})
		})
	})
}
