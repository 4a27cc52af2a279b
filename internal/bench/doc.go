// Package bench compares this module with its peers. It holds only benchmarks,
// and has a go.mod of its own so that nobody who uses the module meets the
// peers' code or licences. README.md says how to run it and what came out.
package bench
