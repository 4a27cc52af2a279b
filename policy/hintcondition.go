package policy

import (
	"fmt"
	"strings"
)

// hintCondition says in words what to change about a condition key, where
// that is certain.
func (e *evaluation) hintCondition(t *test, k *contextKey, version string) string {
	if k.presence != present {
		return e.hintKey(t.written.Key)
	}
	if k.count() != 1 || t.op.negated {
		return ""
	}
	got := k.at(0)
	for _, v := range t.written.Values.List {
		if hint := e.hintValue(t.op, t.written.Key, v.Text, got, version); hint != "" {
			return hint
		}
	}
	return ""
}

// hintKey recognises a claim's key under which no request carries anything:
// keys begin with the issuer as the token has it, without a scheme.
func (e *evaluation) hintKey(key string) string {
	i := strings.LastIndexByte(key, ':')
	if e.who.kind != callerProvider || i < 0 {
		return ""
	}
	prefix, issuer, want := key[:i], e.issuer(), e.issuer()+key[i:]
	switch {
	case strings.EqualFold(prefix, issuer):
		return "the token has no claim " + key[i+1:]
	case prefix == e.who.arn:
		return "a condition key begins with the issuer, not with the provider's ARN: " + want
	case strings.EqualFold(strings.TrimPrefix(prefix, "https://"), issuer):
		return "a condition key has no https://: " + want
	case strings.EqualFold(strings.TrimSuffix(prefix, "/"), issuer):
		return "drop the slash after the issuer: " + want
	case strings.EqualFold(prefix, strings.TrimSuffix(issuer, "/")):
		return "the issuer ends in a slash, and so does the key's prefix: " + want
	case strings.EqualFold(strings.Trim(strings.TrimPrefix(prefix, "https://"), "/"), issuer):
		return "the key has neither https:// nor a slash after the issuer: " + want
	case isClaim(key):
		return fmt.Sprintf("the token's issuer is %s, so the key is %s", issuer, want)
	}
	return ""
}

func (e *evaluation) hintValue(op operator, key, wanted, got, version string) string {
	if version != Version2012 && op.hasVariables() && strings.Contains(wanted, "${") {
		return `policy variables take effect only under "Version": "2012-10-17"`
	}
	if op.base == "StringEquals" && strings.ContainsAny(wanted, "*?") && partMatches(wanted, got) {
		return "StringEquals takes * and ? literally; use StringLike"
	}
	lower := strings.ToLower(key)
	switch {
	case lower == "kms:viaservice":
		return hintVia(wanted, got)
	case strings.HasPrefix(lower, "kms:encryptioncontext:"):
		return e.hintSecret(wanted, got)
	case strings.HasSuffix(lower, ":sub"):
		return hintSubject(wanted, got)
	case strings.HasSuffix(lower, ":aud"):
		return fmt.Sprintf("the token's audience is %s, not %s", got, wanted)
	}
	return hintText(op, wanted, got)
}

// hintText compares two texts of no particular meaning.
func hintText(op operator, wanted, got string) string {
	switch {
	case !strings.HasPrefix(op.base, "String") || wanted == got:
		return ""
	case strings.TrimSpace(wanted) == strings.TrimSpace(got):
		return "the value differs only in white space"
	case strings.EqualFold(wanted, got):
		return "the value differs only in upper and lower case"
	}
	return ""
}

// hintVia compares two service hosts, as in
// secretsmanager.eu-west-1.amazonaws.com (KMS Developer Guide,
// conditions-kms-via-service).
func hintVia(wanted, got string) string {
	wantService, wantRest, ok1 := strings.Cut(wanted, ".")
	gotService, gotRest, ok2 := strings.Cut(got, ".")
	wantRegion, wantHost, ok3 := strings.Cut(wantRest, ".")
	gotRegion, gotHost, ok4 := strings.Cut(gotRest, ".")
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4:
		return "kms:ViaService is " + got
	case wantService == gotService && wantHost == gotHost:
		return fmt.Sprintf("the Region differs: kms:ViaService is %s, not %s", gotRegion, wantRegion)
	case wantService == gotService && wantRegion == gotRegion:
		return fmt.Sprintf("the host differs: kms:ViaService ends in %s, not %s", gotHost, wantHost)
	case wantHost == gotHost && wantRegion == gotRegion:
		return fmt.Sprintf("the service differs: kms:ViaService is that of %s, not %s", gotService, wantService)
	}
	return "kms:ViaService is " + got
}

// hintSecret compares two secret ARNs in an encryption context.
func (e *evaluation) hintSecret(wanted, got string) string {
	w, ok1 := splitARN(wanted)
	g, ok2 := splitARN(got)
	switch {
	case !ok1 || !ok2:
		return ""
	case sameButResource(w, g) && isSuffixed(w.Resource, g.Resource):
		return "the ARN lacks the suffix of a hyphen and six characters that Secrets Manager appends; it is " + got
	case w.Resource == g.Resource && w.Region != g.Region:
		return fmt.Sprintf("the Region differs: the secret is in %s, not %s", g.Region, w.Region)
	case w.Resource == g.Resource && w.Account != g.Account:
		return fmt.Sprintf("the account differs: the secret is in %s, not %s", g.Account, w.Account)
	}
	return ""
}

// subjectPrefix begins the subject of every service account's token.
const subjectPrefix = "system:serviceaccount:"

func hintSubject(wanted, got string) string {
	subject, ok := strings.CutPrefix(got, subjectPrefix)
	if !ok {
		return ""
	}
	pattern, ok := strings.CutPrefix(wanted, subjectPrefix)
	wantNamespace, wantName, ok2 := strings.Cut(pattern, ":")
	if !ok || !ok2 {
		return "the subject of a service account has the form " + subjectPrefix + "NAMESPACE:NAME; here it is " + got
	}
	namespace, name, _ := strings.Cut(subject, ":")
	switch {
	case wantName == name && wantNamespace != namespace:
		return fmt.Sprintf("the namespace differs: the token's is %s, not %s", namespace, wantNamespace)
	case wantNamespace == namespace && wantName != name:
		return fmt.Sprintf("the service account differs: the token's is %s, not %s", name, wantName)
	}
	return fmt.Sprintf("namespace and service account differ: the token's are %s and %s", namespace, name)
}
