package policy

import (
	"regexp"
	"slices"
	"strings"
)

// The sentences of Secrets Manager that name neither caller nor action.
const (
	kmsSentence        = "Access to KMS is not allowed"
	defaultKeySentence = "You can't access a secret from a different AWS account if you encrypt the secret with the default KMS service key."
	// staleKeySentence follows kmsSentence, or stands alone, when an older
	// version is still encrypted under the secret's previous key.
	staleKeySentence = "This version of secret is not encrypted with the current KMS key"
	// ciphertextSentence is KMS's for a caller whom it tells nothing.
	ciphertextSentence = "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access."
)

// fixed is a sentence without grammar.
type fixed struct {
	words string // that it begins with, without regard to case
	// more is what belongs to it behind the words; nil: nothing.
	more func() *regexp.Regexp
	says Denial
}

// web is what a sentence of AssumeRoleWithWebIdentity says.
func web(stage Stage, kind Kind) Denial {
	return Denial{Action: actionWebIdentity, Stage: stage, Kind: kind}
}

// fixedSentences are looked for in this order, the more particular first (STS
// API reference, AssumeRoleWithWebIdentity; Secrets Manager User Guide,
// troubleshoot; KMS API reference, Decrypt).
var fixedSentences = []fixed{
	{strings.TrimSuffix(defaultKeySentence, "."), nil, Denial{DefaultKey: true}},
	{kmsSentence, nil, Denial{KMS: true}},
	{staleKeySentence, nil, Denial{KMS: true}},
	{strings.TrimSuffix(ciphertextSentence, "."), nil, Denial{Action: "kms:Decrypt"}},
	{"The ID Token provided is not a valid JWT", lazily(`^\. \(You may see this error if you sent an Access Token\)`), web(TokenStage, ServiceAccountToken)},
	{"Missing a required claim:", lazily(`^ ?[\w.:/-]*\w`), web(TokenStage, ServiceAccountToken)},
	{"Token expired: current date/time", lazily(`^ ?\d+ must be before the expiration date/time ?\d+`), web(TokenStage, ServiceAccountToken)},
	{"Token too old:", lazily(`^ ?\d+`), web(TokenStage, ServiceAccountToken)},
	{"Couldn't retrieve verification key from your identity provider", lazily(`^, please reference AssumeRoleWithWebIdentity documentation for requirements`), web(TokenStage, IdentityProvider)},
	{"OpenIDConnect provider's HTTPS certificate doesn't match configured thumbprint", nil, web(TokenStage, IdentityProvider)},
	{"No OpenIDConnect provider found in your account for", lazily(`^ [^\s"'<>\\,;)]+`), web(ProviderStage, IdentityProvider)},
	{MessageIncorrectAudience, nil, web(AudienceStage, IdentityProvider)},
	{"Packed policy consumes", lazily(`^ \d+% of allotted space`), Denial{}},
	{"Packed size of session tags consumes", lazily(`^ \d+% of allotted space`), Denial{}},
}

// parseFixed finds a sentence without grammar, and where it begins.
func parseFixed(text string) (d Denial, at int, ok bool) {
	lower := asciiLower(text)
	for _, f := range fixedSentences {
		i := strings.Index(lower, asciiLower(f.words))
		if i < 0 {
			continue
		}
		d = f.says
		end := i + len(f.words)
		if f.more != nil {
			rest := text[end:min(len(text), end+sentenceLimit)]
			end += len(f.more().FindString(rest))
		}
		if !d.KMS && !d.DefaultKey { // which are told in full by their flags
			d.Message = strings.TrimRight(text[i:end], ".")
		}
		return d, i, true
	}
	return Denial{}, len(text), false
}

// bareSentence is what a refusal says that tells nothing but its code.
func bareSentence(text string, d Denial) string {
	const ec2 = "You are not authorized to perform this operation"
	switch lower := asciiLower(text); {
	case d.Encoded != "":
		return ec2 + ". " + encodedSentence + d.Encoded
	case strings.Contains(lower, asciiLower(ec2)):
		return ec2
	}
	return "Access Denied"
}

// refusalCodes are the codes of a refusal, whatever it says (the services' API
// references, common errors).
var refusalCodes = []string{
	"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "Client.UnauthorizedOperation", codeEndpoint,
}

// codeEndpoint is CloudTrail's for what a VPC endpoint policy refuses
// (CloudTrail User Guide, logging-network-events-with-cloudtrail).
const codeEndpoint = "VpceAccessDenied"

// knownCodes are codes that are recognised before a sentence without anything
// around them.
var knownCodes = append([]string{
	"InvalidIdentityToken", "InvalidIdentityTokenException", "ExpiredToken", "ExpiredTokenException",
	"IDPCommunicationError", "IDPCommunicationErrorException", "IDPRejectedClaim", "IDPRejectedClaimException",
	"PackedPolicyTooLarge", "PackedPolicyTooLargeException", "MalformedPolicyDocument", "MalformedPolicyDocumentException",
	"RegionDisabledException", "AuthorizationError", "AuthorizationErrorException", "ResourceNotFoundException",
}, refusalCodes...)

func isRefusal(code string) bool { return slices.Contains(refusalCodes, code) }

// What surrounds a sentence: the SDKs' wrappers, the responses' members.
var (
	// wrappedCode: Go v2; boto3 and the CLI; XML; JSON and JavaScript; Java v1;
	// Rust; Ruby; PHP.
	wrappedCode = lazily(`api error ([\w.]+): |An error occurred \(([\w.]+)\)|<Code>([\w.]+)</Code>|` +
		`\b(?:__type|[cC]ode|errorCode|errorType)['"]?[:=] ?(?:Some\()?['"]?([\w.]+#)?([A-Z][\w.]+)|` +
		`\bname['"]?[:=] ?['"]?([A-Z]\w*(?:Exception|Error|Denied|Operation))|` +
		`Errors::(\w+)|([A-Z]\w+) \((?:client|server)\): `)
	wrappedID = lazily(`(?i)request[ _-]?id['"]?(?:[:=] ?|> ?|, ?)(?:Some\()?['"]?([0-9a-z][0-9a-z-]*)`)
)

// lookAround is how far from the sentence its wrapper is looked for.
const lookAround = 4096

// codeOf returns the error code that belongs to the sentence at an offset: the
// last before it, or else the first behind it.
func codeOf(text string, at int) string {
	before, after := text[max(0, at-lookAround):at], text[at:min(len(text), at+lookAround)]
	if code := bareCode(before); code != "" {
		return code
	}
	if all := wrappedCode().FindAllStringSubmatch(before, -1); all != nil {
		return codeIn(all[len(all)-1])
	}
	if code := codeIn(wrappedCode().FindStringSubmatch(after)); code != "" {
		return code
	}
	first, _, _ := strings.Cut(text[:min(len(text), lookAround)], ": ")
	return bareCode(first + ":")
}

// codeIn returns the group of a match that holds the code.
func codeIn(match []string) string {
	for i, g := range match {
		if i > 0 && g != "" && !strings.HasSuffix(g, "#") {
			return strings.TrimRight(g, ".")
		}
	}
	return ""
}

// bareCode recognises a known code right before the sentence, as in
// "AccessDenied: User: …", perhaps with a namespace.
func bareCode(before string) string {
	word, ok := strings.CutSuffix(strings.TrimRight(before, ` "`), ":")
	if !ok {
		return ""
	}
	word = word[strings.LastIndexAny(word, ` "'(<>:#`)+1:]
	if slices.Contains(knownCodes, word) {
		return word
	}
	if word = word[strings.LastIndexByte(word, '.')+1:]; slices.Contains(knownCodes, word) {
		return word
	}
	return ""
}

// requestIDOf is the same for the id of the request.
func requestIDOf(text string, at int) string {
	before, after := text[max(0, at-lookAround):at], text[at:min(len(text), at+lookAround)]
	all := wrappedID().FindAllStringSubmatch(before, -1)
	if all == nil {
		all = wrappedID().FindAllStringSubmatch(after, 1)
	}
	for _, m := range all[max(0, len(all)-1):] {
		if !strings.EqualFold(m[1], "null") && !strings.EqualFold(m[1], "none") {
			return m[1]
		}
	}
	return ""
}
