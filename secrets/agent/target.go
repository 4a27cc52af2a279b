package agent

import (
	"iter"
	"net/http"
	"strings"
)

// target is what a request asks for, as it was sent: neither path nor query is
// decoded.
type target struct{ path, query string }

// targetOf takes the target of a request. That which names a host too
// (RFC 9112, section 3.2.2) is reduced to path and query; the host is then
// r.Host.
func targetOf(r *http.Request) target {
	raw := r.RequestURI
	if !strings.HasPrefix(raw, "/") {
		// What is remembered of it should not keep the rest, which may be long.
		return target{strings.Clone(r.URL.EscapedPath()), strings.Clone(r.URL.RawQuery)}
	}
	path, query, _ := strings.Cut(raw, "?")
	return target{path, query}
}

// resolve takes the segments "." and ".." out of a path, as browsers and AWS's
// agent do, which also know them escaped (URL Standard, "path state"). It never
// leaves the root.
func resolve(path string) string {
	if !strings.Contains(path, ".") && !strings.Contains(path, "%2") {
		return path
	}
	var out []string
	last := ""
	for segment := range strings.SplitSeq(strings.TrimPrefix(path, "/"), "/") {
		last = strings.ReplaceAll(strings.ReplaceAll(segment, "%2e", "."), "%2E", ".")
		switch last {
		case ".":
		case "..":
			out = out[:max(len(out)-1, 0)]
		default:
			out = append(out, segment)
		}
	}
	if last == "." || last == ".." {
		out = append(out, "")
	}
	return "/" + strings.Join(out, "/")
}

// pairs yields the decoded names and values of a query in their order, those
// included that package net/url drops: with a semicolon, or a "%" that escapes
// nothing.
func pairs(query string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for pair := range strings.SplitSeq(query, "&") {
			if pair == "" {
				continue
			}
			name, value, _ := strings.Cut(pair, "=")
			if !yield(unescape(name), unescape(value)) {
				return
			}
		}
	}
}

// unescape decodes "+" and "%" with two hexadecimal digits; any other "%" stands
// for itself, and what is no UTF-8 becomes U+FFFD (URL Standard,
// "application/x-www-form-urlencoded parsing").
func unescape(s string) string {
	if !strings.ContainsAny(s, "+%") {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && unhex(s[i+1]) < 16 && unhex(s[i+2]) < 16:
			out = append(out, unhex(s[i+1])<<4|unhex(s[i+2]))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// unhex returns the value of a hexadecimal digit, 16 for all else.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10
	}
	return 16
}
