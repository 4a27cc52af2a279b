package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// kind is a type of metrics.
type kind string

const (
	counter kind = "counter"
	gauge   kind = "gauge"
	summary kind = "summary" // without quantiles
)

// metric is a family of samples.
type metric struct {
	name   string
	kind   kind
	help   string
	labels []string
}

// samples are those of a scrape, in the text format of Prometheus. It is a few
// lines here, and Prometheus's own library takes three megabytes of each pod's
// memory; promlint, which is of that library, checks the outcome in a test.
type samples map[*metric][]string

// add adds a sample; labels are the values of the metric's.
func (m samples) add(d *metric, v float64, labels ...string) {
	m[d] = append(m[d], d.line("", v, labels))
}

func (m samples) count(d *metric, n int64, labels ...string) { m.add(d, float64(n), labels...) }

// sum adds the two samples of a summary.
func (m samples) sum(d *metric, sum float64, n int64, labels ...string) {
	m[d] = append(m[d], d.line("_sum", sum, labels), d.line("_count", float64(n), labels))
}

// labelEscapes are those of values.
var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func (d *metric) line(suffix string, v float64, labels []string) string {
	pairs := make([]string, len(d.labels))
	for i, name := range d.labels {
		pairs[i] = name + `="` + labelEscapes.Replace(labels[i]) + `"`
	}
	set := ""
	if len(pairs) > 0 {
		set = "{" + strings.Join(pairs, ",") + "}"
	}
	return d.name + suffix + set + " " + strconv.FormatFloat(v, 'g', -1, 64) + "\n"
}

// text writes all samples, each metric's together and in order.
func (m samples) text() []byte {
	var b bytes.Buffer
	for _, d := range slices.SortedFunc(maps.Keys(m), func(a, b *metric) int { return strings.Compare(a.name, b.name) }) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", d.name, d.help, d.name, d.kind)
		slices.Sort(m[d])
		for _, line := range m[d] {
			_, _ = io.WriteString(&b, line) // to memory
		}
	}
	return b.Bytes()
}
