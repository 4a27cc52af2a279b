package main

import (
	"strconv"
	"time"

	"github.com/irsakit/irsa/secrets"
)

// text reads a string.
func (d *document) text(path string, to *string) {
	if v, ok := d.take(path); ok {
		if s, isText := v.(string); isText {
			*to = s
		} else {
			d.problem(path, "is not a string")
		}
	}
}

// flag reads true or false.
func (d *document) flag(path string, to *bool) {
	if v, ok := d.take(path); ok {
		if b, isBool := v.(bool); isBool {
			*to = b
		} else {
			d.problem(path, "is neither true nor false")
		}
	}
}

// number reads a whole number from least to most, in the flat form also from a
// string.
func (d *document) number(path string, least, most int, to *int) {
	v, ok := d.take(path)
	if !ok {
		return
	}
	n, isNumber := v.(int64)
	if s, isText := v.(string); isText && !d.nested {
		parsed, err := strconv.ParseInt(s, 10, 64)
		n, isNumber = parsed, err == nil
	}
	switch {
	case !isNumber:
		d.problem(path, "is not a whole number")
	case n < int64(least) || n > int64(most):
		d.problem(path, "is %d, and not from %d to %d", n, least, most)
	default:
		*to = int(n)
	}
}

// fraction reads a number from least to most.
func (d *document) fraction(path string, least, most float64, to *float64) {
	v, ok := d.take(path)
	if !ok {
		return
	}
	x, isNumber := v.(float64)
	switch v := v.(type) {
	case int64:
		x, isNumber = float64(v), true
	case string:
		if parsed, err := strconv.ParseFloat(v, 64); err == nil && !d.nested {
			x, isNumber = parsed, true
		}
	}
	switch {
	case !isNumber:
		d.problem(path, "is not a number")
	case !(x >= least && x <= most):
		d.problem(path, "is %v, and not from %v to %v", x, least, most)
	default:
		*to = x
	}
}

// list reads strings.
func (d *document) list(path string, to *[]string) {
	v, ok := d.take(path)
	if !ok {
		return
	}
	values, isList := v.([]any)
	out := make([]string, 0, len(values))
	for _, v := range values {
		s, isText := v.(string)
		isList = isList && isText
		out = append(out, s)
	}
	if !isList {
		d.problem(path, "is not a list of strings")
		return
	}
	*to = out
}

// role reads the ARN of a role, which may be left out.
func (d *document) role(path string, to *string) {
	v, ok := d.take(path)
	if !ok {
		return
	}
	arn, _ := v.(string)
	// References take a role, and so know what is one.
	if _, err := secrets.ParseRef(secrets.Ref{Name: "any", Role: arn}.String()); err != nil || arn == "" {
		d.problem(path, "is not the ARN of a role, such as arn:aws:iam::111122223333:role/NAME")
		return
	}
	*to = arn
}

// duration reads one such as "90s" or "1h30m", which must be positive.
func (d *document) duration(path string, to *time.Duration) {
	v, ok := d.take(path)
	if !ok {
		return
	}
	s, _ := v.(string)
	parsed, err := time.ParseDuration(s)
	if err != nil || parsed <= 0 {
		d.problem(path, `is not a positive duration such as "90s" or "1h"`)
		return
	}
	*to = parsed
}
