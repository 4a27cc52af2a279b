package credentials

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// tokenFacts are what is known of the projected token before the sections run.
type tokenFacts struct {
	path     string
	setting  string // that names the path
	audience string // that it should have
	raw      string // never shown
	token    Token
	err      error // why there is no token; nil if there is no path either
}

// readToken finds the token that proves the pod's identity, also if the source
// that it belongs to was not selected.
func (x *examination) readToken() {
	web := tokenFacts{path: x.env(envTokenFile), setting: envTokenFile, audience: x.cfg.audience()}
	container := tokenFacts{path: x.env(envAuthFile), setting: envAuthFile, audience: podIdentityAudience}
	switch {
	case strings.TrimSpace(x.cfg.TokenFile) != "":
		x.token = tokenFacts{path: strings.TrimSpace(x.cfg.TokenFile), setting: "Config.TokenFile", audience: x.cfg.audience()}
	case x.selection.Source == SourceProfile:
		x.token = x.profileToken()
	case web.path == "", x.selection.Source == SourceContainer:
		x.token = container
	default:
		x.token = web
	}
	f := &x.token
	if f.path == "" {
		return
	}
	f.raw, f.token, f.err = readToken(f.path)
	if raw, err := readTokenFile(f.path); err == nil {
		f.raw = raw
	}
	x.hide(f.raw, f.raw[strings.LastIndexByte(f.raw, '.')+1:])
}

// profileToken is the token of a profile with web identity; none for others.
func (x *examination) profileToken() tokenFacts {
	if x.winner == nil || x.sdkErr != nil {
		return tokenFacts{}
	}
	src, err := x.winner.open(setup{cfg: x.cfg, env: x.env, sdk: x.sdk, sts: newSTSClient(x.cfg, sts.NewFromConfig(x.sdk))})
	w, ok := src.(*webIdentity)
	if err != nil || !ok {
		return tokenFacts{}
	}
	return tokenFacts{path: w.tokenFile, setting: list(x.winner.Settings), audience: w.audience}
}

// absent explains why there is nothing to say about a token; empty if there is.
func (f tokenFacts) absent() string {
	switch {
	case f.path == "":
		return "not applicable: no token file is configured"
	case f.err != nil:
		return "there is no token to look at"
	}
	return ""
}

func (x *examination) tokenChecks(context.Context) []Check {
	checks := []Check{x.tokenFileCheck(), x.claimsCheck()}
	f := x.token
	if reason := f.absent(); reason != "" {
		status := StatusUnknown
		if f.path == "" {
			status = StatusInfo
		}
		return append(checks, Check{nameAudience, status, reason, ""}, Check{nameExpiry, status, reason, ""})
	}
	return append(checks, audienceCheck(f), expiryCheck(f.token, time.Now()))
}

// unread are the problems of a file, the others being those of its content.
var unread = []TokenProblem{TokenMissing, TokenUnreadable, TokenNotRegular, TokenEmpty, TokenTooLarge}

func (x *examination) tokenFileCheck() Check {
	f := x.token
	if f.path == "" {
		return Check{nameTokenFile, StatusInfo, f.absent(), ""}
	}
	place := fmt.Sprintf("%s (%s): ", quote(f.path), f.setting)
	if e, ok := errors.AsType[*TokenError](f.err); ok && slices.Contains(unread, e.Problem) {
		evidence, fix := words(e)
		return Check{nameTokenFile, StatusFailure, place + evidence, fix}
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return Check{nameTokenFile, StatusUnknown, place + reason(err), ""} // removed just now
	}
	place += fmt.Sprintf("%d bytes, mode %04o%s", info.Size(), info.Mode().Perm(), owner(info))
	if projected(f.path) {
		return Check{nameTokenFile, StatusOK, place + "; a symlink through ..data, as the kubelet projects it", ""}
	}
	return Check{
		nameTokenFile, StatusWarning, place + "; not a symlink through ..data, as the kubelet projects it",
		"if this is a copy or a subPath mount it is never renewed: mount the projected volume as a directory",
	}
}

// projected reports whether the file lies in a volume as the kubelet writes it:
// a symlink through ..data, which it swaps (Kubernetes, pkg/volume/util,
// AtomicWriter).
func projected(path string) bool {
	target, err := os.Readlink(path)
	if err != nil || !strings.HasPrefix(filepath.ToSlash(target), "..data/") {
		return false
	}
	data, err := os.Lstat(filepath.Join(filepath.Dir(path), "..data"))
	return err == nil && data.Mode()&fs.ModeSymlink != 0
}

func (x *examination) claimsCheck() Check {
	f := x.token
	e, _ := errors.AsType[*TokenError](f.err)
	switch {
	case f.path == "":
		return Check{nameClaims, StatusInfo, f.absent(), ""}
	case e != nil && slices.Contains(unread, e.Problem):
		return Check{nameClaims, StatusUnknown, f.absent(), ""}
	case f.err != nil && f.setting == envAuthFile && !x.isAgent():
		return Check{nameClaims, StatusInfo, "not applicable: the token is for an endpoint that is not the EKS Pod Identity agent's", ""}
	case f.err != nil:
		evidence, fix := words(f.err)
		return Check{nameClaims, StatusFailure, evidence, fix}
	}
	t := f.token
	text := fmt.Sprintf("%s of issuer %s", quote(t.Subject), quote(t.Issuer))
	if t.Pod != "" {
		text += ", pod " + quote(t.Pod)
	}
	if t.Node != "" {
		text += ", node " + quote(t.Node)
	}
	return Check{nameClaims, StatusOK, text, ""}
}

func audienceCheck(f tokenFacts) Check {
	if slices.Contains(f.token.Audience, f.audience) {
		return Check{nameAudience, StatusOK, quote(f.token.Audience...), ""}
	}
	return Check{
		nameAudience, StatusFailure,
		fmt.Sprintf("it is for %s, wanted is %s", quote(f.token.Audience...), quote(f.audience)),
		audienceRemedy(f.token.Audience, f.audience),
	}
}

// expiryCheck also judges the kubelet, which renews a token once 80 % of its
// life or a day is over: long before it expires, an old token tells that this
// no longer happens.
func expiryCheck(t Token, now time.Time) Check {
	left, life := t.Expiry.Sub(now), t.Expiry.Sub(t.IssuedAt)
	text := fmt.Sprintf("expires %s, in %s", moment(t.Expiry), brief(left))
	if !t.IssuedAt.IsZero() && life > 0 {
		text += fmt.Sprintf(" of %s (%d %% left)", brief(life), int(100*float64(left)/float64(life)))
	}
	const fix = "look whether the kubelet reaches the API server, and whether the file is a copy or a subPath mount; a new pod has a new token"
	switch {
	case left <= 0:
		return Check{nameExpiry, StatusFailure, fmt.Sprintf("expired %s, %s ago", moment(t.Expiry), brief(-left)), fix}
	case t.IssuedAt.IsZero():
		return Check{nameExpiry, StatusInfo, text + "; it does not say when it was issued, hence not whether it should have been renewed", ""}
	case t.IssuedAt.After(now.Add(time.Minute)):
		return Check{
			nameExpiry, StatusWarning, fmt.Sprintf("issued %s, %s in the future", moment(t.IssuedAt), brief(t.IssuedAt.Sub(now))),
			"compare this machine's clock with the API server's",
		}
	case t.RotationOverdue(now):
		return Check{nameExpiry, StatusWarning, text + "; it should have been renewed by now", fix}
	}
	return Check{nameExpiry, StatusOK, text, ""}
}
