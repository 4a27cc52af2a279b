package main

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// A browser logs in through the form, sees what there is to see, and no secret.
func TestPageInChromium(t *testing.T) {
	t.Parallel()
	b := startBrowser(t)
	h := startHolding(t)
	page := h.root + "/irsa/"

	b.visit(page)
	if got := b.evaluate("location.pathname"); got != "/irsa/login" {
		t.Errorf("without a session the page is %s", got)
	}
	if len(b.console) > 0 {
		t.Errorf("the login page complains: %q", b.console)
	}
	b.enter("wrong")
	if got := b.evaluate("document.querySelector('[role=alert]').innerText"); !strings.Contains(got, "not a token") {
		t.Errorf("a wrong token is answered %q", got)
	}
	if got := b.evaluate("document.querySelectorAll('table').length"); got != "0" {
		t.Errorf("a wrong token shows %s tables", got)
	}
	b.console = nil // of the status 403
	b.enter(h.token)
	if got := b.evaluate("location.pathname"); got != "/irsa/" {
		t.Errorf("after login the page is %s", got)
	}
	text := b.evaluate("document.body.innerText")
	for _, want := range []string{
		"ready", "Identity", secretstest.StoryRoleARN, secretstest.StorySecretARN, "fresh", "about $",
		"absent", "refused", "secretsmanager:GetSecretValue",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := b.evaluate("[...document.querySelectorAll('tbody tr')].filter(r => r.innerText.includes('testsecret')).length"); got != "1" {
		t.Errorf("the table has %s rows of the secret", got)
	}
	if got := b.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse"); got != "collapse" {
		t.Errorf("the style sheet does not apply: %q", got)
	}
	dom := b.evaluate("document.documentElement.outerHTML") + b.evaluate("document.cookie")
	for _, secret := range []string{"correct-horse", h.token} {
		if strings.Contains(dom, secret) {
			t.Errorf("the page holds a secret")
		}
	}
	if len(b.console) > 0 {
		t.Errorf("the page complains: %q", b.console)
	}
	var shot struct{ Data string }
	b.must("Page.captureScreenshot", nil, &shot)
	if png, err := base64.StdEncoding.DecodeString(shot.Data); err != nil || !strings.HasPrefix(string(png), "\x89PNG") {
		t.Errorf("no screenshot: %v", err)
	}
	b.loaded(func() { b.evaluate("document.querySelector('form[action=\"/irsa/logout\"] button').click()") })
	b.visit(page)
	if got := b.evaluate("location.pathname"); got != "/irsa/login" {
		t.Errorf("after logout the page is %s", got)
	}
}
