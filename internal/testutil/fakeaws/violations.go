package fakeaws

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// violations are the constraints of an operation's model that a request
// breaks. AWS checks them before anything else and reports all of them in one
// ValidationException.
type violations []string

// add notes one. value is as shown in the message, with a space behind it, or
// "" for a sensitive member, whose value is not shown.
func (v *violations) add(value, member, constraint string) {
	*v = append(*v, fmt.Sprintf("Value %sat '%s' failed to satisfy constraint: Member must %s", value, member, constraint))
}

// required is a member that must be there.
func (v *violations) required(member string, present bool) {
	if !present {
		v.add("null ", member, "not be null")
	}
}

// text is a required string of a limited length; nil is an absent member.
func (v *violations) text(member string, value *string, shortest, longest int) {
	v.required(member, value != nil)
	v.optionalText(member, value, shortest, longest)
}

// optionalText is a string of a limited length that may be absent.
func (v *violations) optionalText(member string, value *string, shortest, longest int) {
	if value != nil {
		v.length("'"+*value+"' ", member, len(*value), shortest, longest)
	}
}

// blob is a required sensitive member of a limited length.
func (v *violations) blob(member string, value []byte, longest int) {
	v.required(member, value != nil)
	if value != nil {
		v.length("", member, len(value), 1, longest)
	}
}

// list is a list of a limited length that may be absent.
func (v *violations) list(member string, values []string, shortest, longest int) {
	if values != nil {
		v.length("'["+strings.Join(values, ", ")+"]' ", member, len(values), shortest, longest)
	}
}

func (v *violations) length(value, member string, n, shortest, longest int) {
	switch {
	case n < shortest:
		v.add(value, member, "have length greater than or equal to "+strconv.Itoa(shortest))
	case n > longest:
		v.add(value, member, "have length less than or equal to "+strconv.Itoa(longest))
	}
}

// number is a number within limits that may be absent.
func (v *violations) number(member string, value *int, least, most int) {
	switch {
	case value == nil:
	case *value < least:
		v.add("'"+strconv.Itoa(*value)+"' ", member, "have value greater than or equal to "+strconv.Itoa(least))
	case *value > most:
		v.add("'"+strconv.Itoa(*value)+"' ", member, "have value less than or equal to "+strconv.Itoa(most))
	}
}

// oneOf is a string of a closed set; "" is an absent member.
func (v *violations) oneOf(member, value string, allowed ...string) {
	if value != "" && !slices.Contains(allowed, value) {
		v.add("'"+value+"' ", member, "satisfy enum value set: ["+strings.Join(allowed, ", ")+"]")
	}
}

// err is the ValidationException, or nil if nothing is wrong.
func (v violations) err() error {
	switch len(v) {
	case 0:
		return nil
	case 1:
		return errorf("ValidationException", "1 validation error detected: %s", v[0])
	}
	return errorf("ValidationException", "%d validation errors detected: %s", len(v), strings.Join(v, "; "))
}
