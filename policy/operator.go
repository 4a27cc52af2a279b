package policy

import "strings"

// operator is a condition operator's name, taken apart
// (reference_policies_elements_condition_operators).
type operator struct {
	quantifier quantifier
	base       string // canonical and positive: "StringEquals" for StringNotEquals
	negated    bool
	ifExists   bool
}

// quantifier is the set operator in front of an operator's name.
type quantifier uint8

const (
	single quantifier = iota
	forAllValues
	forAnyValue
)

// operators maps the lower-case name of every base operator.
var operators = map[string]operator{
	"stringequals":              {base: "StringEquals"},
	"stringnotequals":           {base: "StringEquals", negated: true},
	"stringequalsignorecase":    {base: "StringEqualsIgnoreCase"},
	"stringnotequalsignorecase": {base: "StringEqualsIgnoreCase", negated: true},
	"stringlike":                {base: "StringLike"},
	"stringnotlike":             {base: "StringLike", negated: true},
	"numericequals":             {base: "NumericEquals"},
	"numericnotequals":          {base: "NumericEquals", negated: true},
	"numericlessthan":           {base: "NumericLessThan"},
	"numericlessthanequals":     {base: "NumericLessThanEquals"},
	"numericgreaterthan":        {base: "NumericGreaterThan"},
	"numericgreaterthanequals":  {base: "NumericGreaterThanEquals"},
	"dateequals":                {base: "DateEquals"},
	"datenotequals":             {base: "DateEquals", negated: true},
	"datelessthan":              {base: "DateLessThan"},
	"datelessthanequals":        {base: "DateLessThanEquals"},
	"dategreaterthan":           {base: "DateGreaterThan"},
	"dategreaterthanequals":     {base: "DateGreaterThanEquals"},
	"bool":                      {base: "Bool"},
	"binaryequals":              {base: "BinaryEquals"},
	"ipaddress":                 {base: "IpAddress"},
	"notipaddress":              {base: "IpAddress", negated: true},
	"arnequals":                 {base: "ArnLike"},
	"arnlike":                   {base: "ArnLike"},
	"arnnotequals":              {base: "ArnLike", negated: true},
	"arnnotlike":                {base: "ArnLike", negated: true},
	"null":                      {base: "Null"},
}

// parseOperator reads [ForAllValues:|ForAnyValue:]Base[IfExists]. Null takes
// neither of the two.
func parseOperator(name string) (operator, bool) {
	lower := strings.ToLower(name)
	q := single
	if rest, ok := strings.CutPrefix(lower, "forallvalues:"); ok {
		q, lower = forAllValues, rest
	} else if rest, ok := strings.CutPrefix(lower, "foranyvalue:"); ok {
		q, lower = forAnyValue, rest
	}
	lower, ifExists := strings.CutSuffix(lower, "ifexists")
	op, ok := operators[lower]
	if op.base == "Null" && (q != single || ifExists) {
		return operator{}, false
	}
	op.quantifier, op.ifExists = q, ifExists
	return op, ok
}

// hasVariables reports whether policy variables are resolved in the
// operator's values.
func (o operator) hasVariables() bool {
	return strings.HasPrefix(o.base, "String") || o.base == "ArnLike"
}
