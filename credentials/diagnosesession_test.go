package credentials_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
	"github.com/irsakit/irsa/policy"
)

// TestDiagnoseHops goes on from the pod's role to others.
func TestDiagnoseHops(t *testing.T) {
	t.Parallel()
	const second = "arn:aws:iam::111122223333:role/second"
	trusting := func(name, principal string) credentialstest.Role {
		return credentialstest.Role{Name: name, Trust: policy.MustParse(`{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "Principal": {"AWS": "` + principal + `"}, "Action": "sts:AssumeRole"}]}`)}
	}
	world := credentialstest.PodWorld()
	world.Accounts[0].Roles = append(world.Accounts[0].Roles,
		trusting("second", credentialstest.PodRoleARN), trusting("third", second), trusting("shut", "111122223333"))
	hop := func(name string) credentials.Hop {
		return credentials.Hop{RoleARN: "arn:aws:iam::111122223333:role/" + name}
	}
	tests := map[string]struct {
		hops   []credentials.Hop
		expect credentials.Expect
		want   map[string]finding
	}{
		"all well": {
			[]credentials.Hop{hop("second"), hop("third")},
			credentials.Expect{RoleARN: "arn:aws:iam::111122223333:role/third"},
			map[string]finding{
				"session":           says(fine, "assumed-role/pod-role/"),
				"hop 1":             says(fine, "assumed-role/second/"),
				"hop 2":             says(fine, "assumed-role/third/"),
				"caller":            says(fine, "assumed-role/third/"),
				"expected identity": says(fine, "assumed-role/third/"),
			},
		},
		"refused": {
			[]credentials.Hop{hop("shut"), hop("third")},
			credentials.Expect{Account: "111122223333"},
			map[string]finding{
				"session":           says(fine),
				"hop 1":             says(failed, "AccessDenied", "role/shut"),
				"hop 2":             says(unknown, "no session to start from"),
				"caller":            says(unknown),
				"expected identity": says(unknown),
			},
		},
		"malformed": {
			[]credentials.Hop{{RoleARN: "second"}},
			credentials.Expect{},
			map[string]finding{
				"selection": says(failed, "second"),
				"session":   says(fine),
				"hop 1":     says(failed, "second"),
			},
		},
		"another than expected": {
			[]credentials.Hop{hop("second")},
			credentials.Expect{RoleARN: "arn:aws:iam::111122223333:role/third"},
			map[string]finding{
				"hop 1":             says(fine),
				"expected identity": says(failed, "Expect.RoleARN", "role/third", "second"),
			},
		},
		"another account": {
			nil,
			credentials.Expect{Account: "999988887777"},
			map[string]finding{
				"session":           says(fine),
				"expected identity": says(failed, "999988887777", "111122223333"),
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				pod := newPod(t, &credentialstest.PodOptions{World: &world})
				cfg := pod.Config()
				cfg.Hops, cfg.Expect = test.hops, test.expect
				wantChecks(t, credentials.Diagnose(t.Context(), cfg), test.want)
				if n := count(pod, "AssumeRoleWithWebIdentity"); n > 2 {
					t.Errorf("%d sessions of the pod's role for a diagnosis", n)
				}
			})
		})
	}
}

// A diagnosis ends with its context, whatever hangs.
func TestDiagnoseEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod := newPod(t, nil)
		cfg := pod.Config()
		cfg.HTTPClient = roundTripFunc(hang)
		start := time.Now()
		r := credentials.Diagnose(t.Context(), cfg)
		if took := time.Since(start); took > 45*time.Second {
			t.Errorf("took %v where everything hangs", took)
		}
		wantChecks(t, r, map[string]finding{"session": says(failed), "clock": says(unknown), "issuer": says(noted)})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		r = credentials.Diagnose(ctx, cfg)
		if took := time.Since(start); took > time.Second {
			t.Errorf("took %v for a context of a second", took)
		}
		if diff := cmp.Diff(checkNames, namesOf(r)); diff != "" {
			t.Errorf("checks (-want +got):\n%s", diff)
		}
	})
}
