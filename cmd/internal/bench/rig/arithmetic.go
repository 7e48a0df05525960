//go:build linux

package rig

import (
	"math"
	"slices"
	"time"
)

// Absent is a value that a subject cannot have. What is computed with it is Absent, too.
var Absent = math.NaN()

func isAbsent(v float64) bool { return math.IsNaN(v) }

// median is Absent if there are no values.
func median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return Absent
	}
	s := slices.Sorted(slices.Values(values))
	return s[(n-1)/2]/2 + s[n/2]/2
}

// medianRatio is the median of the ratios of each value to the one of the same repetition, so that noise that lasts
// meets both. It is Absent if a repetition is missing.
func medianRatio(values, bases []float64) float64 {
	if len(values) != len(bases) {
		return Absent
	}
	ratios := make([]float64, len(values))
	for i := range values {
		ratios[i] = values[i] / bases[i]
	}
	return median(ratios)
}

// means gives the mean of each column; the rows have the same length.
func means(rows [][]float64) []float64 {
	all := make([]float64, len(rows[0]))
	for i := range all {
		for _, row := range rows {
			all[i] += row[i] / float64(len(rows))
		}
	}
	return all
}

// Percentile sorts what it is given, and gives the one that p percent of them come before. There must be one.
func Percentile(took []time.Duration, p int) time.Duration {
	slices.Sort(took)
	return took[min(len(took)*p/100, len(took)-1)]
}

// Micros is a time in µs.
func Micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }

// PerSecond is how many there are in a second.
func PerSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }

// Each is the time for one of n, in µs.
func Each(d time.Duration, n int) float64 { return Micros(d) / float64(n) }

// Flow is the speed of bytes in MB/s, and the time for a GiB in s.
func Flow(bytes int64, took, used time.Duration) (speed, cost float64) {
	return float64(bytes) / 1e6 / took.Seconds(), used.Seconds() / float64(bytes) * (1 << 30)
}

// Percent is the share of a part, the rest being given.
func Percent(part, rest int64) float64 { return 100 * float64(part) / float64(part+rest) }

// growth is by how many KiB each of n has made memory grow, which is given in bytes.
func growth(before, after, n int) float64 { return float64(after-before) / 1024 / float64(n) }

// order says which of n subjects has the i-th turn at the slices of a measure. In each slice another one begins.
func order(i, n, first int) int { return (i + i/n + first) % n }
