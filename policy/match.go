package policy

import "strings"

// splitARN splits s at its first five colons, without judging the parts.
func splitARN(s string) (ARN, bool) {
	parts := strings.SplitN(s, ":", 6)
	if len(parts) != 6 || parts[0] != "arn" {
		return ARN{}, false
	}
	return ARN{Partition: parts[1], Service: parts[2], Region: parts[3], Account: parts[4], Resource: parts[5]}, true
}

// matchAction decides Action or NotAction. An empty list matches nothing, for
// NotAction too (Access Analyzer, "Empty array action").
func matchAction(s *Statement, action string) truth {
	if len(s.NotAction.List) > 0 {
		return truthOf(!anyAction(s.NotAction, action))
	}
	return truthOf(anyAction(s.Action, action))
}

func anyAction(v Values, action string) bool {
	for _, entry := range v.List {
		if actionMatches(entry.Text, action) {
			return true
		}
	}
	return false
}

// actionMatches is a glob without regard to case, service prefix included
// (reference_policies_elements_action).
func actionMatches(entry, action string) bool {
	if !strings.ContainsAny(entry, "*?") {
		return strings.EqualFold(entry, action)
	}
	var buf [patternBuffer]rune
	return appendGlob(buf[:0], entry).match(action, true)
}

// matchResource decides Resource or NotResource. A role's trust policy has
// neither and is about the role that it is attached to.
func (e *evaluation) matchResource(s *Statement, version string, kind Kind) truth {
	if kind == TrustPolicy {
		return yes
	}
	if len(s.NotResource.List) == 0 {
		t, _ := e.anyResource(s.Resource, version)
		return t
	}
	t, resolved := e.anyResource(s.NotResource, version)
	if !resolved {
		// AWS does not say what becomes of the statement.
		return e.contest(s.Effect, "a variable in NotResource that the request does not resolve")
	}
	return t.not()
}

// anyResource reports whether an entry matches the request's resource, and
// whether all entries could be resolved.
func (e *evaluation) anyResource(v Values, version string) (t truth, resolved bool) {
	resolved = true
	for _, entry := range v.List {
		m, ok := e.resourceMatches(entry.Text, version)
		t = max(t, m)
		resolved = resolved && ok
	}
	return t, resolved
}

func (e *evaluation) resourceMatches(entry, version string) (t truth, resolved bool) {
	if entry == "*" {
		return yes, true
	}
	if !strings.ContainsAny(entry, "*?$") {
		return truthOf(entry == e.req.Resource), true
	}
	var buf [patternBuffer]rune
	p, state := e.resourcePattern(buf[:0], entry, version)
	switch state {
	case unresolved:
		return no, false
	case unsettled:
		return maybe, true
	}
	return truthOf(p.match(e.req.Resource, false)), true
}

// resourcePattern compiles a Resource entry. The first five parts are globs
// within their part; a * that ends its part may run past the colons that
// follow. The sixth is one string and may hold variables.
func (e *evaluation) resourcePattern(p pattern, entry, version string) (pattern, resolution) {
	head, tail := splitHead(entry)
	for i, r := range head {
		switch {
		case r == '*' && i+1 < len(head) && head[i+1] != ':':
			p = append(p, anyRunInPart)
		case r == '?':
			p = append(p, anyOneInPart)
		default:
			p = append(p, wildcard(r))
		}
	}
	return e.expand(p, tail, version, true)
}

// splitHead cuts after the fifth colon; the tail is empty where there are
// fewer.
func splitHead(entry string) (head, tail string) {
	end := 0
	for range 5 {
		i := strings.IndexByte(entry[end:], ':')
		if i < 0 {
			return entry, ""
		}
		end += i + 1
	}
	return entry[:end], entry[end:]
}
