package manifest

import (
	"encoding/json"
	"strings"

	"github.com/jmespath/go-jmespath"
	"github.com/tidwall/gjson"
)

// propertyProblem says what is wrong with a gjson path. Its modifiers and
// multipaths can double what they are given each time they come: so few of them
// may. @pretty can be told to indent by any text, for each line of the secret;
// and a modifier that somebody added to the process is none that the manifest
// was written for.
func propertyProblem(path string) string {
	switch {
	case len(path) > maxPath:
		return "is too long as a path of gjson"
	case strings.Count(path, "@") > 3:
		return "has more than three modifiers (\"@\")"
	case strings.Count(path, "{")+strings.Count(path, "[") > 4 || strings.Count(path, ",") > 32:
		return "has too many multipaths ({…} or […])"
	case strings.Contains(path, "@pretty:"):
		return "has @pretty with arguments"
	}
	for i := range path {
		if path[i] != '@' {
			continue
		}
		name := path[i+1:]
		if end := strings.IndexAny(name, ":.|{}[](),"); end >= 0 {
			name = name[:end]
		}
		if gjson.ModifierExists(name, nil) && !modifiers[name] {
			return "has the modifier @" + name + ", which is none of gjson's own"
		}
	}
	return ""
}

// modifiers are gjson's own.
var modifiers = map[string]bool{
	"pretty": true, "ugly": true, "reverse": true, "this": true, "flatten": true, "join": true, "valid": true,
	"keys": true, "values": true, "tostr": true, "fromstr": true, "group": true, "dig": true,
}

// property returns the part of a secret that is at a gjson path: text without
// quotes, null as nothing, all else as it is written. A path with dots is first
// looked for as the name of a member.
func property(data []byte, path string) (part []byte, problem string) {
	if problem := checkJSON(data); problem != "" {
		return nil, "is given, and the secret " + problem
	}
	defer func() {
		if recover() != nil { // of gjson; its text may have the secret
			part, problem = nil, "cannot be used as a path of gjson"
		}
	}()
	if strings.Contains(path, ".") {
		if found := gjson.GetBytes(data, strings.ReplaceAll(path, ".", `\.`)); found.Exists() {
			return []byte(found.String()), ""
		}
	}
	found := gjson.GetBytes(data, path)
	if !found.Exists() {
		return nil, "leads to nothing in the secret"
	}
	return []byte(found.String()), ""
}

// search is a compiled JMESPath expression.
type search struct{ expression *jmespath.JMESPath }

// compileJMESPath compiles an expression. Multiselects can double what they are
// given, and to_string writes all of it out: so few of them may come.
func compileJMESPath(text string) (s *search, problem string) {
	switch {
	case len(text) > maxPath:
		return nil, "is too long as an expression of JMESPath"
	case strings.Count(text, ",") > 8 || strings.Count(text, "to_string") > 2:
		return nil, "has more than eight commas or two calls of to_string"
	}
	defer func() {
		if recover() != nil { // of go-jmespath, on some text that is no expression
			s, problem = nil, "is no expression of JMESPath"
		}
	}()
	expression, err := jmespath.Compile(text)
	if err != nil {
		return nil, `is no expression of JMESPath; a name with other characters than letters, digits and underscores is written '"in-quotes"'`
	}
	return &search{expression}, ""
}

// text returns what the expression selects from a secret, which must be text.
func (s *search) text(data []byte) (text, problem string) {
	var value any
	// JMESPath compares numbers as float64.
	if problem := checkJSON(data); problem != "" {
		return "", "is given, and the object " + problem
	}
	if err := json.Unmarshal(data, &value); err != nil {
		return "", "is given, and the object cannot be read as JSON"
	}
	defer func() {
		if recover() != nil { // of go-jmespath; its text may have the secret
			text, problem = "", "cannot be searched for in the object"
		}
	}()
	found, err := s.expression.Search(value)
	switch found := found.(type) {
	case string:
		return found, ""
	case nil:
		if err == nil {
			return "", "leads to nothing in the object"
		}
	}
	if err != nil { // quotes what it was given
		return "", "calls a function that does not take what the object has there"
	}
	return "", "leads to " + jsonKind(found) + " in the object, and must lead to text; to_string(…) makes text of it"
}

func jsonKind(value any) string {
	switch value.(type) {
	case float64:
		return "a number"
	case bool:
		return "a boolean"
	case []any:
		return "a list"
	}
	return "an object"
}
