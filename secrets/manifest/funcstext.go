package manifest

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	text "text/template"
	"unicode"
	"unicode/utf8"
)

var textFunctions = text.FuncMap{
	"trim":       strings.TrimSpace,
	"trimAll":    func(cut, s string) string { return strings.Trim(s, cut) },
	"trimall":    func(cut, s string) string { return strings.Trim(s, cut) },
	"trimPrefix": func(prefix, s string) string { return strings.TrimPrefix(s, prefix) },
	"trimSuffix": func(suffix, s string) string { return strings.TrimSuffix(s, suffix) },
	"upper":      strings.ToUpper,
	"lower":      strings.ToLower,
	"title":      title,
	"untitle":    untitle,
	"repeat":     repeat,
	"substr":     substr,
	"trunc":      trunc,
	"nospace":    nospace,
	"contains":   func(part, s string) bool { return strings.Contains(s, part) },
	"hasPrefix":  func(prefix, s string) bool { return strings.HasPrefix(s, prefix) },
	"hasSuffix":  func(suffix, s string) bool { return strings.HasSuffix(s, suffix) },
	"quote":      quote,
	"squote":     squote,
	"cat":        cat,
	"indent":     indent,
	"nindent":    func(spaces int, s string) (string, error) { s, err := indent(spaces, s); return "\n" + s, err },
	"replace":    replace,
	"join":       join,
	"toString":   asText,
	"print":      func(args ...any) string { return fmt.Sprint(args...) },
	"println":    func(args ...any) string { return fmt.Sprintln(args...) },
	"printf":     printf,
	"html":       func(args ...any) string { return text.HTMLEscaper(args...) },
	"js":         func(args ...any) string { return text.JSEscaper(args...) },
	"urlquery":   func(args ...any) string { return text.URLQueryEscaper(args...) },
	"base":       path.Base,
	"dir":        path.Dir,
	"clean":      path.Clean,
	"ext":        path.Ext,
	"isAbs":      path.IsAbs,
	"fail":       func(string) (string, error) { return "", problem("is called") },
	"required": func(_ string, v any) (any, error) {
		if isEmpty(v) {
			return nil, problem("is given nothing")
		}
		return v, nil
	},
}

// title writes the first letter of each word large.
func title(s string) string {
	return words(s, unicode.ToTitle, func(before rune) bool {
		return !unicode.IsLetter(before) && !unicode.IsDigit(before) && before != '_' && before != '\''
	})
}

// untitle writes the first letter behind each white space small.
func untitle(s string) string { return words(s, unicode.ToLower, unicode.IsSpace) }

func words(s string, first func(rune) rune, ends func(before rune) bool) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		begins := ends(before)
		if before = r; begins {
			return first(r)
		}
		return r
	}, s)
}

func repeat(count int, s string) (string, error) {
	switch {
	case count < 0:
		return "", problem("is given a negative count")
	case len(s) > 0 && count > maxRendered/len(s):
		return "", errTooMuch
	}
	return strings.Repeat(s, count), nil
}

// substr returns the bytes from start to end; a negative start is the beginning,
// an end out of range the end.
func substr(start, end int, s string) (string, error) {
	if end < 0 || end > len(s) {
		end = len(s)
	}
	start = max(start, 0)
	if start > end {
		return "", problem("is given a start behind the end")
	}
	return s[start:end], nil
}

// trunc returns the first n bytes, or the last if n is negative.
func trunc(n int, s string) string {
	switch {
	case n >= 0 && n < len(s):
		return s[:n]
	case n < 0 && len(s)+n > 0:
		return s[len(s)+n:]
	}
	return s
}

func nospace(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

func quote(args ...any) string {
	return spaced(args, func(v any) string { return strconv.Quote(asText(v)) })
}

func squote(args ...any) string {
	return spaced(args, func(v any) string { return "'" + asText(v) + "'" })
}

func cat(args ...any) string { return spaced(args, asText) }

// spaced puts all that is not nil together with spaces between.
func spaced(args []any, write func(any) string) string {
	var parts []string
	for _, arg := range args {
		if arg != nil {
			parts = append(parts, write(arg))
		}
	}
	return strings.Join(parts, " ")
}

func indent(spaces int, s string) (string, error) {
	pad, err := repeat(spaces, " ")
	if err != nil {
		return "", err
	}
	s, err = replace("\n", "\n"+pad, s)
	return pad + s, err
}

func replace(old, new, s string) (string, error) {
	count := strings.Count(s, old)
	if old == "" {
		count = utf8.RuneCountInString(s) + 1
	}
	if len(new) > 0 && count > maxRendered/len(new) {
		return "", errTooMuch
	}
	return strings.ReplaceAll(s, old, new), nil
}

func join(separator string, list any) (string, error) {
	items, err := texts(list)
	if err != nil {
		return "", err
	}
	if len(separator) > 0 && len(items) > maxRendered/len(separator) {
		return "", errTooMuch
	}
	return strings.Join(items, separator), nil
}

// printf is fmt's, but for widths and precisions that only make output large.
func printf(format string, args ...any) (string, error) {
	digits, directive := 0, false
	for _, c := range []byte(format) {
		switch {
		case c == '%':
			directive, digits = !directive, 0
		case !directive:
		case c == '*':
			return "", problem("is given a width by argument, which is not supported")
		case '0' <= c && c <= '9':
			if digits++; digits > 3 {
				return "", problem("is given a width or precision of more than three digits")
			}
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			directive = false
		default:
			digits = 0
		}
	}
	return fmt.Sprintf(format, args...), nil
}
