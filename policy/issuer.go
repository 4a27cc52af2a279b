package policy

import (
	"slices"
	"strings"
)

// alike reports whether two issuers differ in nothing but what people get
// wrong about them: scheme, trailing slash and letter case.
func alike(a, b string) bool { return loosely(a) == loosely(b) }

func loosely(issuer string) string {
	issuer = strings.ToLower(issuer)
	issuer = strings.TrimPrefix(strings.TrimPrefix(issuer, "https://"), "http://")
	return strings.Trim(issuer, "/")
}

// misspelling says in what way a misspelt issuer differs from the right one,
// with a comma before.
func misspelling(written, issuer string) string {
	if strings.Contains(written, "oidc-provider/") {
		return ", without the ARN around it"
	}
	if bare, ok := strings.CutPrefix(written, "https://"); ok && !strings.HasPrefix(issuer, "https://") {
		if bare == issuer {
			return ", without the scheme"
		}
		return ", without the scheme" + misspelling(bare, issuer)
	}
	switch {
	case strings.TrimSuffix(written, "/") == issuer:
		return ", without the trailing slash"
	case written == strings.TrimSuffix(issuer, "/"):
		return ", with the trailing slash"
	}
	return ", in the letter case of the token"
}

// issuerFinding looks for a statement of the trust policy that would grant if
// it spelt the issuer right, in Federated and in the condition keys.
func (q query) issuerFinding(issuer string) (finding, bool) {
	trust := q.set.Resource
	for i, s := range trust.Document.Statements {
		fixed, written := spellIssuer(s, issuer, q.req.Principal)
		place := Place{Kind: TrustPolicy, Account: trust.Account, Policy: trust.Name, Index: i, Sid: s.Sid, Position: s.pos}
		if s.Effect != Allow || written == "" || !q.mended(nearMiss{NearMiss{Place: place}, trust.Document}, fixed) {
			continue
		}
		hint := "the issuer" + strings.TrimPrefix(misspelling(written, issuerName(issuer)), ",")
		problem := "writes the issuer as " + written + "; it must be written" + strings.TrimPrefix(hint, "the issuer") + ", for it is compared exactly."
		if strings.HasPrefix(written, "arn:") && strings.HasSuffix(written, ":oidc-provider/"+issuerName(issuer)) && spelt(s.Principal, written) {
			hint = "the provider is " + q.req.Principal
			problem = "names the provider " + written + ", and the token's is another."
		}
		near := &NearMiss{
			Place: place, Effect: Allow, Wanted: []string{written}, Got: []string{issuerName(issuer)},
			Hint: hint,
		}
		f := q.fault(TrustPolicy, near.Account, near.Policy)
		f.Problem += " " + placeName(near.Place) + " comes close, but it " + problem
		f.Remedy = replaceRemedy(near)
		f.Statement, f.Replace, f.Index, f.Position, f.Near = &fixed, true, i, near.Position, near
		return finding{Fault: f, of: trust.Document}, true
	}
	return finding{}, false
}

// spellIssuer returns the statement with the issuer spelt right, and the first
// wrong spelling, "" if there is none.
func spellIssuer(s Statement, issuer, provider string) (fixed Statement, written string) {
	note := func(spelling string) { // keeps the first
		if written == "" {
			written = spelling
		}
	}
	s.Principal.Entries = slices.Clone(s.Principal.Entries)
	for i, entry := range s.Principal.Entries {
		entry.Values.List = slices.Clone(entry.Values.List)
		for j, v := range entry.Values.List {
			_, name, ok := strings.Cut(v.Text, "oidc-provider/")
			if ok && v.Text != provider && alike(name, issuer) {
				if name == issuerName(issuer) {
					name = v.Text // it is the rest of the ARN
				}
				note(name)
				entry.Values.List[j] = Value{Text: provider}
			}
		}
		s.Principal.Entries[i] = entry
	}
	s.Condition = slices.Clone(s.Condition)
	for i, op := range s.Condition {
		op.Keys = slices.Clone(op.Keys)
		for j, k := range op.Keys {
			colon := max(strings.LastIndexByte(k.Key, ':'), 0)
			name := k.Key[:colon]
			_, bare, ok := strings.Cut(name, "oidc-provider/")
			if !ok {
				bare = name
			}
			// Keys compare without regard to case, so that is no mistake here.
			if alike(bare, issuer) && !strings.EqualFold(name, issuerName(issuer)) {
				note(name)
				op.Keys[j].Key = issuerName(issuer) + k.Key[colon:]
			}
		}
		s.Condition[i] = op
	}
	return s, written
}

// spelt reports whether the principal lists the value.
func spelt(p Principal, value string) bool { return slices.Contains(p.texts(), value) }
