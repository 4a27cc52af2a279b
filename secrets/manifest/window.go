package manifest

import "time"

// windows are the times at which an ExternalSecret may be refreshed, or may
// not.
type windows struct {
	deny  bool
	spans []span
}

// span is open for a while from each time of a schedule on.
type span struct {
	schedule schedule
	duration time.Duration
}

// maxWindow bounds how far back a window may have begun.
const maxWindow = 7 * 24 * time.Hour

func (p *parsing) syncWindows(o *object) *windows {
	var w *windows
	o.object("syncWindows", func(o *object) {
		w = &windows{}
		if kind := o.required("kind"); kind != "" {
			w.deny = o.choice("kind", "allow", "deny") == "deny"
		}
		o.objects("windows", func(o *object) {
			var s span
			var problem string
			if text := o.required("schedule"); text != "" {
				if s.schedule, problem = parseSchedule(text); problem != "" {
					o.fail(o.field("schedule"), "%s", problem)
				}
			}
			var ok bool
			if s.duration, ok = o.duration("duration"); !ok && !o.has("duration") {
				o.fail(o.field("duration"), "is missing")
			} else if ok && (s.duration < time.Minute || s.duration > maxWindow) {
				o.fail(o.field("duration"), "is not from a minute to a week")
			}
			w.spans = append(w.spans, s)
		})
		if len(w.spans) == 0 {
			o.fail(o.field("windows"), "is missing or empty")
		}
	})
	return w
}

// open reports whether t is a time to refresh. A nil w has no say.
func (w *windows) open(t time.Time) bool {
	if w == nil {
		return true
	}
	for _, s := range w.spans {
		if s.covers(t.UTC()) {
			return !w.deny
		}
	}
	return w.deny
}

// covers reports whether the window began less than its duration before t.
func (s span) covers(t time.Time) bool {
	for start := t.Truncate(time.Minute); t.Sub(start) < s.duration; start = start.Add(-time.Minute) {
		if s.schedule.matches(start) {
			return true
		}
	}
	return false
}
