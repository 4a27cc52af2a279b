package manifest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	text "text/template"
)

var listFunctions = withMust(text.FuncMap{
	"list": list, "tuple": list,
	"split": func(separator, s string) map[string]string { return numbered(strings.Split(s, separator)) },
	"splitn": func(separator string, n int, s string) map[string]string {
		return numbered(strings.SplitN(s, separator, n))
	},
	"splitList": func(separator, s string) []string { return strings.Split(s, separator) },
	"toStrings": texts,
	"sortAlpha": func(l any) ([]string, error) {
		sorted, err := texts(l)
		slices.Sort(sorted)
		return sorted, err
	},
	"until": until,
	"first": func(l any) (any, error) { return nth(l, func(n int) int { return 0 }) },
	"last":  func(l any) (any, error) { return nth(l, func(n int) int { return n - 1 }) },
	"rest": func(l any) ([]any, error) {
		items, err := items(l)
		return items[min(1, len(items)):], err
	},
	"initial": func(l any) ([]any, error) {
		items, err := items(l)
		return items[:max(0, len(items)-1)], err
	},
	"reverse": func(l any) ([]any, error) {
		reversed, err := items(l)
		slices.Reverse(reversed)
		return reversed, err
	},
	"append": func(l, v any) ([]any, error) { return concat(l, []any{v}) },
	"push":   func(l, v any) ([]any, error) { return concat(l, []any{v}) },
	"prepend": func(l, v any) ([]any, error) {
		return concat([]any{v}, l)
	},
	"concat":  concat,
	"uniq":    uniq,
	"compact": func(l any) ([]any, error) { return filter(l, func(v any) bool { return !isEmpty(v) }) },
	"without": func(l any, unwanted ...any) ([]any, error) {
		return filter(l, func(v any) bool { return !contains(unwanted, v) })
	},
	"has": func(v, l any) (bool, error) {
		items, err := items(l)
		return contains(items, v), err
	},
}, "first", "last", "rest", "initial", "reverse", "append", "push", "prepend", "uniq", "compact", "without", "has")

// items are the items of a list of any type, in a slice of their own.
func items(l any) ([]any, error) {
	v := reflect.ValueOf(l)
	if l == nil || v.Kind() != reflect.Slice {
		return nil, problem("is given something that is no list")
	}
	items := make([]any, v.Len())
	for i := range items {
		items[i] = v.Index(i).Interface()
	}
	return items, nil
}

// texts are the items of a list as text; what is no list is one of its own.
func texts(l any) ([]string, error) {
	if l == nil {
		return []string{}, nil
	}
	all, err := items(l)
	if err != nil {
		return []string{asText(l)}, nil
	}
	texts := make([]string, 0, len(all))
	for _, item := range all {
		if item != nil {
			texts = append(texts, asText(item))
		}
	}
	return texts, nil
}

func list(args ...any) ([]any, error) {
	items := make([]any, len(args))
	for i, arg := range args {
		var err error
		if items[i], err = scalar(arg); err != nil {
			return nil, err
		}
	}
	return items, nil
}

func concat(lists ...any) ([]any, error) {
	var all []any
	for _, l := range lists {
		more, err := items(l)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return list(all...)
}

// numbered gives the parts of a text the names _0, _1 and so on.
func numbered(parts []string) map[string]string {
	m := make(map[string]string, len(parts))
	for i, part := range parts {
		m[fmt.Sprintf("_%d", i)] = part
	}
	return m
}

func until(n int) ([]int, error) {
	if n < 0 || n > maxSteps {
		return nil, problem("is given a number that is negative or too large")
	}
	numbers := make([]int, n)
	for i := range numbers {
		numbers[i] = i
	}
	return numbers, nil
}

// nth returns an item; nil from an empty list.
func nth(l any, which func(length int) int) (any, error) {
	items, err := items(l)
	if len(items) == 0 {
		return nil, err
	}
	return items[which(len(items))], nil
}

func filter(l any, keep func(any) bool) ([]any, error) {
	all, err := items(l)
	return slices.DeleteFunc(all, func(v any) bool { return !keep(v) }), err
}

// uniq keeps the first of equal items.
func uniq(l any) ([]any, error) {
	var kept []any
	seen := map[string]bool{}
	all, err := items(l)
	for _, v := range all {
		if id := identity(v); !seen[id] {
			seen[id] = true
			kept = append(kept, v)
		}
	}
	return kept, err
}

func contains(items []any, v any) bool {
	id := identity(v)
	return slices.ContainsFunc(items, func(item any) bool { return identity(item) == id })
}

// identity is the same for equal values of one type.
func identity(v any) string { return fmt.Sprintf("%T %v", v, v) }
