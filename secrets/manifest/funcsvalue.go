package manifest

import (
	"encoding/json"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	text "text/template"
)

var mapFunctions = text.FuncMap{
	"dict": dict,
	"get": func(m any, key string) (any, error) {
		members, err := members(m)
		if v, ok := members[key]; ok {
			return v, err
		}
		return "", err
	},
	"hasKey": func(m any, key string) (bool, error) {
		members, err := members(m)
		_, ok := members[key]
		return ok, err
	},
	// Sprig's come in random order, which would make every refresh a change.
	"keys": func(m any) ([]string, error) {
		members, err := members(m)
		return slices.Sorted(maps.Keys(members)), err
	},
	"values": func(m any) ([]any, error) {
		members, err := members(m)
		var values []any
		for _, key := range slices.Sorted(maps.Keys(members)) {
			values = append(values, members[key])
		}
		return values, err
	},
	"pick": func(m any, keys ...string) (map[string]any, error) {
		return chosen(m, func(key string) bool { return slices.Contains(keys, key) })
	},
	"omit": func(m any, keys ...string) (map[string]any, error) {
		return chosen(m, func(key string) bool { return !slices.Contains(keys, key) })
	},
	"dig": dig,
}

var valueFunctions = text.FuncMap{
	"default": func(otherwise any, given ...any) any {
		if len(given) == 0 || isEmpty(given[0]) {
			return otherwise
		}
		return given[0]
	},
	"empty": isEmpty,
	"coalesce": func(values ...any) any {
		if i := slices.IndexFunc(values, func(v any) bool { return !isEmpty(v) }); i >= 0 {
			return values[i]
		}
		return nil
	},
	"all":     func(values ...any) bool { return !slices.ContainsFunc(values, isEmpty) },
	"any":     func(values ...any) bool { return slices.ContainsFunc(values, func(v any) bool { return !isEmpty(v) }) },
	"ternary": func(yes, no any, which bool) any { return map[bool]any{true: yes, false: no}[which] },
	"atoi":    func(s string) (int, error) { n, err := whole(s); return int(n), err },
	"int":     func(v any) (int, error) { n, err := whole(v); return int(n), err },
	"int64":   whole,
	"add":     func(values ...any) (int64, error) { return fold(values, 0, func(a, b int64) int64 { return a + b }) },
	"add1":    func(v any) (int64, error) { n, err := whole(v); return n + 1, err },
	"sub": func(a, b any) (int64, error) {
		return fold([]any{b}, a, func(a, b int64) int64 { return a - b })
	},
	"mul": func(a any, values ...any) (int64, error) {
		return fold(values, a, func(a, b int64) int64 { return a * b })
	},
	"div":     func(a, b any) (int64, error) { return divide(a, b, func(a, b int64) int64 { return a / b }) },
	"mod":     func(a, b any) (int64, error) { return divide(a, b, func(a, b int64) int64 { return a % b }) },
	"max":     largest,
	"biggest": largest,
	"min": func(a any, values ...any) (int64, error) {
		return fold(values, a, func(a, b int64) int64 { return min(a, b) })
	},
}

// members are the members of a map, in a map of their own.
func members(m any) (map[string]any, error) {
	switch m := m.(type) {
	case map[string]any:
		return maps.Clone(m), nil
	case map[string]string:
		members := make(map[string]any, len(m))
		for key, value := range m {
			members[key] = value
		}
		return members, nil
	}
	return nil, problem("is given something that is no map")
}

func dict(args ...any) (map[string]any, error) {
	if len(args)%2 != 0 {
		return nil, problem("is given a key without a value")
	}
	m := map[string]any{}
	for pair := range slices.Chunk(args, 2) {
		value, err := scalar(pair[1])
		if err != nil {
			return nil, err
		}
		m[asText(pair[0])] = value
	}
	return m, nil
}

func chosen(m any, keep func(key string) bool) (map[string]any, error) {
	members, err := members(m)
	maps.DeleteFunc(members, func(key string, _ any) bool { return !keep(key) })
	return members, err
}

// dig goes down through maps: dig KEY… DEFAULT MAP.
func dig(args ...any) (any, error) {
	if len(args) < 3 {
		return nil, problem("needs a key, a default and a map")
	}
	at, otherwise := args[len(args)-1], args[len(args)-2]
	for _, key := range args[:len(args)-2] {
		members, err := members(at)
		if err != nil {
			return nil, err
		}
		next, ok := members[asText(key)]
		if !ok {
			return otherwise, nil
		}
		at = next
	}
	return at, nil
}

// isEmpty reports whether v is nothing: zero, false, or without content.
func isEmpty(v any) bool {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Invalid:
		return true
	case reflect.String, reflect.Slice, reflect.Map:
		return r.Len() == 0
	}
	return r.IsZero()
}

// whole is a whole number: a number without its fraction, or text that is one.
func whole(v any) (int64, error) {
	switch v := v.(type) {
	case int:
		return int64(v), nil
	case int64:
		return v, nil
	case float64:
		if math.Abs(v) < 1<<62 {
			return int64(v), nil
		}
	case bool:
		if v {
			return 1, nil
		}
		return 0, nil
	case json.Number:
		return whole(v.String())
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil { // whose error quotes the text
			return n, nil
		}
	}
	return 0, problem("is given something that is no whole number")
}

// fold takes all values together, from first on.
func fold(values []any, first any, step func(a, b int64) int64) (int64, error) {
	sum, err := whole(first)
	for _, v := range values {
		n, wrong := whole(v)
		if wrong != nil {
			return 0, wrong
		}
		sum = step(sum, n)
	}
	return sum, err
}

func largest(a any, values ...any) (int64, error) {
	return fold(values, a, func(a, b int64) int64 { return max(a, b) })
}

func divide(a, b any, step func(a, b int64) int64) (int64, error) {
	if n, err := whole(b); err == nil && n == 0 {
		return 0, problem("divides by zero")
	}
	return fold([]any{b}, a, step)
}
