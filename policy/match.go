package policy

import "strings"

// splitARN splits s at its first five colons, without judging the parts.
func splitARN(s string) (ARN, bool) {
	rest, ok := strings.CutPrefix(s, "arn:")
	var part [4]string
	for i := range part {
		end := strings.IndexByte(rest, ':')
		if !ok || end < 0 {
			return ARN{}, false
		}
		part[i], rest = rest[:end], rest[end+1:]
	}
	return ARN{Partition: part[0], Service: part[1], Region: part[2], Account: part[3], Resource: rest}, true
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

// matchAction decides Action or NotAction, which are globs without regard to
// case, service prefix included (reference_policies_elements_action). An empty
// list matches nothing, for NotAction too (Access Analyzer, "Empty array
// action").
func (r *rule) matchAction(action string) truth {
	for i := range r.actions {
		if r.actions[i].matchFold(action) {
			return truthOf(!r.notAction)
		}
	}
	return truthOf(r.notAction)
}

// matchResource decides Resource or NotResource. A role's trust policy has
// neither and is about the role that it is attached to.
func (e *evaluation) matchResource(r *rule, kind Kind) truth {
	if kind == TrustPolicy {
		return yes
	}
	t, resolved := no, true
	for i := range r.resources {
		m, state := e.matchText(&r.resources[i], e.req.Resource)
		t = max(t, m)
		resolved = resolved && state != unresolved
		if t == yes && !r.notResource {
			break
		}
	}
	switch {
	case !r.notResource:
		return t
	case !resolved:
		// AWS does not say what becomes of the statement.
		return e.contest(r, "a variable in NotResource that the request does not resolve", "", "")
	}
	return t.not()
}
