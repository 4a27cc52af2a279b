package tfplan

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Plan is a plan that was read.
type Plan struct {
	resources []*resource
	deleted   []*resource
	config    module
	providers map[string]providerConfig
	variables map[string]any
}

// resource is an instance of a resource or data source as it will be.
type resource struct {
	address string
	module  string // address of the module instance, "" for the root
	mode    string // "managed" or "data"
	kind    string // such as "aws_iam_role"
	name    string
	key     any // index within count or for_each; nil: neither

	values   map[string]any
	unknown  map[string]any // mirrors values: true where the value is not known
	provider string         // key of its provider's configuration
	config   map[string]any // expressions
	exists   bool           // it does already
}

// file is the JSON of a plan, as far as it is of use (Terraform documentation,
// internals/json-format).
type file struct {
	FormatVersion   string                         `json:"format_version"`
	Errored         bool                           `json:"errored"`
	Variables       map[string]struct{ Value any } `json:"variables"`
	PriorState      struct{ Values stateValues }   `json:"prior_state"`
	PlannedValues   *stateValues                   `json:"planned_values"`
	ResourceChanges []resourceChange               `json:"resource_changes"`
	Configuration   struct {
		Providers map[string]providerConfig `json:"provider_config"`
		Root      module                    `json:"root_module"`
	} `json:"configuration"`
}

type stateValues struct {
	Root stateModule `json:"root_module"`
}

type stateModule struct {
	Address   string
	Resources []stateResource
	Children  []stateModule `json:"child_modules"`
}

type stateResource struct {
	Address, Mode, Type, Name string
	Index                     any
	Values                    map[string]any
}

type resourceChange struct {
	Address, Mode, Type, Name string
	Module                    string `json:"module_address"`
	Index                     any
	Change                    struct {
		Actions []string
		Before  map[string]any
		After   map[string]any
		Unknown any `json:"after_unknown"`
	}
}

type providerConfig struct {
	Name        string
	FullName    string `json:"full_name"`
	Module      string `json:"module_address"`
	Expressions map[string]any
}

// module is the configuration of a module.
type module struct {
	Resources []struct {
		Address     string
		Provider    string `json:"provider_config_key"`
		Expressions map[string]any
	}
	Calls map[string]struct {
		Expressions map[string]any
		Module      module
	} `json:"module_calls"`
	Outputs   map[string]struct{ Expression any }
	Variables map[string]struct{ Default any }
}

// Read reads the output of "terraform show -json PLAN".
func Read(data []byte) (*Plan, error) {
	var f file
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, unreadable(data, err)
	}
	switch {
	case f.FormatVersion == "" || f.PlannedValues == nil:
		return nil, errors.New(`not a plan: make it with "terraform plan -out=FILE" and "terraform show -json FILE"`)
	case !strings.HasPrefix(f.FormatVersion, "0.") && !strings.HasPrefix(f.FormatVersion, "1."):
		return nil, fmt.Errorf("plans of format version %q are not known", f.FormatVersion)
	case f.Errored:
		return nil, errors.New("the plan is incomplete: terraform stopped with an error")
	}
	p := &Plan{config: f.Configuration.Root, providers: f.Configuration.Providers, variables: map[string]any{}}
	for name, v := range f.Variables {
		p.variables[name] = v.Value
	}
	p.addState(f.PriorState.Values.Root)
	for _, c := range f.ResourceChanges {
		p.addChange(c)
	}
	slices.SortFunc(p.resources, func(a, b *resource) int { return cmp.Compare(a.address, b.address) })
	return p, nil
}

// unreadable says of an error of encoding/json where in the plan it is, and what
// in terms of the plan.
func unreadable(data []byte, err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%s: not JSON: %w", position(data, syntax.Offset-1), err)
	}
	if mistyped, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s: not a plan: %s cannot be of type %s", position(data, mistyped.Offset-1), cmp.Or(mistyped.Field, "it"), mistyped.Value)
	}
	return errors.New("not a plan")
}

// position is line and column of an offset.
func position(data []byte, offset int64) string {
	before := data[:max(0, min(offset, int64(len(data))))]
	return fmt.Sprintf("line %d, column %d", 1+bytes.Count(before, []byte("\n")), len(before)-bytes.LastIndexByte(before, '\n'))
}

// addState adds the data sources that are read already; what is managed comes
// with the changes.
func (p *Plan) addState(m stateModule) {
	for _, r := range m.Resources {
		if r.Mode == "data" {
			p.add(&resource{
				address: r.Address, module: m.Address, mode: r.Mode, kind: r.Type, name: r.Name, key: r.Index,
				values: r.Values, exists: true,
			})
		}
	}
	for _, child := range m.Children {
		p.addState(child)
	}
}

func (p *Plan) addChange(c resourceChange) {
	r := &resource{
		address: c.Address, module: c.Module, mode: c.Mode, kind: c.Type, name: c.Name, key: c.Index,
		values: c.Change.After, exists: c.Change.Before != nil && !slices.Contains(c.Change.Actions, "delete"),
	}
	r.unknown, _ = c.Change.Unknown.(map[string]any)
	switch {
	case slices.Equal(c.Change.Actions, []string{"delete"}), slices.Equal(c.Change.Actions, []string{"forget"}):
		r.values = c.Change.Before
		p.deleted = append(p.deleted, r)
	default:
		p.add(r)
	}
}

// add adds r with its configuration, in the place of one of the same address.
func (p *Plan) add(r *resource) {
	if m := p.moduleAt(r.module); m != nil {
		for i := range m.Resources {
			if m.Resources[i].Address == r.block() {
				r.provider, r.config = m.Resources[i].Provider, m.Resources[i].Expressions
			}
		}
	}
	p.resources = slices.DeleteFunc(p.resources, func(old *resource) bool { return old.address == r.address })
	p.resources = append(p.resources, r)
}

// block is the address of the resource's block within its module.
func (r *resource) block() string {
	if r.mode == "data" {
		return "data." + r.kind + "." + r.name
	}
	return r.kind + "." + r.name
}

// moduleAt returns the configuration of a module instance, nil if there is
// none.
func (p *Plan) moduleAt(address string) *module {
	m := &p.config
	for _, step := range split(address) {
		if step == "module" {
			continue
		}
		name, _, _ := strings.Cut(step, "[")
		call, ok := m.Calls[name]
		if !ok {
			return nil
		}
		m = &call.Module
	}
	return m
}

// of returns the instances of the given types, in order of address.
func (p *Plan) of(kinds ...string) []*resource {
	var out []*resource
	for _, r := range p.resources {
		if slices.Contains(kinds, r.kind) {
			out = append(out, r)
		}
	}
	return out
}

// isOpen reports whether an attribute is not known before apply, in whole or in
// part.
func (r *resource) isOpen(attr string) bool { return anyTrue(r.unknown[attr]) }

func anyTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case []any:
		return slices.ContainsFunc(v, anyTrue)
	case map[string]any:
		for _, member := range v {
			if anyTrue(member) {
				return true
			}
		}
	}
	return false
}

// text returns an attribute that is a known string, "" otherwise.
func (r *resource) text(attr string) string {
	s, _ := r.values[attr].(string)
	return s
}

// configured reports whether the configuration sets the attribute.
func (r *resource) configured(attr string) bool {
	_, ok := r.config[attr]
	return ok
}

// split cuts an address or reference at its dots, leaving indices, which may
// hold dots, with what they index.
func split(address string) []string {
	var parts []string
	start, quoted, depth := 0, false, 0
	for i := range len(address) {
		switch c := address[i]; {
		case c == '"' && (i == 0 || address[i-1] != '\\'):
			quoted = !quoted
		case quoted:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == '.' && depth == 0:
			parts = append(parts, address[start:i])
			start = i + 1
		}
	}
	if start < len(address) {
		parts = append(parts, address[start:])
	}
	return parts
}
