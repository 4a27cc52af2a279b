//go:build unix && !race

package filesink_test

const kills = 1000
