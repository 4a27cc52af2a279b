package manifest

import (
	"errors"
	"regexp"
	"regexp/syntax"
	text "text/template"
)

// compileRegexp compiles an expression of package regexp, which takes time in
// proportion to the sizes of the text and of the expression with all repetitions
// written out. The latter is bounded here.
func compileRegexp(text string) (re *regexp.Regexp, problem string) {
	if len(text) > maxRegexp {
		return nil, "is too long as a regular expression"
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if bad, ok := errors.AsType[*syntax.Error](err); ok {
		return nil, "is no regular expression of RE2: " + string(bad.Code)
	}
	if expanded(tree) > maxExpanded {
		return nil, "repeats too much as a regular expression"
	}
	if re, err = regexp.Compile(text); err != nil {
		return nil, "is no regular expression of RE2"
	}
	return re, ""
}

// expanded is about how many instructions re compiles to.
func expanded(re *syntax.Regexp) int {
	size := 1
	if re.Op == syntax.OpLiteral {
		size = len(re.Rune)
	}
	for _, sub := range re.Sub {
		size += expanded(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(1, re.Min, re.Max)
	}
	return size
}

// patternSteps is what it costs to compile a pattern and to search so many bytes
// for it.
func patternSteps(pattern string, bytes int) int {
	if len(pattern) > maxRegexp {
		return 0 // the call fails
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return expanded(tree) * (bytes + 64) / 1024
}

var patternFunctions = withMust(text.FuncMap{
	"regexMatch": func(pattern, s string) (bool, error) {
		re, err := compilePattern(pattern)
		return err == nil && re.MatchString(s), err
	},
	"regexFind": func(pattern, s string) (string, error) {
		re, err := compilePattern(pattern)
		if err != nil {
			return "", err
		}
		return re.FindString(s), nil
	},
	"regexFindAll": func(pattern, s string, n int) ([]string, error) {
		re, err := compilePattern(pattern)
		if err != nil {
			return nil, err
		}
		return re.FindAllString(s, n), nil
	},
	"regexReplaceAll": func(pattern, s, with string) (string, error) {
		return replacePattern(pattern, s, func(re *regexp.Regexp, dst []byte, match []int) []byte {
			return re.ExpandString(dst, with, s, match)
		})
	},
	"regexReplaceAllLiteral": func(pattern, s, with string) (string, error) {
		return replacePattern(pattern, s, func(_ *regexp.Regexp, dst []byte, _ []int) []byte { return append(dst, with...) })
	},
	"regexSplit": func(pattern, s string, n int) ([]string, error) {
		re, err := compilePattern(pattern)
		if err != nil {
			return nil, err
		}
		return re.Split(s, n), nil
	},
	"regexQuoteMeta": regexp.QuoteMeta,
}, "regexMatch", "regexFind", "regexFindAll", "regexReplaceAll", "regexReplaceAllLiteral", "regexSplit")

func compilePattern(text string) (*regexp.Regexp, error) {
	re, wrong := compileRegexp(text)
	if wrong != "" {
		return nil, problem("is given a pattern that cannot be used")
	}
	return re, nil
}

// replacePattern replaces each match, and stops when the result gets too long.
func replacePattern(pattern, s string, expand func(re *regexp.Regexp, dst []byte, match []int) []byte) (string, error) {
	re, err := compilePattern(pattern)
	if err != nil {
		return "", err
	}
	var out []byte
	end := 0
	for _, match := range re.FindAllStringSubmatchIndex(s, -1) {
		out = append(out, s[end:match[0]]...)
		if out = expand(re, out, match); len(out) > maxRendered {
			return "", errTooMuch
		}
		end = match[1]
	}
	return string(append(out, s[end:]...)), nil
}
