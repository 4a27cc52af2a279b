package main

import (
	"bytes"
	"fmt"
	"slices"
)

// The picture's measures, in pixels.
const (
	width, height = 960, 220 // of one result's plot
	margin        = 60
)

// draw makes an SVG with one plot a result, all on the same scale: the most
// calls in one second, minute by minute.
func draw(f fleet, results []result) []byte {
	top := 1
	for _, r := range results {
		top = max(top, slices.Max(r.PerMinute))
	}
	var b bytes.Buffer
	total := margin + len(results)*(height+margin)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n",
		width+2*margin, total)
	fmt.Fprintln(&b, `<rect width="100%" height="100%" fill="white"/>`)
	for i, r := range results {
		plot(&b, f, r, top, margin+i*(height+margin))
	}
	fmt.Fprintln(&b, "</svg>")
	return b.Bytes()
}

// plot draws one result with its axes at height y.
func plot(b *bytes.Buffer, f fleet, r result, top, y int) {
	bottom := y + height
	fmt.Fprintf(b, `<text x="%d" y="%d">%s: at most %d calls a second after the start, %d in all</text>`+"\n",
		margin, y-8, r.Name, r.LaterPeak, r.Calls)
	fmt.Fprintf(b, `<path d="M%d %dV%dH%d" fill="none" stroke="black"/>`+"\n", margin, y, bottom, margin+width)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%d/s</text>`+"\n", margin-6, y+10, top)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">0</text>`+"\n", margin-6, bottom)
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="end">%v</text>`+"\n", margin+width, bottom+18, f.last)
	fmt.Fprintf(b, `<path fill="none" stroke="#c00" d="`)
	step := float64(width) / float64(len(r.PerMinute))
	for i, n := range r.PerMinute {
		// One spike a minute; empty minutes need no ink.
		if n > 0 {
			fmt.Fprintf(b, "M%.1f %dv-%.1f", margin+(float64(i)+0.5)*step, bottom, float64(n)/float64(top)*height)
		}
	}
	fmt.Fprintln(b, `"/>`)
}
