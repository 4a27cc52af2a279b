package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/irsakit/irsa/policy"
)

// storyLinks are the requests of the three-account story that need three
// policies each: the session reads the secret, Secrets Manager decrypts it.
func storyLinks() map[string]struct {
	request policy.Request
	set     policy.Set
} {
	session := policy.Request{
		Principal: "arn:aws:sts::" + roleAccount + ":assumed-role/pod-role/testapp", RoleARN: storyRole,
		PrincipalID: "AROACURRENTROLEEXAMPL", Time: storyTime, Closed: true,
		Context: policy.Context{
			"aws:RequestedRegion": {"eu-west-1"}, "aws:FederatedProvider": {storyProvider},
			"aws:SourceIp": {"203.0.113.7"}, "aws:SecureTransport": {"true"}, "aws:TokenIssueTime": {"2026-11-21T12:00:00Z"},
		},
	}
	read, decrypt := session, session
	read.Action, read.Resource = "secretsmanager:GetSecretValue", storySecret
	decrypt.Action, decrypt.Resource = "kms:Decrypt", storyKey
	decrypt.Context = policy.Context{
		"aws:RequestedRegion": {"eu-west-1"}, "aws:ViaAWSService": {"true"}, "kms:CallerAccount": {roleAccount},
		"kms:ViaService":                  {"secretsmanager.eu-west-1.amazonaws.com"},
		"kms:EncryptionContextKeys":       {"SecretARN", "SecretVersionId"},
		"kms:EncryptionContext:SecretARN": {storySecret},
	}
	identity := list(named(readPolicy, readText), named(decryptPolicy, decryptText))
	secret, key := named(storySecret, secretText), named(storyKey, keyText)
	return map[string]struct {
		request policy.Request
		set     policy.Set
	}{
		"secret": {read, policy.Set{Identity: identity, Boundaries: list(named(storyBoundary, boundaryText)), Resource: &secret}},
		"key":    {decrypt, policy.Set{Identity: identity, Boundaries: list(named(storyBoundary, boundaryText)), Resource: &key}},
	}
}

// BenchmarkDecide decides a link of the story with a compiled set.
func BenchmarkDecide(b *testing.B) {
	for name, link := range storyLinks() {
		b.Run(name, func(b *testing.B) {
			set := policy.Compile(link.set)
			b.ReportAllocs()
			for b.Loop() {
				if d := set.Decide(&link.request); d != policy.Allowed {
					b.Fatal(d)
				}
			}
		})
	}
}

// BenchmarkTrace explains a link of the story.
func BenchmarkTrace(b *testing.B) {
	for name, link := range storyLinks() {
		set := policy.Compile(link.set)
		b.Run(name+"/compiled", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := set.Evaluate(link.request).Decision; d != policy.Allowed {
					b.Fatal(d)
				}
			}
		})
		b.Run(name+"/whole", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := policy.Evaluate(link.request, link.set).Decision; d != policy.Allowed {
					b.Fatal(d)
				}
			}
		})
	}
}

// BenchmarkStatements reads a secret of another account, with an identity
// policy of so many statements, of which the last allows.
func BenchmarkStatements(b *testing.B) {
	for _, n := range []int{1, 10, 100, 1000} {
		set := policy.Set{Identity: list(manyStatements(n)), Resource: to("Allow", aws(ownRole))}
		compiled := policy.Compile(set)
		req := readSecret(farSecret)
		b.Run(fmt.Sprintf("decide/%d", n), func(b *testing.B) {
			for b.Loop() {
				if d := compiled.Decide(&req); d != policy.Allowed {
					b.Fatal(d)
				}
			}
		})
		b.Run(fmt.Sprintf("trace/%d", n), func(b *testing.B) {
			for b.Loop() {
				if d := compiled.Evaluate(req).Decision; d != policy.Allowed {
					b.Fatal(d)
				}
			}
		})
		b.Run(fmt.Sprintf("compile/%d", n), func(b *testing.B) {
			for b.Loop() {
				policy.Compile(set)
			}
		})
	}
}

// manyStatements is a policy of n statements, of which the last lets the role read
// its secrets.
func manyStatements(n int) policy.Policy {
	var all []string
	for i := range n - 1 {
		all = append(all, fmt.Sprintf(`{"Effect":"Allow","Action":["s3:Get*","s3:List*"],"Resource":"arn:aws:s3:::bucket-%d/*"}`, i))
	}
	all = append(all, `{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:222222222222:secret:prod/db-??????"}`)
	return text("identity", all...)
}

// BenchmarkParse reads the documents of the story.
func BenchmarkParse(b *testing.B) {
	for name, text := range map[string]string{"key": keyText, "trust": trustText} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := policy.Parse([]byte(text)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHostile matches patterns made to be slow against text as long as
// they are. Four times the size takes four times as long, save for the two
// kinds that take n·⌈m/64⌉ steps.
func BenchmarkHostile(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 12, 1 << 14, 1 << 16} {
		for name, pattern := range hostilePatterns(n) {
			set := policy.Compile(policy.Set{Identity: list(doc("Allow", "*", pattern))})
			req := readSecret(ownSecret + strings.Repeat("a", n))
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					set.Decide(&req)
				}
			})
		}
	}
}

// hostilePatterns are Resource patterns of about n characters that a matcher
// which tries everything would never be done with. None covers a text of
// nothing but the letter a behind the secret's ARN.
func hostilePatterns(n int) map[string]string {
	const secrets = ownSecret + "*"
	return map[string]string{
		"stars":         secrets + strings.Repeat("a*", n/2) + "b",
		"stars and end": secrets + strings.Repeat("a*", n/2) + "b*",
		"run":           secrets + strings.Repeat("a", n/2) + "b",
		"run within":    secrets + strings.Repeat("a", n/2) + "b*",
		"runs":          secrets + strings.Repeat(strings.Repeat("a", 20)+"b*", n/22),
		"bounded":       "arn:aws:" + strings.Repeat("*a", n/2) + ":*:*:b",
		"ones":          secrets + strings.Repeat("?", n/2) + "*b",
		"short ones":    secrets + strings.Repeat("a?a*", n/4) + "b*",
		// These take n·⌈m/64⌉ steps.
		"ones within": secrets + strings.Repeat("a?", n/2) + "b*",
		"crossing":    "arn:*:*" + strings.Repeat("a*", n/2) + "b:*:*:*",
	}
}
