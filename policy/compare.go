package policy

import (
	"bytes"
	"encoding/base64"
	"math/big"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// compareTyped compares under the operators that neither glob nor resolve
// variables. Text that is not of the operator's type, on either side, does
// not match.
func compareTyped(base, got, want string) bool {
	switch base {
	case "Bool":
		g, ok1 := parseBool(got)
		w, ok2 := parseBool(want)
		return ok1 && ok2 && g == w
	case "BinaryEquals":
		g, err1 := base64.StdEncoding.DecodeString(got)
		w, err2 := base64.StdEncoding.DecodeString(want)
		return err1 == nil && err2 == nil && bytes.Equal(g, w)
	case "IpAddress":
		return inNetwork(got, want)
	}
	if relation, ok := strings.CutPrefix(base, "Numeric"); ok {
		g, ok1 := parseNumber(got)
		w, ok2 := parseNumber(want)
		return ok1 && ok2 && holds(relation, g.Cmp(w))
	}
	relation := strings.TrimPrefix(base, "Date")
	g, ok1 := parseDate(got)
	w, ok2 := parseDate(want)
	return ok1 && ok2 && holds(relation, g.Compare(w))
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

// decimal bounds the digits of the exponent, so that a short text cannot
// become a number that fills the memory.
var decimal = regexp.MustCompile(`^[+-]?[0-9]{1,400}(\.[0-9]{1,400})?([eE][+-]?[0-9]{1,3})?$`)

func parseNumber(s string) (*big.Rat, bool) {
	if !decimal.MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
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

// inNetwork reports whether the address got lies in want, an address or a
// network. The two families never match each other.
func inNetwork(got, want string) bool {
	addr, err := netip.ParseAddr(got)
	if err != nil {
		return false
	}
	if network, err := netip.ParsePrefix(want); err == nil {
		return network.Contains(addr)
	}
	host, err := netip.ParseAddr(want)
	return err == nil && host == addr
}

// matchARN compares the six parts one by one, so that no * reaches into the
// next part before the sixth.
func (p pattern) matchARN(got string) bool {
	parts := strings.SplitN(got, ":", 6)
	if len(parts) != 6 {
		return false
	}
	for _, part := range parts[:5] {
		end := 0
		for end < len(p) && p[end] != ':' {
			end++
		}
		if end == len(p) || !p[:end].match(part, false) {
			return false
		}
		p = p[end+1:]
	}
	return p.match(parts[5], false)
}
