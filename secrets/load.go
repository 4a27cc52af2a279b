package secrets

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// Load reads secrets into the fields of a struct that say so:
//
//	type Settings struct {
//		Password string        `secret:"prod/db#password"`
//		APIKey   secrets.Value `secret:"ssm:/prod/api-key"`
//		TLS      struct {
//			Cert tls.Certificate `secret:"prod/tls"`
//		}
//	}
//
// The tag is a reference as [ParseRef] takes it. A field may be of any type that
// [Open] takes, and is replaced whole. Structs in fields without a tag, embedded
// ones, and those behind pointers, which are made where they are nil, are looked
// into as well; slices and maps are not. All secrets are asked for at once, each
// one once.
//
// settings is a pointer to the struct. It is changed only if everything could be
// read and decoded, and what a pointer in it leads to is copied, not changed.
// Otherwise the error joins one for every field that failed, with its name: a
// [*ConfigError] for the struct itself, a [*RefError], a [*DecodeError], or what
// [Store.Get] returns.
func (s *Store) Load(ctx context.Context, settings any) error {
	dst := reflect.ValueOf(settings)
	if dst.Kind() != reflect.Pointer || dst.IsNil() {
		return &ConfigError{"Load", fmt.Sprintf("takes a pointer to a struct, not %T", settings)}
	}
	fields, err := s.fields(dst.Type().Elem())
	if err != nil {
		return err
	}
	values, errs := s.getEach(ctx, fields)
	return fill(dst.Elem(), fields, values, errs)
}

// getEach reads the secrets for fields. Both maps have whole references as keys.
func (s *Store) getEach(ctx context.Context, fields []field) (map[string]Value, map[string]error) {
	refs := wholes(fields)
	values, err := s.GetAll(ctx, refs...)
	errs := map[string]error{}
	if err == nil {
		return values, errs
	}
	if values == nil {
		values = map[string]Value{}
	}
	for _, ref := range refs {
		if _, ok := values[ref]; !ok { // its error is remembered
			values[ref], errs[ref] = s.Get(ctx, ref)
		}
	}
	return values, errs
}

// field is a field of a struct that a secret goes into.
type field struct {
	path  string // "Database.Password"
	index []int  // as of reflect.Value.FieldByIndex
	ref   Ref
}

// wholes are the references to the secrets that fields need, each once.
func wholes(fields []field) []string {
	var refs []string
	seen := map[string]bool{}
	for _, f := range fields {
		if ref := f.ref.whole(); !seen[ref] {
			seen[ref] = true
			refs = append(refs, ref)
		}
	}
	return refs
}

// fields finds the fields of t, a struct, that have a tag.
func (s *Store) fields(t reflect.Type) ([]field, error) {
	if t.Kind() != reflect.Struct {
		return nil, &ConfigError{"Load", "takes a pointer to a struct, not to " + t.String()}
	}
	found, err := s.appendFields(nil, t, field{}, map[reflect.Type]bool{})
	if err == nil && len(found) == 0 {
		err = &ConfigError{"Load", fmt.Sprintf("finds no field with a tag `secret` in %s", t)}
	}
	return found, err
}

// appendFields appends the fields within t, a struct at the place at. Types that
// contain themselves, those in above, are not looked into again.
func (s *Store) appendFields(found []field, t reflect.Type, at field, above map[reflect.Type]bool) ([]field, error) {
	above[t] = true
	defer delete(above, t)
	var errs []error
	for i := range t.NumField() {
		sf := t.Field(i)
		f := field{path: strings.TrimPrefix(at.path+"."+sf.Name, "."), index: append(at.index[:len(at.index):len(at.index)], i)}
		tag, tagged := sf.Tag.Lookup("secret")
		inner := sf.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		var err error
		switch {
		case tagged && !sf.IsExported():
			err = &ConfigError{"field " + f.path, "has a tag `secret` but is not exported"}
		case tagged:
			f.ref, err = s.parse(tag)
			err = f.explain(err)
			found = append(found, f)
		case inner.Kind() == reflect.Struct && !above[inner] && (sf.IsExported() || sf.Anonymous && inner == sf.Type):
			found, err = s.appendFields(found, inner, f, above)
		}
		errs = append(errs, err)
	}
	return found, errors.Join(errs...)
}

// explain returns err as an error about the field.
func (f field) explain(err error) error {
	if err == nil {
		return nil
	}
	return &fieldError{f.path, err}
}

// fieldError says which field an error is about.
type fieldError struct {
	path string
	err  error
}

func (e *fieldError) Error() string {
	return "secrets: field " + e.path + ": " + strings.TrimPrefix(e.err.Error(), "secrets: ")
}

func (e *fieldError) Unwrap() error { return e.err }

// fill decodes the secrets into the fields of dst, a struct, if all goes well.
func fill(dst reflect.Value, fields []field, values map[string]Value, errs map[string]error) error {
	whole := reflect.New(dst.Type()).Elem()
	whole.Set(dst)
	var failed []error
	copied := map[string]bool{}
	for _, f := range fields {
		err := errs[f.ref.whole()]
		if err == nil {
			err = f.set(whole, values[f.ref.whole()], copied)
		}
		failed = append(failed, f.explain(err))
	}
	if err := errors.Join(failed...); err != nil {
		return err
	}
	dst.Set(whole)
	return nil
}

// set decodes v into the field of dst.
func (f field) set(dst reflect.Value, v Value, copied map[string]bool) error {
	var err error
	if f.ref.Key != "" {
		if v, err = selectKey(f.ref.String(), v, f.ref.Key); err != nil {
			return withField(err, f.path)
		}
	}
	to := f.in(dst, copied)
	to.SetZero() // what it leads to may be in use
	if err := decodeInto(v, to.Addr().Interface()); err != nil {
		return withField(refused(err, f.ref.String(), v.Version()), f.path)
	}
	return nil
}

// withField adds the field to a [*DecodeError].
func withField(err error, path string) error {
	if e, ok := errors.AsType[*DecodeError](err); ok {
		e.Field = path
	}
	return err
}

// in returns the field of dst. On the way there it puts a copy in the place of
// everything that a pointer leads to and that is not yet in copied.
func (f field) in(dst reflect.Value, copied map[string]bool) reflect.Value {
	for depth, i := range f.index {
		if dst.Kind() == reflect.Pointer {
			own := reflect.New(dst.Type().Elem())
			place := fmt.Sprint(f.index[:depth])
			switch {
			case copied[place]:
				own = dst
			case !dst.IsNil():
				own.Elem().Set(dst.Elem())
			}
			copied[place] = true
			dst.Set(own)
			dst = own.Elem()
		}
		dst = dst.Field(i)
	}
	return dst
}
