package main

import (
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/irsakit/irsa/secrets/secretstest"
)

// TestSeed checks that -seed determines the ids of keys and roles, and that it
// prevails over the world's own.
func TestSeed(t *testing.T) {
	t.Parallel()
	world := secretstest.Story()
	world.Seed = 7
	seeded := writeWorld(t, world)
	runs := map[string][]string{
		"default": nil, "zero": {"-seed", "0"},
		"seven": {"-seed", "7"}, "seven again": {"-seed", "7"}, "the world's": {"-world", seeded}, "zero is none": {"-world", seeded, "-seed", "0"},
		"eight": {"-seed", "8"}, "eight for seven": {"-world", seeded, "-seed", "8"},
	}
	ids := map[string]string{}
	for name, args := range runs {
		ids[name] = assumedIDs(t, args...)
	}
	for name, same := range map[string]string{
		"zero": "default", "seven again": "seven", "the world's": "seven", "zero is none": "seven", "eight for seven": "eight",
	} {
		if ids[name] != ids[same] {
			t.Errorf("%s: got ids %s, want %s as with %s", name, ids[name], ids[same], same)
		}
	}
	if ids["default"] == ids["seven"] || ids["seven"] == ids["eight"] {
		t.Errorf("seeds 0, 7 and 8 give %s, %s and %s", ids["default"], ids["seven"], ids["eight"])
	}
}

// assumedIDs are the ids that STS gives the pod.
func assumedIDs(t *testing.T, args ...string) string {
	t.Helper()
	endpoint, token := startFake(t, args...)
	connections := &http.Transport{}
	t.Cleanup(connections.CloseIdleConnections)
	client := sts.New(sts.Options{
		Region:       secretstest.StoryRegion,
		BaseEndpoint: &endpoint,
		Credentials:  aws.AnonymousCredentials{},
		HTTPClient:   &http.Client{Transport: connections},
	})
	out, err := client.AssumeRoleWithWebIdentity(t.Context(), &sts.AssumeRoleWithWebIdentityInput{
		RoleArn: new(secretstest.StoryRoleARN), RoleSessionName: new("seed"), WebIdentityToken: &token,
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Credentials.AccessKeyId + " " + *out.AssumedRoleUser.AssumedRoleId
}
