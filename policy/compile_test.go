package policy_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/policy"
)

func TestDecideAllocatesNothing(t *testing.T) {
	// Not parallel: allocations of other tests would count.
	for name, link := range storyLinks() {
		set := policy.Compile(link.set)
		var got policy.Decision
		if n := testing.AllocsPerRun(100, func() { got = set.Decide(&link.request) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if got != policy.Allowed {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCompiledIsForAnyNumberOfRequests(t *testing.T) {
	t.Parallel()
	links := storyLinks()
	for name, link := range links {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := policy.Compile(link.set)
			want := policy.Evaluate(link.request, link.set)
			stranger := link.request
			stranger.Principal, stranger.RoleARN = ownSession, ownRole
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 50 {
						if diff := cmp.Diff(want, set.Evaluate(link.request)); diff != "" {
							t.Errorf("-Evaluate +compiled:\n%s", diff)
						}
						if d := set.Decide(&stranger); d != policy.ImplicitlyDenied {
							t.Errorf("a stranger: %v", d)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

func TestCompiledZero(t *testing.T) {
	t.Parallel()
	for _, req := range []policy.Request{readSecret(ownSecret), readSecret(farSecret), asRole("kms:Decrypt", ownKey), {}} {
		var zero policy.Compiled
		want := policy.Evaluate(req, policy.Set{})
		if diff := cmp.Diff(want, zero.Evaluate(req)); diff != "" || want.Decision == policy.Allowed {
			t.Errorf("%s: %v, -Evaluate +zero:\n%s", req.Action, want.Decision, diff)
		}
		if d := zero.Decide(&req); d != want.Decision {
			t.Errorf("%s: Decide says %v", req.Action, d)
		}
	}
}

// Compile keeps room for a few condition keys; one more must not be lost.
func TestCompiledManyKeys(t *testing.T) {
	t.Parallel()
	for _, n := range []int{15, 16, 17, 40} {
		req := readSecret(ownSecret)
		req.Context = policy.Context{}
		var tests []string
		for i := range n {
			req.Context[fmt.Sprintf("aws:PrincipalTag/t%d", i)] = []string{"a"}
			tests = append(tests, fmt.Sprintf(`"aws:PrincipalTag/T%d":"a"`, i))
		}
		p := text("doc", `{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{`+strings.Join(tests, ",")+`}}}`)
		if got := evaluate(t, req, policy.Set{Identity: list(p)}); got.Decision != policy.Allowed {
			t.Errorf("%d keys: %v", n, got.Decision)
		}
		req.Context[fmt.Sprintf("aws:PrincipalTag/t%d", n-1)] = []string{"b"}
		if got := evaluate(t, req, policy.Set{Identity: list(p)}); got.Decision != policy.ImplicitlyDenied {
			t.Errorf("%d keys, the last differs: %v", n, got.Decision)
		}
	}
}

func TestKeysFoldUnicode(t *testing.T) {
	t.Parallel()
	// reference_policies_elements_condition: keys compare without regard to
	// case. The Kelvin sign is an upper-case k of three bytes.
	for written, sent := range map[string]string{
		"aws:PrincipalTag/Größe":                            "AWS:principaltag/GRÖßE",
		"aws:PrincipalTag/kelvin":                           "aws:PrincipalTag/\u212aELVIN",
		"aws:PrincipalTag/ΣΑΣ":                              "aws:PrincipalTag/σας",
		"aws:PrincipalTag/long/" + strings.Repeat("x", 200): "aws:PrincipalTag/LONG/" + strings.Repeat("X", 200),
	} {
		req := policy.Request{Closed: true, Context: policy.Context{sent: {"a"}}}
		if got := condition(t, `{"StringEquals":{"`+written+`":"a"}}`, req); got != "yes" {
			t.Errorf("%q as %q: %s", written, sent, got)
		}
	}
}
