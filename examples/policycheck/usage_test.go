package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/irsakit/irsa/examples/internal/terminal"
)

// helps are those of the commands.
var helps = map[string]string{
	"": usage, "eval": evalUsage, "lint": lintUsage, "explain": explainUsage, "access": accessUsage, "completion": completionUsage,
}

// A help that is wider than a terminal usually is would be hard to read.
func TestUsageWidth(t *testing.T) {
	t.Parallel()
	for command, help := range helps {
		for line := range strings.Lines(help) {
			if n := terminal.Columns(strings.TrimSuffix(line, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", command, n, line)
			}
		}
	}
}

// What -json prints is in the help, member by member.
func TestJSONDocumented(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := writeWorlds(dir); err != nil {
		t.Fatal(err)
	}
	in := func(file string) string { return filepath.Join(dir, file) }
	document := in("document.json")
	text := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:GetObject"], "Resource": "x"}]}`
	if err := os.WriteFile(document, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	const (
		refusal = "An error occurred (AccessDenied): Not authorized to perform sts:AssumeRoleWithWebIdentity"
		event   = `{"eventVersion": "1.08", "eventTime": "2026-11-21T10:00:00Z", "eventSource": "kms.amazonaws.com", "eventName": "Decrypt",
			"awsRegion": "eu-west-1", "eventID": "e", "errorCode": "AccessDenied",
			"userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/pod-role/s", "accountId": "111122223333",
				"invokedBy": "secretsmanager.amazonaws.com"},
			"errorMessage": "User: arn:aws:sts::111122223333:assumed-role/pod-role/s is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:333344445555:key/k because no identity-based policy allows the kms:Decrypt action"}`
	)
	pod := []string{"-service-account", "testnamespace/testapp"}
	tests := map[string]struct {
		args  []string
		stdin string
		want  []string // members that are there
	}{
		"a finding": {[]string{"lint", "-json", "-kind", "identity-policy", "-account", "111122223333", document}, "", []string{"id", "severity", "span", "fix", "file"}},
		"a denial":  {append([]string{"access", in("trust.json"), "-json", "-secret", "appsecret", "-region", "eu-west-1"}, pod...), "", []string{"decision", "faults", "replace", "near"}},
		"allowed":   {[]string{"access", in("one-secret.json"), "-json"}, "", []string{"decision", "taken", "trust", "read", "key"}},
		"a refusal": {append([]string{"explain", "-json", "-world", in("trust.json"), "-secret", "appsecret", "-region", "eu-west-1"}, pod...), refusal, []string{"denial", "problem", "check"}},
		"an event":  {[]string{"explain", "-json"}, event, []string{"denial", "id", "time", "region", "via", "statement"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command := test.args[0]
			var out bytes.Buffer
			err := run(t.Context(), test.args, streams{strings.NewReader(test.stdin), &out, &out})
			if err != nil && err != errVerdict {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			collect(t, out.Bytes(), seen)
			for _, member := range test.want {
				if !seen[member] {
					t.Errorf("there is no %q", member)
				}
			}
			for _, member := range slices.Sorted(maps.Keys(seen)) {
				if !strings.Contains(helps[command], `"`+member+`"`) {
					t.Errorf("the help does not tell of %q", member)
				}
			}
		})
	}
}

// collect notes the members of an object, of those in a list, and of its faults.
func collect(t *testing.T, data []byte, seen map[string]bool) {
	t.Helper()
	var list []json.RawMessage
	if json.Unmarshal(data, &list) != nil {
		list = []json.RawMessage{data}
	}
	for _, item := range list {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(item, &members); err != nil {
			t.Fatalf("%v: %s", err, item)
		}
		for name, value := range members {
			seen[name] = true
			if name == "faults" {
				collect(t, value, seen)
			}
		}
	}
}
