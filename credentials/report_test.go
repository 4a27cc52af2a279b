package credentials_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/irsakit/irsa/credentials"
)

func reportOf(statuses ...credentials.Status) credentials.Report {
	var r credentials.Report
	for _, s := range statuses {
		r.Checks = append(r.Checks, credentials.Check{Name: "it", Status: s})
	}
	return r
}

func TestWorst(t *testing.T) {
	t.Parallel()
	const (
		unknown = credentials.StatusUnknown
		ok      = credentials.StatusOK
		info    = credentials.StatusInfo
		warning = credentials.StatusWarning
		failure = credentials.StatusFailure
	)
	tests := map[string]struct {
		report credentials.Report
		want   credentials.Status
	}{
		"empty":          {reportOf(), unknown},
		"ok":             {reportOf(ok, ok), ok},
		"info":           {reportOf(ok, info, ok), info},
		"not known":      {reportOf(unknown, info), unknown},
		"warning":        {reportOf(warning, unknown), warning},
		"failure":        {reportOf(ok, failure, warning, unknown), failure},
		"out of range":   {reportOf(ok, credentials.Status(99)), credentials.Status(99)},
		"less than that": {reportOf(credentials.Status(99), warning), warning},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := test.report.Worst(); got != test.want {
				t.Errorf("worst is %v, want %v", got, test.want)
			}
		})
	}
}

func TestReportText(t *testing.T) {
	t.Parallel()
	r := credentials.Report{Checks: []credentials.Check{
		{Name: "clock", Status: credentials.StatusOK, Evidence: "agrees"},
		{Name: "token file", Status: credentials.StatusFailure, Evidence: "not there", Fix: "mount it"},
	}}
	const want = "ok       clock       agrees\n" +
		"failure  token file  not there\n" +
		"                     fix: mount it\n"
	if diff := cmp.Diff(want, r.String()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestReportJSON(t *testing.T) {
	t.Parallel()
	r := credentials.Report{Checks: []credentials.Check{
		{Name: "clock", Status: credentials.StatusOK, Evidence: "agrees"},
		{Name: "token file", Status: credentials.StatusFailure, Evidence: "not there", Fix: "mount it"},
	}}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"worst":"failure","checks":[{"name":"clock","status":"ok","evidence":"agrees"},` +
		`{"name":"token file","status":"failure","evidence":"not there","fix":"mount it"}]}`
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back credentials.Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
	if data, err := json.Marshal(credentials.Report{}); err != nil || string(data) != `{"worst":"unknown","checks":[]}` {
		t.Errorf("an empty report is %s, %v", data, err)
	}
}

func TestStatusText(t *testing.T) {
	t.Parallel()
	for s := credentials.StatusUnknown; s <= credentials.StatusFailure; s++ {
		text, err := s.MarshalText()
		if err != nil {
			t.Fatal(err)
		}
		var back credentials.Status
		if err := back.UnmarshalText(text); err != nil || back != s || string(text) != s.String() {
			t.Errorf("%v is written %q and read as %v, %v", s, text, back, err)
		}
	}
	var s credentials.Status
	if err := s.UnmarshalText([]byte("splendid")); err == nil {
		t.Error("read a status that there is not")
	}
	if got := credentials.Status(99).String(); got != "Status(99)" {
		t.Errorf("text %q", got)
	}
}
