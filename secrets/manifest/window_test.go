package manifest_test

import (
	"fmt"
	"testing"
	"time"
)

func TestSyncWindows(t *testing.T) {
	t.Parallel()
	const office = "{schedule: '0 9 * * 1-5', duration: 8h}"
	for name, test := range map[string]struct {
		kind, windows string
		at            map[string]bool // RFC 3339 to MayRefresh
	}{
		"allow": {"allow", office, map[string]bool{
			"2026-11-20T09:00:00Z": true, // a Friday
			"2026-11-20T16:59:59Z": true, "2026-11-20T17:00:00Z": false, "2026-11-20T08:59:59Z": false,
			"2026-11-21T10:00:00Z": false, "2026-11-20T10:00:00+05:00": false, "2026-11-20T14:00:00+05:00": true,
		}},
		"deny": {"deny", office + ", {schedule: '@monthly', duration: 24h}", map[string]bool{
			"2026-11-20T10:00:00Z": false, "2026-11-21T10:00:00Z": true, "2026-11-01T23:59:00Z": false,
		}},
		"over midnight": {"allow", "{schedule: '30 23 * * SAT', duration: 2h}", map[string]bool{
			"2026-11-22T01:29:00Z": true, "2026-11-22T01:30:00Z": false, "2026-11-21T23:30:00Z": true, "2026-11-20T23:30:00Z": false,
		}},
		"steps and lists": {"allow", "{schedule: '*/15,7 1-3/2 * jan,NOV *', duration: 1m}", map[string]bool{
			"2026-11-22T01:45:00Z": true, "2026-11-22T03:07:30Z": true, "2026-11-22T02:00:00Z": false, "2026-10-22T01:45:00Z": false, "2026-11-22T01:46:00Z": false,
		}},
		"day or weekday": {"allow", "{schedule: '0 0 13 * 5', duration: 1h}", map[string]bool{
			"2026-11-13T00:30:00Z": true, "2026-11-20T00:30:00Z": true, "2026-12-13T00:30:00Z": true, "2026-11-21T00:30:00Z": false,
		}},
		"steps are no star": {"allow", "{schedule: '0 0 */2 * 1', duration: 1h}", map[string]bool{
			"2026-11-23T00:30:00Z": true, "2026-11-25T00:30:00Z": true, "2026-11-30T00:30:00Z": true, "2026-11-24T00:30:00Z": false,
		}},
		"a step of one is": {"allow", "{schedule: '0 0 */1 * 1', duration: 1h}", map[string]bool{
			"2026-11-23T00:30:00Z": true, "2026-11-25T00:30:00Z": false,
		}},
		"question mark": {"allow", "{schedule: '0 0 ? * 1', duration: 1h}", map[string]bool{
			"2026-11-23T00:30:00Z": true, "2026-11-25T00:30:00Z": false,
		}},
		"a star in a list": {"allow", "{schedule: '0 0 5,* * 1', duration: 1h}", map[string]bool{
			"2026-11-23T00:30:00Z": true, "2026-11-25T00:30:00Z": false,
		}},
		"Sunday is seven": {"allow", "{schedule: '0 0 * * 6-7', duration: 1h}", map[string]bool{
			"2026-11-22T00:30:00Z": true, "2026-11-21T00:30:00Z": true, "2026-11-20T00:30:00Z": false,
		}},
		"from a day on": {"allow", "{schedule: '0 0 20/5 * *', duration: 1h}", map[string]bool{
			"2026-11-20T00:30:00Z": true, "2026-11-25T00:30:00Z": true, "2026-11-21T00:30:00Z": false,
		}},
		"seconds": {"allow", "{schedule: '@hourly', duration: 90s}", map[string]bool{
			"2026-11-20T05:01:29Z": true, "2026-11-20T05:01:30Z": false,
		}},
		"daily":    {"allow", "{schedule: '@daily', duration: 1m}", map[string]bool{"2026-11-22T00:00:30Z": true, "2026-11-22T01:00:00Z": false}},
		"weekly":   {"allow", "{schedule: '@weekly', duration: 1m}", map[string]bool{"2026-11-22T00:00:00Z": true, "2026-11-23T00:00:00Z": false}},
		"annually": {"allow", "{schedule: '@annually', duration: 1m}", map[string]bool{"2027-01-01T00:00:00Z": true, "2026-12-01T00:00:00Z": false}},
		"midnight": {"allow", "{schedule: '@midnight', duration: 1m}", map[string]bool{"2026-11-22T00:00:30Z": true, "2026-11-22T01:00:00Z": false}},
		"the words": {"allow", "{schedule: '@hourly', duration: 1m}, {schedule: '@Yearly', duration: 1h}", map[string]bool{
			"2026-11-20T05:00:59Z": true, "2026-11-20T05:01:00Z": false, "2026-01-01T00:30:00Z": true,
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := parse(t, secret(someData+fmt.Sprintf("  syncWindows: {kind: %s, windows: [%s]}\n", test.kind, test.windows)))
			for text, want := range test.at {
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					t.Fatal(err)
				}
				if got := set.Outputs[0].MayRefresh(at); got != want {
					t.Errorf("at %s: %v", text, got)
				}
			}
		})
	}
	if !parse(t, secret(someData)).Outputs[0].MayRefresh(time.Now()) {
		t.Error("without windows")
	}
}

func TestBadSchedules(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 * ", "* * * * 8", "5-1 * * * *", "*/0 * * * *", "*/99 * * * *",
		"a * * * *", "* * * mon *", "1- * * * *", "-1 * * * *", ", * * * *", "@reboot", "@every 1h", "CRON_TZ=UTC 0 0 * * *", "+1 * * * *", "*-3 * * * *", "*/9223372036854775807 * * * *",
	} {
		err := refuse(t, secret(someData+fmt.Sprintf("  syncWindows: {kind: allow, windows: [{schedule: %q, duration: 1h}]}\n", text)))
		if err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
