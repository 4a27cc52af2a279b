package policy

import (
	"html"
	"strconv"
	"strings"
)

// The grammar of the sentence behind "not authorized to perform", after white
// space is reduced to single spaces. A word ends at white space, and at what
// wrappers put behind it: quotes, mark-up, escapes.
var (
	denialAction = lazily(`^(?i):? ?"?([a-z0-9-]+:[a-z0-9*]+)"?`)
	// denialResource's first form is quoted (Amazon S3) and may hold spaces; the
	// second, of IAM, has the type before the name.
	denialResource = lazily(`^(?i) on resource: ?(?:"([^"<>\\]*[^"<>\\ ])"|((?:(?:user|role|group|policy|instance profile) )?[^\s"<>\\]+))`)
	// denialReason leaves the repeated action alone: AWS misspells it at times.
	denialReason = lazily(`^(?i)[.,]? (?:because no ([a-z -]+?) allows the\b|(with an explicit deny)(?: in (?:an?|the) ([a-z -]+ policy|[a-z]+ boundary))?(?:(?:,? with policy ARN)?: (arn:[^\s"<>\\]+))?)`)
	denialDetail = lazily(`(https://[a-z0-9.-]+/iam/home\?region=[a-z0-9-]+#/authorization-details/[0-9a-z]+) for complete details`)
	denialID     = lazily(`with the following authorization id: ([0-9a-z]+)`)
	denialBlob   = lazily(`(?i)encoded authorization failure message: ?([\w-]+)`)
)

const (
	notAuthorized   = "not authorized to perform"
	encodedSentence = "Encoded authorization failure message: "
	// sentenceLimit is more than the longest sentence has behind the action: an
	// ARN of a resource, one of a policy, an address.
	sentenceLimit = 8192
	// blobLimit is the longest message that DecodeAuthorizationMessage takes.
	blobLimit = 10240
)

// ParseDenial finds AWS's sentence in a message, however the SDK wrapped it:
// the error text of any AWS SDK or the CLI, or the XML or JSON body of the
// response. A message with several takes the first. It reports false if there
// is none; Code and RequestID are returned all the same, where the message has
// them. The time it takes grows with the length of the message and no faster.
func ParseDenial(message string) (Denial, bool) {
	text := flatten(message)
	d, at, ok := parseSentence(text)
	if !ok {
		d, at, ok = parseFixed(text)
	}
	d.Encoded = encodedMessage(text)
	d.Code, d.RequestID = codeOf(text, at), requestIDOf(text, at)
	if !ok && (d.Encoded != "" || isRefusal(d.Code)) {
		ok = true
		d.Message = bareSentence(text, d)
	}
	return d.completed(), ok
}

// flatten reduces white space to single spaces, and undoes the escapes of JSON
// and XML bodies, the typographic apostrophe, colours, and the frame that
// Terraform draws. Nothing in the result commands a terminal.
func flatten(message string) string {
	message = escapeSequence().ReplaceAllStringFunc(message, func(s string) string { return unescapeOnce(strings.TrimLeft(s, `\`)) })
	if strings.Contains(message, "</") {
		message = html.UnescapeString(message)
	}
	message = withoutColours(message)
	message = logTime().ReplaceAllString("\n"+message, " ")
	message = drawn.Replace(message)
	return strings.Join(strings.Fields(oneLine(message)), " ")
}

var (
	// escapeSequence is JSON's, in a string within strings too.
	escapeSequence = lazily(`\\+(?:["/nrt]|u00[0-7][0-9A-Fa-f])`)
	// logTime is the time that logs of CI jobs put in front of every line.
	logTime = lazily(`\n[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z `)
	drawn   = strings.NewReplacer("’", "'", "│", " ", "╷", " ", "╵", " ")
)

// withoutColours cuts out what terminals take for a colour or a character set
// (ECMA-48, 5.4; ECMA-35, 14.3.2).
func withoutColours(s string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "\x1b")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = rest
		switch {
		case strings.HasPrefix(rest, "("):
			s = rest[min(2, len(rest)):]
		case strings.HasPrefix(rest, "["):
			s = strings.TrimLeft(rest[1:], "0123456789;?")
			if s != "" && s[0] >= '@' && s[0] <= '~' {
				s = s[1:]
			}
		}
	}
}

// unescapeOnce is what JSON's escape stands for, given without its backslashes.
func unescapeOnce(escape string) string {
	switch escape[0] {
	case 'u':
		code, _ := strconv.ParseUint(escape[1:], 16, 8) // cannot fail: it was matched
		return string(rune(code))
	case '"', '/':
		return escape
	}
	return " "
}

// parseSentence finds the sentence of the general form, and where it begins.
func parseSentence(text string) (d Denial, at int, ok bool) {
	lower := asciiLower(text)
	for from := 0; ; {
		i := strings.Index(lower[from:], notAuthorized)
		if i < 0 {
			return Denial{}, len(text), false
		}
		begin := from + i
		from = begin + len(notAuthorized)
		rest := text[from:min(len(text), from+sentenceLimit)]
		m := denialAction().FindStringSubmatchIndex(rest)
		if m == nil {
			continue
		}
		d = Denial{Action: group(rest, m, 1)}
		d.Principal, at = subject(text, begin)
		rest = rest[m[1]:]
		rest = d.parseResource(rest)
		rest = d.parseReason(rest)
		if strings.HasPrefix(rest, " (truncated") {
			continue // PHP repeats it in full
		}
		d.parseDetails(rest)
		return d, at, true
	}
}

// subject reads what is before the verb, "User: <principal> is ", and returns
// where the sentence begins.
func subject(text string, verb int) (principal string, at int) {
	before, ok := strings.CutSuffix(text[:verb], " is ")
	if !ok {
		return "", verb
	}
	i := strings.LastIndexByte(before, ' ') + 1
	word := before[i:]
	lead := strings.TrimSuffix(before[:i], " ")
	if j := strings.LastIndexByte(word, '"'); j >= 0 && !strings.HasSuffix(word, `"`) {
		word = word[j+1:] // "User: x" where no space is
	}
	word = strings.Trim(word, `"`)
	for len(word) > 5 && strings.EqualFold(word[:5], "User:") {
		word, lead = strings.Trim(word[5:], `"`), "User:"
		i += 5
	}
	if len(lead) < 5 || !strings.EqualFold(lead[len(lead)-5:], "User:") || word == "" || strings.ContainsAny(word, `"<>\`) {
		return "", verb
	}
	return word, max(0, i-len("User: "))
}

// parseResource takes the resource off the rest of the sentence.
func (d *Denial) parseResource(rest string) string {
	const on = " on resource:"
	if len(rest) > len(on) && strings.EqualFold(rest[:len(on)], on) {
		// AWS leaves the name out at times; then the reason follows.
		if reason := " " + strings.TrimLeft(rest[len(on):], " "); denialReason().MatchString(reason) {
			return reason
		}
	}
	m := denialResource().FindStringSubmatchIndex(rest)
	if m == nil {
		return rest
	}
	d.Resource = group(rest, m, 1)
	if d.Resource == "" {
		d.Resource = trimEnd(group(rest, m, 2))
	}
	return rest[m[1]:]
}

// parseReason takes the kind of policy and its ARN off the rest.
func (d *Denial) parseReason(rest string) string {
	m := denialReason().FindStringSubmatchIndex(rest)
	if m != nil {
		words := group(rest, m, 1) + group(rest, m, 3)
		d.Explicit = group(rest, m, 2) != ""
		d.Kind = kindOf(words, d.Action)
		d.ThroughSCP = d.Kind == EndpointPolicy && d.Explicit && strings.HasSuffix(asciiLower(words), throughSCP)
		if d.Kind != NoKind {
			d.PolicyARN = trimEnd(group(rest, m, 4))
		}
		rest = rest[m[1]:]
	}
	if d.isWebIdentity() && (d.Kind == NoKind || d.Kind == TrustPolicy) {
		d.Kind, d.Stage = TrustPolicy, TrustStage
	}
	return rest
}

// parseDetails looks for the way to more in what follows the sentence. The id
// may be in both places; they agree.
func (d *Denial) parseDetails(rest string) {
	url := denialDetail().FindStringSubmatch(rest)
	id := denialID().FindStringSubmatch(rest)
	if url != nil {
		d.AuthorizationURL = url[1]
		d.AuthorizationID = lastElement(url[1])
	}
	if id != nil {
		d.AuthorizationID = id[1]
	}
}

// encodedMessage returns what follows AWS's words for it.
func encodedMessage(text string) string {
	i := strings.Index(asciiLower(text), asciiLower(strings.TrimSuffix(encodedSentence, " ")))
	if i < 0 {
		return ""
	}
	m := denialBlob().FindStringSubmatch(text[i:min(len(text), i+len(encodedSentence)+blobLimit)])
	if m == nil {
		return ""
	}
	return m[1]
}

// trimEnd takes off what a sentence puts behind a word, and brackets that the
// word does not open.
func trimEnd(word string) string {
	for {
		trimmed := strings.TrimRight(word, ".,;:'`")
		for _, pair := range []string{"()", "[]", "{}"} {
			if strings.HasSuffix(trimmed, pair[1:]) && !strings.Contains(trimmed, pair[:1]) {
				trimmed = trimmed[:len(trimmed)-1]
			}
		}
		if trimmed == word {
			return word
		}
		word = trimmed
	}
}

// group returns the n-th group of a match in text, "" if it took no part.
func group(text string, match []int, n int) string {
	if match[2*n] < 0 {
		return ""
	}
	return text[match[2*n]:match[2*n+1]]
}

// kindOf returns the kind that the words name. What AWS calls a resource-based
// policy is a key policy if the action is one of KMS, and a trust policy if a
// role is assumed: keys and roles have no other.
func kindOf(words, action string) Kind {
	words = strings.ToLower(words)
	words = strings.Replace(words, "sessions policy", "session policy", 1) // AWS writes both
	for _, p := range phrases {
		// A prefix: an endpoint policy may deny "transitively through a
		// service control policy".
		if !strings.HasPrefix(words, strings.ToLower(p.words)) {
			continue
		}
		switch {
		case p.kind == ResourcePolicy && isService(action, "kms"):
			return KeyPolicy
		case p.kind == ResourcePolicy && bringsSession(action):
			return TrustPolicy
		}
		return p.kind
	}
	return NoKind
}

// bringsSession reports the actions that a role's trust policy allows.
func bringsSession(action string) bool {
	action = asciiLower(action)
	return strings.HasPrefix(action, "sts:assumerole") ||
		action == asciiLower(actionTagSession) || action == asciiLower(actionSetSourceIdentity)
}

// asciiLower lowers the letters A to Z, so that offsets stay the same.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
