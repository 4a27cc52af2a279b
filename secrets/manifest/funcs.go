package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	text "text/template"
)

// Functions for templates: those of Sprig and of the External Secrets Operator
// that give the same for the same arguments, and look at nothing else. They are
// written anew from their documentation. Where Sprig answers a wrong argument
// with nothing, or with an error as the value, they fail: the value would become
// a secret.

// problem is what is wrong with a call, in words that have nothing of its
// arguments.
type problem string

func (p problem) Error() string { return string(p) }

// functions are all of them, by name.
var functions = merged(textFunctions, listFunctions, mapFunctions, valueFunctions, encodingFunctions, patternFunctions, pemFunctions)

func merged(groups ...text.FuncMap) text.FuncMap {
	all := text.FuncMap{}
	for _, g := range groups {
		maps.Copy(all, g)
	}
	return all
}

// withMust adds functions under a second name, under which Sprig's return an
// error where those of the first name return nothing.
func withMust(group text.FuncMap, names ...string) text.FuncMap {
	for _, name := range names {
		group["must"+strings.ToUpper(name[:1])+name[1:]] = group[name]
	}
	return group
}

// builtin are those functions of text/template that need no bound; print and the
// like are among the functions above.
var builtin = []string{"and", "or", "not", "eq", "ne", "lt", "le", "gt", "ge", "len", "index", "slice"}

// unwanted are functions that templates elsewhere may have, and why they may not
// here.
var unwanted = func() map[string]string {
	reasons := map[string]string{}
	for why, names := range map[string]string{
		"gives something else each time, so that every refresh would be a change": "randAlphaNum randAlpha randAscii randNumeric randInt randBytes shuffle uuidv4 " +
			"genPrivateKey genCA genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert genSignedCertWithKey buildCustomCert " +
			"bcrypt htpasswd encryptAES pemToPkcs12 pemToPkcs12Pass fullPemToPkcs12 fullPemToPkcs12Pass pemTruststoreToPKCS12 pemTruststoreToPKCS12Pass",
		"looks at the clock, so that every refresh would be a change": "now ago date date_in_zone date_modify dateInZone dateModify htmlDate htmlDateInZone " +
			"must_date_modify mustDateModify toDate mustToDate unixEpoch duration durationRound",
		"looks at something other than its arguments": "env expandenv getHostByName",
		"is not supported": "pkcs12key pkcs12keyPass pkcs12cert pkcs12certPass jwkPublicKeyPem jwkPrivateKeyPem rsaDecrypt decryptAES derivePassword " +
			"toYaml semver semverCompare urlParse urlJoin set unset merge mergeOverwrite mustMerge mustMergeOverwrite chunk mustChunk pluck deepCopy mustDeepCopy " +
			"typeOf typeIs typeIsLike kindOf kindIs deepEqual abbrev abbrevboth initials swapcase snakecase camelcase kebabcase wrap wrapWith plural " +
			"mustSlice float64 toDecimal add1f addf subf divf mulf maxf minf ceil floor round seq untilStep osBase osClean osDir osExt osIsAbs hello call",
	} {
		for name := range strings.FieldsSeq(names) {
			reasons[name] = why
		}
	}
	return reasons
}()

// functionProblem says why a template cannot call a function; empty if it can.
func functionProblem(name string) string {
	if functions[name] != nil || slices.Contains(builtin, name) {
		return ""
	}
	if why := unwanted[name]; why != "" {
		return why
	}
	return "is no function"
}

// budget is what one execution of a template may still do: a step is the body of
// a loop, a call, or 64 bytes in or out of one. YAML costs more, and patterns the
// more they repeat.
type budget struct{ left int }

func (b *budget) spend(steps int) error {
	if b.left -= steps; b.left < 0 {
		return errTooMuch
	}
	return nil
}

// extraSteps is what a call costs besides the size of its arguments.
func extraSteps(name string, args []reflect.Value) int {
	switch {
	case name == "fromYaml":
		return args[0].Len() / 8
	case patternFunctions[name] != nil && len(args) > 1:
		return patternSteps(args[0].String(), args[1].Len())
	}
	return 0
}

// functions are the functions for one execution.
func (b *budget) functions() text.FuncMap {
	bound := text.FuncMap{
		stepping: func() (string, error) { return "", b.spend(1) },
	}
	for name, f := range functions {
		bound[name] = b.bound(name, reflect.ValueOf(f))
	}
	return bound
}

// bound wraps f, which returns a value or a value and an error, so that the call
// is paid for and fails with a [callError].
func (b *budget) bound(name string, f reflect.Value) any {
	t := f.Type()
	in := make([]reflect.Type, t.NumIn())
	for i := range in {
		in[i] = t.In(i)
	}
	failure := reflect.TypeFor[error]()
	wrapped := reflect.FuncOf(in, []reflect.Type{t.Out(0), failure}, t.IsVariadic())
	return reflect.MakeFunc(wrapped, func(args []reflect.Value) []reflect.Value {
		fail := func(err error) []reflect.Value {
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		}
		steps := 1 + extraSteps(name, args)
		for _, arg := range args {
			steps += weight(arg.Interface()) / 64
		}
		if err := b.spend(steps); err != nil {
			return fail(err)
		}
		call := f.Call
		if t.IsVariadic() {
			call = f.CallSlice
		}
		out := call(args)
		if len(out) == 2 && !out[1].IsNil() {
			if wrong, ok := out[1].Interface().(problem); ok {
				return fail(&callError{name, string(wrong)})
			}
			return fail(errTooMuch)
		}
		size := weight(out[0].Interface())
		if err := b.spend(size / 64); err != nil || size > maxRendered {
			return fail(errTooMuch)
		}
		return []reflect.Value{out[0], reflect.Zero(failure)}
	}).Interface()
}

// weight is about how many bytes a value has.
func weight(v any) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []string:
		size := 0
		for _, s := range v {
			size += 16 + len(s)
		}
		return size
	case []any:
		size := 0
		for _, item := range v {
			size += 16 + weight(item)
		}
		return size
	case map[string]string:
		size := 0
		for key, s := range v {
			size += 32 + len(key) + len(s)
		}
		return size
	case map[string]any:
		size := 0
		for key, item := range v {
			size += 32 + len(key) + weight(item)
		}
		return size
	}
	return 8
}

// asText is what a value looks like in the output.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return "<nil>"
	}
	return fmt.Sprint(v)
}

// scalar is what lists and maps that a template makes may have in them. They
// could otherwise be put into each other again and again, and doubled each time.
func scalar(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, bool, int, int64, float64:
		return v, nil
	case json.Number:
		return v.String(), nil
	}
	return nil, problem("puts a list or map into another, which is not supported")
}
