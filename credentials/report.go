package credentials

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
)

// Status is the outcome of a [Check]. The zero Status is [StatusUnknown]. It
// marshals as its name.
type Status uint8

const (
	// StatusUnknown: it could not be looked at, because something before it is
	// amiss or the time ran out.
	StatusUnknown Status = iota
	StatusOK
	// StatusInfo: something to know, or nothing to look at in this
	// configuration. Nobody has to act.
	StatusInfo
	// StatusWarning: it works, but less well or less safely than it should.
	StatusWarning
	// StatusFailure: credentials cannot be had, or are not the right ones.
	StatusFailure
)

var statusNames = [...]string{"unknown", "ok", "info", "warning", "failure"}

// severities rank the statuses: not to know is worse than to know something,
// and better than to know something bad.
var severities = [...]int{StatusOK: 0, StatusInfo: 1, StatusUnknown: 2, StatusWarning: 3, StatusFailure: 4}

// String names the status.
func (s Status) String() string {
	if int(s) >= len(statusNames) {
		return fmt.Sprintf("Status(%d)", s)
	}
	return statusNames[s]
}

// MarshalText returns the name.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if string(text) == name {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("credentials: %q is no status", text)
}

// Check is one thing that [Diagnose] looked at. It holds no secret.
type Check struct {
	// Name is one of those that [Diagnose] lists.
	Name   string `json:"name"`
	Status Status `json:"status"`
	// Evidence is what was seen, in words.
	Evidence string `json:"evidence"`
	// Fix is what to do about it. Empty: nothing, or nothing is known.
	Fix string `json:"fix,omitempty"`
}

// Report is what [Diagnose] found. The zero Report is empty. It holds no secret.
type Report struct {
	// Checks are in the order in which one thing leads to the next: the first
	// failure is usually the cause of those after it.
	Checks []Check
}

// Worst returns the worst status in the report, in the order ok, info, unknown,
// warning, failure. An empty report is unknown.
func (r Report) Worst() Status {
	if len(r.Checks) == 0 {
		return StatusUnknown
	}
	worst := StatusOK
	for _, c := range r.Checks {
		if c.Status.severity() > worst.severity() {
			worst = c.Status
		}
	}
	return worst
}

func (s Status) severity() int {
	if int(s) >= len(severities) {
		return severities[StatusUnknown]
	}
	return severities[s]
}

// String returns the report as a table, one check a line and each fix below its
// check.
func (r Report) String() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		fmt.Fprintf(table, "%s\t%s\t%s\n", c.Status, c.Name, c.Evidence)
		if c.Fix != "" {
			fmt.Fprintf(table, "\t\tfix: %s\n", c.Fix)
		}
	}
	_ = table.Flush() // a strings.Builder takes everything
	return b.String()
}

// MarshalJSON returns {"worst": …, "checks": […]}.
func (r Report) MarshalJSON() ([]byte, error) {
	checks := r.Checks
	if checks == nil {
		checks = []Check{}
	}
	return json.Marshal(struct {
		Worst  Status  `json:"worst"`
		Checks []Check `json:"checks"`
	}{r.Worst(), checks})
}
