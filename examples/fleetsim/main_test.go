package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// small is a fleet that a test has time for: its peaks are far apart all the
// same, for the pods start within one second of each other.
var small = fleet{pods: 60, start: time.Second, last: 4 * time.Hour, every: 2 * time.Minute}

func TestRun(t *testing.T) {
	var stdout bytes.Buffer
	svg := filepath.Join(t.TempDir(), "fleet.svg")
	if err := run(bubble{t}, options{fleet: small, svg: svg, asJSON: true}, &stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(stdout.Bytes(), &results); err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 {
		t.Fatalf("%d results, want ours and the SDK's", len(results))
	}
	ours, sdk := results[0], results[1]
	// The SDK's cache asks when the credentials have expired: every pod once an
	// hour, at the first use after it.
	if want := small.pods * 4; sdk.Calls != want {
		t.Errorf("%s made %d calls, want %d", sdk.Name, sdk.Calls, want)
	}
	// Ours asks between 15 and 5 minutes before.
	if low, high := small.pods*5, small.pods*6; ours.Calls < low || ours.Calls > high {
		t.Errorf("%s made %d calls, want %d to %d", ours.Name, ours.Calls, low, high)
	}
	if ours.StartPeak != small.pods || sdk.StartPeak > small.pods {
		t.Errorf("peaks at the start: %d and %d of %d pods", ours.StartPeak, sdk.StartPeak, small.pods)
	}
	if ours.LaterPeak > 6 {
		t.Errorf("%s: %d of %d pods refresh in one second", ours.Name, ours.LaterPeak, small.pods)
	}
	checkPicture(t, svg, results)
}

func checkPicture(t *testing.T, path string, results []result) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(data, new(struct{})); err != nil {
		t.Errorf("the picture is not XML: %v", err)
	}
	for _, r := range results {
		if !bytes.Contains(data, []byte(r.Name)) {
			t.Errorf("the picture does not name %s", r.Name)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	err := write(&stdout, small, []result{{Name: "a cache", Pods: 60, Calls: 240, CallsPerPodHour: 0.75, StartPeak: 60, LaterPeak: 7}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"60 pods started within 1s, watched for 4h0m0s", "a cache  ", "60/s", "7/s", "240", "0.75"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("no %q in\n%s", want, &stdout)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		args []string
		want error
	}{
		"defaults":        {nil, nil},
		"help":            {[]string{"-h"}, flag.ErrHelp},
		"argument":        {[]string{"fleet"}, errUsage},
		"unknown flag":    {[]string{"-pod", "1"}, errUsage},
		"no pods":         {[]string{"-pods", "0"}, errUsage},
		"no rate":         {[]string{"-every", "0s"}, errUsage},
		"ends at start":   {[]string{"-start", "1h", "-last", "1h"}, errUsage},
		"negative start":  {[]string{"-start", "-1s"}, errUsage},
		"not a duration":  {[]string{"-last", "day"}, errUsage},
		"everything good": {[]string{"-pods", "5", "-start", "1s", "-last", "2h", "-every", "10s", "-json"}, nil},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(tc.args, io.Discard); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}
