package policy

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"math/big"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// typedMatcher compiles the values of an operator that neither globs nor
// resolves variables, into a function that says whether one of them accepts a
// value of the request. Text that is not of the operator's type, on either
// side, does not match.
func typedMatcher(base string, values []Value) func(got string) bool {
	switch base {
	case "Bool":
		return accepts(values, parseBool, parseBool, func(got, want bool) bool { return got == want })
	case "BinaryEquals":
		return accepts(values, parseBinary, parseBinary, bytes.Equal)
	case "IpAddress":
		return accepts(values, parseAddress, parseNetwork, func(got netip.Addr, want netip.Prefix) bool { return want.Contains(got) })
	}
	if relation, ok := strings.CutPrefix(base, "Numeric"); ok {
		return accepts(values, parseNumber, parseNumber, func(got, want number) bool { return holds(relation, got.compare(want)) })
	}
	relation := strings.TrimPrefix(base, "Date")
	return accepts(values, parseDate, parseDate, func(got, want time.Time) bool { return holds(relation, got.Compare(want)) })
}

// accepts parses the policy's values once, and the request's value once for
// all of them.
func accepts[G, W any](
	values []Value, parseGot func(string) (G, bool), parseWant func(string) (W, bool), match func(G, W) bool,
) func(string) bool {
	var wanted []W
	for _, v := range values {
		if w, ok := parseWant(v.Text); ok {
			wanted = append(wanted, w)
		}
	}
	return func(text string) bool {
		got, ok := parseGot(text)
		if !ok {
			return false
		}
		for _, w := range wanted {
			if match(got, w) {
				return true
			}
		}
		return false
	}
}

// holds applies a relation to the result of a three-way comparison.
func holds(relation string, order int) bool {
	switch relation {
	case "LessThan":
		return order < 0
	case "LessThanEquals":
		return order <= 0
	case "GreaterThan":
		return order > 0
	case "GreaterThanEquals":
		return order >= 0
	}
	return order == 0
}

func parseBool(s string) (value, ok bool) {
	switch {
	case strings.EqualFold(s, "true"):
		return true, true
	case strings.EqualFold(s, "false"):
		return false, true
	}
	return false, false
}

func parseBinary(s string) ([]byte, bool) {
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}

// number is a decimal of any precision.
type number struct {
	whole int64
	exact *big.Rat // nil: whole is all
}

func (n number) compare(m number) int {
	if n.exact == nil && m.exact == nil {
		return cmp.Compare(n.whole, m.whole)
	}
	return n.rat().Cmp(m.rat())
}

func (n number) rat() *big.Rat {
	if n.exact != nil {
		return n.exact
	}
	return new(big.Rat).SetInt64(n.whole)
}

// decimal bounds the digits of the exponent, so that a short text cannot
// become a number that fills the memory.
var decimal = lazily(`^[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?$`)

func parseNumber(s string) (number, bool) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return number{whole: n}, true
	}
	if !decimal().MatchString(s) {
		return number{}, false
	}
	r, ok := new(big.Rat).SetString(s)
	return number{exact: r}, ok
}

// The W3C profile of ISO 8601. A partial date means its first instant, UTC.
var dateLayouts = []string{
	"2006-01-02T15:04:05Z07:00", // takes fractions of a second too
	"2006-01-02T15:04Z07:00",
	"2006-01-02",
	"2006-01",
	"2006",
}

// parseDate reads a date, or seconds since 1970
// (reference_policies_elements_condition_operators, "Date condition operators").
func parseDate(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	seconds, err := strconv.ParseFloat(s, 64)
	if err != nil || !(seconds > -1e12 && seconds < 1e12) {
		return time.Time{}, false
	}
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9)), true
}

func parseAddress(s string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(s)
	return a, err == nil
}

// parseNetwork reads a network, or an address as the network of that address
// alone. The families never contain each other's addresses.
func parseNetwork(s string) (netip.Prefix, bool) {
	if network, err := netip.ParsePrefix(s); err == nil {
		return network, true
	}
	host, ok := parseAddress(s)
	return netip.PrefixFrom(host, host.BitLen()), ok
}

// arnGlob is a compiled ARN: a glob for each of the six parts, so that no *
// reaches into the next part before the sixth.
type arnGlob [6]glob

// compileARN splits the pattern at its first five colons. It returns nil, which
// matches nothing, where there are fewer.
func (p pattern) compileARN() *arnGlob {
	var g arnGlob
	for i := range 5 {
		end := 0
		for end < len(p) && p[end] != ':' {
			end++
		}
		if end == len(p) {
			return nil
		}
		g[i], p = p[:end].compile(), p[end+1:]
	}
	g[5] = p.compile()
	return &g
}

func (g *arnGlob) match(got string) bool {
	if g == nil {
		return false
	}
	for i := range 5 {
		part, rest, ok := strings.Cut(got, ":")
		if !ok || !g[i].match(part) {
			return false
		}
		got = rest
	}
	return g[5].match(got)
}
