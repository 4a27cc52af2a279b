package manifest

import (
	"strconv"
	"strings"
	"time"
)

// schedule is a cron expression of five fields, in UTC: the values of each as
// bits. As in crontab(5), a day must be in both fields for days if one of them
// has a "*", else in one. */2 is no "*", as in the library that the External
// Secrets Operator uses.
type schedule struct {
	minute, hour, day, month, weekday uint64
	anyDay, anyWeekday                bool
}

// calendar are the schedules with a name.
var calendar = map[string]string{
	"@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
	"@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}

var (
	months   = []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
	weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
)

func parseSchedule(text string) (s schedule, problem string) {
	if full, ok := calendar[strings.ToLower(text)]; ok {
		text = full
	}
	fields := strings.Fields(text)
	if len(fields) != 5 || len(text) > 256 {
		return s, "is no schedule of five fields, such as 0 3 * * 1-5, or @daily"
	}
	for i, f := range []struct {
		name     string
		bits     *uint64
		low, top int
		words    []string
		first    int // value of the first word
	}{
		{"minute", &s.minute, 0, 59, nil, 0},
		{"hour", &s.hour, 0, 23, nil, 0},
		{"day of the month", &s.day, 1, 31, nil, 0},
		{"month", &s.month, 1, 12, months, 1},
		{"day of the week", &s.weekday, 0, 7, weekdays, 0},
	} {
		for part := range strings.SplitSeq(fields[i], ",") {
			bits, star, ok := parseRange(part, f.low, f.top, func(word string) int { return index(f.words, word) + f.first })
			if !ok {
				return s, "has a field that is not understood, that of the " + f.name
			}
			*f.bits |= bits
			s.anyDay = s.anyDay || star && f.bits == &s.day
			s.anyWeekday = s.anyWeekday || star && f.bits == &s.weekday
		}
	}
	s.weekday |= s.weekday >> 7 // Sunday is 0 and 7
	return s, ""
}

// index returns the place of word in words, or far below all values.
func index(words []string, word string) int {
	for i, w := range words {
		if strings.EqualFold(w, word) {
			return i
		}
	}
	return -100
}

// parseRange parses A, A-B, * or ?, and any of these with /STEP; A/STEP goes up
// to the top. A star is one that leaves nothing out.
func parseRange(text string, low, top int, word func(string) int) (bits uint64, star, ok bool) {
	text, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		var err error
		if step, err = strconv.Atoi(stepText); err != nil || step < 1 || step > top {
			return 0, false, false
		}
	}
	value := func(s string) int {
		if n, err := strconv.Atoi(s); err == nil && s[0] != '+' {
			return n
		}
		return word(s)
	}
	from, to := low, top
	all := text == "*" || text == "?"
	if !all {
		first, last, isRange := strings.Cut(text, "-")
		from = value(first)
		switch {
		case isRange:
			to = value(last)
		case !stepped:
			to = from
		}
	}
	if from < low || to > top || from > to {
		return 0, false, false
	}
	for n := from; n <= to; n += step {
		bits |= 1 << n
	}
	return bits, all && step == 1, true
}

// matches reports whether the schedule has the minute of t, which is in UTC.
func (s schedule) matches(t time.Time) bool {
	has := func(bits uint64, n int) bool { return bits&(1<<n) != 0 }
	day, weekday := has(s.day, t.Day()), has(s.weekday, int(t.Weekday()))
	onDay := day && weekday
	if !s.anyDay && !s.anyWeekday {
		onDay = day || weekday
	}
	return onDay && has(s.month, int(t.Month())) && has(s.hour, t.Hour()) && has(s.minute, t.Minute())
}
