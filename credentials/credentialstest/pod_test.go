package credentialstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/irsakit/irsa/credentials"
	"github.com/irsakit/irsa/credentials/credentialstest"
)

func TestPod(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pod, err := credentialstest.NewPod(t.TempDir(), nil)
		if err != nil {
			t.Fatal(err)
		}
		before := read(t, pod.TokenFile.Path())
		token, err := credentials.ParseTokenUnverified(before)
		if err != nil {
			t.Fatal(err)
		}
		if token.Issuer != credentialstest.PodIssuer || token.Namespace != credentialstest.PodNamespace ||
			token.ServiceAccount != credentialstest.PodServiceAccount || token.Pod != credentialstest.PodName {
			t.Errorf("token %+v", token)
		}
		cfg, err := credentials.LoadConfig(t.Context(), pod.Config())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cfg.Credentials.Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		calls := pod.AWS.Calls()
		if len(calls) != 1 || calls[0].Service != "sts" || calls[0].Operation != "AssumeRoleWithWebIdentity" ||
			calls[0].ErrorCode != "" || calls[0].RequestID == "" || !calls[0].Time.Equal(time.Now()) {
			t.Errorf("calls %+v", calls)
		}
		time.Sleep(time.Hour)
		if err := pod.Rotate(); err != nil {
			t.Fatal(err)
		}
		after, err := credentials.ParseTokenUnverified(read(t, pod.TokenFile.Path()))
		if err != nil || !after.IssuedAt.Equal(time.Now()) {
			t.Errorf("rotated token %+v, %v", after, err)
		}
	})
}

func TestPodErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := credentialstest.NewPod(dir, &credentialstest.PodOptions{Token: credentialstest.TokenRequest{Cluster: "none"}}); err == nil {
		t.Error("a pod of an unknown cluster")
	}
	if _, err := credentialstest.NewPod(dir, nil); err != nil {
		t.Error(err)
	}
	if _, err := credentialstest.NewPod(dir, nil); err == nil {
		t.Error("two pods in one directory")
	}
}
