//go:build unix && race

package filesink_test

// The race detector makes each start of a process several times as slow, and what
// becomes of a killed one is not its business.
const kills = 200
