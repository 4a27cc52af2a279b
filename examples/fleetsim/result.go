package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"text/tabwriter"
	"time"
)

// counter counts the requests on their way to STS, by second.
type counter struct {
	next  http.RoundTripper
	begin time.Time

	mu        sync.Mutex
	perSecond []int
}

// RoundTrip counts a request and passes it on.
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	second := int(time.Since(c.begin) / time.Second)
	c.mu.Lock()
	if second < len(c.perSecond) {
		c.perSecond[second]++
	}
	c.mu.Unlock()
	return c.next.RoundTrip(r)
}

// result is what a fleet asked of STS.
type result struct {
	Name  string `json:"name"`
	Pods  int    `json:"pods"`
	Calls int    `json:"calls"`
	// CallsPerPodHour leaves out the first call of each pod.
	CallsPerPodHour float64 `json:"callsPerPodHour"`
	// StartPeak is the most calls in one second while the pods start; LaterPeak
	// is that of all time after.
	StartPeak int `json:"startPeak"`
	LaterPeak int `json:"laterPeak"`
	// PerMinute holds for each minute the most calls in one of its seconds.
	PerMinute []int `json:"perMinute"`
}

func (c *counter) result(name string, f fleet) result {
	r := result{Name: name, Pods: f.pods}
	started := min(int(f.start/time.Second)+1, len(c.perSecond))
	for _, n := range c.perSecond {
		r.Calls += n
	}
	r.CallsPerPodHour = float64(r.Calls-f.pods) / float64(f.pods) / f.last.Hours()
	r.StartPeak = slices.Max(c.perSecond[:started])
	if later := c.perSecond[started:]; len(later) > 0 {
		r.LaterPeak = slices.Max(later)
	}
	for minute := range slices.Chunk(c.perSecond, 60) {
		r.PerMinute = append(r.PerMinute, slices.Max(minute))
	}
	return r
}

// write prints the results as a table.
func write(w io.Writer, f fleet, results []result) error {
	fmt.Fprintf(w, "%d pods started within %v, watched for %v; calls to STS:\n\n", f.pods, f.start, f.last)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "\tpeak at start\tpeak after\tin all\tper pod and hour\t")
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%d/s\t%d/s\t%d\t%.2f\t\n", r.Name, r.StartPeak, r.LaterPeak, r.Calls, r.CallsPerPodHour)
	}
	return table.Flush()
}
