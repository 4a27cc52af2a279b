package tfplan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// origin is where a value comes from: an attribute of a resource, or a
// constant. The zero origin is something that the plan does not show.
type origin struct {
	resource *resource
	attr     string
	constant any
	known    bool // constant holds
}

// origins follows an expression of r's configuration through variables and
// outputs of modules to the resources that it refers to.
func (p *Plan) origins(r *resource, expression any) []origin {
	left := maxSteps
	return p.follow(r.module, r, expression, &left)
}

// maxSteps and maxDepth end what never ends: Terraform has no cycles, but a
// made-up plan may.
const (
	maxSteps = 1000 // of one expression
	maxDepth = 20   // of values that are made of others
)

// follow is origins for an expression within a module.
func (p *Plan) follow(scope string, from *resource, expression any, left *int) []origin {
	e, ok := expression.(map[string]any)
	if *left--; !ok || *left < 0 {
		return []origin{{}}
	}
	if c, ok := e["constant_value"]; ok {
		return []origin{{constant: c, known: true}}
	}
	var out []origin
	for _, ref := range longest(e["references"]) {
		for _, o := range p.refer(scope, from, split(ref), left) {
			if !slices.ContainsFunc(out, o.same) {
				out = append(out, o)
			}
		}
	}
	return out
}

func (o origin) same(other origin) bool {
	return o.resource == other.resource && o.attr == other.attr && o.known == other.known && equal(o.constant, other.constant)
}

func equal(a, b any) bool { return fmt.Sprint(a) == fmt.Sprint(b) }

// longest returns the references that are not the beginning of another: beside
// "a.b.arn" Terraform lists "a.b".
func longest(references any) []string {
	list, _ := references.([]any)
	var all []string
	for _, r := range list {
		if s, ok := r.(string); ok {
			all = append(all, s)
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool {
		return slices.ContainsFunc(all, func(other string) bool {
			return strings.HasPrefix(other, s+".") || strings.HasPrefix(other, s+"[")
		})
	})
}

// refer follows one reference.
func (p *Plan) refer(scope string, from *resource, ref []string, left *int) []origin {
	if len(ref) < 2 {
		return []origin{{}}
	}
	switch ref[0] {
	case "var":
		return p.variable(scope, from, ref[1], ref[2:], left)
	case "module":
		inner := join(scope, "module."+ref[1])
		m := p.moduleAt(inner)
		if m == nil || len(ref) != 3 {
			return []origin{{}}
		}
		return p.follow(inner, from, m.Outputs[ref[2]].Expression, left)
	case "each", "count":
		return nil // says which instance, see instance
	case "data":
		if len(ref) < 3 {
			return []origin{{}}
		}
		return p.instance(scope, from, "data."+ref[1]+".", ref[2], ref[3:])
	case "local", "path", "terraform", "self":
		return []origin{{}}
	}
	return p.instance(scope, from, ref[0]+".", ref[1], ref[2:])
}

// variable follows a variable to what the module's caller gives it.
func (p *Plan) variable(scope string, from *resource, name string, path []string, left *int) []origin {
	if scope == "" {
		v, ok := p.variables[name]
		for _, member := range path {
			object, _ := v.(map[string]any)
			v, ok = object[member]
		}
		return []origin{{constant: v, known: ok}}
	}
	outer, call := parent(scope)
	m := p.moduleAt(outer)
	if m == nil || len(path) > 0 {
		return []origin{{}}
	}
	if e, ok := m.Calls[call].Expressions[name]; ok {
		return p.follow(outer, from, e, left)
	}
	v, ok := m.Calls[call].Module.Variables[name]
	return []origin{{constant: v.Default, known: ok}}
}

// instance finds the instance that a reference means. One without an index, or
// with an index that the plan does not show, means the only instance, or the
// one with the same index as the resource that refers to it.
func (p *Plan) instance(scope string, from *resource, prefix, name string, path []string) []origin {
	address := join(scope, prefix+name)
	var candidates []*resource
	for _, r := range p.resources {
		if r.address == address || r.address == address+indexOf(r.key) && r.key != nil {
			candidates = append(candidates, r)
		}
	}
	if len(candidates) > 1 && from != nil && from.key != nil {
		candidates = slices.DeleteFunc(candidates, func(r *resource) bool { return !equal(r.key, from.key) })
	}
	if len(candidates) != 1 || len(path) > 1 {
		return []origin{{}}
	}
	return []origin{{resource: candidates[0], attr: strings.Join(path, ".")}}
}

func indexOf(key any) string {
	switch key := key.(type) {
	case float64:
		return "[" + strconv.FormatFloat(key, 'f', -1, 64) + "]"
	case string:
		return "[" + strconv.Quote(key) + "]"
	}
	return ""
}

func join(scope, address string) string {
	if scope == "" {
		return address
	}
	return scope + "." + address
}

// parent cuts the address of a module instance into that of the module which
// calls it, and the name of the call.
func parent(scope string) (outer, call string) {
	parts := split(scope)
	last := len(parts) - 2
	call, _, _ = strings.Cut(parts[len(parts)-1], "[")
	return strings.Join(parts[:max(last, 0)], "."), call
}

// only returns the single thing that an attribute of r refers to, if it is an
// attribute of a resource.
func (p *Plan) only(r *resource, attr string) (origin, bool) {
	o := p.origins(r, r.config[attr])
	if len(o) != 1 || o[0].resource == nil {
		return origin{}, false
	}
	return o[0], true
}
